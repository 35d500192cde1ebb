package demux_test

import (
	"bytes"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

// TestScatteredNALUnits has short NAL lengths to count in samples that lie far from one another: what is read for it stays
// within a limit, however often the file leads to and fro.
func TestScatteredNALUnits(t *testing.T) {
	const samples, size, apart = 4000, 16, 1 << 20
	f := func(count int64, wantUncounted bool) {
		t.Helper()
		film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.ShortNALs(12, 2)}, MoovLast: true}
		film.Mangle = func(moov []byte) []byte {
			words(size, samples)(testmedia.Find(moov, "stsz")[4:])
			words(1, 1, 1, 1)(testmedia.Find(moov, "stsc")[4:])
			copy(moov[bytes.Index(moov, []byte("stco")):], "free")
			return moov
		}
		film.Tracks[0].StblExtra = testmedia.Box("co64", numbers(0, samples), bytes.Repeat(numbers(0, 64, 0, 64+apart), samples/2))
		limits := demux.DefaultLimits()
		limits.MaxCountBytes = count
		src := &source.Faulty{Source: testmedia.Memory(append(film.Bytes(), make([]byte, 2*apart)...))}
		index, err := demux.Open(t.Context(), src, limits)
		if err != nil {
			t.Fatal(err)
		}
		if v := index.Tracks[0].Video; v.Uncounted != wantUncounted || index.Tracks[0].Samples.Len() != samples {
			t.Errorf("%d bytes may be counted: uncounted %v, %q", count, v.Uncounted, index.Warnings)
		}
		if read := src.Bytes.Load(); read > 2*count+1<<20 {
			t.Errorf("%d bytes may be counted: %d are read", count, read)
		}
	}
	f(8<<20, true)
	f(1<<30, false)
}
