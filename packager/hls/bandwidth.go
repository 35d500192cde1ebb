package hls

import (
	"math"
	"math/bits"
)

// Bitrate is what a variant or rendition needs of the network, in bits per second, container included.
type Bitrate struct {
	Peak    int64 // BANDWIDTH
	Average int64 // AVERAGE-BANDWIDTH
}

// With is the bit rate of a variant that is played with one rendition of each group: the largest sum of any combination
// (RFC 8216 §4.3.4.2).
func (b Bitrate) With(groups ...[]Bitrate) Bitrate {
	for _, group := range groups {
		var most Bitrate
		for _, r := range group {
			most = Bitrate{Peak: max(most.Peak, r.Peak), Average: max(most.Average, r.Average)}
		}
		b.Peak += most.Peak
		b.Average += most.Average
	}
	return b
}

// Bandwidth measures a media playlist whose segments have these sizes in bytes and these durations.
//
// The peak is the largest bit rate of any contiguous set of segments whose durations add up to between half and one and a
// half times the target duration, in seconds (RFC 8216 §4.1). Only a title shorter than half of it has no such set: there it
// is the whole title's. Both figures are exact but for being rounded up.
func Bandwidth(sizes []int64, durations []Duration, targetDuration int) Bitrate {
	n := min(len(sizes), len(durations))
	bytes, micros := make([]int64, n+1), make([]int64, n+1) // of all segments before
	var c clock
	for i := range n {
		bytes[i+1] = bytes[i] + max(sizes[i], 0)
		micros[i+1] = micros[i] + c.next(durations[i])
	}
	w := windows{bytes: bytes, micros: micros, least: int64(targetDuration) * second / 2, most: int64(targetDuration) * second / 2 * 3}
	return Bitrate{Peak: w.peak(), Average: rate(bytes[n], micros[n])}
}

// windows are the contiguous sets of segments, from a boundary to a later one, that last as long as the definition demands.
type windows struct {
	bytes, micros []int64 // at each boundary: sums of what is before, which never fall
	least, most   int64   // microseconds
	queue         []int   // scratch
}

// peak finds the densest window by Dinkelbach's method: take some density, find the window that exceeds it by the most
// bytes, take that one's density, until none exceeds it. Each pass is linear, and a handful suffice.
func (w *windows) peak() int64 {
	n := len(w.bytes) - 1
	dense, long := int64(0), int64(1) // the density so far: bytes in microseconds
	for {
		from, to, ok := w.best(dense, long)
		if !ok {
			break
		}
		dense, long = w.bytes[to]-w.bytes[from], w.micros[to]-w.micros[from]
	}
	if dense == 0 { // there is no window
		dense, long = w.bytes[n], w.micros[n]
	}
	return rate(dense, long)
}

// best is the window that holds the most bytes beyond the given density; ok is false where none holds more.
func (w *windows) best(dense, long int64) (from, to int, ok bool) {
	queue := w.queue[:0] // boundaries to start from, each better than those before it
	head, next := 0, 0
	var most excess
	for end := range w.bytes {
		for ; next < end && w.micros[end]-w.micros[next] >= w.least; next++ {
			for len(queue) > head && !w.excess(queue[len(queue)-1], next, dense, long).positive() {
				queue = queue[:len(queue)-1]
			}
			queue = append(queue, next)
		}
		for head < len(queue) && w.micros[end]-w.micros[queue[head]] > w.most {
			head++
		}
		if head == len(queue) {
			continue
		}
		if e := w.excess(queue[head], end, dense, long); most.less(e) {
			most, from, to, ok = e, queue[head], end, true
		}
	}
	w.queue = queue
	return from, to, ok
}

// excess is how many bytes more than the given density the window holds, times long; 0 where it holds fewer.
func (w *windows) excess(from, to int, dense, long int64) excess {
	hi, lo := bits.Mul64(uint64(w.bytes[to]-w.bytes[from]), uint64(long))
	lessHi, lessLo := bits.Mul64(uint64(w.micros[to]-w.micros[from]), uint64(dense))
	lo, borrow := bits.Sub64(lo, lessLo, 0)
	hi, borrow = bits.Sub64(hi, lessHi, borrow)
	if borrow != 0 {
		return excess{}
	}
	return excess{hi, lo}
}

// excess is an unsigned number of 128 bits.
type excess struct{ hi, lo uint64 }

func (e excess) positive() bool { return e != excess{} }

func (e excess) less(other excess) bool {
	return e.hi < other.hi || e.hi == other.hi && e.lo < other.lo
}

// rate is bits per second, rounded up.
func rate(bytes, micros int64) int64 {
	hi, lo := bits.Mul64(uint64(bytes), 8*second)
	span := uint64(max(micros, 1))
	lo, carry := bits.Add64(lo, span-1, 0)
	if hi += carry; hi >= span {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, span)
	return int64(min(q, math.MaxInt64))
}
