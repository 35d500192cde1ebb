package handlers

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"unreel/cache"
	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
	"unreel/packager"
)

// storage is a directory whose reads can be made to fail, or to wait.
type storage struct {
	*source.Dir
	hook atomic.Pointer[func(ctx context.Context, off int64, n int) error]
	read atomic.Int64 // bytes
}

func (s *storage) Open(ctx context.Context, name string) (packager.Source, error) {
	f, err := s.Dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return &opened{&source.Faulty{Source: f, Hook: func(ctx context.Context, off int64, n int) error {
		s.read.Add(int64(n))
		if hook := s.hook.Load(); hook != nil {
			return (*hook)(ctx, off, n)
		}
		return nil
	}}, f}, nil
}

// fail makes reads go through hook from now on; nil heals.
func (s *storage) fail(hook func(ctx context.Context, off int64, n int) error) {
	if hook == nil {
		s.hook.Store(nil)
		return
	}
	s.hook.Store(&hook)
}

type opened struct {
	*source.Faulty
	file *source.File
}

func (o *opened) Close() error { return o.file.Close() }

// site is a whole unreel over a directory of made-up films, on a real listener.
type site struct {
	*Handler
	url      string
	server   *httptest.Server
	dir      string
	storage  *storage
	packager *packager.Packager
	registry *prometheus.Registry
	log      *lines
}

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// titles that name files in all the ways that URLs find hard, each a directory of two renditions.
var titles = []string{"film", "100% sure? #1", "a/b c", "Über film 日本", "master.m3u8", "x+y&z;=@:,$!'()*", "%2F", `back\slash`}

// newSite serves titles. change may alter what New gets.
func newSite(t testing.TB, change func(*Config)) *site {
	t.Helper()
	dir := t.TempDir()
	ladder := testmedia.Ladder()
	bodies := make([][]byte, len(ladder))
	for i, f := range ladder {
		bodies[i] = f.Bytes()
	}
	for _, title := range titles {
		for i, f := range ladder[:2] {
			write(t, filepath.Join(dir, filepath.FromSlash(title), filepath.Base(f.Name)), bodies[i])
		}
	}
	write(t, filepath.Join(dir, "broken", "720p.mp4"), []byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00\x00\x00\x00\x08moov"))
	return openSite(t, dir, change)
}

func write(t testing.TB, path string, body []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

func openSite(t testing.TB, path string, change func(*Config)) *site {
	t.Helper()
	dir, err := source.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: path, storage: &storage{Dir: dir}, registry: prometheus.NewRegistry(), log: &lines{}}
	cfg := DefaultConfig()
	cfg.Page = fstest.MapFS{
		"index.html":     {Data: []byte("<!doctype html><title>unreel</title>")},
		"assets/main.js": {Data: []byte(strings.Repeat("console.log('here');\n", 100))},
	}
	if change != nil {
		change(&cfg)
	}
	check(t, cfg.Validate())
	log := slog.New(cfg.Tracer.Log(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	metrics := NewMetrics(s.registry, "test")
	library := packager.NewLibrary(s.storage, log)
	check(t, library.Scan(t.Context()))
	s.packager = packager.New(packager.Config{
		SegmentDuration: 6 * time.Second, MaxSegmentDuration: time.Minute, Limits: demux.DefaultLimits(),
		IndexCacheBytes: 64 << 20, Cache: cache.DefaultConfig(),
	}, s.storage, library, cfg.Tracer.Beside(metrics), metrics, log)
	if s.Handler, err = New(cfg, s.packager, metrics, s.registry, log); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler)
	s.url, s.server = server.URL, server
	t.Cleanup(func() {
		server.Close()
		check(t, s.packager.Close())
		check(t, dir.Close())
	})
	return s
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body []byte
	err  error // of reading the body
}

// do sends one request as it stands: no gzip, no redirects followed. headers are "Name: value".
func (s *site) do(t testing.TB, method, path string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	response, err := plainClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response, body, err}
}

func (s *site) get(t testing.TB, path string, headers ...string) answer {
	t.Helper()
	return s.do(t, http.MethodGet, path, headers...)
}

func plainClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// must is get for what must be there.
func (s *site) must(t testing.TB, path string, headers ...string) answer {
	t.Helper()
	a := s.get(t, path, headers...)
	if a.StatusCode/100 != 2 || a.err != nil {
		t.Fatalf("GET %s: %s %v %s", path, a.Status, a.err, a.body)
	}
	return a
}

// links are the URIs of a playlist, resolved against its path.
func links(path string, playlist []byte) (paths []string) {
	dir := path[:strings.LastIndexByte(path, '/')+1]
	for line := range strings.Lines(string(playlist)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			paths = append(paths, dir+line)
		}
	}
	return paths
}

// walk is the path of a title's master, of its first playlist, and of all segments of that.
func (s *site) walk(t testing.TB, title string) (master, playlist string, segments []string) {
	t.Helper()
	master = hlsPrefix + packager.MasterRef{Title: title}.String()
	playlists := links(master, s.must(t, master).body)
	if len(playlists) == 0 {
		t.Fatalf("%s has no playlists", master)
	}
	segments = links(playlists[0], s.must(t, playlists[0]).body)
	if len(segments) == 0 {
		t.Fatalf("%s has no segments", playlists[0])
	}
	return master, playlists[0], segments
}
