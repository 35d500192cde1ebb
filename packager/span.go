package packager

import (
	"fmt"
	"time"

	"unreel/demux"
)

// segmentSpan is the samples of one segment, and what else its bytes depend on.
type segmentSpan struct {
	number       int // of the segment in its playlist
	video, audio demux.Range
	counters     Counters // in TS
}

// leading is the range of the program's lead track.
func (s *segmentSpan) leading() demux.Range {
	if s.video != (demux.Range{}) {
		return s.video
	}
	return s.audio
}

// span finds the samples of a segment from what its URL says, and proves that it may say so: it begins and ends at cuts,
// and is bounded. Anything else is ErrNotFound, since no playlist of ours ever said it.
func (p *program) span(number int, r demux.Range, counters Counters, longest time.Duration) (segmentSpan, error) {
	s, ok := p.samples(number, r)
	if !ok {
		return segmentSpan{}, fmt.Errorf("samples %d to %d are no segment: %w", r.First, r.End, ErrNotFound)
	}
	if excess := p.excess(s, longest); excess != "" {
		return segmentSpan{}, fmt.Errorf("a segment that %s: %w", excess, ErrNotFound)
	}
	s.counters = counters
	return s, nil
}

// samples finds the samples of a segment by those of its lead track; ok is false where it doesn't begin and end at cuts.
func (p *program) samples(number int, leading demux.Range) (s segmentSpan, ok bool) {
	lead := p.lead()
	start, ok := boundaryTime(lead, leading.First)
	stop, ok2 := boundaryTime(lead, leading.End)
	if !ok || !ok2 || leading.First >= leading.End || number > leading.First-lead.First {
		return s, false
	}
	s = segmentSpan{number: number}
	if p.video == nil {
		s.audio = leading
	} else {
		s.video = leading
		s.audio = p.audioRange(leading, start, stop)
	}
	return s, true
}

// boundaryTime is when the segment that begins at a cut is first presented, in the track's Timescale; the track's end is a
// boundary too. ok is false where no segment may begin.
func boundaryTime(t *demux.Track, sample int) (_ demux.Ticks, ok bool) {
	switch sample {
	case t.First:
		return t.Start, true
	case t.End:
		return t.Stop, true
	}
	cut, ok := t.CutAt(sample)
	return cut.Time - cut.Lead, ok
}

// audioRange is the audio that is muxed with a range of the video. It follows from the two tracks alone: audio goes to the
// segment in which it starts; the first segment takes what is before, the last what is left.
func (p *program) audioRange(video demux.Range, start, stop demux.Ticks) (r demux.Range) {
	if p.audio == nil {
		return r
	}
	r = demux.Range{First: p.audio.First, End: p.audio.End}
	if video.First != p.video.First {
		r.First = follow(p.audio, start, p.video.Timescale)
	}
	if video.End != p.video.End {
		r.End = follow(p.audio, stop, p.video.Timescale)
	}
	return r
}

// follow is the first sample of a track without reordering that is presented at a time of another clock, or later.
func follow(t *demux.Track, at demux.Ticks, scale demux.Timescale) int {
	at, ok := at.Rescale(scale, t.Timescale)
	if !ok {
		return t.End // beyond any time of this track, as Open has proved
	}
	return t.FirstFrom(at)
}

// maxRate bounds the samples of a segment of the longest duration that is allowed: more than that many a second of either
// track, and a plan of it would take more memory than a request may.
const maxRate = 1000

// excess says what of a segment is more than a segment may have; "" where nothing is. A file's tables can make very long
// ones of very little: times that stand still or jump.
func (p *program) excess(s segmentSpan, longest time.Duration) string {
	most := int(min(longest/time.Second, 1<<16)+1) * maxRate
	switch n := max(s.video.End-s.video.First, s.audio.End-s.audio.First); {
	case n > most:
		return fmt.Sprintf("has %d samples, but may have %d", n, most)
	case s.audio.First > s.audio.End: // cuts of a damaged index may run backwards
		return "has sound that ends before it begins"
	case p.video == nil:
		return excessOf(p.audio, s.audio, longest)
	}
	if excess := excessOf(p.video, s.video, longest); excess != "" || s.audio.First == s.audio.End {
		return excess
	}
	// Sound before the picture, or after it. How long its last frame is held doesn't matter here: a pause may follow it. An
	// encoder's priming comes on top.
	if length := decoding(p.audio, s.audio); length > longest+time.Second {
		return fmt.Sprintf("has %v of sound, but may last %v", length.Round(time.Millisecond), longest)
	}
	return ""
}

// excessOf is excess for the track that a segment is cut by. Times of decoding run apart from those of presentation by as
// little as frames are reordered, unless a file lies; the clock in the stream follows them.
func excessOf(t *demux.Track, r demux.Range, longest time.Duration) string {
	start, _ := boundaryTime(t, r.First)
	stop, _ := boundaryTime(t, r.End)
	shown, decoded := duration(stop-start, t.Timescale), decoding(t, r)
	switch {
	case shown > longest:
		return fmt.Sprintf("lasts %v, but may last %v", shown.Round(time.Millisecond), longest)
	case decoded > 2*longest:
		return fmt.Sprintf("is decoded in %v, but may last %v", decoded.Round(time.Millisecond), longest)
	}
	return ""
}

// decoding is how long after a range's first sample its last is decoded.
func decoding(t *demux.Track, r demux.Range) time.Duration {
	return duration(t.Samples.DecodeTime(r.End-1)-t.Samples.DecodeTime(r.First), t.Timescale)
}

// lasting is how long a track lasts.
func lasting(t *demux.Track) time.Duration { return duration(t.Stop-t.Start, t.Timescale) }

// duration is for limits and for people; media time stays in ticks.
func duration(t demux.Ticks, scale demux.Timescale) time.Duration {
	d, ok := t.Rescale(scale, demux.Timescale(time.Second))
	if !ok {
		return 1<<63 - 1
	}
	return time.Duration(d)
}
