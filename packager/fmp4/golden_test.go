package fmp4

import (
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
	"unreel/packager/golden"
)

// TestGolden holds every byte of an init section and a small segment. A change that is meant is one of packager.Revision
// too: URLs are cached for a year.
func TestGolden(t *testing.T) {
	m := testmedia.H264AAC(2)
	for i := range m.Tracks {
		for j := range m.Tracks[i].Samples {
			m.Tracks[i].Samples[j].Size, m.Tracks[i].Samples[j].NALs = 8+j%5, nil
		}
	}
	m.Tracks[0].Matrix = [9]int32{0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000}
	m.Tracks[0].Entries[0] = testmedia.AVC(640, 360, 4, testmedia.Box("pasp", []byte{0, 0, 0, 4, 0, 0, 0, 3}))
	m.Tracks[1].Language = "deu"
	f := open(t, m.Bytes())
	for i, name := range []string{"video", "audio"} {
		k := f.tracks[i]
		golden.Compare(t, name+"-init.mp4", k.Init())
		golden.Compare(t, name+".m4s", f.mux(t, k, Span{Samples: demux.Range{First: k.source.First, End: k.source.First + 40}}))
	}
}
