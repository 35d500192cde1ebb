package fmp4

import (
	"bytes"
	"testing"

	"unreel/demux/testmedia"
)

// Whoever writes the source's own bytes for a muxer writes the same segment, from whichever byte on.
func TestRuns(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	for _, k := range f.tracks {
		for _, span := range k.spans(120) {
			want := f.mux(t, k, span)
			pl := k.Plan(span)
			for _, least := range []int64{1, 500, 5000, 1 << 30} {
				for _, from := range []int64{0, 1, 1000, int64(len(want)) / 2, int64(len(want)) - 1} {
					got := f.byRuns(t, pl, from, least)
					if !bytes.Equal(got, want[from:]) {
						t.Fatalf("runs of %d bytes or more, from %d: other bytes from %d on", least, from, differ(got, want[from:]))
					}
				}
			}
			pl.Release()
		}
	}
}

// byRuns is all from one byte on, of which runs of at least so many bytes are read beside the muxer, in two steps.
func (f *film) byRuns(t *testing.T, pl *Plan, from, least int64) (all []byte) {
	m := pl.Muxer(from)
	defer m.Release()
	for left := pl.Size() - from; left > 0; left = pl.Size() - from - int64(len(all)) {
		if n := m.Until(least); n > 0 {
			p := make([]byte, n)
			if got, err := m.Read(t.Context(), f.reader, p); err != nil || int64(got) != n {
				t.Fatalf("%d of %d bytes, %v", got, n, err)
			}
			all = append(all, p...)
			continue
		}
		off, n := m.Run()
		n = max(n/2, min(n, 100))
		p := make([]byte, n)
		if err := f.reader.ReadAt(t.Context(), p, off); err != nil {
			t.Fatal(err)
		}
		m.Skip(n)
		all = append(all, p...)
	}
	if off, n := m.Run(); n != 0 || m.Until(1) != 0 {
		t.Errorf("after the end there are %d bytes at %d", n, off)
	}
	return all
}
