package demux_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

func TestTextTracks(t *testing.T) {
	const fields = "\x00\x00\x00\x00\x00\x00\x00\x01"
	for _, test := range []struct{ name, handler, typ, entry, id string }{
		{"3GPP", "sbtl", "tx3g", fields + string(make([]byte, 30)), "tx3g"},
		{"WebVTT", "text", "wvtt", fields + "\x00\x00\x00\x0evttCWEBVTT", "wvtt"},
		{"TTML that says no more", "subt", "stpp", fields + "http://www.w3.org/ns/ttml\x00\x00\x00", "stpp.ttml.im1t"},
		{"TTML cut short", "subt", "stpp", fields + "http://www.w3.org/ns/ttml", "stpp.ttml.im1t"},
		{"EBU-TT-D", "subt", "stpp", fields + "http://www.w3.org/ns/ttml\x00\x00application/ttml+xml;codecs=etd1\x00", "stpp.ttml.etd1"},
		{"quoted", "subt", "stpp", fields + "http://www.w3.org/ns/ttml\x00\x00application/ttml+xml; codecs=\"stpp.ttml.im2t\"\x00", "stpp.ttml.im2t"},
		{"captions", "clcp", "c608", fields, ""},
		{"QuickTime", "text", "text", fields + string(make([]byte, 50)), ""},
	} {
		m := testmedia.H264AAC(1)
		m.Tracks = append(m.Tracks, testmedia.Track{
			Handler: test.handler, Timescale: 1000, NoSync: true, Entries: [][]byte{testmedia.Box(test.typ, []byte(test.entry))},
			Samples: []testmedia.Sample{{Size: 20, Duration: 600}, {Size: 2, Duration: 400}},
			Extra: testmedia.Box("udta", testmedia.Box("kind", []byte("\x00\x00\x00\x00urn:mpeg:dash:role:2011\x00caption\x00")),
				testmedia.Box("kind", []byte("\x00\x00\x00\x00urn:x\x00y\x00")), testmedia.Box("tagc", []byte("public.easy-to-read")), testmedia.Box("kind")),
		})
		k := open(t, m.Bytes()).Tracks[2]
		if want := []string{"caption", "public.easy-to-read"}; !slices.Equal(k.Roles, want) {
			t.Errorf("%s: roles %q, want %q", test.name, k.Roles, want)
		}
		switch {
		case test.id == "":
			if !errors.Is(k.Refusal, demux.ErrUnsupported) {
				t.Errorf("%s: %v", test.name, k.Refusal)
			}
		case k.Refusal != nil || k.Kind != demux.KindText || k.CodecID != test.id || k.Samples.Len() != 2 || k.Stop-k.Start != 1000:
			t.Errorf("%s: %q, kind %d, %d samples, %d to %d, %v", test.name, k.CodecID, k.Kind, k.Samples.Len(), k.Start, k.Stop, k.Refusal)
		}
	}
}

// TestTextTracksOfBrokenDescription: subtitles are no reason to lose the film, whatever is wrong with how they say what they are.
func TestTextTracksOfBrokenDescription(t *testing.T) {
	const fields = "\x00\x00\x00\x00\x00\x00\x00\x01"
	entry := func(n int) []byte { return testmedia.Box("tx3g", []byte(fields), make([]byte, n)) }
	renamed := func(typ string) func([]byte) []byte {
		return func(moov []byte) []byte {
			trak := moov[bytes.LastIndex(moov, []byte("trak")):]
			copy(trak[bytes.Index(trak, []byte(typ)):], "free")
			return moov
		}
	}
	for _, test := range []struct {
		name    string
		entries [][]byte
		mangle  func(moov []byte) []byte
		err     error
		words   string
	}{
		{"as large as may be", [][]byte{entry(1<<20 - 8)}, nil, nil, ""},
		{"an entry beyond the limit", [][]byte{entry(1<<20 - 7)}, nil, demux.ErrTooLarge, "a sample entry of 1048577 bytes"},
		{"no entry", [][]byte{}, nil, demux.ErrCorrupt, "no sample entry"},
		{"no stsd", [][]byte{entry(30)}, renamed("stsd"), demux.ErrCorrupt, "no whole stsd"},
		{"chunks that end early", [][]byte{entry(30), entry(31)}, func(moov []byte) []byte {
			at := bytes.LastIndex(moov, []byte("stsc"))
			copy(moov[at+8:], "\xff\xff\xff\xff")
			return moov
		}, demux.ErrCorrupt, "stsc"},
		{"no clock", [][]byte{entry(30)}, renamed("mdhd"), demux.ErrCorrupt, "no whole mdhd"},
	} {
		m := testmedia.H264AAC(1)
		m.Tracks = append(m.Tracks, testmedia.Track{
			Handler: "sbtl", Timescale: 1000, NoSync: true, Entries: test.entries,
			Samples: []testmedia.Sample{{Size: 20, Duration: 600}, {Size: 2, Duration: 400}},
		})
		m.Mangle = test.mangle
		index, err := demux.Open(t.Context(), testmedia.Memory(m.Bytes()), demux.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, k := range index.Tracks[:2] {
			if k.Refusal != nil || k.Samples.Len() == 0 {
				t.Errorf("%s: track %d: %v", test.name, k.ID, k.Refusal)
			}
		}
		k := index.Tracks[2]
		if !errors.Is(k.Refusal, test.err) || test.err != nil && (!strings.Contains(k.Refusal.Error(), "track 3: ") ||
			!strings.Contains(k.Refusal.Error(), test.words) || k.Kind != demux.KindText || k.Samples.Len() > 0 || len(k.Entry) > 0) {
			t.Errorf("%s: kind %d, %d samples, %v", test.name, k.Kind, k.Samples.Len(), k.Refusal)
		}
		if again, failed := demux.Decode(index.AppendTo(nil)); failed != nil || again.Tracks[2].Refusal == nil != (test.err == nil) {
			t.Errorf("%s: it can't be kept: %v", test.name, failed)
		}
	}
}
