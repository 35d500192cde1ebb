package subtitles

import (
	"encoding/xml"
	"math/bits"
	"strconv"
	"strings"

	"unreel/demux"
)

// ttmlClocks are what times of a document count in (TTML2 §7.2, parameters of ttp).
type ttmlClocks struct {
	frames, multiplier, divisor int64 // frames a second: frames * multiplier / divisor
	subframes                   int64 // a frame
	ticks                       int64 // a second
}

// newTTMLClocks reads the attributes of tt.
func newTTMLClocks(tt *xml.StartElement) ttmlClocks {
	c := ttmlClocks{frames: 30, multiplier: 1, divisor: 1, subframes: 1} // the defaults: TTML2 §7.2.5, §7.2.6, §7.2.13
	framed := false
	for _, a := range tt.Attr {
		switch a.Name.Local {
		case "frameRate":
			framed = set(&c.frames, a.Value, maxTTMLRate)
		case "frameRateMultiplier":
			fields := strings.FieldsFunc(a.Value, func(r rune) bool { return r == ' ' || r == ':' }) // a colon in TTML's first drafts
			m, d := int64(1), int64(1)
			if len(fields) == 2 && set(&m, fields[0], maxTTMLRate) && set(&d, fields[1], maxTTMLRate) {
				c.multiplier, c.divisor = m, d
			}
		case "subFrameRate":
			set(&c.subframes, a.Value, maxTTMLRate)
		case "tickRate":
			set(&c.ticks, a.Value, maxTTMLTicks)
		}
	}
	if c.ticks == 0 { // §7.2.16
		if c.ticks = 1; framed {
			c.ticks = c.frames * c.subframes
		}
	}
	return c
}

// What parameters may say at most, so that no product below overflows; ticks may be nanoseconds.
const (
	maxTTMLRate  = 100_000
	maxTTMLTicks = 1_000_000_000
)

func set(to *int64, value string, most int64) bool {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	if err != nil || n <= 0 || n > most {
		return false
	}
	*to = n
	return true
}

// ttmlSpan is a time during which something shows, in 1/1000 s.
type ttmlSpan struct{ from, to demux.Ticks }

// span is when an element shows within its parent: begin and end count from the parent's begin, and of end and dur the earlier counts
// (TTML2 §12.2).
func (c *ttmlClocks) span(e *xml.StartElement, parent ttmlSpan) (ttmlSpan, error) {
	s := parent
	lasts := forever
	for _, a := range e.Attr {
		if a.Name.Space != "" || a.Name.Local != "begin" && a.Name.Local != "end" && a.Name.Local != "dur" {
			continue
		}
		t, ok := c.time(strings.TrimSpace(a.Value))
		switch {
		case !ok:
			return s, syntaxIn("%s=%q of a %s", a.Name.Local, clip(a.Value), e.Name.Local)
		case a.Name.Local == "begin":
			s.from = parent.from + t
		case a.Name.Local == "end":
			s.to = min(s.to, parent.from+t)
		default:
			lasts = t
		}
	}
	s.to = min(s.to, s.from+lasts)
	return s, nil
}

// time reads a time expression (TTML2 §12.3.1) in 1/1000 s: of a clock, 01:02:03.5 or 01:02:03:12.1 with frames, or so much of
// a unit, 1.5s.
func (c *ttmlClocks) time(s string) (demux.Ticks, bool) {
	if strings.Contains(s, ":") {
		return c.clockTime(s)
	}
	unit := strings.TrimLeft(s, "0123456789.")
	frames := c.frames * c.multiplier
	switch s = strings.TrimSuffix(s, unit); unit {
	case "h":
		return scaled(s, 3_600_000, 1)
	case "m":
		return scaled(s, 60_000, 1)
	case "s":
		return scaled(s, 1000, 1)
	case "ms":
		return scaled(s, 1, 1)
	case "f":
		return scaled(s, 1000*c.divisor, frames)
	case "t":
		return scaled(s, 1000, c.ticks)
	}
	return 0, false
}

func (c *ttmlClocks) clockTime(s string) (demux.Ticks, bool) {
	fields := strings.Split(s, ":")
	if len(fields) != 3 && len(fields) != 4 {
		return 0, false
	}
	hours, ok := scaled(fields[0], 3_600_000, 1)
	minutes, ok2 := scaled(fields[1], 60_000, 1)
	seconds, ok3 := scaled(fields[2], 1000, 1)
	t, ok := hours+minutes+seconds, ok && ok2 && ok3
	if len(fields) == 4 {
		whole, sub, some := strings.Cut(fields[3], ".")
		frames, ok4 := scaled(whole, 1000*c.divisor, c.frames*c.multiplier)
		t, ok = t+frames, ok && ok4
		if some {
			subframes, ok5 := scaled(sub, 1000*c.divisor, c.frames*c.multiplier*c.subframes)
			t, ok = t+subframes, ok && ok5
		}
	}
	return t, ok
}

// scaled is a number, maybe with a fraction, times a multiplier, by a divisor, rounded to the nearest.
func scaled(s string, multiplier, divisor int64) (demux.Ticks, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	const most, fine = 15, 6 // digits: a year of nanoseconds; beyond millionths nothing counts
	fraction = fraction[:min(len(fraction), fine)]
	if whole == "" || len(whole) > most || strings.Trim(whole+fraction, "0123456789") != "" {
		return 0, false
	}
	power := int64(1)
	for range fraction {
		power *= 10
	}
	n, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil {
		return 0, false // more than 64 bits
	}
	hi, lo := bits.Mul64(uint64(n), uint64(multiplier))
	by := uint64(divisor) * uint64(power) // at most maxTTMLRate squared and a million, or maxTTMLRate cubed
	lo, carry := bits.Add64(lo, by/2, 0)
	if hi += carry; hi >= by {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, by)
	return demux.Ticks(min(q, uint64(forever))), true
}
