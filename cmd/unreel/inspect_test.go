package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"unreel/demux/testmedia"
	"unreel/packager"
)

// oddTitle has one of everything that inspect can say.
func oddTitle() *packager.Info {
	modified := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	picture := []packager.TrackInfo{{ID: 1, Kind: "video", Codec: "H.264", CodecID: "avc1.42c01e", Timescale: 24000, Video: &packager.VideoInfo{Width: 640, Height: 360, PixelAspect: [2]uint32{1, 1}}}}
	return &packager.Info{
		Title: "Films/Ödd\x1b[31m", Seconds: 3723.5, Target: 8, Cuts: []float64{-0.04, 6, 14},
		Warnings: []string{`"b.mp4" is left out: it lasts 3s`},
		Formats:  []packager.FormatInfo{{Format: "ts", Error: "track 1: HEVC video in MPEG-TS: not supported"}, {Format: "cmaf", Target: 6}},
		Streams: []packager.StreamInfo{
			{Format: "cmaf", Playlist: "1080p/v1.m3u8", Rendition: "1080p", Tracks: "v1", Segments: 3, Bytes: 3_500_000_000, Bandwidth: 8_123_456, AverageBandwidth: 7_520_000},
			{Format: "cmaf", Playlist: "audio_en/a1.m3u8", Rendition: "audio_en", Tracks: "a1", Name: "English", Language: "en", Default: true, Segments: 1, Bytes: 999, Bandwidth: 128_400, AverageBandwidth: 128_000},
		},
		Renditions: []packager.RenditionInfo{
			{
				Name: "1080p", File: "Films/Ödd/1080p.mp4", Aligned: true, Bytes: 3_400_000_000, Modified: modified,
				Version: "0123456789abcdef", Brand: "isom", MoovBytes: 9_100_000, MoovLast: true, IndexBytes: 1_900_000,
				Tracks: []packager.TrackInfo{
					{
						ID: 1, Kind: "video", Codec: "H.264", CodecID: "avc1.640028", Language: "und", Timescale: 24000, Samples: 89274,
						Hidden: 12, Start: -0.04, Seconds: 3723.5,
						Edits: []packager.EditInfo{{Ticks: 40, MediaStart: -1}, {Ticks: 0, MediaStart: 2002}},
						Video: &packager.VideoInfo{
							Width: 1440, Height: 1080, PixelAspect: [2]uint32{4, 3}, Rotation: 90, FrameRate: 23.976,
							Keyframes: packager.KeyframeInfo{Count: 1862, Open: 3, Min: 0.5, Median: 2, Max: 8.5},
						},
					},
					{ID: 2, Kind: "video", Codec: "encv", Language: "de", Name: "Zwei", Refusal: "it is encrypted", Timescale: 24000, Samples: 1},
					{ID: 3, Kind: "other", Codec: "tmcd", Timescale: 24000},
				},
				Warnings: []string{"track 1 is shown turned by 90 degrees"},
			},
			{Name: "720p", File: "Films/Ödd/720p.mp4", Aligned: true, Bytes: 12, Modified: modified, Tracks: picture},
			{Name: "480p", File: "Films/Ödd/480p.mp4", Bytes: 12, Modified: modified, Tracks: picture},
			{
				Name: "audio_en", File: "Films/Ödd/audio_en.m4a", Bytes: 12, Modified: modified,
				Tracks: []packager.TrackInfo{{
					ID: 1, Kind: "audio", Codec: "AAC", CodecID: "mp4a.40.2", Language: "en", Timescale: 48000, Samples: 9, Seconds: 0.192,
					Audio: &packager.AudioInfo{SampleRate: 48000, Channels: 1},
				}},
			},
			{Name: "b", File: "b.mp4", LeftOut: "it lasts 3s", Bytes: 1200, Modified: modified},
			{Name: "c", File: "c.mp4", Error: "box moov at byte 12:\nno such thing", Bytes: 12, Modified: modified},
		},
	}
}

