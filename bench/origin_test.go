package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"unreel/cache"
	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
	"unreel/handlers"
	"unreel/packager"
)

// directory is a source.Dir as the packager wants it.
type directory struct{ *source.Dir }

func (d directory) Open(ctx context.Context, name string) (packager.Source, error) {
	f, err := d.Dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// newOrigin serves files by unreel itself, within the test. wrap may stand before it.
func newOrigin(t testing.TB, files []testmedia.File, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "library") // which names the title of a ladder
	check(t, os.MkdirAll(root, 0o755))
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.Name))
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		check(t, os.WriteFile(path, f.Bytes(), 0o644))
	}
	dir, err := source.OpenDir(root)
	check(t, err)
	log := slog.New(slog.DiscardHandler)
	registry := prometheus.NewRegistry()
	metrics := handlers.NewMetrics(registry, "test")
	library := packager.NewLibrary(directory{dir}, log)
	check(t, library.Scan(t.Context()))
	p := packager.New(packager.Config{
		SegmentDuration: 2 * time.Second, MaxSegmentDuration: time.Minute, Limits: demux.DefaultLimits(),
		IndexCacheBytes: 64 << 20, Cache: cache.DefaultConfig(),
	}, directory{dir}, library, metrics, metrics, log)
	cfg := handlers.DefaultConfig()
	cfg.AccessLog = false
	h, err := handlers.New(cfg, p, metrics, registry, log)
	check(t, err)
	var top http.Handler = h
	if wrap != nil {
		top = wrap(h)
	}
	server := httptest.NewServer(top)
	t.Cleanup(func() {
		server.Close()
		check(t, p.Close())
		check(t, dir.Close())
	})
	return server.URL
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
