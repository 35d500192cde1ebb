package hls

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestFFmpegReadsThem has ffmpeg open a master, choose a variant and play its segments, whose durations are known.
func TestFFmpegReadsThem(t *testing.T) {
	if testing.Short() {
		t.Skip("ffmpeg encodes a film")
	}
	if _, err := exec.LookPath("ffprobe"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	dir := t.TempDir()
	run := func(name string, args ...string) []byte {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", cmd, err)
		}
		return out
	}
	const segments, seconds = 4, 2
	run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=128x72:rate=25:duration=8", "-c:v", "libx264", "-bf", "0", "-g", "50",
		"-keyint_min", "50", "-sc_threshold", "0", "-f", "segment", "-segment_time", strconv.Itoa(seconds), "-segment_format", "mpegts", "s%d.ts")

	var sizes []int64
	var durations []Duration
	p := &Playlist{Independent: true}
	for i := range segments {
		name := "s" + strconv.Itoa(i) + ".ts"
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		d := Duration{Ticks: seconds * 90000, Timescale: 90000}
		sizes, durations = append(sizes, info.Size()), append(durations, d)
		p.Segments = append(p.Segments, Segment{Duration: d, URI: name})
	}
	p.TargetDuration = TargetDuration(p.Segments)
	rate := Bandwidth(sizes, durations, p.TargetDuration)
	m := &Master{
		Independent: true,
		Variants:    []Variant{{Bitrate: rate, Codecs: []string{"avc1.f4000b"}, Width: 128, Height: 72, FrameRate: Rate{25, 1}, URI: "v.m3u8"}},
	}
	ranged := &Playlist{TargetDuration: p.TargetDuration}
	for _, s := range p.Segments {
		ranged.Segments = append(ranged.Segments, Segment{Duration: s.Duration, URI: s.URI, Offset: 0, Size: sizes[len(ranged.Segments)]})
	}
	for name, text := range map[string][]byte{"master.m3u8": m.AppendTo(nil), "v.m3u8": p.AppendTo(nil), "ranged.m3u8": ranged.AppendTo(nil)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"master.m3u8", "v.m3u8", "ranged.m3u8"} {
		var probe struct {
			Streams []struct {
				Packets string `json:"nb_read_packets"`
			}
			Programs []struct {
				Tags map[string]string
			}
			Format struct{ Duration string }
		}
		out := run("ffprobe", "-v", "error", "-count_packets", "-show_format", "-show_streams", "-show_programs", "-of", "json", name)
		if err := json.Unmarshal(out, &probe); err != nil {
			t.Fatal(err)
		}
		if probe.Format.Duration != "8.000000" || len(probe.Streams) != 1 || probe.Streams[0].Packets != "200" {
			t.Errorf("%s: ffmpeg reads %+v", name, probe)
		}
		if name == "master.m3u8" && (len(probe.Programs) != 1 || probe.Programs[0].Tags["variant_bitrate"] != strconv.FormatInt(rate.Peak, 10)) {
			t.Errorf("%s: ffmpeg reads programs %+v", name, probe.Programs)
		}
	}
}
