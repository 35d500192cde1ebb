package fmp4

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestRefusals: what CMAF doesn't carry is refused by name.
func TestRefusals(t *testing.T) {
	sound := &demux.AudioFormat{SampleRate: 48000, Channels: 2}
	refused := errors.Join(errors.New("it is encrypted"), demux.ErrUnsupported)
	cases := []struct {
		name  string
		track demux.Track
		want  string
	}{
		{"refused by demux", demux.Track{Refusal: refused}, "it is encrypted"},
		{"timecode", demux.Track{Entry: testmedia.Box("tmcd", make([]byte, 26))}, "neither video, audio nor text"},
		{"no entry", demux.Track{Kind: demux.KindVideo, Codec: demux.H264}, "no whole sample entry"},
		{"half an entry", demux.Track{Kind: demux.KindVideo, Codec: demux.H264, Entry: testmedia.Box("avc1", make([]byte, 77))}, `sample entry "avc1" of 85 bytes`},
		{"half a sound entry", demux.Track{Kind: demux.KindAudio, Codec: demux.AAC, Audio: sound, Entry: testmedia.Box("mp4a", make([]byte, 27))}, `"mp4a" of 35 bytes`},
		{"Theora", demux.Track{Kind: demux.KindVideo, Codec: "Theora", Entry: testmedia.VisualEntry("theo", 640, 360)}, "Theora video in CMAF"},
		{"DTS", demux.Track{Kind: demux.KindAudio, Codec: "DTS", Audio: sound, Entry: testmedia.AudioEntry("dtsc", 2, 48000)}, "DTS audio in CMAF"},
		{"AAC without esds", demux.Track{Kind: demux.KindAudio, Codec: demux.AAC, Audio: sound, Entry: testmedia.AAC(nil)[:36]}, "AAC without its esds box"},
		{"no samples", demux.Track{Kind: demux.KindVideo, Codec: demux.H264, Video: &demux.VideoFormat{}, Entry: testmedia.AVC(640, 360, 4)}, "a track without samples"},
	}
	for _, c := range cases {
		if _, err := NewTrack(&c.track); !errors.Is(err, demux.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestBrands: ftyp claims what the track keeps.
func TestBrands(t *testing.T) {
	dolby := func(m *testmedia.Movie) {
		m.Tracks[0].Entries[0] = testmedia.AVC(640, 360, 4, testmedia.Box("dvvC", make([]byte, 24)))
	}
	cases := []struct {
		name         string
		change       func(*testmedia.Movie)
		video, audio string
	}{
		{"edit lists", func(*testmedia.Movie) {}, "iso6cmfc", "iso6cmfccmf2"},
		{"none", func(m *testmedia.Movie) { m.Tracks[0].Edits, m.Tracks[1].Edits = nil, nil }, "iso6cmfccmf2", "iso6cmfccmf2"},
		{"Dolby Vision", dolby, "iso6cmfcdby1", "iso6cmfccmf2"},
	}
	for _, c := range cases {
		m := testmedia.H264AAC(1)
		c.change(&m)
		f := open(t, m.Bytes())
		for i, want := range []string{c.video, c.audio} {
			init := f.tracks[i].Init()
			ftyp := testmedia.Box("ftyp", []byte("iso6\x00\x00\x00\x00"+want))
			if !bytes.HasPrefix(init, ftyp) {
				t.Errorf("%s: %q, want %q", c.name, init[:len(ftyp)], ftyp)
			}
		}
	}
}
