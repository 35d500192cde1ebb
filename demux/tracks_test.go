package demux_test

import (
	"bytes"
	"slices"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestTracksAreBounded: work that is done for each pair of tracks must not grow with the square of what a file claims.
func TestTracksAreBounded(t *testing.T) {
	film := func(tracks int) []byte {
		one := testmedia.H264AAC(1).Tracks[1]
		one.Samples = one.Samples[:1]
		return testmedia.Movie{Tracks: slices.Repeat([]testmedia.Track{one}, tracks)}.Bytes()
	}
	nameless := testmedia.Movie{Tracks: slices.Repeat([]testmedia.Track{{Handler: "text", Timescale: 1000}}, 512)}
	nameless.Mangle = func(moov []byte) []byte { return bytes.ReplaceAll(moov, []byte("tkhd"), []byte("free")) }
	x, err := demux.Open(t.Context(), testmedia.Memory(film(512)), demux.DefaultLimits())
	if err != nil || len(x.Tracks) != 512 {
		t.Fatalf("512 tracks: %v", err)
	}
	if x, err = demux.Open(t.Context(), nameless.Source(), demux.DefaultLimits()); err != nil || len(x.Tracks) != 512 {
		t.Fatalf("512 tracks without a track_ID: %v", err)
	}
	nameless.Tracks = append(nameless.Tracks, nameless.Tracks[0])
	refused(t, film(513), "moov/trak", demux.ErrTooLarge)
	refused(t, nameless.Bytes(), "moov/trak", demux.ErrTooLarge)
}
