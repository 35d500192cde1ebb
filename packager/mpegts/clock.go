package mpegts

import (
	"math"

	"unreel/demux"
)

// Clock values in a Plan count ticks of 1/90000 s and don't wrap; wrapClock cuts them to what the stream carries.
const (
	clockRate demux.Timescale = 90000          // of PTS, DTS and the PCR's base: ISO/IEC 13818-1 §2.4.3.5, §2.4.3.7
	clockMask int64           = 1<<33 - 1      // they are 33 bits wide
	clockZero int64           = 10 * 90000     // presentation time 0: room for priming, reordering and the PCR's lead
	pcrLead   int64           = 7 * 90000 / 10 // how long before its decoding an access unit arrives: a PCR is a DTS less this
	pcrPeriod int64           = 90000 / 10     // PCRs are at most 100 ms apart: §2.7.2
)

// A scaler turns a track's clock into the stream's.
type scaler struct {
	from           demux.Timescale
	num, den, half uint64 // 90000/from in lowest terms, den/2
	narrow         bool   // no time of the track overflows 64 bits on the way
}

// newScaler prepares for times up to longest, either sign.
func newScaler(from demux.Timescale, longest demux.Ticks) scaler {
	a, b := uint64(clockRate), uint64(from)
	for b != 0 {
		a, b = b, a%b
	}
	s := scaler{from: from, num: uint64(clockRate) / a, den: uint64(from) / a}
	s.half = s.den / 2
	s.narrow = longest >= 0 && uint64(longest) <= (math.MaxInt64-s.half)/s.num
	return s
}

// trackScaler is the scaler for all times of a track. Composition offsets are 32 bits (ISO/IEC 14496-12 §8.6.1.3).
func trackScaler(t *demux.Track) scaler {
	longest := magnitude(t.Shift) + magnitude(t.DecodeLead) + 1<<32
	if n := t.Samples.Len(); n > 0 {
		last := t.Samples.At(n - 1)
		longest += magnitude(last.DecodeTime) + magnitude(last.Duration)
	}
	return newScaler(t.Timescale, longest)
}

// magnitude is |t| or one less, small enough to add a few of them.
func magnitude(t demux.Ticks) demux.Ticks {
	return min(max(t, -(t+1)), math.MaxInt64/8)
}

// clock is t on the stream's clock, rounded as demux.Ticks.Rescale does: to nearest, halves away from zero.
func (s *scaler) clock(t demux.Ticks) int64 {
	if !s.narrow {
		return s.wide(t)
	}
	if t < 0 {
		return clockZero - int64((uint64(-t)*s.num+s.half)/s.den) //nolint:gosec // newScaler has seen that it fits
	}
	return clockZero + int64((uint64(t)*s.num+s.half)/s.den) //nolint:gosec // newScaler has seen that it fits
}

// wide is clock by way of 128 bits. demux.Open has refused files whose times don't fit.
func (s *scaler) wide(t demux.Ticks) int64 {
	scaled, _ := t.Rescale(s.from, clockRate)
	return clockZero + int64(scaled)
}

// wrapClock is the 33 bits of a clock value that the stream carries.
func wrapClock(t int64) uint64 {
	return uint64(t & clockMask)
}
