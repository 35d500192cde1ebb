package dash

import (
	"math"
	"math/bits"
	"time"

	"unreel/demux"
)

// Longest is how long the longest segment lasts, rounded up to a millisecond.
func (t *Timeline) Longest(timescale demux.Timescale) time.Duration {
	longest := demux.Ticks(0)
	for _, d := range t.Durations {
		longest = max(longest, d)
	}
	hi, lo := bits.Mul64(uint64(longest), 1000)
	scale := uint64(max(timescale, 1))
	lo, carry := bits.Add64(lo, scale-1, 0)
	if hi+carry >= scale {
		return math.MaxInt64
	}
	ms, _ := bits.Div64(hi+carry, lo, scale)
	if ms > uint64(math.MaxInt64/time.Millisecond) {
		return math.MaxInt64
	}
	return time.Duration(ms) * time.Millisecond
}

// Bandwidth is the least Representation@bandwidth, in bits per second, for segments of these sizes in bytes: a client that
// receives at this rate from any segment i on, begins to play minBuffer after the first bit and plays a segment once it is whole,
// never waits. So for every j not before i,
//
//	bits of the segments i to j <= bandwidth * (minBuffer + start of j - start of i)
//
// The figure is exact but for being rounded up. There should be as many sizes as t has durations.
func Bandwidth(sizes []int64, t *Timeline, timescale demux.Timescale, minBuffer time.Duration) int64 {
	n := min(len(sizes), len(t.Durations))
	scale := int64(max(timescale, 1))
	m := channel{wait: wait(minBuffer, scale), scale: scale, bits: make([]int64, n+1), start: make([]int64, n)}
	at := int64(0)
	for i := range n {
		m.bits[i+1] = m.bits[i] + 8*max(sizes[i], 0)
		m.start[i] = at
		at += int64(max(t.Durations[i], 0))
	}
	return m.least()
}

// wait is d in ticks, rounded down so that the bandwidth errs on the safe side, and never 0.
func wait(d time.Duration, scale int64) int64 {
	hi, lo := bits.Mul64(uint64(max(d, 0)), uint64(scale))
	if hi >= uint64(time.Second) {
		return math.MaxInt64 / 4
	}
	ticks, _ := bits.Div64(hi, lo, uint64(time.Second))
	return int64(max(min(ticks, math.MaxInt64/4), 1))
}

// channel is what must pass through it: bits of all segments before each, and when each starts, in ticks.
type channel struct {
	bits, start []int64
	wait        int64
	scale       int64 // ticks per second
}

// least finds the run of segments that needs the highest rate, by Dinkelbach's method: take some rate, find the run that
// exceeds it by most, take the rate which that one needs, until none exceeds it. Each pass is linear, and a handful suffice.
func (m *channel) least() int64 {
	amount, long := int64(0), int64(1) // the rate so far: bits in ticks
	for {
		from, to, ok := m.worst(amount, long)
		if !ok {
			break
		}
		amount, long = m.bits[to+1]-m.bits[from], m.wait+m.start[to]-m.start[from]
	}
	hi, lo := bits.Mul64(uint64(amount), uint64(m.scale))
	lo, carry := bits.Add64(lo, uint64(long-1), 0)
	if hi += carry; hi >= uint64(long) {
		return math.MaxInt64
	}
	rate, _ := bits.Div64(hi, lo, uint64(long))
	return int64(min(rate, math.MaxInt64))
}

// worst is the run that needs the most bits beyond the given rate; ok is false where none needs more.
func (m *channel) worst(amount, long int64) (from, to int, ok bool) {
	var most product
	best := 0 // where to start a run that ends at j: it sends the most before j for the time it has
	for j := range m.start {
		if j > 0 && !product128(m.bits[j]-m.bits[best], long).more(product128(m.start[j]-m.start[best], amount)) {
			best = j
		}
		need := product128(m.bits[j+1]-m.bits[best], long)
		has := product128(m.wait+m.start[j]-m.start[best], amount)
		if excess, more := need.less(has); more && excess.more(most) {
			most, from, to, ok = excess, best, j, true
		}
	}
	return from, to, ok
}

// product is an unsigned number of 128 bits.
type product struct{ hi, lo uint64 }

func product128(a, b int64) product {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return product{hi, lo}
}

// more tells whether p is greater than q.
func (p product) more(q product) bool { return p.hi > q.hi || p.hi == q.hi && p.lo > q.lo }

// less is p - q; ok is false where that is not positive.
func (p product) less(q product) (d product, ok bool) {
	if !p.more(q) {
		return product{}, false
	}
	lo, borrow := bits.Sub64(p.lo, q.lo, 0)
	hi, _ := bits.Sub64(p.hi, q.hi, borrow)
	return product{hi, lo}, true
}
