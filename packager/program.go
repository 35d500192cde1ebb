package packager

import (
	"context"
	"fmt"
	"iter"

	"unreel/demux"
	"unreel/packager/fmp4"
	"unreel/packager/mpegts"
)

// program is what one set of a file's tracks makes in one format, or why it makes nothing. It is immutable and shared.
type program struct {
	format       Format
	video, audio *demux.Track // either may be nil; in CMAF one is
	err          error

	ts   *mpegts.Program // in TS
	cmaf *fmp4.Track     // in CMAF
	init *Document       // in CMAF: the init section
}

// segmentPlan is the exact layout of one segment, computed from the index alone. It must be released, after its muxers.
type segmentPlan interface {
	// Size is the segment's length in bytes.
	Size() int64
	// Extent is the range of the source that the segment's media lies in, in bytes.
	Extent() (off, n int64)
	// Release gives the plan's memory back.
	Release()

	iframes() iter.Seq[iframe]
	muxer(from int64) segmentMuxer
	// next is the continuity counters with which the following segment starts; of TS alone.
	next() Counters
}

// segmentMuxer writes the bytes that a plan foresaw. It must be released.
type segmentMuxer interface {
	// Read fills p with the segment's next bytes.
	Read(ctx context.Context, r demux.Reader, p []byte) (n int, err error)
	Release()
}

// iframe is where a key frame stands in its segment, in bytes.
type iframe struct {
	Sample       int
	Offset, Size int64
}

func newProgram(format Format, options mpegts.Options, video, audio *demux.Track) *program {
	p := &program{format: format, video: video, audio: audio}
	switch {
	case format == TS:
		p.ts, p.err = options.NewProgram(video, audio)
	case video != nil && audio != nil:
		p.err = fmt.Errorf("tracks %d and %d in one CMAF track: %w", video.ID, audio.ID, ErrNotFound)
	default:
		if p.cmaf, p.err = fmp4.NewTrack(p.lead()); p.err == nil {
			p.init = newImmutable(p.fileType(), p.cmaf.Init())
		}
	}
	return p
}

// lead is the track whose samples are counted where a segment is named: the video, or the audio where there is none.
func (p *program) lead() *demux.Track {
	if p.video != nil {
		return p.video
	}
	return p.audio
}

// plan lays a segment out.
func (p *program) plan(s segmentSpan) segmentPlan {
	if p.format == CMAF {
		r := s.video
		if p.video == nil {
			r = s.audio
		}
		return cmafPlan{p.cmaf.Plan(fmp4.Span{Samples: r})}
	}
	return tsPlan{p.ts.Plan(mpegts.Span{Number: s.number, Video: s.video, Audio: s.audio, Counters: mpegts.Counters(s.counters)})}
}

// codecID is what a track of the program is called in playlists (RFC 6381).
func (p *program) codecID(t *demux.Track) string {
	if p.format == CMAF {
		return p.cmaf.CodecID()
	}
	return mpegts.CodecID(t)
}

// segmentType is the MIME type of segments.
func (p *program) segmentType() string {
	if p.format == CMAF {
		return TypeSegment
	}
	return TypeTS
}

// fileType is the MIME type of what begins with an init section.
func (p *program) fileType() string {
	if p.video != nil {
		return TypeVideo
	}
	return TypeAudio
}

// A tsPlan and a cmafPlan are one pointer each, so that they cost no allocation as a plan.
type (
	tsPlan   struct{ *mpegts.Plan }
	cmafPlan struct{ *fmp4.Plan }
)

func (p tsPlan) muxer(from int64) segmentMuxer   { return p.Muxer(from) }
func (p cmafPlan) muxer(from int64) segmentMuxer { return p.Muxer(from) }

func (p tsPlan) next() Counters { return Counters(p.Next()) }
func (cmafPlan) next() Counters { return Counters{} }

func (p tsPlan) iframes() iter.Seq[iframe]   { return iframesOf(p.IFrames()) }
func (p cmafPlan) iframes() iter.Seq[iframe] { return iframesOf(p.IFrames()) }

// iframesOf takes the frames of either muxer: they look the same.
func iframesOf[F ~struct {
	Sample       int
	Offset, Size int64
}](frames []F,
) iter.Seq[iframe] {
	return func(yield func(iframe) bool) {
		for i := range frames {
			if !yield(iframe(frames[i])) {
				return
			}
		}
	}
}
