package demux_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// described opens a film with one track that has these sample entries.
func described(t *testing.T, handler string, change func(*testmedia.Track), entries ...[]byte) *demux.Track {
	t.Helper()
	track := testmedia.Audio(10)
	if handler == "vide" {
		track = testmedia.Video(10, 360, 1)
	}
	track.Entries = entries
	if change != nil {
		change(&track)
	}
	m := testmedia.Movie{Tracks: []testmedia.Track{track}}
	return open(t, m.Bytes()).Tracks[0]
}

// quickTimeSound is a sound sample description of version 1 or 2 (QuickTime File Format, "Sound Sample Descriptions").
func quickTimeSound(version byte, boxes ...[]byte) []byte {
	entry := testmedia.AudioEntry("mp4a", 2, 48000)[8:]
	entry[9] = version
	switch version {
	case 1:
		entry = append(entry, make([]byte, 16)...)
	case 2:
		entry = binary.BigEndian.AppendUint32(entry, 72)
		entry = binary.BigEndian.AppendUint64(entry, math.Float64bits(44100))
		entry = binary.BigEndian.AppendUint32(entry, 6)
		entry = append(entry, make([]byte, 20)...)
	}
	return testmedia.Box("mp4a", append([][]byte{entry}, boxes...)...)
}

func TestAudioCodecs(t *testing.T) {
	esds := testmedia.ESDS(0x40, []byte{0x12, 0x10}) // LC, 44.1 kHz, stereo
	wave := testmedia.Box("wave", testmedia.Box("frma", []byte("mp4a")), testmedia.Box("mp4a", make([]byte, 4)), esds,
		testmedia.Box("\x00\x00\x00\x00"))
	for _, test := range []struct {
		name    string
		entry   []byte
		codec   demux.Codec
		id      string
		format  demux.AudioFormat // Config and FrameTicks are not compared
		refusal string
	}{
		{
			"LC", testmedia.AAC([]byte{0x12, 0x10}), demux.AAC, "mp4a.40.2",
			demux.AudioFormat{SampleRate: 44100, OutputRate: 44100, Channels: 2, ObjectType: 2},
			"",
		},
		{
			"5.1", testmedia.AAC([]byte{0x11, 0xb0}), demux.AAC, "mp4a.40.2",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 6, ObjectType: 2},
			"",
		},
		{
			"rate in full", testmedia.AAC([]byte{0x17, 0x80, 0x5d, 0xc0, 0x10}), demux.AAC, "mp4a.40.2",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 2, ObjectType: 2},
			"",
		},
		{
			"explicit SBR", testmedia.AAC([]byte{0x2b, 0x92, 0x08, 0x00}), demux.AAC, "mp4a.40.5",
			demux.AudioFormat{SampleRate: 22050, OutputRate: 44100, Channels: 2, ObjectType: 2, SBR: true},
			"",
		},
		{
			"explicit PS", testmedia.AAC([]byte{0xeb, 0x8a, 0x08, 0x00}), demux.AAC, "mp4a.40.29",
			demux.AudioFormat{SampleRate: 22050, OutputRate: 44100, Channels: 2, ObjectType: 2, SBR: true, PS: true},
			"",
		},
		{
			"backward compatible SBR", testmedia.AAC([]byte{0x13, 0x90, 0x56, 0xe5, 0xa0}), demux.AAC, "mp4a.40.5",
			demux.AudioFormat{SampleRate: 22050, OutputRate: 44100, Channels: 2, ObjectType: 2, SBR: true},
			"",
		},
		{
			"backward compatible PS", testmedia.AAC([]byte{0x13, 0x88, 0x56, 0xe5, 0xa5, 0x48, 0x80}), demux.AAC, "mp4a.40.29",
			demux.AudioFormat{SampleRate: 22050, OutputRate: 44100, Channels: 2, ObjectType: 2, SBR: true, PS: true},
			"",
		},
		{
			"QuickTime 1", quickTimeSound(1, wave), demux.AAC, "mp4a.40.2",
			demux.AudioFormat{SampleRate: 44100, OutputRate: 44100, Channels: 2, ObjectType: 2},
			"",
		},
		{
			"QuickTime 1, esds outside", quickTimeSound(1, esds), demux.AAC, "mp4a.40.2",
			demux.AudioFormat{SampleRate: 44100, OutputRate: 44100, Channels: 2, ObjectType: 2},
			"",
		},
		{
			"QuickTime 2", quickTimeSound(2, esds), demux.AAC, "mp4a.40.2",
			demux.AudioFormat{SampleRate: 44100, OutputRate: 44100, Channels: 2, ObjectType: 2},
			"",
		},
		{
			"MP3", testmedia.AudioEntry("mp4a", 2, 44100, testmedia.ESDS(0x6b, nil)), demux.MP3, "mp4a.6B",
			demux.AudioFormat{SampleRate: 44100, OutputRate: 44100, Channels: 2},
			"",
		},
		{
			"MP3 as MPEG-4 audio", testmedia.AAC([]byte{0xf8, 0x48, 0x40}), demux.MP3, "mp4a.40.34",
			demux.AudioFormat{SampleRate: 44100, OutputRate: 44100, Channels: 2},
			"",
		},
		{
			"AC-3", testmedia.AudioEntry("ac-3", 6, 48000, testmedia.Box("dac3", []byte{0x10, 0x3d, 0xe0})), demux.AC3, "ac-3",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 6},
			"",
		},
		{
			"E-AC-3", testmedia.AudioEntry("ec-3", 6, 48000, testmedia.Box("dec3", []byte{0x0c, 0x00, 0x20, 0x0f, 0x00})), demux.EAC3, "ec-3",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 6},
			"",
		},
		{
			"E-AC-3 with two more channels", testmedia.AudioEntry("ec-3", 2, 48000, testmedia.Box("dec3", []byte{0x0c, 0x00, 0x20, 0x0f, 0x02, 0x02})),
			demux.EAC3, "ec-3",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 8},
			"",
		},
		{
			"E-AC-3 with objects", testmedia.AudioEntry("ec-3", 2, 48000, testmedia.Box("dec3", []byte{0x18, 0x00, 0x20, 0x0f, 0x00, 0x01, 0x10})),
			demux.EAC3, "ec-3",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 6, JOC: 16},
			"",
		},
		{
			"Opus", testmedia.AudioEntry("Opus", 2, 48000, testmedia.Box("dOps", make([]byte, 11))), demux.Opus, "opus",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 2},
			"",
		},
		{
			"FLAC", testmedia.AudioEntry("fLaC", 2, 48000, testmedia.Box("dfLa", make([]byte, 42))), demux.FLAC, "fLaC",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 2},
			"",
		},
		{
			"ALAC", testmedia.AudioEntry("alac", 2, 48000, testmedia.Box("alac", make([]byte, 28))), demux.ALAC, "alac",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 2},
			"",
		},
		{
			"PCM", testmedia.AudioEntry("sowt", 2, 48000), "sowt", "sowt",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 2},
			`codec PCM ("sowt")`,
		},
		{
			"DTS", testmedia.AudioEntry("mp4a", 2, 48000, testmedia.ESDS(0xa9, nil)), "mp4a", "mp4a.A9",
			demux.AudioFormat{SampleRate: 48000, OutputRate: 48000, Channels: 2},
			"codec DTS",
		},
		{"encrypted", testmedia.AudioEntry("enca", 2, 48000, esds), "enca", "enca", demux.AudioFormat{}, "encrypted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := described(t, "soun", nil, test.entry)
			if k.Codec != test.codec || k.CodecID != test.id || string(k.Entry) != string(test.entry) {
				t.Errorf("%s, %s", k.Codec, k.CodecID)
			}
			wantRefusal(t, k, test.refusal)
			got := demux.AudioFormat{}
			if k.Audio != nil {
				got = *k.Audio
				got.Config, got.FrameTicks = nil, 0
			}
			if got.SampleRate != test.format.SampleRate || got.OutputRate != test.format.OutputRate || got.Channels != test.format.Channels ||
				got.ObjectType != test.format.ObjectType || got.SBR != test.format.SBR || got.PS != test.format.PS || got.JOC != test.format.JOC {
				t.Errorf("%+v, want %+v", got, test.format)
			}
			if test.refusal == "" && k.Audio.FrameTicks != 1024 {
				t.Errorf("frames of %d ticks", k.Audio.FrameTicks)
			}
		})
	}
}

