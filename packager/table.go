package packager

import (
	"fmt"

	"unreel/demux"
	"unreel/packager/hls"
)

// table is the layout of all segments of a stream, from the index alone.
type table struct {
	segments   []tableSegment
	iframes    []tableIFrame
	bitrate    hls.Bitrate
	iframeRate hls.Bitrate // of the I-frame playlist
}

// tableSegment is a segment: its span, its size in bytes, and when it begins and ends on the lead track's clock.
type tableSegment struct {
	span        segmentSpan
	size        int64
	start, stop demux.Ticks
}

// tableIFrame is a key frame within a segment.
type tableIFrame struct {
	segment      int // place in segments
	offset, size int64
	time         demux.Ticks // when it is presented
}

// layOut makes the tables of all playlists side by side: a master needs them all, and that of a film of two hours takes 20 ms of
// a processor. What is wrong with one is told by whoever uses it.
func (l *layout) layOut() {
	streams := l.streams()
	sideBySide(len(streams), func(i int) { _, _ = streams[i].table() })
}

// leastRun is how many segments are worth a processor of their own: 2 ms of work.
const leastRun = 128

// layOut plans every segment: sizes, key frames, and the continuity counters that run through them. As many runs of them as there
// are processors are planned side by side.
func (s *stream) layOut(t *title, processors int) (*table, error) {
	runs := make([]tableRun, max(1, min(processors, s.count()/leastRun)))
	list := table{segments: make([]tableSegment, s.count())}
	sideBySide(len(runs), func(i int) {
		runs[i] = tableRun{first: i * s.count() / len(runs), end: (i + 1) * s.count() / len(runs), every: 1, thin: len(runs) == 1}
		runs[i].layOut(s, t, list.segments)
	})
	if len(runs) > 1 && !whole(runs) { // key frames by the ten thousand, of which some are left out by a count that runs through them
		runs = []tableRun{{end: s.count(), every: 1, thin: true}}
		runs[0].layOut(s, t, list.segments)
	}
	var counters Counters
	for i := range runs {
		if runs[i].err != nil {
			return nil, runs[i].err
		}
		list.iframes = append(list.iframes, runs[i].iframes...)
	}
	for i := range list.segments {
		span := &list.segments[i].span
		span.counters, counters = counters, counters.plus(span.counters)
	}
	list.measure(s, t.layouts[s.program.format].target)
	return &list, nil
}

// A tableRun is segments that are laid out in turn.
type tableRun struct {
	first, end int  // places of its segments
	thin       bool // it is all, so it may leave some key frames out
	iframes    []tableIFrame
	frames     int // key frames so far
	every      int // of how many one is listed
	err        error
}

// whole tells whether runs list all key frames, and together no more than maxIFrames.
func whole(runs []tableRun) bool {
	frames := 0
	for i := range runs {
		frames += runs[i].frames
	}
	return frames <= maxIFrames
}

// layOut plans the run's segments. In place of its counters each gets how far it moves them.
func (r *tableRun) layOut(s *stream, t *title, segments []tableSegment) {
	for i := r.first; i < r.end; i++ {
		if segments[i], r.err = r.segment(s, t, i); r.err != nil || r.frames > maxIFrames && !r.thin {
			return
		}
	}
}

func (r *tableRun) segment(s *stream, t *title, i int) (segment tableSegment, err error) {
	segment.start, segment.stop = s.extent(i)
	if segment.span, err = s.span(i, Counters{}, t.packager.config.MaxSegmentDuration); err != nil {
		return segment, err
	}
	plan := s.program.plan(segment.span)
	defer plan.Release()
	segment.size, segment.span.counters = plan.Size(), plan.next()
	if err = t.packager.config.bounded(segment.size); err != nil {
		return segment, fmt.Errorf("segment %d of %q: %w", i, s.rendition.file.Path, err)
	}
	for frame := range plan.iframes() {
		r.add(s, i, frame)
	}
	return segment, nil
}

// add lists a key frame of segment i.
func (r *tableRun) add(s *stream, i int, frame iframe) {
	r.frames++
	if (r.frames-1)%r.every != 0 {
		return
	}
	if len(r.iframes) == maxIFrames {
		r.iframes, r.every = thinned(r.iframes), 2*r.every
	}
	cut, _ := s.program.video.CutAt(frame.Sample)
	r.iframes = append(r.iframes, tableIFrame{segment: i, offset: frame.Offset, size: frame.Size, time: cut.Time})
}

// maxIFrames bounds an I-frame playlist: a film of 2 h has 3,600, if it has one every two seconds. One of key frames alone
// has 216,000, of which nobody needs all to find a scene.
const maxIFrames = 1 << 16

// thinned is every second one.
func thinned(frames []tableIFrame) []tableIFrame {
	half := frames[:0]
	for i := 0; i < len(frames); i += 2 {
		half = append(half, frames[i])
	}
	return half
}

// measure works the bit rates out, exactly, from what was planned.
func (l *table) measure(s *stream, target int) {
	sizes, durations := make([]int64, len(l.segments)), make([]hls.Duration, len(l.segments))
	for i, segment := range l.segments {
		sizes[i], durations[i] = segment.size, s.lasting(segment.start, segment.stop)
	}
	l.bitrate = hls.Bandwidth(sizes, durations, target)
	if len(l.iframes) == 0 {
		return
	}
	frames := s.iframeSegments(l)
	sizes, durations = make([]int64, len(frames)), make([]hls.Duration, len(frames))
	for i, frame := range frames {
		sizes[i], durations[i] = frame.Size, frame.Duration
	}
	l.iframeRate = hls.Bandwidth(sizes, durations, hls.TargetDuration(frames))
}
