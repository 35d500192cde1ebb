package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"unreel/demux/testmedia"
	"unreel/packager"
)

// oddPatience is for all that is asked of one file.
const oddPatience = time.Minute

// leastPlayed is how many of a category's files that ffmpeg decodes cleanly must play, frame for frame, in percent. Most of
// the odd ones are of codecs that no browser plays, or encrypted.
var leastPlayed = map[string]int{"odd": 60, "fragmented": 95}

// TestOddFiles asks for every odd, fragmented and damaged file of the corpus. Each plays, with the frames that ffmpeg
// decodes from it, or is refused in words that name what is wrong with it; nothing else happens.
func TestOddFiles(t *testing.T) {
	needFFmpeg(t)
	corpus := corpusDir(t)
	library := t.TempDir()
	rows := map[string]map[string]string{} // by title
	for _, category := range []string{"odd", "fragmented", "damaged"} {
		for _, row := range corpusIndex(t, corpus, category) {
			title := fmt.Sprintf("%03d", len(rows))
			copyFile(t, filepath.Join(corpus, row["copied"]), filepath.Join(library, title, "film"+servedExt(row["copied"])))
			rows[title+"/film"] = row
		}
	}
	base, client := startServer(t, library), newClient(t)
	var mu sync.Mutex
	causes, asked := map[string]int{}, 0
	clean, played := map[string]int{}, map[string]int{} // files that ffmpeg decodes, by category
	eachTitle(t, client, base, func(ctx context.Context, title string) error {
		row := rows[title]
		ctx, cancel := context.WithTimeoutCause(ctx, oddPatience, fmt.Errorf("no answer within %v", oddPatience))
		defer cancel()
		cause, err := oddFile(ctx, client, base, title)
		alike := cause == plays && row["decode_clean"] == "yes" && playsOtherwise[filepath.Base(row["copied"])] == ""
		if err == nil && alike {
			err = oddFrames(t, base, library, title)
		}
		mu.Lock()
		defer mu.Unlock()
		asked++
		if row["decode_clean"] == "yes" {
			clean[row["category"]]++
			if err == nil && alike {
				played[row["category"]]++
			}
		}
		if err == nil {
			causes[cause]++
		} else {
			err = fmt.Errorf("%s: %w", row["copied"], err)
		}
		return err
	})
	if asked != len(rows) {
		t.Errorf("%d titles of %d files", asked, len(rows))
	}
	logCauses(t, causes)
	for category, least := range leastPlayed {
		t.Logf("%s: %d of %d files that ffmpeg decodes cleanly play frame for frame", category, played[category], clean[category])
		if played[category]*100 < clean[category]*least {
			t.Errorf("%s: %d of %d files play, less than %d %%", category, played[category], clean[category], least)
		}
	}
	if _, metrics := getBody(t, base+"metrics"); !strings.Contains(metrics, "\nunreel_http_panics_total 0\n") {
		t.Error("a request ran into a bug: unreel_http_panics_total is not 0")
	}
}

// playsOtherwise are the files whose frames are not shown as ffmpeg shows them, each with its reason.
var playsOtherwise = map[string]string{
	"joeyparrish+shaka-packager__BigBuckBunny_10s.ismv": "where fragments have negative composition offsets, ffmpeg shows the picture late by the greatest of them, and the sound in time",
}

// servedExt is a file's extension, or another where no library would heed it.
func servedExt(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	if slices.Contains([]string{".mp4", ".m4v", ".mov", ".m4a"}, ext) {
		return ext
	}
	return ".mp4"
}

// plays is the cause of those that are not refused.
const plays = "(plays)"

