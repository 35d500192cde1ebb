package hls

import (
	"math"
	"math/bits"
	"strconv"

	"unreel/demux"
)

// second is a second in the unit that EXTINF is printed in.
const second = 1_000_000

// Duration is how long a segment lasts. It is never negative, and its Timescale never 0.
type Duration struct {
	Ticks     demux.Ticks
	Timescale demux.Timescale
}

// clock adds up Durations without rounding: whole microseconds, and a rest that is a fraction of one.
type clock struct {
	whole   int64  // microseconds
	rest    uint64 // in units of 1/scale microseconds, less than scale
	scale   uint64 // a Timescale times a power of two: from 2^31 to 2^32
	printed int64  // sum of what next returned, microseconds
}

// next moves the clock on by d and returns how far its rounded time moved, in microseconds. Where the timescale changes,
// the rest loses less than 2^-31 microseconds, which is the only error that adds up.
func (c *clock) next(d Duration) int64 {
	timescale := max(d.Timescale, 1)
	shift := bits.LeadingZeros32(uint32(timescale))
	scale := uint64(timescale) << shift
	if c.scale != scale {
		c.rest = c.rest * scale / max(c.scale, 1)
		c.scale = scale
	}
	hi, lo := bits.Mul64(uint64(max(d.Ticks, 0)), second<<shift)
	lo, carry := bits.Add64(lo, c.rest, 0)
	hi += carry
	if hi >= scale {
		return 0 // half a million years: nothing that demux lets through
	}
	whole, rest := bits.Div64(hi, lo, scale)
	if whole > uint64(math.MaxInt64/2-c.whole) {
		return 0 // 146,000 years
	}
	c.whole, c.rest = c.whole+int64(whole), rest
	now := c.whole
	if 2*c.rest >= c.scale {
		now++
	}
	moved := max(now-c.printed, 0)
	c.printed += moved
	return moved
}

// appendSeconds prints microseconds as decimal seconds with all six decimals.
func appendSeconds(dst []byte, micros int64) []byte {
	dst = strconv.AppendInt(dst, micros/second, 10)
	dst = append(dst, '.')
	rest := micros % second
	for unit := int64(second / 10); unit > 0; unit /= 10 {
		dst = append(dst, byte('0'+rest/unit%10))
	}
	return dst
}

// TargetDuration is the least EXT-X-TARGETDURATION of these segments, in seconds: the longest EXTINF rounded to the
// nearest integer (RFC 8216 §4.3.3.1), at least 1. A title has one for all its playlists, the largest.
func TargetDuration(segments []Segment) int {
	var c clock
	longest := int64(0)
	for i := range segments {
		longest = max(longest, c.next(segments[i].Duration))
	}
	return target(longest)
}

// target rounds halves up, as bis §4.4.4.1 is read by validators.
func target(longest int64) int {
	return int(max(1, (longest+second/2)/second))
}
