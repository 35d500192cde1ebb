package packager

import (
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// A last frame that is held for long, or whose duration is 0, is no change of the frame rate.
func TestFrameRateLeavesTheLastFrameOut(t *testing.T) {
	for name, last := range map[string]uint32{"held for a second": 15360, "of no duration": 0, "like the others": 512} {
		movie := testmedia.H264AAC(2)
		samples := movie.Tracks[0].Samples
		samples[len(samples)-1].Duration = last
		index, err := demux.Open(t.Context(), testmedia.Memory(movie.Bytes()), demux.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if frames, ticks := pace(index.Tracks[0]); frames*15360 != ticks*30 {
			t.Errorf("%s: %d frames in %d ticks of 1/15360 s, want 30 a second", name, frames, ticks)
		}
		if rate := frameRate(index.Tracks[0]); rate != 30 {
			t.Errorf("%s: frame rate %v, want 30", name, rate)
		}
	}
}
