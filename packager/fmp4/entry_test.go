package fmp4

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"unreel/demux"
	"unreel/demux/testmedia"
	"unreel/packager/box"
)

// soundV1 is a QuickTime sound description of version 1 around boxes.
func soundV1(typ string, rate int, boxes ...[]byte) []byte {
	entry := testmedia.AudioEntry(typ, 2, rate, append([][]byte{make([]byte, soundFieldsV1)}, boxes...)...)
	entry[box.HeaderSize+9] = 1
	entry[box.HeaderSize+21] = 0xfe // compression ID -2
	return entry
}

// soundV2 is one of version 2, which keeps rate and channels in fields of its own.
func soundV2(typ string, rate uint32, channels byte, boxes ...[]byte) []byte {
	bits := math.Float64bits(float64(rate))
	fields := append(box.Append32(nil, 72, uint32(bits>>32), uint32(bits), uint32(channels), 0x7f000000), make([]byte, 16)...)
	entry := testmedia.AudioEntry(typ, 3, 1, append([][]byte{fields}, boxes...)...)
	entry[box.HeaderSize+9] = 2
	return entry
}

// TestEntries: what the init section has for a sample entry, and what its codec is called.
func TestEntries(t *testing.T) {
	aac := testmedia.ESDS(0x40, []byte{0x11, 0x90})
	wave := func(boxes ...[]byte) []byte {
		return testmedia.Box("wave", append(append([][]byte{testmedia.Box("frma", []byte("????"))}, boxes...), make([]byte, 4))...)
	}
	dac3 := testmedia.Box("dac3", []byte{0x10, 0x3d, 0xe0})
	alac := testmedia.Box("alac", make([]byte, 28))
	avc := testmedia.AVC(640, 360, 4)
	retyped := func(entry []byte, typ string) []byte {
		return append(append(bytes.Clone(entry[:4]), typ...), entry[8:]...)
	}
	referring := bytes.Clone(avc)
	referring[box.HeaderSize+7] = 2
	noSets := testmedia.VisualEntry("avc3", 640, 360, testmedia.Box("avcC", []byte{1, 0x64, 0, 0x1e, 0xff, 0xe0, 0}))
	mp3 := testmedia.AudioEntry("mp4a", 2, 44100, mp3Stream(44100))
	cases := []struct {
		name    string
		entry   []byte
		want    []byte // nil: the same
		id      string
		refusal string
		handler string
	}{
		{name: "avc1", entry: avc, id: "avc1.64001E"},
		{name: "avc3 with its sets", entry: retyped(avc, "avc3"), want: avc, id: "avc1.64001E"},
		{name: "avc3 without", entry: noSets, id: "avc3.64001E"},
		{name: "the second data reference", entry: referring, want: avc, id: "avc1.64001E"},
		{name: "QuickTime's end of a list", entry: testmedia.AVC(640, 360, 4, make([]byte, 4)), want: avc, id: "avc1.64001E"},
		{
			name: "other boxes", entry: testmedia.AVC(640, 360, 4, testmedia.Box("pasp", []byte{0, 0, 0, 1, 0, 0, 0, 2}), testmedia.Box("xxxx", []byte("kept"))),
			id: "avc1.64001E",
		},
		{name: "mp4a", entry: testmedia.AAC(nil), id: "mp4a.40.2"},
		{name: "sound v1", entry: soundV1("mp4a", 48000, wave(testmedia.Box("mp4a", make([]byte, 4)), aac)), want: testmedia.AAC(nil), id: "mp4a.40.2"},
		{name: "sound v1 without wave", entry: soundV1("mp4a", 48000, aac), want: testmedia.AAC(nil), id: "mp4a.40.2"},
		{name: "sound v2", entry: soundV2("mp4a", 48000, 2, wave(aac)), want: testmedia.AAC(nil), id: "mp4a.40.2"},
		{name: "sound v0 with wave", entry: testmedia.AudioEntry("mp4a", 2, 48000, wave(aac)), want: testmedia.AAC(nil), id: "mp4a.40.2"},
		{name: "mp3", entry: testmedia.AudioEntry(".mp3", 2, 44100), want: mp3, id: "mp4a.6B"},
		{name: "mp3 v1", entry: soundV1(".mp3", 44100), want: mp3, id: "mp4a.6B"},
		{name: "mp3 at a low rate", entry: testmedia.AudioEntry(".mp3", 2, 22050), want: testmedia.AudioEntry("mp4a", 2, 22050, mp3Stream(22050)), id: "mp4a.69"},
		{name: "ac-3", entry: testmedia.AudioEntry("ac-3", 2, 48000, dac3), id: "ac-3"},
		{name: "ac-3 v1", entry: soundV1("ac-3", 48000, wave(dac3)), want: testmedia.AudioEntry("ac-3", 6, 48000, dac3), id: "ac-3"},
		{name: "ac-3 without dac3", entry: testmedia.AudioEntry("ac-3", 2, 48000), refusal: "AC-3 without its dac3 box"},
		{name: "alac v1", entry: soundV1("alac", 44100, wave(alac)), want: testmedia.AudioEntry("alac", 2, 44100, alac), id: "alac"},
		{
			name: "wvtt", entry: testmedia.Box("wvtt", []byte{0, 0, 0, 0, 0, 0, 0, 3}, testmedia.Box("vttC", []byte("WEBVTT"))), handler: "text",
			want: testmedia.Box("wvtt", []byte{0, 0, 0, 0, 0, 0, 0, 1}, testmedia.Box("vttC", []byte("WEBVTT"))), id: "wvtt",
		},
		{name: "tx3g", entry: testmedia.Box("tx3g", make([]byte, 40)), handler: "sbtl", refusal: `text "tx3g" in CMAF`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Audio(100)}}
			if strings.HasPrefix(string(c.entry[4:]), "avc") {
				m.Tracks[0] = testmedia.Video(60, 360, 1)
			}
			if c.handler != "" {
				m.Tracks[0].Handler, m.Tracks[0].Edits = c.handler, nil
			}
			m.Tracks[0].Entries = [][]byte{c.entry}
			index, err := demux.Open(t.Context(), testmedia.Memory(m.Bytes()), demux.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			k, err := NewTrack(index.Tracks[0])
			if c.refusal != "" {
				if !errors.Is(err, demux.ErrUnsupported) || !strings.Contains(err.Error(), c.refusal) || !strings.Contains(err.Error(), "track 1") {
					t.Errorf("%v, want %q", err, c.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want == nil {
				want = c.entry
			}
			if got := entryOf(k.Init()); !bytes.Equal(got, want) {
				t.Errorf("entry\n% x, want\n% x", got, want)
			}
			if k.CodecID() != c.id {
				t.Errorf("codec %q, want %q", k.CodecID(), c.id)
			}
		})
	}
}

// rewritten are the files whose decoder configuration comes over changed, each with its reason.
var rewritten = map[string]string{
	"androidx+media__dvhe_05_05.mp4":               "its parameter sets stand in its samples: TestSetsFromSamples",
	"mozilla+mp4parse-rust__tiny_av1.cba4d2b0.mp4": "its av1C is that of a draft: TestDraftAV1",
}

// TestCorpusEntries: real sample entries of every codec come over byte for byte, but for what CMAF asks.
func TestCorpusEntries(t *testing.T) {
	root := testmedia.Corpus(t)
	files, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	same, changed := 0, map[string]int{}
	for _, path := range files {
		f := carried(t, path)
		for _, k := range f.tracks {
			got, want := entryOf(k.Init()), k.source.Entry
			if bytes.Equal(got, want) {
				same++
				continue
			}
			change := string(want[4:8]) + " to " + string(got[4:8])
			changed[change]++
			parse(t, readable(k.Init()))
			if rewritten[filepath.Base(path)] != "" {
				continue
			}
			switch k.source.Kind {
			case demux.KindVideo:
				if len(want) == len(got)+4 {
					want = bytes.TrimSuffix(want, make([]byte, 4)) // QuickTime's end of a list
				}
				if to, ok := outOfBand[string(want[4:8])]; ok {
					want = append(append(bytes.Clone(want[:4]), to...), want[8:]...)
				}
				if at := bytes.Index(want, []byte("hvcC")); at > 0 {
					want = append(want[:at-4:at-4], complete(want[at-4:])...)
				}
				if !bytes.Equal(got[4:], want[4:]) {
					t.Errorf("%s: %s:\n% x\n% x", filepath.Base(path), change, got, want)
				}
			case demux.KindAudio:
				if a := k.source.Audio; want[box.HeaderSize+9] == 0 || !bytes.Contains(got, a.Config) {
					t.Errorf("%s: %s:\n% x\n% x", filepath.Base(path), change, got, want)
				}
			}
		}
	}
	t.Logf("%d the same, changed %v", same, changed)
	if same < 200 {
		t.Errorf("only %d came over as they were", same)
	}
}

// TestCompleteSets: hvc1 says that its arrays of parameter sets are complete.
func TestCompleteSets(t *testing.T) {
	array := func(typ byte, unit string) []byte {
		return append(box.Append16([]byte{typ}, 1, uint16(len(unit))), unit...)
	}
	hvcC := append(make([]byte, 22), 4)
	for _, a := range [][]byte{array(32, "vps"), array(33, "spsps"), array(34, "p"), array(39, "sei")} {
		hvcC = append(hvcC, a...)
	}
	box := testmedia.Box("hvcC", hvcC)
	before := bytes.Clone(box)
	got := complete(box)
	if !bytes.Equal(box, before) {
		t.Error("the source's box was written to")
	}
	var differ []byte
	for i := range got {
		if got[i] != box[i] {
			differ = append(differ, got[i])
		}
	}
	if !bytes.Equal(differ, []byte{0x80 | 32, 0x80 | 33, 0x80 | 34}) {
		t.Errorf("changed to % x", differ)
	}
	for n := range box {
		complete(box[:n:n]) // none may panic
	}
}

// TestShown: how a picture is shown goes over with it.
func TestShown(t *testing.T) {
	m := testmedia.H264AAC(1)
	m.Tracks[0].Matrix = [9]int32{0, 0x10000, 0, -0x10000, 0, 0, 360 << 16, 0, 0x40000000}
	m.Tracks[0].Entries[0] = testmedia.AVC(640, 360, 4, testmedia.Box("pasp", []byte{0, 0, 0, 4, 0, 0, 0, 3}))
	m.Tracks[0].Language, m.Tracks[0].Name = "deu", "Bild"
	f := open(t, m.Bytes())
	trak := parse(t, f.tracks[0].Init()).Moov.Trak
	if got := *trak.Tkhd; got.Width>>16 != 853 || got.Height != 360<<16 {
		t.Errorf("shown as %dx%d", got.Width>>16, got.Height>>16)
	}
	if trak.Mdia.Hdlr.Name != "Bild" || trak.Mdia.Elng.Language != "de" {
		t.Errorf("named %q in %q", trak.Mdia.Hdlr.Name, trak.Mdia.Elng.Language)
	}
	init := f.tracks[0].Init()
	if !bytes.Contains(init, box.AppendMatrix(nil, m.Tracks[0].Matrix)) {
		t.Error("the matrix was lost")
	}
	if sample := trak.Mdia.Minf.Stbl.Stsd.Children[0].(*mp4.VisualSampleEntryBox); sample.Pasp == nil || sample.Pasp.HSpacing != 4 {
		t.Errorf("pixel aspect %+v", sample.Pasp)
	}
}
