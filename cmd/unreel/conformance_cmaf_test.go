package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unreel/handlers/conformance"
)

// cmafReports checks what of a title is below /cmaf/: the master, and both MPDs.
func cmafReports(t *testing.T, base, title string) map[string]conformance.Report {
	t.Helper()
	out := map[string]conformance.Report{}
	for _, name := range []string{"master.m3u8", "manifest.mpd", "ondemand.mpd"} {
		check := conformance.CheckDASH
		if name == "master.m3u8" {
			check = conformance.Check
		}
		report, err := check(t.Context(), http.DefaultClient, base+"cmaf/"+escapeTitle(title)+"/"+name, conformance.Options{MaxPerRule: 3})
		if err != nil {
			t.Fatal(err)
		}
		if report.Segments == 0 {
			t.Fatalf("%s: no segment was read", name)
		}
		out[name] = report
	}
	return out
}

// manifests collects MPDs, so that one run of xmllint judges them all: the schema takes longer to read than a hundred of them.
type manifests struct {
	dir   string
	names map[string]string // of a file: the title
}

func newManifests(t *testing.T) *manifests {
	t.Helper()
	return &manifests{dir: t.TempDir(), names: map[string]string{}}
}

// add fetches both MPDs of a title.
func (m *manifests) add(t *testing.T, base, title string) {
	t.Helper()
	for _, name := range []string{"manifest.mpd", "ondemand.mpd"} {
		status, text := getBody(t, base+"cmaf/"+escapeTitle(title)+"/"+name)
		file := filepath.Join(m.dir, fmt.Sprintf("%d.mpd", len(m.names)))
		if status != http.StatusOK {
			t.Fatalf("%s of %q: %d %s", name, title, status, text)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		m.names[file] = title + "/" + name
	}
}

// validate holds all against the MPD schema (ISO/IEC 23009-1), where that and xmllint are at hand.
func (m *manifests) validate(t *testing.T) {
	t.Helper()
	t.Run("schema", func(t *testing.T) {
		folder := os.Getenv("UNREEL_SCHEMA")
		if corpus := os.Getenv("UNREEL_CORPUS"); folder == "" && corpus != "" {
			folder = filepath.Join(filepath.Dir(filepath.Clean(corpus)), "schema")
		}
		schema := filepath.Join(folder, "DASH-MPD.xsd")
		if !fileExists(schema) {
			t.Skip("no DASH-MPD.xsd: set UNREEL_SCHEMA to the folder that has it")
		}
		if _, err := exec.LookPath("xmllint"); err != nil {
			t.Skip("no xmllint: install libxml2-utils")
		}
		files := slices.Sorted(maps.Keys(m.names))
		out, err := exec.CommandContext(t.Context(), "xmllint", append([]string{"--nonet", "--noout", "--schema", schema}, files...)...).CombinedOutput()
		if err == nil {
			return
		}
		for _, line := range strings.Split(string(out), "\n") {
			file, wrong, found := strings.Cut(line, ".mpd:")
			if title, ours := m.names[file+".mpd"]; found && ours {
				t.Errorf("%s: %s", title, wrong)
			}
		}
		if !t.Failed() {
			t.Errorf("xmllint: %v\n%s", err, out)
		}
	})
}

// TestConformanceOfTheDemoAsCMAF: nothing is left to be said of the demo's fragments either.
func TestConformanceOfTheDemoAsCMAF(t *testing.T) {
	demoIsFlawless(t, startServer(t, "demo"))
}

// demoIsFlawless finds nothing to be said of the demo's fragments and manifests.
func demoIsFlawless(t *testing.T, base string) {
	t.Helper()
	for name, report := range cmafReports(t, base, "countdown") {
		if len(report.Findings) > 0 {
			t.Errorf("%s: %s", name, report.String())
		}
	}
	m := newManifests(t)
	m.add(t, base, "countdown")
	m.validate(t)
}

// TestConformanceOfThumbnails: those that ffmpeg makes of the demo are as they are announced.
func TestConformanceOfThumbnails(t *testing.T) {
	needFFmpeg(t)
	base := startServer(t, "demo", "--thumbnails")
	for name, announced := range map[string]string{"master.m3u8": "#EXT-X-IMAGE-STREAM-INF", "manifest.mpd": "thumbnail_tile"} {
		if _, text := getBody(t, base+"cmaf/countdown/"+name); !strings.Contains(text, announced) {
			t.Errorf("%s has no %s:\n%s", name, announced, text)
		}
	}
	demoIsFlawless(t, base)
}

// cmafFilms are films that transport streams don't carry, or carry otherwise, beside some of those that they do.
var cmafFilms = []film{
	{"hevc", one(picture("25", 8), sound(48000, 8), []string{"-c:v", "libx265", "-preset", "ultrafast", "-g", "50", "-x265-params", "log-level=none:open-gop=0"}, aac)},
	{"av1", one(picture("25", 4), sound(48000, 4), []string{"-c:v", "libsvtav1", "-preset", "12", "-g", "50"}, []string{"-c:a", "libopus"})},
	{"vp9", one(picture("25", 4), sound(48000, 4), []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"}, []string{"-c:a", "flac", "-strict", "-2"})},
	{"surround-ac3", one(picture("25", 8), sound(48000, 8), x264(50), []string{"-c:a", "ac3", "-ac", "6"})},
	{"eac3", one(picture("25", 8), sound(48000, 8), x264(50), []string{"-c:a", "eac3", "-ac", "6"})},
	{"mp3", one(picture("25", 8), sound(48000, 8), x264(50), []string{"-c:a", "libmp3lame"})},
	{"alac", one(picture("25", 8), sound(48000, 8), x264(50), []string{"-c:a", "alac"})},
	{"hdr", one(picture("25", 4), []string{
		"-c:v", "libx265", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p10le", "-x265-params",
		"log-level=none:open-gop=0:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
	})},
}

// subtitled puts subtitles beside a film.
func subtitled(t *testing.T, library, title string) {
	t.Helper()
	const english = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n\n00:05.000 --> 00:07.000\nover a boundary\n\n00:12.500 --> 00:13.000\nBye\n"
	const german = "1\n00:00:01,000 --> 00:00:02,000\nHallo\n\n2\n00:00:05,500 --> 00:00:06,500\nüber eine Grenze\n"
	for name, text := range map[string]string{".en.vtt": english, ".de.forced.srt": german} {
		if err := os.WriteFile(filepath.Join(library, title+name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// cmafAdvice is what a film is warned of by its nature, by rule, in playlists and in MPDs; all have one rung but for the ladder.
var cmafAdvice = map[string]struct{ hls, dash []string }{
	"ten-rungs": {},
	"no-video":  {},
	// Key frames are far apart.
	"variable-rate":       {hls: []string{"hls-22", "hls-39"}},
	"long-gop":            {hls: []string{"hls-22", "hls-39"}},
	"slides":              {hls: []string{"hls-22", "hls-39"}},
	"three-seconds-apart": {hls: []string{"hls-22", "hls-39"}},
	// Its key frames are no IDR pictures, though the file's table of sync samples has them.
	"open-gop":         {hls: []string{"hls-22", "mp4-sync"}, dash: []string{"mp4-sync"}},
	"open-gop-leading": {hls: []string{"hls-22", "mp4-sync"}, dash: []string{"mp4-sync"}},
	// One of its tracks begins or ends long before the other.
	"audio-delay":      {hls: []string{"hls-22", "hls-6", "hls-7"}, dash: []string{"dash-4"}},
	"video-delay":      {hls: []string{"hls-22", "hls-6"}, dash: []string{"dash-4"}},
	"sound-far-behind": {hls: []string{"hls-22", "hls-6", "hls-7"}, dash: []string{"dash-4"}},
	"long-audio":       {hls: []string{"hls-22", "hls-6"}, dash: []string{"dash-4"}},
	"long-video":       {hls: []string{"hls-22", "hls-6"}, dash: []string{"dash-4"}},
}

// unequal are films of which no packager can make an error of HLS go away: sound and picture don't last as long as each other.
var unequal = []string{"hls-6", "hls-7"}

// TestConformanceAsCMAF walks every film as fragments, by HLS and by DASH: no error, and no warning but what the film itself brings.
func TestConformanceAsCMAF(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	all := slices.Concat(films, oddFilms, cmafFilms)
	for _, film := range all {
		for _, rung := range film.rungs {
			makeFilm(t, library, filepath.Join(film.title, rung.name), rung.args...)
		}
	}
	m := newManifests(t)
	for _, segment := range []string{"6s", "500ms"} {
		base := startServer(t, library, "--segment-duration", segment)
		for _, film := range all {
			if segment == "6s" {
				m.add(t, base, film.title)
			}
			t.Run(film.title+"/"+segment, func(t *testing.T) {
				advice, listed := cmafAdvice[film.title]
				if !listed {
					advice.hls = []string{"hls-22"}
				}
				for name, report := range cmafReports(t, base, film.title) {
					want := advice.dash
					if name == "master.m3u8" {
						want = advice.hls
					}
					foundOnly(t, name, report, want)
				}
			})
		}
	}
	m.validate(t)
}

// foundOnly holds a report to warnings of some rules, and to no error but of unequal ones among them.
func foundOnly(t *testing.T, name string, report conformance.Report, want []string) {
	t.Helper()
	var got []string
	for _, f := range report.Findings {
		got = append(got, f.Rule)
		if f.Severity == conformance.Error && !slices.Contains(unequal, f.Rule) {
			t.Errorf("%s: %s", name, f)
		}
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("%s: findings of %v, want %v:\n%s", name, got, want, report.String())
	}
}

// TestConformanceOfSubtitles: there are some to judge.
func TestConformanceOfSubtitles(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	makeFilm(t, library, "subtitled.mp4", join(picture("25", 14), sound(48000, 14), x264(50), aac)...)
	subtitled(t, library, "subtitled")
	base := startServer(t, library)
	for _, folder := range []string{"hls/", "cmaf/"} {
		status, master := getBody(t, base+folder+"subtitled/master.m3u8")
		if status != http.StatusOK || strings.Count(master, "TYPE=SUBTITLES") != 2 || strings.Count(master, "FORCED=YES") != 1 {
			t.Errorf("%s: %d\n%s", folder, status, master)
		}
	}
	foundOnly(t, "hls", validate(t, base, "subtitled"), []string{"hls-22"})
	m := newManifests(t)
	m.add(t, base, "subtitled")
	m.validate(t)
	for name, report := range cmafReports(t, base, "subtitled") {
		want := []string(nil)
		if name == "master.m3u8" {
			want = []string{"hls-22"}
		}
		foundOnly(t, name, report, want)
	}
}

// knownFragmentFaults are real files whose own faults no packager can hide, by rule.
var knownFragmentFaults = map[string][]string{
	// Five frames of no duration at all, in an entry whose width is the height of its SPS.
	"androidx+media__sample_with_fake_auxiliary_tracks.mp4": {"dash-7", "dash-attributes", "hls-13"},
	// Every sample is flagged as sync, few are.
	"strongcourage+fuzzing-corpus__test.mp4": {"hls-17", "hls-19", "mp4-sync"},
}

// TestCorpusConformanceAsCMAF walks every real file that plays as fragments: no error but for the known faults.
func TestCorpusConformanceAsCMAF(t *testing.T) {
	corpus := corpusDir(t)
	base := startServer(t, corpus)
	walked := 0
	m := newManifests(t)
	for _, name := range mediaFiles(t, corpus, "good", "odd", "fragmented") {
		title := strings.TrimSuffix(name, filepath.Ext(name))
		status, body := getBody(t, base+"cmaf/"+escapeTitle(title)+"/master.m3u8")
		if status == http.StatusUnprocessableEntity || status == http.StatusNotFound {
			continue // refused with words, or no media by its name: others have an opinion on which
		}
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", name, status, body)
			continue
		}
		walked++
		m.add(t, base, title)
		var got []string
		words := ""
		for _, report := range cmafReports(t, base, title) {
			for _, f := range report.Errors() {
				got, words = append(got, f.Rule), words+f.String()+"\n"
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, knownFragmentFaults[filepath.Base(name)]) {
			t.Errorf("%s: errors of %v, want %v:\n%s", name, got, knownFragmentFaults[filepath.Base(name)], words)
		}
	}
	if walked < 100 {
		t.Errorf("only %d files were walked", walked)
	}
	m.validate(t)
}
