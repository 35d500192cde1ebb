package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"unreel/playback/events"
)

// TestViewing watches a film in a real Chromium, leaves it and comes back (handlers/web/test/viewing): it goes on where it was,
// and what the server measures is what the page measured itself. The page reports every kind of event there is.
func TestViewing(t *testing.T) {
	if testing.Short() {
		t.Skip("watches a film in a browser")
	}
	needFFmpeg(t)
	chromium := needBrowser(t)
	root, state := t.TempDir(), t.TempDir()
	for label, size := range map[string]string{"240p": "426x240", "180p": "320x180"} {
		makeFilm(t, root, "film/"+label+".mp4", "-f", "lavfi", "-i", "testsrc2=rate=15:duration=40:size="+size, "-f", "lavfi", "-i", "sine=duration=40",
			"-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-keyint_min", "15", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac")
	}
	writeFile(t, filepath.Join(root, "broken.mp4"), string(bytes.Repeat([]byte("not a film "), 1000)))
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--access-log=false", "--state-dir", state, "--segment-duration", "1s", "--session-ttl", "9s", root)
	playInBrowser(t, "test:viewing", append(os.Environ(), "UNREEL_CHROMIUM="+chromium, "UNREEL_URL="+p.url(t)))
	p.end(t)
	reported := reportedKinds(t, filepath.Join(state, "events"))
	for _, kind := range events.Kinds() {
		if !slices.Contains(reported, kind) {
			t.Errorf("the page reported no %s, only %v", kind, reported)
		}
	}
}

// reportedKinds reads the files of a directory of reports.
func reportedKinds(t *testing.T, dir string) (kinds []events.Kind) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, failed := os.ReadFile(name)
		if failed != nil {
			t.Fatal(failed)
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			var e events.Event
			if err = json.Unmarshal(lines.Bytes(), &e); err != nil || e.Check("") != nil {
				t.Fatalf("%s: %v, %v", lines.Bytes(), err, e.Check(""))
			}
			if !slices.Contains(kinds, e.Kind) {
				kinds = append(kinds, e.Kind)
			}
		}
	}
	return kinds
}