func wantRefusal(t *testing.T, k *demux.Track, refusal string) {
	t.Helper()
	if refusal == "" && k.Refusal != nil {
		t.Error(k.Refusal)
	}
	if refusal != "" && (!errors.Is(k.Refusal, demux.ErrUnsupported) || !strings.Contains(k.Refusal.Error(), refusal)) {
		t.Errorf("refused with %v, want %q", k.Refusal, refusal)
	}
}

// hevcConfig is an HEVCDecoderConfigurationRecord without parameter sets, Main 10 at level 5.1 in the high tier.
var hevcConfig = []byte{1, 0x22, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 153, 0xf0, 0, 0xfc, 0xfd, 0xfa, 0xfa, 0, 0, 0x0f, 0}

// TestMPEG2AAC: it is delivered as the MPEG-4 audio that its AudioSpecificConfig says, in its sample entry as in its name.
func TestMPEG2AAC(t *testing.T) {
	config := []byte{0x12, 0x10}
	for _, object := range []byte{0x66, 0x67, 0x68} {
		entry := testmedia.AudioEntry("mp4a", 2, 44100, testmedia.ESDS(object, config))
		for _, entry := range [][]byte{entry, quickTimeSound(1, testmedia.Box("wave", testmedia.ESDS(object, config)))} {
			k := described(t, "soun", nil, entry)
			if k.CodecID != "mp4a.40.2" || k.Codec != demux.AAC || k.Refusal != nil {
				t.Errorf("object type %#x: %s, %s, %v", object, k.Codec, k.CodecID, k.Refusal)
			}
			if want := bytes.Replace(entry, testmedia.ESDS(object, config), testmedia.ESDS(0x40, config), 1); !bytes.Equal(k.Entry, want) {
				t.Errorf("object type %#x: entry %x, want %x", object, k.Entry, want)
			}
		}
	}
}

