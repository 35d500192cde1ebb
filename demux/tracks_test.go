package demux_test

import (
	"errors"
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
	x, err := demux.Open(t.Context(), testmedia.Memory(film(512)), demux.DefaultLimits())
	if err != nil || len(x.Tracks) != 512 {
		t.Fatalf("512 tracks: %v", err)
	}
	var where *demux.FormatError
	_, err = demux.Open(t.Context(), testmedia.Memory(film(513)), demux.DefaultLimits())
	if !errors.Is(err, demux.ErrTooLarge) || !errors.As(err, &where) || where.Box != "moov/trak" {
		t.Fatalf("513 tracks: %v", err)
	}
}
