package packager

import (
	"fmt"
	"math"

	"unreel/demux"
	"unreel/packager/hls"
)

// pace is how many frames of a track are decoded in how many ticks, from the first of what is delivered to the last: how
// long the last one is held says nothing of a rate. A single frame has the rate that its duration makes.
func pace(t *demux.Track) (frames, ticks uint64) {
	if n := t.End - t.First; n > 1 {
		first, last := t.Samples.At(t.First), t.Samples.At(t.End-1)
		if d := last.DecodeTime - first.DecodeTime; d > 0 {
			return uint64(n - 1), uint64(d)
		}
	}
	if t.Stop <= t.Start {
		return 1, uint64(frameTicks(t))
	}
	return uint64(max(t.End-t.First, 0)), uint64(t.Stop - t.Start)
}

// writePlaylist writes the stream's media playlist.
func (s *stream) writePlaylist(t *title) (*Document, error) {
	list, err := s.table()
	if err != nil {
		return nil, err
	}
	playlist := hls.Playlist{
		TargetDuration: t.layouts[s.program.format].target, Independent: s.closed(),
		Map: s.mapURI(), Segments: make([]hls.Segment, len(list.segments)),
	}
	for i, segment := range list.segments {
		playlist.Segments[i] = hls.Segment{Duration: s.lasting(segment.start, segment.stop), URI: s.uri(&segment)}
	}
	return NewDocument(TypePlaylist, playlist.AppendTo(nil), playlistAge), nil
}

// writeIFrames writes the stream's I-frame playlist: byte ranges into the very same segments.
func (s *stream) writeIFrames(t *title) (*Document, error) {
	list, err := s.table()
	if err != nil {
		return nil, err
	}
	if len(list.iframes) == 0 {
		return nil, fmt.Errorf("%q has no picture: %w", s.rendition.file.Path, ErrNotFound)
	}
	playlist := hls.Playlist{IFramesOnly: true, Independent: s.closed(), Map: s.mapURI(), Segments: s.iframeSegments(list)}
	for i, frame := range list.iframes {
		playlist.Segments[i].URI = s.uri(&list.segments[frame.segment])
	}
	playlist.TargetDuration = hls.TargetDuration(playlist.Segments)
	return NewDocument(TypePlaylist, playlist.AppendTo(nil), playlistAge), nil
}

// iframeSegments are the key frames as segments, each lasting until the next is presented. URIs are left out.
func (s *stream) iframeSegments(list *table) []hls.Segment {
	segments := make([]hls.Segment, len(list.iframes))
	for i, frame := range list.iframes {
		end := list.segments[len(list.segments)-1].stop
		if i+1 < len(list.iframes) {
			end = list.iframes[i+1].time
		}
		segments[i] = hls.Segment{Duration: s.lasting(frame.time, end), Offset: frame.offset, Size: frame.size}
	}
	return segments
}

// uri is a segment's link as playlists have it.
func (s *stream) uri(segment *tableSegment) string {
	link := make([]byte, 0, maxLink)
	if s.program.format == CMAF {
		return string(s.fragmentRef(segment.span.number, segment.start).AppendLink(link))
	}
	return string(s.segmentRef(segment.span).AppendLink(link))
}

// mapURI is the link to the init section; "" in TS, which has none.
func (s *stream) mapURI() string {
	if s.program.format == TS {
		return ""
	}
	return string(s.initRef().AppendLink(nil))
}

func (s *stream) lasting(start, stop demux.Ticks) hls.Duration {
	return hls.Duration{Ticks: stop - start, Timescale: s.program.lead().Timescale}
}

// reducedRate is a fraction in terms that fit; what it loses is far below a thousandth of a frame per second.
func reducedRate(num, den uint64) hls.Rate {
	for num > math.MaxUint32 || den > math.MaxUint32 {
		num, den = num>>1, den>>1
	}
	return hls.Rate{Num: uint32(num), Den: uint32(max(den, 1))}
}
