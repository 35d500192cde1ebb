package testmedia_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"unreel/demux/testmedia"
)

// TestSourceIsBytes holds the made-up file against the built one, whole and in ranges.
func TestSourceIsBytes(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for _, file := range slices.Concat(testmedia.Good(), testmedia.Ladder(), testmedia.Fragmented()) {
		want, src := file.Bytes(), file.Source()
		if src.Size() != int64(len(want)) {
			t.Fatalf("%s: %d bytes, want %d", file.Name, src.Size(), len(want))
		}
		r, err := src.ReadRange(t.Context(), 0, src.Size())
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if err = r.ReadAt(t.Context(), got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes, %v", file.Name, err)
		}
		for range 50 {
			off := chance.Int64N(src.Size())
			n := chance.Int64N(min(src.Size()-off, 5000) + 1)
			if err = r.ReadAt(t.Context(), got[:n], off); err != nil || !bytes.Equal(got[:n], want[off:off+n]) {
				t.Errorf("%s: other bytes at %d, %v", file.Name, off, err)
			}
		}
		if err = r.ReadAt(t.Context(), got[:2], src.Size()-1); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: past the end: %v", file.Name, err)
		}
		if !bytes.Equal(want, file.Bytes()) {
			t.Errorf("%s: built twice, it differs", file.Name)
		}
	}
}
