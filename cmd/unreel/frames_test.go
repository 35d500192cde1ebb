package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unreel/packager"
)

// TestFrames has the real ffmpeg decode films through HLS and from the MP4, and compares every frame and every time.
func TestFrames(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	for _, film := range films {
		for _, rung := range film.rungs {
			makeFilm(t, library, filepath.Join(film.title, rung.name), rung.args...)
		}
	}
	for _, segment := range []string{"6s", "500ms"} {
		base := startServer(t, library, "--segment-duration", segment)
		for _, film := range films {
			t.Run(film.title+"/"+segment, func(t *testing.T) {
				t.Parallel()
				compareTitle(t, base, library, film.title, segment == "500ms")
			})
		}
	}
}

// rung is one file that ffmpeg makes.
type rung struct {
	name string
	args []string
}

// film is one title and what is special about it.
type film struct {
	title string
	rungs []rung
}

// picture and sound are inputs of a given length in seconds.
func picture(rate string, seconds int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=160x90:rate=%s:duration=%d", rate, seconds)}
}

func sound(hertz, seconds int) []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:beep_factor=4:sample_rate=%d:duration=%d", hertz, seconds)}
}

func x264(gop int, more ...string) []string {
	return append([]string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", fmt.Sprint(gop), "-pix_fmt", "yuv420p"}, more...)
}

func join(parts ...[]string) (args []string) {
	for _, p := range parts {
		args = append(args, p...)
	}
	return args
}

func one(args ...[]string) []rung { return []rung{{"360p.mp4", join(args...)}} }

var aac = []string{"-c:a", "aac", "-b:a", "96k"}

var films = []film{
	{"b-frames", one(picture("25", 20), sound(48000, 20), x264(50), aac)},
	{"closed-gop", one(picture("30", 13), sound(44100, 13), x264(60, "-x264-params", "open-gop=0"), aac)},
	{"open-gop", one(picture("25", 20), sound(44100, 20), x264(25, "-preset", "veryfast", "-x264-params", "open-gop=1:bframes=3:keyint=25:min-keyint=25:scenecut=0"), aac)},
	{"23.976", one(picture("24000/1001", 20), sound(48000, 20), x264(48), aac)},
	{"59.94", one(picture("60000/1001", 13), sound(44100, 13), x264(120), aac)},
	{"variable-rate", one(picture("30", 20), sound(48000, 20),
		[]string{"-vf", "select='not(eq(mod(n,7),3))*not(between(n,200,260))'", "-fps_mode", "vfr"}, x264(45), aac)},
	{"moov-last", one(picture("25", 8), sound(48000, 8), x264(50), aac, []string{"-movflags", "-faststart"})},
	{"moov-first", one(picture("25", 8), sound(48000, 8), x264(50), aac, []string{"-movflags", "+faststart"})},
	{"fragmented", one(picture("25", 14), sound(44100, 14), x264(50), aac,
		[]string{"-movflags", "frag_keyframe+empty_moov+default_base_moof"})},
	{"dash-like", one(picture("25", 14), sound(48000, 14), x264(50), aac,
		[]string{"-movflags", "+dash+delay_moov+global_sidx", "-frag_duration", "1000000"})},
	{"hybrid", one(picture("25", 14), sound(48000, 14), x264(50), aac, []string{"-movflags", "frag_keyframe"})},
	{"long-gop", one(picture("10", 50), sound(48000, 50), x264(10000, "-x264-params", "scenecut=0:keyint=infinite"), aac)},
	{"audio-delay", one(picture("25", 14), []string{"-itsoffset", "1.3"}, sound(48000, 12), x264(50), aac)},
	{"video-delay", one([]string{"-itsoffset", "0.9"}, picture("25", 12), sound(44100, 14), x264(50), aac)},
	{"slides", one(picture("1", 40), sound(48000, 40), x264(5), aac)},
	{"no-audio", one(picture("25", 14), x264(50))},
	{"no-video", []rung{{"audio.m4a", join(sound(44100, 30), aac)}}},
	{"mono-he", one(picture("25", 10), sound(22050, 10), x264(50), []string{"-ac", "1"}, aac)},
	{"intra", one(picture("25", 8), sound(48000, 8), x264(1, "-bf", "0"), aac)},
	{"ten-rungs", tenRungs()},
	{"two-languages", one(picture("25", 14), sound(48000, 14), sound(48000, 14),
		[]string{"-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu"}, x264(50), aac)},
	{"audio-beside", []rung{
		{"360p.mp4", join(picture("25", 14), x264(50))},
		{"240p.mp4", join(picture("25", 14), x264(50), []string{"-s", "160x90"})},
		{"audio_en.m4a", join(sound(48000, 14), aac)},
	}},
}

func tenRungs() (rungs []rung) {
	for i := range 10 {
		width, height := 32+16*i, 18+8*i
		rungs = append(rungs, rung{fmt.Sprintf("%dp.mp4", 100+height), join(picture("25", 13), sound(48000, 13), x264(50),
			[]string{"-s", fmt.Sprintf("%dx%d", width&^1, height&^1)}, aac)})
	}
	return rungs
}

// compareTitle compares every stream of every rendition of a title; onlyTS those that are transport streams.
func compareTitle(t *testing.T, base, library, title string, onlyTS bool) {
	t.Helper()
	info := fetchInfo(t, base, title)
	if info.Error != "" {
		t.Fatalf("refused: %s", info.Error)
	}
	if len(info.Streams) == 0 {
		t.Fatal("no streams")
	}
	for _, s := range info.Streams {
		if onlyTS && s.Format != packager.TS.String() {
			continue
		}
		file := fileOf(t, info, s.Rendition)
		if problem := compareStream(t, base, filepath.Join(library, file.File), title, file, s); problem != "" {
			t.Errorf("%s: %s %s: %s", s.Format, s.Rendition, s.Tracks, problem)
		}
	}
}

// compareStream says how what ffmpeg decodes through a media playlist differs from the file's own tracks, or "".
func compareStream(t *testing.T, base, path, title string, file packager.RenditionInfo, s packager.StreamInfo) string {
	t.Helper()
	var kinds []streamKind
	var ours, theirs []string
	for _, kind := range []streamKind{videoFrames, audioFrames} {
		if number, ok := trackNumber(file, s.Tracks, kind); ok {
			kinds = append(kinds, kind)
			ours = append(ours, kind.name+":0")
			theirs = append(theirs, fmt.Sprintf("%s:%d", kind.name, number))
		}
	}
	want, known := decoded(t, path, theirs...)
	prefix, zero := "hls/", int64(zero90k)
	if s.Format == packager.CMAF.String() {
		prefix, zero = "cmaf/", 0
	}
	got, complaints := decoded(t, base+prefix+escapeTitle(title)+"/"+s.Playlist, ours...)
	if news := newComplaints(complaints, known); news != "" {
		return "ffmpeg complains: " + news
	}
	for i, kind := range kinds {
		if problem := sameFrames(want[i], got[i], kind, zero); problem != "" {
			return kind.name + ": " + problem
		}
	}
	return ""
}

// trackNumber is a track's number among those of its kind, as ffmpeg counts them.
func trackNumber(file packager.RenditionInfo, tracks string, kind streamKind) (number int, ok bool) {
	for _, track := range file.Tracks {
		if !strings.HasPrefix(track.Kind, kind.name) {
			continue
		}
		letter := fmt.Sprintf("%s%d", kind.name, track.ID)
		if i := strings.Index(tracks, letter); i >= 0 && (i+len(letter) == len(tracks) || tracks[i+len(letter)] == 'a') {
			return number, true
		}
		number++
	}
	return 0, false
}

func fileOf(t *testing.T, info packager.Info, rendition string) packager.RenditionInfo {
	t.Helper()
	for _, r := range info.Renditions {
		if r.Name == rendition {
			return r
		}
	}
	t.Fatalf("no rendition %q", rendition)
	return packager.RenditionInfo{}
}

func fetchInfo(t *testing.T, base, title string) (info packager.Info) {
	t.Helper()
	status, body := getBody(t, base+"info/"+escapeTitle(title)+".json")
	if status != http.StatusOK {
		t.Fatalf("info of %q: %d %s", title, status, body)
	}
	if err := json.Unmarshal([]byte(body), &info); err != nil {
		t.Fatal(err)
	}
	return info
}

// escapeTitle escapes a title's elements for a URL.
func escapeTitle(title string) string {
	elements := strings.Split(title, "/")
	for i := range elements {
		elements[i] = url.PathEscape(elements[i])
	}
	return strings.Join(elements, "/")
}

// corpusDir is the folder of real files, or a skip that says why.
func corpusDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("UNREEL_CORPUS")
	if dir == "" {
		t.Skip("UNREEL_CORPUS names no folder of real files")
	}
	return dir
}
