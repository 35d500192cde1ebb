package mpegts

import (
	"bytes"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// sounding is a film whose sound stands in another sample entry, with frames of so many ticks of 1/48000 s.
func sounding(entry []byte, frame int) testmedia.Movie {
	m := testmedia.H264AAC(8)
	audio := &m.Tracks[1]
	audio.Entries, audio.Edits = [][]byte{entry}, nil
	audio.Samples = audio.Samples[:8*48000/frame]
	for i := range audio.Samples {
		audio.Samples[i].Duration = uint32(frame)
	}
	return m
}

// entries of sound that a transport stream carries beside AAC.
var (
	mp3Entry  = testmedia.AudioEntry("mp4a", 2, 48000, testmedia.ESDS(0x6b, nil))
	ac3Entry  = testmedia.AudioEntry("ac-3", 6, 48000, testmedia.Box("dac3", []byte{0x10, 0x3d, 0xe0}))
	eac3Entry = testmedia.AudioEntry("ec-3", 6, 48000, testmedia.Box("dec3", []byte{0x0c, 0x00, 0x20, 0x0f, 0x00}))
)

// TestOtherSound holds streams of MP3, AC-3 and E-AC-3 against their films, as TestSegmentsConcatenate does those of AAC.
func TestOtherSound(t *testing.T) {
	large := sounding(eac3Entry, 1536)
	for i, size := range map[int]int{0: 24576, 7: 6000, 8: 2930, 9: 2931, 20: 32 << 10, 30: 32<<10 + 1, 31: 0} {
		large.Tracks[1].Samples[i] = testmedia.Sample{Data: make([]byte, size), Duration: 1536, Sync: true}
	}
	for _, c := range []struct {
		name    string
		movie   testmedia.Movie
		omitted int
	}{
		{"MP3", sounding(mp3Entry, 1152), 0},
		{"MP2 or MP3 that lasts otherwise", sounding(mp3Entry, 1100), 0},
		{"AC-3", sounding(ac3Entry, 1536), 0},
		{"AC-3 without its box", sounding(testmedia.AudioEntry("ac-3", 6, 48000), 1536), 0},
		{"E-AC-3", sounding(eac3Entry, 1536), 0},
		{"large frames", large, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, tracks := range [][]testmedia.Track{c.movie.Tracks, c.movie.Tracks[1:]} {
				f := open(t, testmedia.Movie{Tracks: tracks}.Bytes())
				for _, samples := range []int{1, 60, 1 << 20} {
					stream, segments := f.concatenate(t, samples)
					f.check(t, stream, segments)
				}
				pl := f.program.Plan(f.whole())
				if pl.Omitted() != c.omitted {
					t.Errorf("%d samples are left out, want %d", pl.Omitted(), c.omitted)
				}
				whole := read(t, f.reader, pl, 0, 188*1024)
				for _, n := range []int{188, 1000, 60000} {
					if got := read(t, f.reader, pl, 0, n); !bytes.Equal(got, whole) {
						t.Errorf("Reads of %d bytes give other bytes, from %d on", n, differ(got, whole))
					}
				}
				pl.Release()
			}
		})
	}
}

// TestFrameSamples: how many samples a frame has, from what the track says, or as nearly as its codec has it.
func TestFrameSamples(t *testing.T) {
	for _, c := range []struct {
		codec demux.Codec
		rate  int
		scale demux.Timescale
		ticks demux.Ticks
		kind  byte
		want  int64
	}{
		{demux.MP3, 44100, 44100, 1152, streamMPEG1Audio, 1152},
		{demux.MP3, 44100, 1000, 26, streamMPEG1Audio, 1152},
		{demux.MP3, 48000, 48000, 384, streamMPEG1Audio, 384},
		{demux.MP3, 44100, 44100, 0, streamMPEG1Audio, 1152},
		{demux.MP3, 22050, 22050, 576, streamMPEG2Audio, 576},
		{demux.MP3, 24000, 90000, 4320, streamMPEG2Audio, 1152},
		{demux.MP3, 11025, 11025, 0, streamMPEG2Audio, 576},
		{demux.AC3, 48000, 48000, 1000, streamAC3, 1536},
		{demux.EAC3, 48000, 48000, 1536, streamEAC3, 1536},
		{demux.EAC3, 48000, 48000, 256, streamEAC3, 256},
		{demux.EAC3, 44100, 44100, 0, streamEAC3, 1536},
	} {
		s, err := newSound(&demux.Track{Codec: c.codec, Timescale: c.scale, Audio: &demux.AudioFormat{SampleRate: c.rate, FrameTicks: c.ticks}})
		if err != nil || s.samples != c.want || s.stream.kind != c.kind || s.rate != int64(c.rate) {
			t.Errorf("%s at %d Hz, frames of %d/%d: %+v, %v; want %d samples in type %#x", c.codec, c.rate, c.ticks, c.scale, s, err, c.want, c.kind)
		}
	}
}

// TestAC3Descriptors: 48 kHz, bsid 8, complete main, 3/2 with LFE at 448 kbit/s (ATSC A/52 §A.3.4).
func TestAC3Descriptors(t *testing.T) {
	got := ac3Descriptors([]byte{0x10, 0x3d, 0xe0})
	want := []byte{5, 4, 'A', 'C', '-', '3', 0x81, 4, 0x08, 0x0f << 2, 0x0f, 0xff}
	if !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

// TestCodecID: what playlists call a track that a transport stream carries.
func TestCodecID(t *testing.T) {
	for _, c := range [][2]string{
		{"avc1.64001F", "avc1.64001F"}, {"avc3.64001F", "avc1.64001F"}, {"hev1.1.6.L93.B0", "hvc1.1.6.L93.B0"}, {"mp4a.40.5", "mp4a.40.5"}, {"ec-3", "ec-3"},
	} {
		if got := CodecID(&demux.Track{CodecID: c[0]}); got != c[1] {
			t.Errorf("%q is %q, want %q", c[0], got, c[1])
		}
	}
	if got := CodecID(&demux.Track{Codec: demux.MP3, CodecID: "mp4a.6B"}); got != "mp4a.40.34" {
		t.Errorf("MP3 is %q", got)
	}
}
