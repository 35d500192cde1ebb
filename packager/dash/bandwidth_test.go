package dash

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"unreel/demux"
)

// required is the definition, by every run of segments.
func required(sizes []int64, tl *Timeline, timescale demux.Timescale, wait time.Duration) int64 {
	most := new(big.Rat)
	scale := int64(timescale)
	before := big.NewRat(int64(wait)*scale/int64(time.Second), 1) // whole ticks
	if before.Sign() == 0 {
		before.SetInt64(1)
	}
	for i := range sizes {
		bits, elapsed := int64(0), int64(0)
		for j := i; j < len(sizes); j++ {
			bits += 8 * sizes[j]
			since := new(big.Rat).Add(before, big.NewRat(elapsed, 1))
			rate := new(big.Rat).Quo(big.NewRat(bits*scale, 1), since)
			if rate.Cmp(most) > 0 {
				most = rate
			}
			elapsed += int64(tl.Durations[j])
		}
	}
	up := new(big.Int).Add(most.Num(), new(big.Int).Sub(most.Denom(), big.NewInt(1)))
	return up.Div(up, most.Denom()).Int64()
}

func TestBandwidthIsTheLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		var tl Timeline
		var sizes []int64
		for range 1 + r.IntN(30) {
			tl.Durations = append(tl.Durations, demux.Ticks(1+r.Int64N(900_000)))
			sizes = append(sizes, r.Int64N(8_000_000))
		}
		wait := time.Duration(r.Int64N(int64(12 * time.Second)))
		if n%5 == 0 {
			wait = tl.Longest(90000)
		}
		if got, want := Bandwidth(sizes, &tl, 90000, wait), required(sizes, &tl, 90000, wait); got != want {
			t.Fatalf("%d segments, wait %v: %d, want %d", len(sizes), wait, got, want)
		}
	}
}

func TestBandwidthOfAConstantRate(t *testing.T) {
	tl := Timeline{Durations: []demux.Ticks{6000, 6000, 6000}}
	f := func(wait time.Duration, want int64, sizes ...int64) {
		t.Helper()
		if got := Bandwidth(sizes, &tl, 1000, wait); got != want {
			t.Errorf("Bandwidth(%d, wait %v) = %d, want %d", sizes, wait, got, want)
		}
	}
	f(6*time.Second, 8000, 6000, 6000, 6000)      // exactly what it is
	f(6*time.Second, 16000, 6000, 12000, 6000)    // who begins with the large one waits no longer
	f(3*time.Second, 16000, 6000, 6000, 6000)     // half the wait for the first
	f(6*time.Second, 0)                           // nothing
	f(0, 8*6000*1000, 6000)                       // a tick at least
	f(math.MaxInt64, 1, 6000, 6000, 6000)         // a long wait
	f(time.Millisecond, math.MaxInt64, 1<<60, 10) // too much for the field is no wrap
}

func TestLongestRoundsUp(t *testing.T) {
	f := func(timescale demux.Timescale, want time.Duration, durations ...demux.Ticks) {
		t.Helper()
		if got := (&Timeline{Durations: durations}).Longest(timescale); got != want {
			t.Errorf("Longest(%d) in %d = %v, want %v", durations, timescale, got, want)
		}
	}
	f(24000, 6006*time.Millisecond, 144144, 144144, 50050)
	f(90000, 7*time.Millisecond, 1, 541)
	f(1000, 0)
	f(1, math.MaxInt64, math.MaxInt64)
}
