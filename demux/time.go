package demux

import (
	"math"
	"math/bits"
)

// Timescale is a clock's rate in ticks per second (ISO/IEC 14496-12 §8.4.2 for a track, §8.2.2 for a movie). In an Index
// it is never 0.
type Timescale uint32

// Ticks counts a clock's ticks. Its unit is the Timescale that stands beside it: a track's own unless a name says otherwise.
type Ticks int64

// Rescale converts t from one clock to another, rounding to nearest (halves away from zero). ok is false where the
// result would not fit or from is 0; Open proves once, for every clock that we print in, that a file's longest time does
// fit, and refuses the file otherwise.
func (t Ticks) Rescale(from, to Timescale) (_ Ticks, ok bool) {
	if from == to {
		return t, from != 0
	}
	hi, lo := bits.Mul64(magnitude(t), uint64(to))
	lo, carry := bits.Add64(lo, uint64(from/2), 0)
	if hi += carry; hi >= uint64(from) {
		return 0, false // bits.Div64 would panic; this also catches from == 0
	}
	q, _ := bits.Div64(hi, lo, uint64(from))
	if q > math.MaxInt64 {
		return 0, false
	}
	if t < 0 {
		return -Ticks(q), true
	}
	return Ticks(q), true
}

// magnitude is |t| without the overflow of negating the least int64.
func magnitude(t Ticks) uint64 {
	if t < 0 {
		return -uint64(t) //nolint:gosec // two's complement
	}
	return uint64(t)
}

// Seconds is for people and for logs only: media time stays in integers.
func (t Ticks) Seconds(scale Timescale) float64 {
	return float64(t) / float64(scale)
}
