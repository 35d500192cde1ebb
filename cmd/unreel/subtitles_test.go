package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestSubtitles: to ffmpeg, the segments of our subtitles are together what the file beside the film is, or the track within.
func TestSubtitles(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	const latin1 = "1\n00:00:01,500 --> 00:00:03,040\n<i>Gr\xfc\xdfe</i> aus\nK\xf6ln\n\n2\n00:00:05,000 --> 00:00:13,000\nover boundaries\n\n3\n00:00:13,500 --> 00:00:14,000\n{\\an8}above\n"
	beside := filepath.Join(library, "film.de.srt")
	if err := os.WriteFile(beside, []byte(latin1), 0o600); err != nil {
		t.Fatal(err)
	}
	within := makeFilm(t, library, "film.mp4", join(picture("30000/1001", 14), sound(48000, 14), []string{"-sub_charenc", "latin1", "-i", beside}, x264(60), aac,
		[]string{"-c:s", "mov_text", "-metadata:s:s:0", "language=ger", "-disposition:s:0", "forced"})...)
	base := startServer(t, library)
	for _, master := range []string{masterOf(base, "film"), cmafMasterOf(base, "film")} {
		lists := map[string]string{}
		_, text := getBody(t, master)
		for line := range strings.Lines(text) {
			if _, uri, ok := strings.Cut(line, `URI="`); ok && strings.Contains(line, "TYPE=SUBTITLES") {
				uri, _, _ = strings.Cut(uri, `"`)
				lists[uri] = line
			}
		}
		for uri, said := range map[string]string{"de.srt/t1.m3u8": `NAME="de",LANGUAGE="de",`, "90p/t3.m3u8": ",FORCED=YES,"} {
			if !strings.Contains(lists[uri], said) {
				t.Fatalf("%s: %s is announced as %q, which lacks %q; in all:\n%s", master, uri, lists[uri], said, text)
			}
			list := resolve(master, uri)
			source := within
			if uri == "de.srt/t1.m3u8" {
				source = beside
			}
			want := ffmpegCues(t, source)
			if got := segmentCues(t, list); len(want) != 3 || !slices.Equal(got, want) {
				t.Errorf("%s:\n%q\nwant\n%q", list, got, want)
			}
		}
	}
}

// segmentCues is what ffmpeg reads from the segments of a playlist, each cue once.
func segmentCues(t *testing.T, list string) (cues []string) {
	t.Helper()
	_, text := getBody(t, list)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		status, body := getBody(t, resolve(list, strings.TrimSpace(line)))
		path := filepath.Join(t.TempDir(), "segment.vtt")
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil || status != http.StatusOK {
			t.Fatal(status, err)
		}
		for _, cue := range ffmpegCues(t, path) {
			if !slices.Contains(cues, cue) {
				cues = append(cues, cue)
			}
		}
	}
	return cues
}

// ffmpegCues is what ffmpeg reads from a file's subtitles: times and words, without what marks them up.
func ffmpegCues(t *testing.T, path string) (cues []string) {
	t.Helper()
	args := []string{"-i", path, "-map", "0:s:0", "-f", "webvtt", "-"}
	if strings.HasSuffix(path, ".srt") {
		args = append([]string{"-sub_charenc", "latin1"}, args...)
	}
	out, complaints := ffmpeg(t, args...)
	if complaints != "" {
		t.Fatalf("%s: %s", path, complaints)
	}
	plain := strings.NewReplacer("<i>", "", "</i>", "", " line:0", "").Replace(string(out))
	for _, cue := range strings.Split(plain, "\n\n") {
		if cue = strings.TrimSpace(cue); strings.Contains(cue, "-->") {
			cues = append(cues, cue)
		}
	}
	return cues
}