func TestInspectText(t *testing.T) {
	var got bytes.Buffer
	for i, info := range []*packager.Info{oddTitle(), {Title: "nothing", Error: "box ftyp at byte 0: corrupt"}} {
		if i > 0 {
			got.WriteString("\n")
		}
		if err := writeText(&got, info); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "testdata/inspect.txt", got.String())
}

// golden compares with a file, which go test -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		writeFile(t, name, got)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if the change is meant, go test -update and review the diff:\n%s", name, got)
	}
}

// inspect runs the command, and gives what it prints and its exit code.
func inspect(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = run(t.Context(), append([]string{"inspect"}, args...), &out, &complaints, environment(nil))
	return out.String(), complaints.String(), code
}

func TestInspectTheDemo(t *testing.T) {
	text, stderr, code := inspect(t, "demo")
	if code != exitOK || stderr != "" {
		t.Errorf("code %d, %s", code, stderr)
	}
	for _, want := range []string{
		"countdown\n  0:00:48.000 in 8 segments, from 6.000 to 6.000 s long\n",
		"720p, 480p, 240p share one timeline; every segment decodes by itself",
		"240p/v1a2.m3u8", "H.264 (avc1.", "AAC (mp4a.40.2), 48000 Hz, 2 channels", "GOP length min 2.000 s, median 2.000 s, max 2.000 s, all GOPs closed",
		"edit: from media time 1024",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("doesn't say %q:\n%s", want, text)
		}
	}
}

// The JSON of a directory is what /info/ answers for each of its titles.
func TestInspectJSONIsInfo(t *testing.T) {
	text, stderr, code := inspect(t, "--json", "demo")
	if code != exitOK || stderr != "" {
		t.Fatalf("code %d, %s", code, stderr)
	}
	var inspected []packager.Info
	if err := json.Unmarshal([]byte(text), &inspected); err != nil || len(inspected) != 1 {
		t.Fatalf("%d titles, %v:\n%s", len(inspected), err, text)
	}
	_, body := getBody(t, startServer(t, "demo")+"info/countdown.json")
	var served packager.Info
	if err := json.Unmarshal([]byte(body), &served); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(inspected[0], served) {
		t.Errorf("inspect says\n%s\n/info/ answers\n%s", text, body)
	}
}

func TestInspectOneFile(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "a link.mp4")
	target, err := filepath.Abs("demo/countdown/240p.mp4")
	if err != nil {
		t.Fatal(err)
	}
	if err = os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	text, stderr, code := inspect(t, "--json", link)
	var info packager.Info
	if err = json.Unmarshal([]byte(text), &info); err != nil || code != exitOK || info.Title != "a link.mp4" || len(info.Renditions) != 1 {
		t.Errorf("code %d, %v, %s\n%s", code, err, stderr, text)
	}
}

func TestInspectWhatDoesNotPlay(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "bad.mp4"), "not a film")
	writeFile(t, filepath.Join(dir, "good.mp4"), string(testmedia.H264AAC(4).Bytes()))

	text, stderr, code := inspect(t, dir)
	if code != exitError || stderr != "unreel: 1 of 2 titles do not play\n" || !strings.Contains(text, "bad\n  does not play: ") || !strings.Contains(text, "\n\ngood\n") {
		t.Errorf("code %d, %q\n%s", code, stderr, text)
	}
	text, stderr, code = inspect(t, filepath.Join(dir, "bad.mp4"))
	if code != exitError || !strings.HasSuffix(stderr, "bad.mp4 does not play\n") || !strings.Contains(text, "  does not play: box ") {
		t.Errorf("code %d, %q\n%s", code, stderr, text)
	}
	text, _, code = inspect(t, "--json", dir)
	var all []packager.Info
	if err := json.Unmarshal([]byte(text), &all); err != nil || code != exitError || len(all) != 2 || all[0].Error == "" || all[1].Error != "" {
		t.Errorf("code %d, %v\n%s", code, err, text)
	}
	if text, _, code = inspect(t, "--json", t.TempDir()); code != exitOK || text != "[]\n" {
		t.Errorf("an empty directory: code %d, %q", code, text)
	}
}
