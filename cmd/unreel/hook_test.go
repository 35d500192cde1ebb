package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"unreel/packager"
)

// TestOnTitle copies a film into a library that is being served: another server hears of it, and of no other.
func TestOnTitle(t *testing.T) {
	heard := make(chan packager.Info, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var info packager.Info
		if err := json.NewDecoder(r.Body).Decode(&info); err != nil {
			t.Error(err)
		}
		heard <- info
	}))
	defer server.Close()
	library := t.TempDir()
	demo := filepath.Join("demo", "countdown", "240p.mp4")
	copyFile(t, demo, filepath.Join(library, "old.mp4"))
	base := startServer(t, library, "--rescan-interval", "1s", "--on-title", server.URL+"/hook")
	for status := 0; status != http.StatusOK; {
		status, _ = getBody(t, base+"readyz")
	}
	copyFile(t, demo, filepath.Join(library, "new.mp4"))
	select {
	case info := <-heard:
		if info.Title != "new" || len(info.Streams) == 0 || info.Renditions[0].Bitrate == 0 {
			t.Errorf("told of %+v", info)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing was told")
	}
	if len(heard) > 0 {
		t.Errorf("told of %q too", (<-heard).Title)
	}
}
