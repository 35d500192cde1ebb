package demux

import (
	"math"
	"sort"
)

// preroll is how many frames of sound are delivered before the one in which an edit starts: enough for every decoder's
// overlap, and for all of an encoder's usual priming (AAC: up to 2112 samples; HE-AAC: up to 3 frames of 2048).
const preroll = 3

// place puts a track on the presentation's clock: its edit list becomes Shift, First, End, Start and Stop (§8.6.6). Where
// the specification leaves it open, or players don't follow it, times are ffmpeg's.
func (t *trak) place(b *builder) error {
	k := t.track
	k.DecodeLead = max(0, -b.least)
	k.End = k.Samples.Len()
	if t.elst.found() {
		e, ok, err := t.edits()
		if err != nil || !ok {
			return err
		}
		if t.fragments.n > 0 {
			e.end = most // its durations were written before the fragments were: no player heeds them
		}
		if !t.cut(&e, b) {
			t.refuse("its edit list leaves nothing of it (media from %d to %d)", e.start, e.end)
			k.First, k.End = 0, 0
			return nil
		}
	}
	if err := t.proveBytes(b); err != nil {
		return err
	}
	k.bound(b)
	return t.proveTimes()
}

// cut applies an edit; false where no sample is presented within it.
func (t *trak) cut(e *edit, b *builder) bool {
	k := t.track
	switch k.Kind {
	case KindVideo:
		k.First = k.Samples.lastSync(e.start)
	case KindAudio:
		k.First = k.Samples.holding(e.start, preroll)
	default:
		k.First = k.Samples.holding(e.start, 0)
	}
	if b.latest >= e.end {
		k.End = max(k.Samples.endBefore(e.end, b.least), k.First)
	}
	earliest, ok := k.earliest(e.start, e.end, b.least)
	k.Shift = e.delay - e.start
	if k.Kind == KindVideo && t.fragments.n == 0 {
		// ffmpeg, and with it most of the world, shows the first frame at the edit's start also where its composition time
		// is later: there are encoders that write a media_time of 0 although their B-frames delay everything.
		k.Shift = e.delay - earliest
	}
	return ok
}

// lastSync is the last sync sample at or before a composition time, the first of several at that time, and 0 where there
// is none: decoding starts there.
func (s *Samples) lastSync(time Ticks) int {
	if s.cuts == nil { // then none is reordered
		after := s.firstComposed(func(t Ticks) bool { return t > time })
		if after == 0 {
			return 0
		}
		last := s.At(after - 1)
		return s.firstComposed(func(t Ticks) bool { return t >= last.DecodeTime+last.Composition })
	}
	last, latest := 0, Ticks(math.MinInt64)
	for _, p := range s.cuts {
		if p.time <= time && p.time > latest {
			last, latest = int(p.sample), p.time
		}
	}
	return last
}

// firstComposed is the first sample with a composition time that is so; composition times must not fall.
func (s *Samples) firstComposed(so func(Ticks) bool) int {
	return sort.Search(s.n, func(i int) bool {
		sample := s.At(i)
		return so(sample.DecodeTime + sample.Composition)
	})
}

// holding is the last sample that begins at or before a time, less a few.
func (s *Samples) holding(time Ticks, less int) int {
	return max(s.FromDecodeTime(time+1)-1-less, 0)
}

// endBefore is the number of the sample after the last one, in decoding order, whose composition time is before end.
// least is the least composition offset.
func (s *Samples) endBefore(end, least Ticks) int {
	for b := min(s.FromDecodeTime(end-least), s.n-1) / blockLen; b >= 0; b-- {
		found := 0
		c := s.From(b * blockLen)
		for i := b * blockLen; i < min((b+1)*blockLen, s.n); i++ {
			if sample, ok := c.Next(); ok && sample.DecodeTime+sample.Composition < end {
				found = i + 1
			}
		}
		if found > 0 {
			return found
		}
	}
	return 0
}

// earliest is the least composition time from start to before end; ok is false where no sample has one.
func (t *Track) earliest(start, end, least Ticks) (time Ticks, ok bool) {
	time = end
	c := t.Samples.From(t.First)
	for i := t.First; i < t.End; i++ {
		sample, more := c.Next()
		if !more || sample.DecodeTime+least >= time {
			break // nothing earlier can follow
		}
		if at := sample.DecodeTime + sample.Composition; at >= start && at < time {
			time, ok = at, true
		} else if t.Kind != KindVideo && at < start && at+sample.Duration > start {
			ok = true // sound begins in the middle of a frame
		}
	}
	return time, ok
}

// bound finds when the first sample is presented and when the last one ends.
func (t *Track) bound(b *builder) {
	if t.End == t.Samples.Len() {
		cut, _ := t.CutAt(t.First)
		t.Start, t.Stop = cut.Time-cut.Lead, b.stop+t.Shift
		if t.First == 0 {
			return
		}
	}
	t.Start, t.Stop = math.MaxInt64, math.MinInt64
	c := t.Samples.From(t.First)
	for range t.End - t.First {
		sample, _ := c.Next()
		time := t.PresentationTime(&sample)
		t.Start, t.Stop = min(t.Start, time), max(t.Stop, time+sample.Duration)
	}
}

// proveBytes proves that what is delivered lies in the file.
func (t *trak) proveBytes(b *builder) error {
	if b.farthest <= t.size {
		return nil
	}
	c := t.track.Samples.From(t.track.First)
	for i := t.track.First; i < t.track.End; i++ {
		s, ok := c.Next()
		if end := s.Offset + int64(s.Size); ok && end > t.size {
			return t.tables.stbl.errorf("sample %d of track %d is at bytes %d to %d, the file ends at %d: it was cut off: %w",
				i+1, t.track.ID, s.Offset, end, t.size, ErrCorrupt)
		}
	}
	return nil
}

// finest is the finest clock that we ever print in, and the one that time.Duration counts.
const finest Timescale = 1_000_000_000

// longestTime is the longest of a track in that clock: 73 years, so that recordings may count from 1970. Sums of two such times don't
// overflow, and nothing adds up more of them.
const longestTime = 1 << 61

// proveTimes proves that every time of the track can be said in nanoseconds, and so in any clock of ours; and that what is kept of
// it can be read again.
func (t *trak) proveTimes() error {
	k := t.track
	for _, time := range [...]Ticks{k.Start - k.DecodeLead, k.Stop, k.Shift} {
		if at, ok := time.Rescale(k.Timescale, finest); !ok || at > longestTime || at < -longestTime || time > 2*most || time < -2*most {
			return t.box.errorf("times up to %d ticks of 1/%d s are too long: %w", time, k.Timescale, ErrTooLarge)
		}
	}
	return nil
}

// FirstFrom is the first sample of [First, End) that is presented at time or later; End where there is none. It is meant
// for audio, whose samples are presented in decoding order.
func (t *Track) FirstFrom(time Ticks) int {
	return min(max(t.Samples.FromDecodeTime(time-t.Shift), t.First), t.End)
}
