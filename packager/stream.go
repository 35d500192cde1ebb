package packager

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"unreel/demux"
	"unreel/packager/hls"
	"unreel/packager/timeline"
)

// stream is what one media playlist lists: a rendition's tracks, cut at the title's boundaries.
type stream struct {
	rendition *rendition
	tracks    Tracks
	program   *program
	bounds    []timeline.Boundary // of the lead track; one more than there are segments
	cuts      Cuts                // in CMAF: what URLs call bounds

	table    func() (*table, error) // made once
	playlist document
	iframes  document
}

func newStream(t *title, format Format, r *rendition, tracks Tracks, bounds []timeline.Boundary) (*stream, error) {
	program, err := r.media.program(format, tracks)
	if err != nil {
		return nil, err
	}
	if format == CMAF {
		bounds = shownBounds(bounds)
	}
	s := &stream{rendition: r, tracks: tracks, program: program, bounds: bounds}
	if err = s.check(t.packager.config.MaxSegmentDuration); err != nil {
		return nil, err
	}
	if format == CMAF {
		s.cuts = cutsOf(t.target, bounds)
	}
	made := once(func(context.Context) (*table, error) {
		list, failed := s.layOut(t, runtime.GOMAXPROCS(0))
		if failed == nil {
			t.keeps(list.bytes())
		}
		return list, failed
	})
	s.table = func() (*table, error) { return made(context.Background()) }
	s.playlist = t.document(func() (*Document, error) { return s.writePlaylist(t) })
	s.iframes = t.document(func() (*Document, error) { return s.writeIFrames(t) })
	return s, nil
}

// shownBounds has the segments of which nothing is shown, since they end before time 0, begin the first that is shown: a segment
// must last, or an MPD can't list it.
func shownBounds(bounds []timeline.Boundary) []timeline.Boundary {
	hidden := 0
	for hidden+2 < len(bounds) && bounds[hidden+1].Time <= 0 {
		hidden++
	}
	if hidden == 0 {
		return bounds
	}
	return append([]timeline.Boundary{bounds[0]}, bounds[hidden+1:]...)
}

// segmentRef is the URL of one of the stream's MPEG-TS segments, without the title.
func (s *stream) segmentRef(span segmentSpan) SegmentRef {
	leading := span.leading()
	return SegmentRef{
		Version: s.rendition.media.version, Tracks: s.tracks, Number: span.number,
		First: leading.First, End: leading.End, Counters: span.counters,
	}
}

// fragmentRef is the URL of one of the stream's CMAF segments, without the title.
func (s *stream) fragmentRef(number int, start demux.Ticks) FragmentRef {
	return FragmentRef{
		Version: s.rendition.media.version, Cuts: s.cuts, Tracks: s.tracks, Number: number, Time: start,
	}
}

// initRef is the URL of the stream's init section, without the title.
func (s *stream) initRef() InitRef {
	return InitRef{Version: s.rendition.media.version, Tracks: s.tracks}
}

// trackRef is the URL of the stream's virtual file, without the title.
func (s *stream) trackRef() TrackRef {
	return TrackRef{Version: s.rendition.media.version, Cuts: s.cuts, Tracks: s.tracks}
}

// extent is when segment i begins and ends. Muxed audio that starts before the video or outlasts it counts, but for its
// priming: that is heard in no player. In CMAF what stands before time 0 doesn't count at all: an edit list hides it.
func (s *stream) extent(i int) (start, stop demux.Ticks) {
	start, stop = s.bounds[i].Time, s.bounds[i+1].Time
	if s.program.format == CMAF {
		return shownFrom(start), shownFrom(stop)
	}
	video, audio := s.program.video, s.program.audio
	if video == nil || audio == nil {
		return start, stop
	}
	if i == 0 {
		if at, ok := max(audio.Start, 0).Rescale(audio.Timescale, video.Timescale); ok {
			start = min(start, at)
		}
	}
	if i == len(s.bounds)-2 {
		if at, ok := audio.Stop.Rescale(audio.Timescale, video.Timescale); ok {
			stop = max(stop, at)
		}
	}
	return start, stop
}

// count is the number of segments.
func (s *stream) count() int { return len(s.bounds) - 1 }

// target is the least EXT-X-TARGETDURATION of the stream alone, in seconds.
func (s *stream) target() int {
	segments := make([]hls.Segment, s.count())
	for i := range segments {
		segments[i].Duration = s.lasting(s.extent(i))
	}
	return hls.TargetDuration(segments)
}

// maxSegments bounds a playlist: 27 hours in segments of half a second are 194,400.
const maxSegments = 1 << 18

// check refuses a stream that no playlist of ours can list. Of its segments it looks closely at the first and the last, which
// take the sound that is beside the picture, and at those that are long.
func (s *stream) check(longest time.Duration) error {
	if n := s.count(); n > maxSegments {
		return fmt.Errorf("%q makes %d segments, limit %d: %w", s.rendition.file.Path, n, maxSegments, ErrTooLarge)
	}
	scale := s.program.lead().Timescale
	for i := range s.count() {
		if 0 < i && i < s.count()-1 && duration(s.bounds[i+1].Time-s.bounds[i].Time, scale) <= longest {
			continue
		}
		if _, err := s.span(i, Counters{}, longest); err != nil {
			return err
		}
	}
	return nil
}

// span finds segment i's samples. The error wraps ErrUnsupported.
func (s *stream) span(i int, counters Counters, longest time.Duration) (segmentSpan, error) {
	found, ok := s.program.samples(i, rangeOf(s.bounds, i))
	excess := "has no cut where it begins or ends"
	if ok {
		excess = s.program.excess(found, longest)
	}
	if excess != "" {
		return found, fmt.Errorf("segment %d of %q %s: %w", i, s.rendition.file.Path, excess, ErrUnsupported)
	}
	found.counters = counters
	return found, nil
}
