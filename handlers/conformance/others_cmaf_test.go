package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// shaka is the path of npm's shaka-packager.
func shaka(t *testing.T) string {
	t.Helper()
	needTool(t, "ffmpeg")
	system := map[string]string{"linux/amd64": "linux-x64", "linux/arm64": "linux-arm64", "darwin/amd64": "osx-x64", "darwin/arm64": "osx-arm64"}
	packager, err := filepath.Abs("../web/node_modules/shaka-packager/bin/packager-" + system[runtime.GOOS+"/"+runtime.GOARCH])
	if err != nil {
		t.Fatal(err)
	}
	if _, err = os.Stat(packager); err != nil {
		t.Skip("shaka-packager is not installed: npm ci in handlers/web installs it")
	}
	return packager
}

// ffmpeg's hls muxer writes version 7 whatever is in a playlist, has edit lists of two entries where CMAF allows one (an empty
// edit for the delay of reordering, then the media), and shares its other habits with what it does to transport streams.
func TestFFmpegCMAF(t *testing.T) {
	needTool(t, "ffmpeg")
	dir := t.TempDir()
	runTool(t, dir, "ffmpeg", slices.Concat([]string{"-nostdin", "-v", "error"}, source("320x180"),
		[]string{"-map", "0:v", "-map", "1:a", "-map", "0:v"}, encode(), []string{
			"-s:v:1", "160x90", "-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_flags", "independent_segments",
			"-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init%v.mp4", "-master_pl_name", "master.m3u8",
			"-var_stream_map", "v:0,agroup:a v:1,agroup:a a:0,agroup:a,language:en", "v%v-.m3u8",
		})...)
	report := folder(t, dir).check(t, Options{})
	expect(t, report, []string{
		"error hls-13 master.m3u8", "error hls-14 master.m3u8", "error hls-15 master.m3u8", "error hls-18 master.m3u8",
		"error mp4-edits init0.mp4", "error mp4-edits init1.mp4", "error mp4-edits init2.mp4",
		"warning hls-10 master.m3u8", "warning hls-10 v0-.m3u8", "warning hls-10 v1-.m3u8", "warning hls-10 v2-.m3u8",
		"warning hls-22 master.m3u8",
	})
	walked(t, report, 12)
}

// ffmpeg's dash muxer leaves nothing to be said.
func TestFFmpegDASH(t *testing.T) {
	needTool(t, "ffmpeg")
	dir := t.TempDir()
	runTool(t, dir, "ffmpeg", slices.Concat([]string{"-nostdin", "-v", "error"}, source("320x180"),
		[]string{"-map", "0:v", "-map", "1:a", "-map", "0:v"}, encode(), []string{
			"-s:v:1", "160x90", "-f", "dash", "-seg_duration", "6", "-use_template", "1", "-use_timeline", "1",
			"-adaptation_sets", "id=0,streams=v id=1,streams=a", "manifest.mpd",
		})...)
	report := folder(t, dir).checkMPD(t, "/manifest.mpd", Options{})
	expect(t, report, nil)
	walked(t, report, 12)
}

// walked tells a report that is clean from one that looked at nothing.
func walked(t *testing.T, r Report, segments int) {
	t.Helper()
	if r.Segments != segments {
		t.Errorf("%d segments were read, want %d", r.Segments, segments)
	}
}

// shaka-packager writes version 6 where an I-frame playlist needs 5, takes its peak from single segments, and leaves the moof out
// of what it says that I-frames take. Its MPDs leave nothing to be said.
func TestShakaCMAF(t *testing.T) {
	packager := shaka(t)
	films := t.TempDir()
	for name, size := range map[string]string{"hi": "320x180", "lo": "160x90"} {
		runTool(t, films, "ffmpeg", slices.Concat([]string{"-nostdin", "-v", "error"}, source(size), encode(), []string{name + ".mp4"})...)
	}
	f := func(name, files string, more ...string) {
		t.Helper()
		out := t.TempDir()
		in := func(file, name, stream, more string) string {
			return fmt.Sprintf("in=%s/%s.mp4,stream=%s,%s,playlist_name=%s.m3u8,%s", films, file, stream, strings.ReplaceAll(files, "NAME", name), name, more)
		}
		runTool(t, out, packager, append(more,
			in("hi", "hi", "video", "iframe_playlist_name=hi.iframes.m3u8"), in("lo", "lo", "video", "iframe_playlist_name=lo.iframes.m3u8"),
			in("hi", "en", "audio", "hls_group_id=audio,hls_name=English,language=en"),
			"--segment_duration", "6", "--hls_master_playlist_output", "master.m3u8", "--mpd_output", "manifest.mpd", "--quiet")...)
		t.Run(name+"/HLS", func(t *testing.T) {
			report := folder(t, out).check(t, Options{})
			expect(t, report, []string{"error hls-14 master.m3u8", "warning hls-10 hi.iframes.m3u8", "warning hls-10 lo.iframes.m3u8", "warning hls-14 master.m3u8"})
			walked(t, report, 12+2*4)
		})
		t.Run(name+"/DASH", func(t *testing.T) {
			report := folder(t, out).checkMPD(t, "/manifest.mpd", Options{})
			expect(t, report, nil)
			walked(t, report, 12)
		})
	}
	f("segments", "init_segment=NAME-init.mp4,segment_template=NAME-$Number$.m4s", "--generate_static_live_mpd")
	f("single files", "output=NAME.mp4")
}
