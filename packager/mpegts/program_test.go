package mpegts

import (
	"errors"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestADTS: what ADTS can say of an AudioSpecificConfig, and what is refused, by name.
func TestADTS(t *testing.T) {
	cases := []struct {
		name    string
		config  []byte
		header  uint64 // of a frame of 0 bytes, 56 bits
		rate    int
		refusal string
	}{
		{name: "LC 48 kHz stereo", config: []byte{0x11, 0x90}, header: 0xFFF14C80001FFC, rate: 48000},
		{name: "LC 44.1 kHz mono", config: []byte{0x12, 0x08}, header: 0xFFF15040001FFC, rate: 44100},
		{name: "LC 48 kHz 5.1", config: []byte{0x11, 0xB0}, header: 0xFFF14D80001FFC, rate: 48000},
		{name: "LC 48 kHz 7.1", config: []byte{0x11, 0xB8}, header: 0xFFF14DC0001FFC, rate: 48000},
		{name: "LC with its rate in 24 bits", config: []byte{0x17, 0x80, 0x5D, 0xC0, 0x10}, header: 0xFFF14C80001FFC, rate: 48000},
		{name: "HE-AAC, explicit", config: []byte{0x2B, 0x92, 0x08, 0x00}, header: 0xFFF15C80001FFC, rate: 22050},
		{name: "HE-AAC, backward compatible", config: []byte{0x13, 0x90, 0x56, 0xE5, 0xA0}, header: 0xFFF15C80001FFC, rate: 22050},
		{name: "HE-AAC v2, explicit", config: []byte{0xEB, 0x8A, 0x08, 0x00}, header: 0xFFF15C40001FFC, rate: 22050},
		{name: "Main", config: []byte{0x09, 0x90}, header: 0xFFF10C80001FFC, rate: 48000},
		{name: "LTP", config: []byte{0x21, 0x90}, header: 0xFFF1CC80001FFC, rate: 48000},
		{name: "ELD", config: []byte{0xF8, 0xE6, 0x40}, refusal: "AAC object type 39"},
		{name: "xHE-AAC", config: []byte{0xF9, 0x46, 0x40}, refusal: "AAC object type 42"},
		{name: "ER LC", config: []byte{0x89, 0x90, 0x00}, refusal: "AAC object type 17"},
		{name: "odd rate", config: []byte{0x17, 0x80, 0x5D, 0xBF, 0x90}, refusal: "AAC at 47999 Hz"},
		{name: "reserved rate", config: []byte{0x16, 0x90}, refusal: "AAC at 0 Hz"},
		{name: "program config element, stereo", config: []byte{0x11, 0x80, 0x04, 0xC4, 0x00, 0x00, 0x20}, header: 0xFFF14C80001FFC, rate: 48000},
		{name: "program config element, 5.1", config: []byte{0x11, 0x80, 0x04, 0xC8, 0x05, 0x00, 0x01, 0x08, 0x00}, header: 0xFFF14D80001FFC, rate: 48000},
		{name: "program config element, two at the sides", config: []byte{0x11, 0x80, 0x04, 0xC4, 0x40, 0x00, 0x21, 0x00}, refusal: "program config element"},
		{name: "program config element, cut", config: []byte{0x11, 0x80}, refusal: "AudioSpecificConfig of 2 bytes"},
		{name: "22.2", config: []byte{0x11, 0xE8}, refusal: "AAC channel configuration 13"},
		{name: "960 samples", config: []byte{0x11, 0x94}, refusal: "AAC with 960 samples a frame"},
		{name: "nothing", config: nil, refusal: "AudioSpecificConfig of 0 bytes"},
		{name: "one byte", config: []byte{0x11}, refusal: "AudioSpecificConfig of 1 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, err := newADTS(c.config)
			if c.refusal != "" {
				if !errors.Is(err, demux.ErrUnsupported) || !strings.Contains(err.Error(), c.refusal) {
					t.Fatalf("got %v, want a refusal of %q", err, c.refusal)
				}
				return
			}
			if err != nil || a.header != c.header || a.rate != c.rate {
				t.Fatalf("header %014X, %d Hz, %v; want %014X, %d Hz", a.header, a.rate, err, c.header, c.rate)
			}
		})
	}
}

