package subtitles

import (
	"fmt"
	"math"
	"strconv"

	"unreel/demux"
)

// SegmentClock is what the bounds of segments count: the clock of MPEG-2 timestamps.
const SegmentClock demux.Timescale = 90_000

// perMilli is how many ticks of the SegmentClock one of Clock has.
const perMilli = demux.Ticks(SegmentClock / Clock)

// Span is when a segment begins and ends, in 1/90000 s of the presentation.
type Span struct{ Start, Stop demux.Ticks }

// shows tells that a cue is on screen during the span.
func (s Span) shows(c *Cue) bool {
	return c.Start*perMilli < s.Stop && c.End*perMilli > s.Start
}

// clockWrap is where MPEG-2 timestamps begin again: ISO/IEC 13818-1 §2.4.3.7.
const clockWrap = 1 << 33

// AppendSegment appends a WebVTT segment (RFC 8216 §3.5): every cue that shows during the span, with its full times, so
// that one over a boundary is in both segments; maybe none. zero is the MPEG-2 timestamp of the presentation's time 0, before
// it was cut to 33 bits.
//
// X-TIMESTAMP-MAP is exact: LOCAL is a whole millisecond, 90 ticks. It is the same in all segments, but where timestamps
// have wrapped before the segment begins: then it maps the first millisecond after that (draft-pantos-hls-rfc8216bis §3.1.4).
func (t *Track) AppendSegment(dst []byte, span Span, zero int64) []byte {
	local, mpegts := timestampMap(span.Start, zero%clockWrap)
	dst = append(dst, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:"...)
	dst = strconv.AppendInt(dst, mpegts, 10)
	dst = append(dst, ",LOCAL:"...)
	dst = append(appendTime(dst, local), '\n')
	return t.appendBody(dst, span)
}

// timestampMap is a time in milliseconds, and the 33-bit timestamp that stands for it.
func timestampMap(start demux.Ticks, zero int64) (local demux.Ticks, mpegts int64) {
	wraps := (int64(max(start, 0)) + zero) / clockWrap
	if wraps > 0 {
		local = (demux.Ticks(wraps*clockWrap-zero) + perMilli - 1) / perMilli
	}
	return local, int64(local*perMilli) + zero - wraps*clockWrap
}

// AppendFile appends a whole WebVTT file, for players that take subtitles in one piece.
func (t *Track) AppendFile(dst []byte) []byte {
	return t.appendBody(append(dst, "WEBVTT\n"...), Span{math.MinInt64, math.MaxInt64})
}

func (t *Track) appendBody(dst []byte, span Span) []byte {
	if t.Header != "" {
		dst = append(append(dst, '\n'), t.Header...)
	}
	for i := range t.Cues {
		c := &t.Cues[i]
		if !span.shows(c) {
			continue
		}
		dst = append(dst, '\n')
		if c.ID != "" {
			dst = append(append(dst, c.ID...), '\n')
		}
		dst = append(appendTime(dst, c.Start), " --> "...)
		dst = appendTime(dst, c.End)
		if c.Settings != "" {
			dst = append(append(dst, ' '), c.Settings...)
		}
		dst = append(dst, '\n')
		if c.Text != "" {
			dst = append(append(dst, c.Text...), '\n')
		}
	}
	return dst
}

// appendTime appends hours, at least two digits, to milliseconds (WebVTT §4.3).
func appendTime(dst []byte, t demux.Ticks) []byte {
	return fmt.Appendf(dst, "%02d:%02d:%02d.%03d", t/3_600_000, t/60_000%60, t/1000%60, t%1000)
}
