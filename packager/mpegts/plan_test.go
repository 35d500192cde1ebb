package mpegts

import (
	"slices"
	"testing"

	"unreel/demux/testmedia"
)

// TestPlanAlone: a plan is the same whichever was made before it.
func TestPlanAlone(t *testing.T) {
	f := open(t, testmedia.H264AAC(30).Bytes())
	g := open(t, testmedia.H264AAC(30).Bytes())
	spans := f.spans(60)
	sizes := make([]int64, len(spans))
	for i, span := range spans {
		pl := f.program.Plan(span)
		sizes[i] = pl.Size()
		pl.Release()
	}
	for i, span := range slices.Backward(spans) {
		for _, program := range []*Program{f.program, g.program} {
			pl := program.Plan(span)
			if pl.Size() != sizes[i] {
				t.Errorf("segment %d is %d bytes long, then %d", i, sizes[i], pl.Size())
			}
			if len(pl.IFrames()) != 1 || pl.IFrames()[0].Sample != span.Video.First {
				t.Errorf("segment %d has I-frames %+v", i, pl.IFrames())
			}
			pl.Release()
		}
	}
}

// TestOmitted: what is left out is counted.
func TestOmitted(t *testing.T) {
	f := open(t, emptySamples().Bytes())
	pl := f.program.Plan(f.whole())
	defer pl.Release()
	if pl.Omitted() != 13 {
		t.Errorf("%d samples left out, want 6 of video, 6 of audio and one that is too large", pl.Omitted())
	}
}

// TestFirstFrameAlone: ffmpeg's HLS demuxer misplaces frames that share a segment's first audio PES.
func TestFirstFrameAlone(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	for _, span := range f.spans(60) {
		pl := f.program.Plan(span)
		var frames []int32
		for _, c := range pl.pieces {
			if c.kind == audioPiece {
				frames = append(frames, c.frames)
			}
		}
		if frames[0] != 1 || frames[1] < 4 {
			t.Errorf("the audio PES hold %v frames", frames)
		}
		pl.Release()
	}
}
