package demux_test

import (
	"errors"
	"slices"
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
