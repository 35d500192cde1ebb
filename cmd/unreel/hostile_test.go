package main

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"unreel/demux/testmedia"
	"unreel/handlers/conformance"
)

// damagedShare of all systematically damaged files is served: the others were opened by demux' own test.
const damagedShare = 61

// writeDamaged fills a library with one title for each damaged file, and tells what is wrong with each.
func writeDamaged(t *testing.T, library string) (wrong map[string]string) {
	t.Helper()
	plain := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(150, 360, 1), testmedia.Audio(230)}}
	last, fragmented := plain, plain
	last.MoovLast = true
	fragmented.Fragments = &testmedia.Fragments{}
	wrong = map[string]string{}
	for kind, film := range map[string]testmedia.Movie{"plain": plain, "last": last, "fragmented": fragmented} {
		n := 0
		for what, file := range testmedia.Damaged(film.Bytes()) {
			if n++; n%damagedShare != 0 {
				continue
			}
			title := fmt.Sprintf("%s%05d", kind, n)
			wrong[title] = what
			if err := os.WriteFile(filepath.Join(library, title+".mp4"), file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return wrong
}

// mediaRules are about what stands in samples: these hold noise, or by a wrong table the bytes of others, at times that lie,
// and no packager can know. Playlists, boxes, packets and sizes must be right all the same.
var mediaRules = []string{"hls-4", "hls-7", "hls-9", "hls-13", "hls-17", "hls-18", "hls-19", "hls-29", "hls-31", "mp4-sync", "mp4-syntax", "ts-syntax"}

// TestDamagedFilesPlayOrAreRefused serves hundreds of damaged films. Each is refused in words, or its playlists pass the
// checker and every segment has just the size that was planned, in both formats, and some by DASH.
func TestDamagedFilesPlayOrAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	library := t.TempDir()
	wrong := writeDamaged(t, library)
	base, client := startServer(t, library, "--cache-size=0"), newClient(t)
	var mu sync.Mutex
	played, refused, rules := 0, 0, map[string]int{}
	eachTitle(t, client, base, func(ctx context.Context, title string) error {
		for _, kind := range []string{"hls/", "cmaf/"} {
			err := playDamaged(ctx, client, base+kind+title+"/master.m3u8")
			if hash := crc32.ChecksumIEEE([]byte(title)); kind == "cmaf/" && hash%dashShare == 0 {
				findings, failed := damagedByDASH(ctx, client, base+kind+title+"/", err)
				if failed != nil {
					return fmt.Errorf("%s: %w", wrong[title], failed)
				}
				for _, f := range findings {
					if !slices.Contains(dashMediaRules, f.Rule) {
						t.Errorf("%s: %s: %v", title, wrong[title], f)
					}
				}
			}
			var no *refusal
			if errors.As(err, &no) && no.status == http.StatusUnprocessableEntity && no.words() != "" && strings.HasSuffix(no.url, "/master.m3u8") {
				mu.Lock()
				refused++
				mu.Unlock()
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", wrong[title], err)
			}
			report, err := conformance.Check(ctx, client, base+kind+title+"/master.m3u8", conformance.Options{MaxPerRule: 2})
			if err != nil {
				return fmt.Errorf("%s: %w", wrong[title], err)
			}
			mu.Lock()
			played++
			for _, f := range report.Errors() {
				rules[f.Rule]++
				noise := kind == "hls/" && f.Rule == "hls-12" // a transport stream's parameter sets stand in its samples
				if !noise && !slices.Contains(mediaRules, f.Rule) {
					t.Errorf("%s: %s: %v", title, wrong[title], f)
				}
			}
			mu.Unlock()
		}
		return nil
	})
	if played < 100 || refused < 50 {
		t.Errorf("%d layouts play, %d are refused", played, refused)
	}
	t.Logf("%d layouts play, %d are refused; rules %v", played, refused, rules)
}

// dashMediaRules are mediaRules of MPDs: the end of the last segment, where a composition offset lies, and the picture's size, where
// the sample entry has another than its parameter sets.
var dashMediaRules = append(slices.Clip(mediaRules), "dash-7", "dash-attributes")

// dashShare of what is served is played by DASH too: it shares all but the MPD with HLS over CMAF.
const dashShare = 4

// damagedByDASH has the checker play both MPDs of a title. What is refused there is what the master is refused for: hls is what
// became of that.
func damagedByDASH(ctx context.Context, client *http.Client, folder string, hls error) (findings []conformance.Finding, err error) {
	for _, name := range []string{"manifest.mpd", "ondemand.mpd"} {
		a, failed := ask(ctx, client, http.MethodGet, folder+name)
		var no *refusal
		switch {
		case failed != nil:
			return nil, failed
		case errors.As(hls, &no):
			if said := (&refusal{folder + name, a.status, a.body}); said.status != no.status || said.words() != no.words() {
				return nil, fmt.Errorf("%w, where the master says %w", said, no)
			}
			continue
		case a.status != http.StatusOK:
			return nil, &refusal{folder + name, a.status, a.body}
		}
		report, failed := conformance.CheckDASH(ctx, client, folder+name, conformance.Options{MaxPerRule: 2})
		if failed != nil {
			return nil, failed
		}
		findings = append(findings, report.Errors()...)
	}
	return findings, nil
}

// playDamaged fetches all playlists below a master, and all segments, and holds each to the size that HEAD says.
func playDamaged(ctx context.Context, client *http.Client, master string) error {
	lists, err := playlistsBelow(ctx, client, master)
	if err != nil {
		return err
	}
	for _, l := range lists {
		for _, p := range l.pieces {
			if l.iframes {
				continue
			}
			head, failed := ask(ctx, client, http.MethodHead, p.url)
			if failed != nil {
				return failed
			}
			a, failed := ask(ctx, client, http.MethodGet, p.url)
			if failed != nil || a.status != http.StatusOK || head.length != int64(len(a.body)) || len(a.body) == 0 {
				return fmt.Errorf("%s: %d, %d bytes of %d, %.200s %w", p.url, a.status, len(a.body), head.length, a.body, failed)
			}
		}
	}
	return nil
}
