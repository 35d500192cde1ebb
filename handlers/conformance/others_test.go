package conformance

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// What other makers' packagers write is walked too, and what is found is stated: it shows that the rules are about HLS and
// not about unreel, and it tells when a rule starts to see something else.

// source is a film of 20 s for other packagers: 25 frames a second, B-frames, key frames every 2 s, AAC.
func source(size string) []string {
	return []string{
		"-f", "lavfi", "-i", "testsrc2=rate=25:duration=20:size=" + size,
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=20",
	}
}

func encode() []string {
	return []string{
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
		"-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-ac", "2",
	}
}

func runTool(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, out)
	}
}

func needTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed: make test installs it", name)
	}
}

// folder is a site of a directory's files.
func folder(t *testing.T, dir string) *site {
	t.Helper()
	s := &site{files: map[string][]byte{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if s.files["/"+e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// expect compares a report's findings with a table of "severity rule file", each once.
func expect(t *testing.T, report Report, want []string) {
	t.Helper()
	var got []string
	for _, f := range report.Findings {
		got = append(got, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, path.Base(f.URL)))
	}
	slices.Sort(got)
	got = slices.Compact(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found\n\t%s\nwant\n\t%s\nin full:\n%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), report.String())
	}
}

// ffmpeg's hls muxer puts its SDT before the PAT, asks for a version that it does not need, knows neither FRAME-RATE nor
// AVERAGE-BANDWIDTH nor (in a master) I-frame playlists, and counts only the bit rates that it was told.
func TestFFmpegHLS(t *testing.T) {
	needTool(t, "ffmpeg")
	dir := t.TempDir()
	runTool(t, dir, "ffmpeg", slices.Concat([]string{"-nostdin", "-v", "error"}, source("640x360"),
		[]string{"-map", "0:v", "-map", "1:a", "-map", "0:v", "-map", "1:a"}, encode(), []string{
			"-s:v:1", "320x180", "-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_flags", "independent_segments",
			"-master_pl_name", "master.m3u8", "-var_stream_map", "v:0,a:0 v:1,a:1", "v%v-.m3u8",
		})...)
	expect(t, folder(t, dir).check(t, Options{}), []string{
		"error hls-13 master.m3u8",
		"error hls-14 master.m3u8",
		"error hls-15 master.m3u8",
		"error hls-18 master.m3u8",
		"warning hls-10 master.m3u8",
		"warning hls-10 v0-.m3u8",
		"warning hls-10 v1-.m3u8",
		"warning hls-22 master.m3u8", // both variants say the same BANDWIDTH
		"warning hls-28 v0-0.ts", "warning hls-28 v0-1.ts", "warning hls-28 v0-2.ts", "warning hls-28 v0-3.ts",
		"warning hls-28 v1-0.ts", "warning hls-28 v1-1.ts", "warning hls-28 v1-2.ts", "warning hls-28 v1-3.ts",
	})
}

// shaka-packager is right but for a version that is too high and a peak that it takes from single segments.
func TestShakaHLS(t *testing.T) {
	needTool(t, "ffmpeg")
	system := map[string]string{"linux/amd64": "linux-x64", "linux/arm64": "linux-arm64", "darwin/amd64": "osx-x64", "darwin/arm64": "osx-arm64"}
	packager, err := filepath.Abs("../web/node_modules/shaka-packager/bin/packager-" + system[runtime.GOOS+"/"+runtime.GOARCH])
	if err != nil {
		t.Fatal(err)
	}
	if _, err = os.Stat(packager); err != nil {
		t.Skip("shaka-packager is not installed: npm ci in handlers/web installs it")
	}
	films, out := t.TempDir(), t.TempDir()
	rung := func(size, name string) string {
		runTool(t, films, "ffmpeg", slices.Concat([]string{"-nostdin", "-v", "error"}, source(size), encode(), []string{name + ".mp4"})...)
		return fmt.Sprintf("in=%[1]s/%[2]s.mp4,stream=video,segment_template=%[2]s-$Number$.ts,playlist_name=%[2]s.m3u8,"+
			"iframe_playlist_name=%[2]s.iframes.m3u8", films, name)
	}
	runTool(t, out, packager, rung("640x360", "hi"), rung("320x180", "lo"),
		"in="+films+"/hi.mp4,stream=audio,segment_template=en-$Number$.ts,playlist_name=en.m3u8,hls_group_id=audio,hls_name=English,language=en",
		"--segment_duration", "6", "--hls_master_playlist_output", "master.m3u8", "--quiet")
	expect(t, folder(t, out).check(t, Options{}), []string{
		"warning hls-10 en.m3u8", "warning hls-10 hi.iframes.m3u8", "warning hls-10 hi.m3u8", "warning hls-10 lo.iframes.m3u8",
		"warning hls-10 lo.m3u8",
		"warning hls-14 master.m3u8",
	})
}
