package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"unreel/demux/testmedia"
)

// TestNginxTellsAnswersFromSilence has viewers' data, and one film, fail at all replicas: the films that are well play on.
func TestNginxTellsAnswersFromSilence(t *testing.T) {
	library := t.TempDir()
	for _, title := range []string{"well", "ill"} {
		writeFile(t, filepath.Join(library, title+".mp4"), string(testmedia.H264AAC(2).Bytes()))
	}
	well := []string{"hls/well/master.m3u8", "cmaf/well/master.m3u8", "info/well.json"}
	var gates [2]*gate
	for i := range gates {
		base, storage := serveFaulty(t, library, "--redis", "redis://127.0.0.1:1") // where nobody listens
		for _, path := range well {
			if status, body := getBody(t, base+path); status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, status, body)
			}
		}
		storage.through(func(context.Context, int64, int) error { return syscall.EIO }) // whatever is opened from now on
		gates[i] = newGate(t, base)
	}
	front := deployedNginx(t, gates[0], gates[1])
	const often = 10 // more than the failures that Nginx bears with
	for path, want := range map[string]int{"api/progress?videoId=well&userId=u": http.StatusServiceUnavailable, "hls/ill/master.m3u8": http.StatusBadGateway} {
		for range often {
			if a := askPlainly(t, front+path); a.status != want || a.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%s: %d %v, which is not unreel's own answer", path, a.status, a.header)
			}
		}
		for _, fine := range well {
			if a := askPlainly(t, front+fine); a.status != http.StatusOK {
				t.Errorf("/%s after /%s failed: %d", fine, path, a.status)
			}
		}
	}
}

// TestNginxRecipesPassBySilenceAlone holds all recipes to what one is tested for.
func TestNginxRecipesPassBySilenceAlone(t *testing.T) {
	for _, file := range []string{"deploy/nginx/unreel.conf", "deploy/compose/nginx.conf"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil || !strings.Contains(string(text), "\n    proxy_next_upstream error timeout;") {
			t.Errorf("%s passes by more: %v", file, err)
		}
	}
}
