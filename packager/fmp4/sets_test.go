package fmp4

import (
	"bytes"
	"testing"

	"unreel/demux/testmedia"
	"unreel/packager/box"
)

// TestSetsFromSamples: parameter sets that demux found in the samples stand in the sample entry, which is then of the type
// that says so.
func TestSetsFromSamples(t *testing.T) {
	whole := testmedia.AVC(640, 360, 4)
	at := bytes.Index(whole, []byte("avcC"))
	config := whole[at+4:]
	sps := config[8 : 8+int(config[6])<<8+int(config[7])]
	pps := config[8+len(sps)+3 : 8+len(sps)+3+int(config[8+len(sps)+2])]
	length := func(units ...[]byte) (b []byte) {
		for _, u := range units {
			b = append(box.Append32(b, uint32(len(u))), u...)
		}
		return b
	}
	vps, sps265, pps265 := []byte{0x40, 1, 0x0c}, []byte{0x42, 1, 1, 2}, []byte{0x44, 1, 0xc1}
	head := []byte{1, 0x22, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 153, 0xf0, 0, 0xfc, 0xfd, 0xfa, 0xfa, 0, 0, 0x0f}
	for _, c := range []struct {
		entry, sample, want []byte
		id                  string
	}{
		{
			testmedia.VisualEntry("avc3", 640, 360, testmedia.Box("avcC", []byte{1, 0x42, 0, 0x0a, 0xff, 0xe0, 0})),
			length([]byte{9, 0xf0}, sps, pps, []byte{0x65, 1, 2}),
			testmedia.VisualEntry("avc1", 640, 360, testmedia.Box("avcC", append([]byte{1}, sps[1:4]...), []byte{0xff, 0xe1, 0, byte(len(sps))}, sps,
				[]byte{1, 0, byte(len(pps))}, pps)),
			"avc1.64001E",
		},
		{
			testmedia.VisualEntry("hev1", 640, 360, testmedia.Box("hvcC", head, []byte{0})),
			length(vps, sps265, pps265, []byte{0x26, 1, 2}),
			testmedia.VisualEntry("hvc1", 640, 360, testmedia.Box("hvcC", head, []byte{3},
				[]byte{0xa0, 0, 1, 0, 3}, vps, []byte{0xa1, 0, 1, 0, 4}, sps265, []byte{0xa2, 0, 1, 0, 3}, pps265)),
			"hvc1.2.4.H153.90",
		},
	} {
		m := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(60, 360, 1)}}
		m.Tracks[0].Entries = [][]byte{c.entry}
		for i := range m.Tracks[0].Samples {
			m.Tracks[0].Samples[i].NALs, m.Tracks[0].Samples[i].Data = nil, c.sample
		}
		f := open(t, m.Bytes())
		if got := entryOf(f.tracks[0].Init()); !bytes.Equal(got, c.want) {
			t.Errorf("% x, want\n% x", got, c.want)
		}
		if id := f.tracks[0].CodecID(); id != c.id {
			t.Errorf("codec %q, want %q", id, c.id)
		}
		_, segments := f.concatenate(t, f.tracks[0], 20)
		f.check(t, f.tracks[0], segments)
	}
}
