package fmp4

import (
	"bytes"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestDolbyVisionEntries: what others can play stands in an entry that they know, what only Dolby Vision decoders can in
// Dolby Vision's own; with its parameter sets out of band where there are any.
func TestDolbyVisionEntries(t *testing.T) {
	config := []byte{1, 0x22, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 153, 0xf0, 0, 0xfc, 0xfd, 0xfa, 0xfa, 0, 0, 0x0f, 0}
	bare := testmedia.Box("hvcC", config)
	sets := bytes.Clone(config)
	sets[22] = 3
	for _, typ := range []byte{32, 33, 34} {
		sets = append(sets, 0x80|typ, 0, 1, 0, 4, typ<<1, 1, 2, 3)
	}
	whole := testmedia.Box("hvcC", sets)
	av1C := testmedia.Box("av1C", []byte{0x81, 0x08, 0x4c, 0})
	for _, c := range []struct {
		was                    string
		config                 []byte
		profile, compatibility byte
		want, id, brand        string
	}{
		{"dvhe", whole, 5, 0, "dvh1", "dvh1.05.06", "dby1"},
		{"dvhe", bare, 5, 0, "dvhe", "dvhe.05.06", "dby1"},
		{"hvc1", whole, 5, 0, "dvh1", "dvh1.05.06", "dby1"},
		{"hev1", whole, 8, 1, "hvc1", "hvc1.2.4.H153.90", "dby1"},
		{"dvh1", whole, 8, 4, "hvc1", "hvc1.2.4.H153.90", "dby1"},
		{"hev1", bare, 8, 1, "hev1", "hev1.2.4.H153.90", "dby1"},
		{"av01", av1C, 10, 0, "dav1", "dav1.10.06", "av01dby1"},
		{"dav1", av1C, 10, 1, "av01", "av01.0.08M.10", "av01dby1"},
	} {
		dovi := testmedia.Box("dvvC", []byte{1, 0, c.profile << 1, 6<<3 | 5, c.compatibility << 4}, make([]byte, 19))
		m := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(60, 360, 1)}}
		m.Tracks[0].Entries = [][]byte{testmedia.VisualEntry(c.was, 640, 360, c.config, dovi)}
		index, err := demux.Open(t.Context(), testmedia.Memory(m.Bytes()), demux.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		k, err := NewTrack(index.Tracks[0])
		if err != nil {
			t.Fatal(err)
		}
		want := append(append(bytes.Clone(index.Tracks[0].Entry[:4]), c.want...), index.Tracks[0].Entry[8:]...)
		if got := entryOf(k.Init()); !bytes.Equal(got, want) {
			t.Errorf("%s: entry\n% x, want\n% x", c.was, got, want)
		}
		if k.CodecID() != c.id {
			t.Errorf("%s %d.%d: %q, want %q", c.was, c.profile, c.compatibility, k.CodecID(), c.id)
		}
		if !bytes.Contains(k.Init()[:64], []byte(c.brand)) {
			t.Errorf("%s: no brand %s", c.was, c.brand)
		}
	}
}

// TestDraftAV1: an av1C as a draft had it, a full box, becomes what players know.
func TestDraftAV1(t *testing.T) {
	record := []byte{0x81, 0, 0x0c, 0, 0x0a, 0x0a, 0, 0, 0, 2, 0xaf, 0xff, 0xbf, 0xff, 0x30, 8}
	m := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(60, 360, 1)}}
	m.Tracks[0].Entries = [][]byte{testmedia.VisualEntry("av01", 64, 64, testmedia.Box("av1C", make([]byte, 4), record))}
	f := open(t, m.Bytes())
	if got, want := entryOf(f.tracks[0].Init()), testmedia.VisualEntry("av01", 64, 64, testmedia.Box("av1C", record)); !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
	if id := f.tracks[0].CodecID(); id != "av01.0.00M.08" {
		t.Errorf("codec %s", id)
	}
}

// TestEntriesUnderOtherNames has what holds an avcC called avc1, whatever its file calls it, as CODECS does.
func TestEntriesUnderOtherNames(t *testing.T) {
	for _, typ := range []string{"avc2", "AVCx", "\x7f\xff\xff\xff"} {
		m := testmedia.H264AAC(1)
		copy(m.Tracks[0].Entries[0][4:], typ)
		index, err := demux.Open(t.Context(), m.Source(), demux.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		k, err := NewTrack(index.Tracks[0])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(k.Init(), []byte("avc1")) || bytes.Contains(k.Init(), []byte(typ)) {
			t.Errorf("%q stays in the init section, which CODECS calls %s", typ, k.CodecID())
		}
	}
}