func TestVideoCodecs(t *testing.T) {
	pasp := testmedia.Box("pasp", []byte{0, 0, 0, 16, 0, 0, 0, 9})
	for _, test := range []struct {
		name    string
		entries [][]byte
		change  func(*testmedia.Track)
		codec   demux.Codec
		id      string
		refusal string
	}{
		{"AVC", [][]byte{testmedia.AVC(640, 360, 4, pasp)}, nil, demux.H264, "avc1.64001E", ""},
		{
			"HEVC",
			[][]byte{testmedia.VisualEntry("hvc1", 640, 360, testmedia.Box("hvcC", hevcConfig))},
			nil, demux.HEVC,
			"hvc1.2.4.H153.90", "",
		},
		{
			"AV1",
			[][]byte{testmedia.VisualEntry("av01", 640, 360, testmedia.Box("av1C", []byte{0x81, 0x08, 0x4c, 0}))},
			nil, demux.AV1,
			"av01.0.08M.10", "",
		},
		{
			"VP9",
			[][]byte{testmedia.VisualEntry("vp09", 640, 360, testmedia.Box("vpcC", []byte{1, 0, 0, 0, 2, 31, 0xa2, 1, 1, 1, 0, 0}))},
			nil, demux.VP9, "vp09.02.31.10.01.01.01.01.00", "",
		},
		{"ProRes", [][]byte{testmedia.VisualEntry("apch", 640, 360)}, nil, "apch", "apch", `codec ProRes 422 HQ ("apch")`},
		{
			"MPEG-4 Visual",
			[][]byte{testmedia.VisualEntry("mp4v", 640, 360, testmedia.ESDS(0x20, []byte{0}))},
			nil, "MPEG-4 Visual",
			"mp4v.20", `codec MPEG-4 Visual ("mp4v")`,
		},
		{"AVC without avcC", [][]byte{testmedia.VisualEntry("avc1", 640, 360)}, nil, "avc1", "avc1", "without an avcC"},
		{"encrypted", [][]byte{testmedia.VisualEntry("encv", 640, 360)}, nil, "encv", "encv", "encrypted"},
		{
			"another file's media",
			[][]byte{testmedia.AVC(640, 360, 4)},
			func(k *testmedia.Track) { k.External = true }, demux.H264,
			"avc1.64001E", "another file",
		},
		{"second description unused", [][]byte{testmedia.AVC(640, 360, 4), testmedia.AVC(1280, 720, 4)}, nil, demux.H264, "avc1.64001E", ""},
		{
			"only the second used",
			[][]byte{testmedia.AVC(1280, 720, 4), testmedia.AVC(640, 360, 4)},
			everyEntry(1), demux.H264,
			"avc1.64001E", "",
		},
		{"two equal descriptions", [][]byte{testmedia.AVC(640, 360, 4), testmedia.AVC(640, 360, 4)}, lastEntry, demux.H264, "avc1.64001E", ""},
		{
			"two descriptions",
			[][]byte{testmedia.AVC(640, 360, 4), testmedia.AVC(1280, 720, 4)},
			lastEntry, demux.H264, "avc1.64001E",
			"several descriptions",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := described(t, "vide", test.change, test.entries...)
			if k.Codec != test.codec || k.CodecID != test.id {
				t.Errorf("%s, %s", k.Codec, k.CodecID)
			}
			wantRefusal(t, k, test.refusal)
			if k.Video != nil && (k.Video.Width != 640 || k.Video.Height != 360) {
				t.Errorf("%d x %d", k.Video.Width, k.Video.Height)
			}
			if test.name == "AVC" && (k.Video.PixelAspect != [2]uint32{16, 9} || k.Video.NALLengthBytes != 4 || len(k.Video.SPS) != 1 ||
				len(k.Video.PPS) != 1) {
				t.Errorf("%+v", k.Video)
			}
		})
	}
}

