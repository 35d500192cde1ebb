package main

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nativeSeconds is how long the films of TestNativePlayers are.
const nativeSeconds = 12

// TestNativePlayers has ffmpeg and mpv play films from the network to their end: HLS with transport streams, HLS with CMAF,
// and both kinds of DASH.
func TestNativePlayers(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	for _, film := range []film{
		{"h264", []rung{
			{"360p.mp4", join(picture("25", nativeSeconds), x264(50, "-sc_threshold", "0"))},
			{"180p.mp4", join(picture("25", nativeSeconds), x264(50, "-sc_threshold", "0", "-b:v", "100k"))},
			{"audio_en.m4a", join(sound(48000, nativeSeconds), aac)},
			{"audio_de.m4a", join(sound(44100, nativeSeconds), aac)},
		}},
		{"av1", one(picture("25", nativeSeconds), sound(48000, nativeSeconds), av1, []string{"-c:a", "libopus", "-b:a", "64k"})},
	} {
		for _, rung := range film.rungs {
			makeFilm(t, library, filepath.Join(film.title, rung.name), rung.args...)
		}
	}
	writeFile(t, filepath.Join(library, "h264.en.vtt"), "WEBVTT\n\n00:01.000 --> 00:09.000\nwords\n")
	base := startServer(t, library)

	for _, path := range []string{
		"hls/h264/master.m3u8", "cmaf/h264/master.m3u8", "cmaf/h264/manifest.mpd", "cmaf/h264/ondemand.mpd",
		"hls/av1/master.m3u8", "cmaf/av1/manifest.mpd", "cmaf/av1/ondemand.mpd",
	} {
		t.Run(path, func(t *testing.T) {
			t.Run("ffmpeg", func(t *testing.T) { playByFFmpeg(t, base+path) })
			t.Run("mpv", func(t *testing.T) { playByMPV(t, base+path) })
		})
	}
}

// playByFFmpeg holds that ffmpeg decodes all frames and all sound of a film, and complains of nothing.
func playByFFmpeg(t *testing.T, url string) {
	streams, complaints := decoded(t, url, "v:0", "a:0")
	if complaints = strings.TrimSpace(complaints); complaints != "" && !unsupportedSubtitles.MatchString(complaints) {
		t.Errorf("ffmpeg says\n%s", complaints)
	}
	if n := len(streams[0]); n != 25*nativeSeconds {
		t.Errorf("%d frames, want %d", n, 25*nativeSeconds)
	}
	for i, frames := range streams {
		if len(frames) == 0 || frames[len(frames)-1].pts90k < (nativeSeconds-0.1)*90000 {
			t.Errorf("stream %d ends after %d frames, before the film does", i, len(frames))
		}
	}
}

var (
	unsupportedSubtitles = regexp.MustCompile(`^(\[hls[^\n]*Can't support the subtitle[^\n]*\n?)+$`) // ffmpeg reads none in HLS
	mpvPosition          = regexp.MustCompile(`AT ([0-9.]+)`)
	mpvComplaint         = regexp.MustCompile(`(?m)^\[[a-z/]+\] .*$`)
)

// playByMPV holds that mpv plays a film as fast as it can to its end, and complains of nothing.
func playByMPV(t *testing.T, url string) {
	if _, err := exec.LookPath("mpv"); err != nil {
		t.Skip("mpv is not installed: make test installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "mpv", "--no-config", "--vo=null", "--ao=null", "--untimed", "--ao-null-untimed", "--no-input-terminal",
		"--msg-level=all=warn,statusline=status", "--term-status-msg=AT ${=playback-time}", url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mpv: %v\n%s", err, out)
	}
	out = bytes.ReplaceAll(out, []byte("\r"), []byte("\n"))
	for _, line := range mpvComplaint.FindAllString(string(out), -1) {
		if !strings.Contains(line, "Can't support the subtitle") {
			t.Errorf("mpv says %s", line)
		}
	}
	places := mpvPosition.FindAllSubmatch(out, -1)
	if len(places) == 0 {
		t.Fatalf("mpv played nothing\n%s", out)
	}
	end, err := strconv.ParseFloat(string(places[len(places)-1][1]), 64)
	if err != nil || end < nativeSeconds-0.2 {
		t.Errorf("mpv stopped at %v s of %d (%v)", end, nativeSeconds, err)
	}
}