func TestProgramRefuses(t *testing.T) {
	good := func(t *testing.T) (video, audio *demux.Track) {
		f := open(t, testmedia.H264AAC(1).Bytes())
		v, a := *f.video, *f.audio
		vf, af := *v.Video, *a.Audio
		v.Video, a.Audio = &vf, &af
		return &v, &a
	}
	refused := errors.New("refused by demux")
	cases := []struct {
		name string
		edit func(video, audio *demux.Track)
		want string
	}{
		{"HEVC", func(v, _ *demux.Track) { v.Codec = demux.HEVC }, "track 1: HEVC video in MPEG-TS"},
		{"AV1", func(v, _ *demux.Track) { v.Codec = demux.AV1 }, "track 1: AV1 video in MPEG-TS"},
		{"Opus", func(_, a *demux.Track) { a.Codec = demux.Opus }, "track 2: Opus audio in MPEG-TS"},
		{"unknown", func(_, a *demux.Track) { a.Codec = "Qclp" }, "track 2: Qclp audio in MPEG-TS"},
		{"uncounted", func(v, _ *demux.Track) { v.Video.NALLengthBytes, v.Video.Uncounted = 2, true }, "NAL lengths of 2 bytes"},
		{"no lengths", func(v, _ *demux.Track) { v.Video.NALLengthBytes = 0 }, "NAL lengths"},
		{"no format", func(v, _ *demux.Track) { v.Video = nil }, "NAL lengths"},
		{"no rate", func(_, a *demux.Track) { a.Codec, a.Audio.SampleRate = demux.AC3, 0 }, "AC-3 without a sample rate"},
		{"no config", func(_, a *demux.Track) { a.Audio = nil }, "decoder configuration"},
		{"parameter sets", func(v, _ *demux.Track) { v.Video.PPS = [][]byte{make([]byte, 20000)} }, "parameter sets of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			video, audio := good(t)
			c.edit(video, audio)
			_, err := NewProgram(video, audio)
			if !errors.Is(err, demux.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want a refusal that says %q", err, c.want)
			}
		})
	}
	if _, err := NewProgram(nil, nil); !errors.Is(err, demux.ErrUnsupported) {
		t.Errorf("nothing at all gives %v", err)
	}
	video, audio := good(t)
	audio.Refusal = refused
	if _, err := NewProgram(video, audio); !errors.Is(err, refused) {
		t.Errorf("a refused track gives %v", err)
	}
	if _, err := NewProgram(video, nil); err != nil {
		t.Errorf("the video alone gives %v", err)
	}
}

// TestClock holds the quick way against demux.Ticks.Rescale.
func TestClock(t *testing.T) {
	for _, scale := range []demux.Timescale{
		1, 2, 3, 7, 600, 1000, 12800, 15360, 22050, 24000, 30000, 44100, 48000, 90000, 180000,
		600000, 1000000, 10000000, 90000 * 16, 1<<32 - 1,
	} {
		for _, longest := range []demux.Ticks{1 << 40, 1 << 62} {
			s := newScaler(scale, longest)
			for _, time := range []demux.Ticks{0, 1, 2, 3, 4, 5, 7, 8, 511, 1024, 12345, 1 << 30, 1<<40 - 1, 1<<40 - 7} {
				for _, sign := range []demux.Ticks{1, -1} {
					want, ok := (sign * time).Rescale(scale, 90000)
					if got := s.clock(sign * time); ok && got != int64(want)+900000 {
						t.Errorf("%d at %d Hz is %d, want %d", sign*time, scale, got-900000, want)
					}
				}
			}
		}
	}
}

func TestScalerOfLongTracks(t *testing.T) {
	for _, track := range []demux.Track{
		{Timescale: 1, Shift: 1 << 55}, {Timescale: 1, Shift: -1 << 55}, {Timescale: 1, DecodeLead: 1 << 55}, {Timescale: 1, Shift: -1 << 63},
	} {
		if trackScaler(&track).narrow {
			t.Errorf("times up to %d or %d are said to fit", track.Shift, track.DecodeLead)
		}
	}
	if s := trackScaler(&demux.Track{Timescale: 48000, Shift: 1 << 32}); !s.narrow {
		t.Error("a common track takes the slow way")
	}
}

// TestAbsurdGap: a sample that claims to last for days doesn't fill a segment with PCRs.
func TestAbsurdGap(t *testing.T) {
	m := testmedia.H264AAC(1)
	m.Tracks[0].Edits = nil
	m.Tracks[0].Samples[10].Duration = 1<<31 - 1
	m.Tracks[0].Samples[29].Duration = 1<<31 - 1
	f := open(t, m.Bytes())
	b, _ := f.mux(t, f.whole())
	if packets := len(b) / 188; packets < 2*maxClockPackets || packets > 3*maxClockPackets {
		t.Errorf("%d packets", packets)
	}
}