func everyEntry(entry int) func(*testmedia.Track) {
	return func(k *testmedia.Track) {
		for i := range k.Samples {
			k.Samples[i].Entry = entry
		}
	}
}

func lastEntry(k *testmedia.Track) { k.Samples[len(k.Samples)-1].Entry = 1 }

func TestRotation(t *testing.T) {
	one := int32(0x10000)
	for degrees, m := range map[int][9]int32{
		0: {one, 0, 0, 0, one}, 90: {0, one, 0, -one, 0}, 180: {-one, 0, 0, 0, -one}, 270: {0, -one, 0, one, 0},
	} {
		k := described(t, "vide", func(k *testmedia.Track) { k.Matrix = m }, testmedia.AVC(640, 360, 4))
		if k.Video.Rotation != degrees || k.Video.Matrix != m {
			t.Errorf("%d degrees, want %d", k.Video.Rotation, degrees)
		}
	}
}

func TestNames(t *testing.T) {
	for code, want := range map[string]string{"": "", "eng": "en", "deu": "de", "ger": "de", "gsw": "gsw", "mul": "mul", "zho": "zh"} {
		k := described(t, "soun", func(k *testmedia.Track) { k.Language, k.Name, k.Disabled = code, "Tonspur", true }, testmedia.AAC(nil))
		if k.Language != want || k.Name != "Tonspur" || k.Default {
			t.Errorf("%q is %q; name %q, default %v", code, k.Language, k.Name, k.Default)
		}
	}
}

