package conformance

import (
	"slices"
	"time"
)

// checkText: WebVTT segments are WebVTT, say which clock they are on, and hold each cue that is shown during them: those over
// a boundary too, with their full times (bis 3.1.4; HA 5.3 to 5.5).
func checkText(p *presentation, r *reporter) {
	origin, known := p.origin()
	for _, s := range p.streams {
		if len(s.measured) == 0 || !slices.ContainsFunc(s.measured, func(m measured) bool { return m.media.text.read }) {
			continue
		}
		t := textStream{stream: s, origin: origin, known: known}
		t.place()
		t.check(r)
	}
}

// origin is the time stamp of the presentation's start: that of the first frame of video, of sound where there is none.
func (p *presentation) origin() (ticks, bool) {
	var sound *stream
	for _, s := range p.timed() {
		if s.hasVideo() {
			return s.main(0).start, true
		}
		if sound == nil {
			sound = s
		}
	}
	if sound == nil {
		return 0, false
	}
	return sound.main(0).start, true
}

// textStream is a stream of WebVTT with its cues on the clock of its playlist.
type textStream struct {
	*stream
	origin ticks
	known  bool
	placed [][]cue
	starts []time.Duration // of each segment, and the end of the last
}

// place puts each segment's cues on the playlist's clock, by its X-TIMESTAMP-MAP (bis 3.1.4).
func (t *textStream) place() {
	at := time.Duration(0)
	for i := range t.measured {
		t.starts = append(t.starts, at)
		at += t.list.segments[i].duration
		c := &t.measured[i].media.text
		shift := time.Duration(0)
		if c.mapped {
			shift = -c.local
			if t.known {
				shift += apart(ticks(c.mpegts), t.origin).duration()
			}
		}
		cues := slices.Clone(c.list)
		for k := range cues {
			cues[k].start, cues[k].end = cues[k].start+shift, cues[k].end+shift
		}
		t.placed = append(t.placed, cues)
	}
	t.starts = append(t.starts, at)
}

// slack is what times of three decimals and of 90 kHz may be off by.
const slack = 2 * time.Millisecond

func (t *textStream) check(r *reporter) {
	for i := range t.measured {
		c, url := &t.measured[i].media.text, t.list.segments[i].url
		switch {
		case !t.measured[i].get.ok():
			continue
		case c.syntax.n > 0:
			r.errorf(url, "segment %d: %s", i, &c.syntax)
			continue
		case !c.mapped:
			r.warnf(url, "segment %d: no X-TIMESTAMP-MAP", i)
		}
		begin, end := t.starts[i], t.starts[i+1]
		for _, q := range t.placed[i] {
			if q.end <= begin-slack || q.start >= end+slack {
				r.errorf(url, "segment %d lasts from %v to %v, its cue from %v to %v", i, begin, end, q.start, q.end)
				break
			}
			if i+1 < len(t.placed) && q.end > end+slack && !t.has(i+1, q) || i > 0 && q.start < begin-slack && !t.has(i-1, q) {
				r.errorf(url, "segment %d: the cue from %v to %v isn't in the next segment that it is shown in", i, q.start, q.end)
				break
			}
		}
	}
}

// has tells whether a segment holds a cue at the same time and with the same text.
func (t *textStream) has(i int, q cue) bool {
	return !t.measured[i].media.text.read || slices.ContainsFunc(t.placed[i], func(o cue) bool {
		return o.text == q.text && (o.start-q.start).Abs() <= slack && (o.end-q.end).Abs() <= slack
	})
}
