package conformance

import "time"

// main is the elementary stream that a stream's segments are cut by: its video, or the audio where it has none.
func (s *stream) main(i int) *elementary {
	if s.hasVideo() {
		return &s.measured[i].media.video
	}
	return &s.measured[i].media.audio
}

// hasVideo tells whether any segment of the stream holds video.
func (s *stream) hasVideo() bool {
	for i := range s.measured {
		if s.measured[i].media.video.units > 0 {
			return true
		}
	}
	return false
}

// timed gives the streams whose segments were all read, I-frame playlists left out.
func (p *presentation) timed() []*stream {
	var out []*stream
	for _, s := range p.streams {
		if s.plain() && s.readAll() {
			out = append(out, s)
		}
	}
	return out
}

func (s *stream) readAll() bool {
	for i := range s.measured {
		if m := &s.measured[i]; !m.get.ok() || m.unread != "" || s.main(i).units == 0 {
			return false
		}
	}
	return len(s.measured) > 0
}

// frame is how long a frame of the stream lasts.
func (s *stream) frame() ticks {
	var most ticks
	for i := range s.measured {
		most = max(most, s.main(i).frame)
	}
	return most
}

// tolerance is what playlists may be off by: a frame of the stream or, for audio, one of the video that it goes with; and
// where no segment has two frames, what rounding makes.
func (p *presentation) tolerance(s *stream) ticks {
	t := max(s.frame(), tickRate/1000)
	if !s.hasVideo() {
		for _, other := range p.timed() {
			if other.hasVideo() {
				t = max(t, other.frame())
			}
		}
	}
	return t
}

// checkDurations: the EXTINF of any run of segments add up to the time between their frames, within one frame.
func checkDurations(p *presentation, r *reporter) {
	for _, s := range p.timed() {
		from := 0
		for i := range s.measured {
			if i > 0 && s.list.segments[i].discontinuity {
				s.checkRun(from, i, p.tolerance(s), r)
				from = i
			}
		}
		s.checkRun(from, len(s.measured), p.tolerance(s), r)
	}
}

// checkRun holds the segments [from, to), between which nothing is discontinuous, to their EXTINF.
func (s *stream) checkRun(from, to int, tolerance ticks, r *reporter) {
	var d drift
	var sum time.Duration
	begin := s.main(from).start
	for i := from; i < to; i++ {
		if i > from {
			d.note(i, s.main(i).start-begin-ticksOf(sum))
		}
		sum += s.list.segments[i].duration
	}
	// The ends may be those of the video, or of audio that is there before it or outlasts it, or lie between.
	first, last := &s.measured[from].media, &s.measured[to-1].media
	starts := extremes(first, s.main(from).start, first.audio.start, begin)
	ends := extremes(last, s.main(to-1).stop, last.audio.stop, begin+ticksOf(sum))
	if d.n == 0 {
		d.note(from, min(max(ends.low, starts.low), starts.high))
	}
	d.widen(from, starts)
	body := d
	d.widen(to, ends)
	switch {
	case d.width() <= tolerance:
	case body.width() <= tolerance && ends.high < body.low:
		// Nothing in a transport stream says how long its very last frame lasts.
		r.warnf(s.list.url, "the EXTINF add up to %v more than the frames, unless the last of them lasts so long", (body.low - ends.high).duration())
	default:
		a, b := min(d.lowAt, d.highAt), max(d.lowAt, d.highAt)
		r.errorf(s.list.url, "EXTINF of segments %d to %d are %v off from their frames; a frame lasts %v", a, b-1,
			d.width().duration(), tolerance.duration())
	}
}

// interval is a range of times.
type interval struct{ low, high ticks }

// extremes is the interval of a segment's start or stop: of its main stream, and of the audio beside it. Both are told from origin.
func extremes(f *facts, main, audio, origin ticks) interval {
	if f.audio.units == 0 {
		audio = main
	}
	return interval{min(main, audio) - origin, max(main, audio) - origin}
}

// drift is how far a playlist is off at its boundaries: the greatest difference of two of them is that of the run of
// segments between them.
type drift struct {
	interval
	lowAt, highAt int
	n             int
}