// TestGrowthLies counts NAL units whose lengths point past their sample, or leave bytes over.
func TestGrowthLies(t *testing.T) {
	for _, test := range []struct {
		sample []byte
		want   uint32
	}{
		{[]byte{0, 1, 9, 0, 1, 9}, 4},
		{[]byte{0, 1, 9, 0xff, 0xff, 9}, 4},
		{[]byte{0, 1, 9, 0}, 2},
		{[]byte{0, 0, 0, 0}, 4},
		{[]byte{7}, 0},
		{[]byte{}, 0},
		{[]byte{0, 9}, 2},
	} {
		k := described(t, "vide", func(k *testmedia.Track) {
			k.NALLength, k.Samples[0].NALs = 2, nil
			k.Samples[4] = testmedia.Sample{Data: test.sample, Duration: 512}
		}, testmedia.AVC(640, 360, 2))
		if got := k.Samples.At(4).Growth; got != test.want {
			t.Errorf("% x grows by %d, want %d", test.sample, got, test.want)
		}
	}
}

// TestNamesOfRefusedCodecs: who reads that a track is refused knows ProRes, not ap4h.
func TestNamesOfRefusedCodecs(t *testing.T) {
	for handler, names := range map[string]map[string]string{
		"soun": {
			"sowt": `PCM ("sowt")`, "twos": `PCM ("twos")`, "lpcm": `PCM ("lpcm")`, "in24": `PCM ("in24")`, "in32": `PCM ("in32")`,
			"fl32": `PCM ("fl32")`, "fl64": `PCM ("fl64")`, "ipcm": `PCM ("ipcm")`, "fpcm": `PCM ("fpcm")`, "raw ": `PCM ("raw ")`,
			"alaw": `G.711 A-law ("alaw")`, "ulaw": `G.711 mu-law ("ulaw")`, "samr": `AMR narrowband ("samr")`, "sawb": `AMR wideband ("sawb")`,
			"QDM2": `QDesign Music 2 ("QDM2")`, "ac-4": `AC-4 ("ac-4")`, "dtsx": `DTS:X ("dtsx")`, "abcd": `"abcd"`, "apcn": `"apcn"`,
		},
		"vide": {
			"ap4h": `ProRes 4444 ("ap4h")`, "apcn": `ProRes 422 ("apcn")`, "apcs": `ProRes 422 LT ("apcs")`, "mp4v": `MPEG-4 Visual ("mp4v")`,
			"jpeg": `JPEG ("jpeg")`, "png ": `PNG ("png ")`, "raw ": `uncompressed video ("raw ")`, "SVQ3": `Sorenson Video 3 ("SVQ3")`,
			"dvc ": `DV ("dvc ")`, "dv5n": `DV ("dv5n")`, "dvh5": `DVCPRO HD ("dvh5")`, "xdvc": `XDCAM (MPEG-2) ("xdvc")`, "hdv2": `HDV (MPEG-2) ("hdv2")`,
			"mx5p": `IMX (MPEG-2) ("mx5p")`, "abcd": `"abcd"`, "sowt": `"sowt"`,
		},
	} {
		for typ, want := range names {
			entry := testmedia.AudioEntry(typ, 2, 48000)
			if handler == "vide" {
				entry = testmedia.VisualEntry(typ, 640, 360)
			}
			k := described(t, handler, nil, entry)
			wantRefusal(t, k, "track 1: codec "+want+": not supported")
			if k.Kind == demux.KindOther {
				t.Errorf("%q is no media", typ)
			}
		}
	}
	k := described(t, "vide", nil, testmedia.VisualEntry("mp4v", 640, 360, testmedia.ESDS(0x21, []byte{0})))
	wantRefusal(t, k, `codec "mp4v"`) // H.264 in MPEG-4's clothes
}
