package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unreel/handlers/conformance"
)

// oddFilms are films that matter to a validator, beside those whose frames are compared.
var oddFilms = []film{
	{"open-gop-leading", one(picture("25", 20), sound(44100, 20), x264(50, "-preset", "veryfast", "-x264-params",
		"open-gop=1:bframes=3:b-adapt=0:keyint=50:min-keyint=50:scenecut=0"), aac)},
	{"picture-far-behind", one([]string{"-itsoffset", "4"}, picture("25", 12), sound(48000, 16), x264(50), aac)},
	{"sound-far-behind", one(picture("25", 20), []string{"-itsoffset", "7.5"}, sound(44100, 12), x264(50), aac)},
	{"delimited", one(picture("25", 8), sound(48000, 8), x264(50, "-x264-params", "aud=1"), aac)}, // the first delimiter stands behind SEI
	{"one-frame", one(picture("25", 1), x264(50, "-frames:v", "1"))},
	{"anamorphic", one(picture("25", 8), x264(50, "-vf", "setsar=4/3"))},
	{"surround", one(picture("25", 8), sound(48000, 8), x264(50), aac, []string{"-ac", "6"})},
	{"three-seconds-apart", one(picture("30000/1001", 20), sound(48000, 20), x264(90), aac)},
	{"long-audio", one(picture("25", 8), sound(48000, 14), x264(50), aac)},
	{"long-video", one(picture("25", 14), sound(48000, 8), x264(50), aac)},
}

// advice is what a film is warned of by its nature, by rule; each has the one rung of its film unless it says otherwise.
var advice = map[string][]string{
	"variable-rate":       {"hls-22", "hls-39"}, // key frames are far apart
	"long-gop":            {"hls-22", "hls-39"},
	"slides":              {"hls-22", "hls-39"},
	"three-seconds-apart": {"hls-22", "hls-39"},
	"one-frame":           {"hls-22", "hls-4"}, // a stream can't say how long it lasts
	"ten-rungs":           nil,
	"no-video":            nil,
}

// TestConformance walks every film as a validator would that knows nothing of us: no error, and no warning but what the
// film itself brings.
func TestConformance(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	all := append(slices.Clone(films), oddFilms...)
	for _, film := range all {
		for _, rung := range film.rungs {
			makeFilm(t, library, filepath.Join(film.title, rung.name), rung.args...)
		}
	}
	for _, segment := range []string{"6s", "500ms"} {
		base := startServer(t, library, "--segment-duration", segment)
		for _, film := range all {
			t.Run(film.title+"/"+segment, func(t *testing.T) {
				want, listed := advice[film.title]
				if !listed {
					want = []string{"hls-22"}
				}
				report := validate(t, base, film.title)
				var got []string
				for _, f := range report.Warnings() {
					got = append(got, f.Rule)
				}
				slices.Sort(got)
				if len(report.Errors()) > 0 || !slices.Equal(slices.Compact(got), want) {
					t.Errorf("want no error, and warnings of %v only:\n%s", want, report.String())
				}
			})
		}
	}
}

// TestConformanceOfTheDemo: what a newcomer sees first leaves nothing to be said.
func TestConformanceOfTheDemo(t *testing.T) {
	if report := validate(t, startServer(t, "demo"), "countdown"); len(report.Findings) > 0 {
		t.Error(report.String())
	}
}

// TestConformanceOfADay walks a film of 26.6 hours of tiny frames, in which every clock starts again at 2^33.
func TestConformanceOfADay(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	makeFilm(t, library, "day/144p.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x36:rate=1/4:duration=96000", "-c:v", "libx264",
		"-preset", "ultrafast", "-bf", "2", "-g", "4", "-pix_fmt", "yuv420p")
	report := validate(t, startServer(t, library, "--segment-duration", "30s"), "day")
	for _, f := range report.Findings {
		if f.Rule != "hls-22" && f.Rule != "hls-39" { // one rung, whose key frames are 16 s apart
			t.Error(report.String())
			return
		}
	}
}

// validate checks one title.
func validate(t *testing.T, base, title string) conformance.Report {
	t.Helper()
	report, err := conformance.Check(t.Context(), http.DefaultClient, base+"hls/"+escapeTitle(title)+"/master.m3u8", conformance.Options{MaxPerRule: 3})
	if err != nil {
		t.Fatal(err)
	}
	if report.Segments == 0 {
		t.Fatal("no segment was read")
	}
	return report
}

// knownFaults are real files whose own faults no packager can hide, by rule.
var knownFaults = map[string][]string{
	// Five frames of no duration at all, in an entry whose width is the height of its SPS.
	"androidx+media__sample_with_fake_auxiliary_tracks.mp4": {"hls-13", "hls-29"},
}

// TestCorpusConformance walks every real file that plays: no error but for the known faults.
func TestCorpusConformance(t *testing.T) {
	corpus := corpusDir(t)
	for _, segment := range []string{"6s", "500ms"} {
		base := startServer(t, corpus, "--segment-duration", segment)
		walked := 0
		for _, name := range mediaFiles(t, corpus, "good", "odd") {
			title := strings.TrimSuffix(name, filepath.Ext(name))
			status, body := getBody(t, base+"hls/"+escapeTitle(title)+"/master.m3u8")
			if status == http.StatusUnprocessableEntity || status == http.StatusNotFound {
				continue // refused with words, or no media by its name: TestCorpusFrames has an opinion on which
			}
			if status != http.StatusOK {
				t.Errorf("%s: %d %s", name, status, body)
				continue
			}
			walked++
			report := validate(t, base, title)
			var got []string
			for _, f := range report.Errors() {
				got = append(got, f.Rule)
			}
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, knownFaults[filepath.Base(name)]) {
				t.Errorf("%s: errors of %v, want %v:\n%s", name, got, knownFaults[filepath.Base(name)], report.String())
			}
		}
		if walked < 100 {
			t.Errorf("only %d files were walked", walked)
		}
	}
}

// mediaFiles lists the files below some folders of a directory by their slash-separated names, in order.
func mediaFiles(t *testing.T, dir string, folders ...string) (names []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(dir, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
			return err
		})
		if err != nil {
			t.Fatal(errors.Join(fmt.Errorf("list %s", folder), err))
		}
	}
	return names
}
