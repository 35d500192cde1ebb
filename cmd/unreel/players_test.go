package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const webFolder = "../../handlers/web"

// TestPlayers opens the page in a real Chromium, where hls.js, shaka-player and the browser's own HLS play the film that is
// drawn for it; and the players of other makers play what lies below /cmaf/. The tests proper are in handlers/web/test; those
// that measure most exactly have the machine to themselves.
func TestPlayers(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of film in a browser")
	}
	needFFmpeg(t)
	chromium := needBrowser(t)
	base := startServer(t, playersLibrary(t))
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = "/some/where"
	proxy := httptest.NewServer(http.StripPrefix(prefix, httputil.NewSingleHostReverseProxy(target)))
	defer proxy.Close()

	env := append(os.Environ(), "UNREEL_CHROMIUM="+chromium, "UNREEL_URL="+base, "UNREEL_PREFIXED_URL="+proxy.URL+prefix+"/")
	t.Run("one at a time", func(t *testing.T) { playInBrowser(t, "test", env) })
	t.Run("several at a time", func(t *testing.T) { playInBrowser(t, "test:together", env) })
}

// playInBrowser runs a script of handlers/web/package.json.
func playInBrowser(t *testing.T, script string, env []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "npm", "run", "--silent", script)
	cmd.Dir = webFolder
	cmd.Env = env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that the browser is closed too
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// needBrowser gives the path of Chromium. It skips a test where that, or what else make test installs, is missing.
func needBrowser(t *testing.T) (chromium string) {
	t.Helper()
	found := map[string]string{}
	for _, tool := range []string{"chromium", "node", "npm"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Skipf("%s is not installed: make test installs it", tool)
		}
		found[tool] = path
	}
	for _, file := range []string{"node_modules/playwright-core/package.json", "dist/hls.js", "dist/shaka.js"} {
		if !fileExists(filepath.Join(webFolder, file)) {
			t.Skipf("%s is missing in %s: make test makes it", file, webFolder)
		}
	}
	return found["chromium"]
}

// playersLibrary makes the library that the browser tests know: the film; it in two languages, in one file and in several
// with subtitles; it in newer codecs; a file that is none, a name that is hard on URLs, and enough others to fill a page of
// the list.
func playersLibrary(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	drawnFilm(t, filepath.Join(root, "clouds"))
	small := filepath.Join(root, "clouds", "180p.mp4")
	makeFilm(t, root, "two languages.mp4", "-i", small, "-f", "lavfi", "-i", beeps("t+0.5"), "-t", "40",
		"-map", "0:v", "-map", "0:a", "-map", "1:a", "-c", "copy", "-c:a:1", "aac", "-b:a:1", "48k",
		"-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu")
	secondsFile(t, root, "two languages.en.sdh.vtt", "[beep]", 40)
	secondsFile(t, root, "two languages.de.forced.vtt", "Schild", 40)
	makeFilm(t, root, "short picture.mp4", "-t", "4", "-i", small, "-t", "100", "-i", small, "-map", "0:v", "-map", "1:a", "-c", "copy")
	tonguesFilm(t, root)
	newerFilm(t, root, "av1", []string{"libsvtav1", "-preset", "12"}, "libopus")
	newerFilm(t, root, "vp9", []string{"libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"}, "flac")
	if err := os.WriteFile(filepath.Join(root, "broken.mp4"), bytes.Repeat([]byte("not a film "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"Série 1/100 % čau? #1 & “two”.mp4"}
	for i := range 70 {
		names = append(names, fmt.Sprintf("Season %d/Episode %02d.mp4", i/10+1, i+1))
	}
	for _, name := range names {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(small, path); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