func (d *drift) note(at int, off ticks) {
	if d.n == 0 || off < d.low {
		d.low, d.lowAt = off, at
	}
	if d.n == 0 || off > d.high {
		d.high, d.highAt = off, at
	}
	d.n++
}

// widen notes whichever value of an interval adds the least.
func (d *drift) widen(at int, by interval) {
	if by.high < d.low {
		d.note(at, by.high)
	} else if by.low > d.high {
		d.note(at, by.low)
	}
}

func (d *drift) width() ticks { return d.high - d.low }

// checkSameClock: the same content has the same time stamps everywhere, and all streams start at one. Video holds to half a
// frame; audio may be primed or delayed, but not by more than a target duration.
func checkSameClock(p *presentation, r *reporter) {
	var first *stream
	for _, s := range p.timed() {
		if !s.hasVideo() {
			continue
		}
		if first == nil {
			first = s
		} else if d := apart(s.main(0).start, first.main(0).start); d.abs() > max(s.frame(), first.frame())/2 {
			r.errorf(s.list.url, "the video starts at %d, %d ticks from that of %s", s.main(0).start.raw(), d, first.list.url)
		}
	}
	for _, s := range p.timed() {
		if s.hasVideo() {
			continue
		}
		if first == nil {
			first = s
		}
		switch d := apart(s.main(0).start, first.main(0).start); {
		case d.abs() > ticksOf(s.list.target):
			r.errorf(s.list.url, "the audio starts at %d, %d ticks from %s", s.main(0).start.raw(), d, first.list.url)
		case d.abs() > tickRate/2:
			r.warnf(s.list.url, "the audio starts %v from %s", d.duration(), first.list.url)
		}
	}
}

// checkCounters: continuity counters run on, within segments and over their joints.
func checkCounters(p *presentation, r *reporter) {
	for _, s := range p.timed() {
		for i := range s.measured {
			if f := &s.measured[i].media.ts.counters; f.n > 0 {
				r.errorf(s.list.segments[i].url, "segment %d: %s", i, f)
			}
			if f := &s.measured[i].media.ts.order; f.n > 0 {
				r.errorf(s.list.segments[i].url, "segment %d: %s", i, f)
			}
			if i > 0 && !s.list.segments[i].discontinuity && !s.measured[i].media.mp4.read {
				checkJoint(s, i, r)
			}
		}
	}
}

// checkJoint: from the last frame of a segment to the first of the next it is no further than from frame to frame.
func checkJoint(s *stream, i int, r *reporter) {
	before, after := &s.measured[i-1].media, &s.measured[i].media
	if before.video.units > 0 && after.video.units > 0 {
		most := max(before.video.most, after.video.most)
		if before.video.units == 1 {
			most = max(most, ticksOf(s.list.segments[i-1].duration))
		}
		step := after.video.first - before.video.last
		announced := (after.video.start - before.video.start - ticksOf(s.list.segments[i-1].duration)).abs() <= tickRate/1000
		const words = "the video's decode time goes from %d to %d over the joint of segments %d and %d; steps within them are %d at most"
		switch {
		case step <= most+most/2:
		case announced: // a frame that lasts long, in a film whose frames don't all last the same
			r.warnf(s.list.segments[i].url, words, before.video.last.raw(), after.video.first.raw(), i-1, i, most)
		default:
			r.errorf(s.list.segments[i].url, words, before.video.last.raw(), after.video.first.raw(), i-1, i, most)
		}
	}
	if before.audio.units > 0 && after.audio.units > 0 {
		if gap := after.audio.gap; gap.abs() > after.audio.frame/2 {
			r.errorf(s.list.segments[i].url, "the audio starts %d ticks from where it ended in segment %d; a frame lasts %d",
				gap, i-1, after.audio.frame)
		}
	}
}

// checkWrap: clocks start again at 2^33 and nowhere else.
func checkWrap(p *presentation, r *reporter) {
	for _, s := range p.timed() {
		for i := range s.measured {
			if f := &s.measured[i].media.ts.wrap; f.n > 0 {
				r.errorf(s.list.segments[i].url, "segment %d: %s", i, f)
			}
		}
	}
}
