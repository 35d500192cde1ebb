package conformance

import (
	"math"
	"math/bits"
	"time"
)

// sized is a segment as BANDWIDTH sees it.
type sized struct {
	bytes    int64
	duration time.Duration
}

// sizes gives the segments of a stream with their sizes as fetched; ok is false where one is missing.
func (s *stream) sizes() (out []sized, ok bool) {
	for i := range s.measured {
		if !s.measured[i].get.ok() {
			return nil, false
		}
		n := s.measured[i].get.size
		if ranged := s.list.segments[i].size; ranged > 0 {
			n = ranged // whatever the server made of it
		}
		out = append(out, sized{n, s.list.segments[i].duration})
	}
	return out, len(out) > 0
}

// rate is bits per second, rounded up.
func rate(bytes int64, d time.Duration) int64 {
	if d <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(bytes)*8, uint64(time.Second))
	if hi >= uint64(d) {
		return math.MaxInt64
	}
	q, rest := bits.Div64(hi, lo, uint64(d))
	if rest > 0 {
		q++
	}
	return int64(q)
}

// peak is the largest bit rate of any contiguous set of segments that lasts 0.5 to 1.5 target durations (RFC 8216 §4.1). A
// stream in which no set does has that of the whole.
func peak(segments []sized, target time.Duration) int64 {
	var most int64
	for i := range segments {
		var bytes int64
		var d time.Duration
		for _, s := range segments[i:] {
			bytes, d = bytes+s.bytes, d+s.duration
			if d > target+target/2 {
				break
			}
			if d >= target/2 {
				most = max(most, rate(bytes, d))
			}
		}
	}
	if most == 0 {
		return average(segments)
	}
	return most
}

// average is the bit rate of all segments.
func average(segments []sized) int64 {
	var bytes int64
	var d time.Duration
	for _, s := range segments {
		bytes, d = bytes+s.bytes, d+s.duration
	}
	return rate(bytes, d)
}

// measure is peak or average of a stream.
type measure func(s *stream) (bitrate int64, ok bool)

func streamPeak(s *stream) (int64, bool) {
	segments, ok := s.sizes()
	return peak(segments, s.list.target), ok
}

func streamAverage(s *stream) (int64, bool) {
	segments, ok := s.sizes()
	return average(segments), ok
}

// combined is the largest sum of a measure over any playable combination of a variant's renditions: its own playlist and
// the largest of each of its groups.
func (p *presentation) combined(v *variant, f measure) (sum int64, ok bool) {
	own := p.find(v.url)
	if own == nil {
		return 0, false
	}
	if sum, ok = f(own); !ok {
		return 0, false
	}
	for _, typ := range []string{"AUDIO", "VIDEO"} {
		a, has := v.attrs.get(typ)
		if !has || !a.quoted {
			continue
		}
		var most int64
		for _, m := range p.master.list.group(typ, a.value) {
			s := p.find(m.url)
			if s == nil || s == own {
				continue
			}
			bitrate, good := f(s)
			if !good {
				return 0, false
			}
			most = max(most, bitrate)
		}
		sum += most
	}
	return sum, true
}

// checkPeak: BANDWIDTH is the peak bit rate, within 10 %; and no less, but for rounding.
func checkPeak(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	for _, list := range [][]variant{p.master.list.variants, p.master.list.iframes} {
		for i := range list {
			v := &list[i]
			said, has := number(v.attrs, "BANDWIDTH")
			want, ok := p.combined(v, streamPeak)
			switch {
			case !has || !ok:
			case off(said, want) > 100:
				r.errorf(p.master.list.url, "line %d: BANDWIDTH %d, the measured peak is %d", v.line, said, want)
			case said < want && off(said, want) > 1:
				r.warnf(p.master.list.url, "line %d: BANDWIDTH %d is below the measured peak %d", v.line, said, want)
			}
		}
	}
}

// checkAverage: AVERAGE-BANDWIDTH is there and within 10 % of what all segments make.
func checkAverage(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	for i := range p.master.list.variants {
		v := &p.master.list.variants[i]
		said, has := number(v.attrs, "AVERAGE-BANDWIDTH")
		want, ok := p.combined(v, streamAverage)
		switch {
		case !has:
			r.errorf(p.master.list.url, "line %d: no AVERAGE-BANDWIDTH", v.line)
		case ok && off(said, want) > 100:
			r.errorf(p.master.list.url, "line %d: AVERAGE-BANDWIDTH %d, measured %d", v.line, said, want)
		}
	}
}

// off is how far said is from measured, in thousandths of measured.
func off(said, measured int64) int64 {
	d := max(said-measured, measured-said)
	return d * 1000 / max(measured, 1)
}