// oddFile asks for all that a player would of one title: cause is why it doesn't play, the error what no file may cause.
func oddFile(ctx context.Context, client *http.Client, base, title string) (cause string, err error) {
	var info packager.Info
	if err = infoAt(ctx, client, base, title, &info); err != nil {
		return "", err
	}
	lists, err := playlistsBelow(ctx, client, masterOf(base, title))
	var refused *refusal
	if errors.As(err, &refused) {
		return refusedFor(refused, info, masterOf(base, title))
	}
	if err != nil {
		return "", err
	}
	if info.Error != "" {
		return "", fmt.Errorf("it plays, and /info says %q", info.Error)
	}
	for _, l := range lists {
		if len(l.pieces) == 0 {
			return "", fmt.Errorf("%s: no segments", l.url)
		}
		for _, p := range []piece{l.pieces[0], l.pieces[len(l.pieces)-1]} {
			// Where samples lie beyond the end of the file it was refused, so that no body ends early.
			var a answered
			a, err = ask(ctx, client, http.MethodGet, p.url)
			if err == nil && (a.status != http.StatusOK || a.length != int64(len(a.body)) || p.offset+p.size > a.length) {
				err = fmt.Errorf("%s: %d, %d bytes of %d", p.url, a.status, len(a.body), a.length)
			}
			if err != nil {
				return "", err
			}
		}
	}
	return plays, nil
}

// refusedFor is the cause of a refusal. It stands in the answer of the master, and nowhere below one that is 200.
func refusedFor(r *refusal, info packager.Info, master string) (cause string, err error) {
	words := r.words()
	switch {
	case r.status != http.StatusUnprocessableEntity || r.url != master:
		return "", r
	case words == "" || words != info.Error:
		return "", fmt.Errorf("the master is refused for %q, and /info says %q", words, info.Error)
	case !regexp.MustCompile(`box|codec |MPEG-TS|CMAF|AAC|encrypted|another file|no video or audio track|\w{4} cannot be read`).MatchString(words):
		return "", fmt.Errorf("no box and no codec is named by %q", words)
	case regexp.MustCompile(`track \d+: track`).MatchString(words):
		return "", fmt.Errorf("it stutters: %q", words)
	}
	return keyOf(words), nil
}

// TestRefusalNamesTheTrackOnce holds the words for a codec that no transport stream carries.
func TestRefusalNamesTheTrackOnce(t *testing.T) {
	library := t.TempDir()
	film := testmedia.H264AAC(2)
	film.Tracks = film.Tracks[:1]
	film.Tracks[0].Entries = [][]byte{testmedia.VisualEntry("zzzz", 640, 360)}
	if err := os.WriteFile(filepath.Join(library, "film.mp4"), film.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := playlistsBelow(t.Context(), newClient(t), masterOf(startServer(t, library), "film"))
	var refused *refusal
	if want := `"film.mp4": track 1: codec "zzzz": not supported`; !errors.As(err, &refused) || refused.words() != want {
		t.Errorf("refused in the words %v, want %q", err, want)
	}
}

// keyOf is what refusals of one cause have in common: their words without names and numbers.
func keyOf(words string) string {
	first, _, _ := strings.Cut(words, "\n")
	for _, rule := range []struct{ pattern, with string }{
		{`"[^"]*film\.\w+":? ?`, ""}, {`title "[^"]*": `, ""}, {`track \d+: `, ""}, {`(sample|track|entry) \d+`, "$1 N"}, {`\d+ (sizes|entries|bytes)`, "N $1"}, {`[^ -~]`, "?"}, {`\d\d+`, "N"},
	} {
		first = regexp.MustCompile(rule.pattern).ReplaceAllString(first, rule.with)
	}
	return first
}

// oddFrames compares the frames of a title that plays with what ffmpeg decodes from its file.
func oddFrames(t *testing.T, base, library, title string) error {
	t.Helper()
	info := fetchInfo(t, base, title)
	for _, s := range info.Streams {
		file := info.Renditions[0]
		if problem := compareStream(t, base, filepath.Join(library, file.File), title, file, s); problem != "" {
			return fmt.Errorf("%s: %s", s.Tracks, problem)
		}
	}
	return nil
}

// logCauses tells how many files were refused for what, the commonest first.
func logCauses(t *testing.T, causes map[string]int) {
	t.Helper()
	keys := slices.SortedFunc(maps.Keys(causes), func(a, b string) int {
		if causes[a] != causes[b] {
			return causes[b] - causes[a]
		}
		return strings.Compare(a, b)
	})
	var table strings.Builder
	for _, cause := range keys {
		fmt.Fprintf(&table, "%5d  %s\n", causes[cause], cause)
	}
	t.Logf("files by what they are refused for:\n%s", &table)
}
