package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// startNginx runs Nginx with what stands in its http block, and gives its URL. It listens on a free port and keeps its
// cache in a directory of its own; what else is to be replaced must stand there once.
func startNginx(t *testing.T, config string, replaced map[string]string) string {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("nginx is not installed: make test installs it")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()

	dir := t.TempDir()
	all := map[string]string{"/var/cache/nginx/unreel": filepath.Join(dir, "cache"), "listen 80;": "listen " + address + ";"}
	for old, now := range replaced {
		all[old] = now
	}
	for old, now := range all {
		if strings.Count(config, old) != 1 {
			t.Fatalf("%q stands %d times in the configuration of Nginx", old, strings.Count(config, old))
		}
		config = strings.Replace(config, old, now, 1)
	}
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	file := filepath.Join(dir, "nginx.conf")
	writeFile(t, file, fmt.Sprintf(
		"daemon off;\nmaster_process off;\npid %s/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n", dir, temp, config))

	cmd := exec.CommandContext(t.Context(), nginx, "-p", dir, "-c", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err = cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-ended
		if t.Failed() {
			t.Logf("nginx said\n%s", &said)
		}
	})
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if conn, refused := net.Dial("tcp", address); refused == nil {
			_ = conn.Close()
			return "http://" + address + "/"
		}
		select {
		case <-ended:
			t.Fatalf("nginx ended:\n%s", &said)
		case <-tick.C:
		}
	}
}

// gate stands between Nginx and unreel, and notes what passes.
type gate struct {
	*httptest.Server
	mu     sync.Mutex
	passed map[string]int // requests by their target
	ranges []string       // that were asked for
	before func(r *http.Request)
	after  func(h http.Header)
}

func newGate(t *testing.T, base string) *gate {
	t.Helper()
	to, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{passed: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(r *http.Response) error {
		if g.after != nil {
			g.after(r.Header)
		}
		return nil
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.passed[r.URL.RequestURI()]++
		g.ranges = append(g.ranges, r.Header.Get("Range"))
		g.mu.Unlock()
		if g.before != nil {
			g.before(r)
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// address is where the gate listens, as Nginx wants it.
func (g *gate) address() string { return strings.TrimPrefix(g.URL, "http://") }

// count is how many requests passed whose target begins so.
func (g *gate) count(target string) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for one, times := range g.passed {
		if strings.HasPrefix(one, "/"+target) {
			n += times
		}
	}
	return n
}

// deployedNginx runs deploy/nginx/unreel.conf in front of two gates.
func deployedNginx(t *testing.T, a, b *gate) string {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(root, "deploy/nginx/unreel.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return startNginx(t, string(config), map[string]string{
		"server 127.0.0.1:8080": "server " + a.address(), "server 127.0.0.1:8081": "server " + b.address(),
	})
}

// site is a demo library behind the Nginx that we deploy, through one unreel that stands for both.
func newDeployed(t *testing.T) (front, base string, g *gate) {
	t.Helper()
	base = startServer(t, "demo", "--cache-admit", "first")
	g = newGate(t, base)
	return deployedNginx(t, g, g), base, g
}

// piecesOf are the paths of a master's segments.
func piecesOf(t *testing.T, base, master string) (paths []string) {
	t.Helper()
	lists, err := playlistsBelow(t.Context(), newClient(t), base+master)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lists {
		for _, p := range l.pieces {
			if !l.iframes {
				paths = append(paths, strings.TrimPrefix(p.url, base))
			}
		}
	}
	return paths
}

const demoMaster = "hls/countdown/master.m3u8"

// cached checks an answer of Nginx.
func cached(t *testing.T, what string, got reply, status int, verdict string) {
	t.Helper()
	if x := strings.Join(got.header.Values("X-Cache-Status"), ", "); got.status != status || x != verdict {
		t.Errorf("%s: %d, X-Cache-Status %q; want %d, %q", what, got.status, x, status, verdict)
	}
}

// What was read once does not reach unreel again, whatever CMCD says beside it; and no path lacks its bytes.
func TestNginxKeeps(t *testing.T) {
	front, base, g := newDeployed(t)
	segment := piecesOf(t, base, demoMaster)[0]
	first := askPlainly(t, front+segment+"?CMCD=bl%3D1200%2Csid%3D%22a%22")
	cached(t, "a segment", first, http.StatusOK, "MISS")
	for _, query := range []string{"", "?CMCD=bl%3D3600%2Csid%3D%22b%22"} {
		again := askPlainly(t, front+segment+query)
		cached(t, "the segment again", again, http.StatusOK, "HIT")
		if again.body != first.body || len(again.body) == 0 {
			t.Errorf("the segment has %d bytes, then %d", len(first.body), len(again.body))
		}
	}
	part := askPlainly(t, front+segment, "Range", "bytes=188-375")
	cached(t, "a range of it", part, http.StatusPartialContent, "HIT")
	if part.body != first.body[188:376] {
		t.Errorf("the range has %d bytes, or others", len(part.body))
	}
	if n := g.count(segment); n != 1 {
		t.Errorf("the segment reached unreel %d times", n)
	}
	if got := askPlainly(t, front+segment, "Accept-Encoding", "gzip").header.Get("Content-Encoding"); got != "" {
		t.Errorf("a segment is encoded: %s", got)
	}
	cached(t, "no such title", askPlainly(t, front+"hls/nothing/master.m3u8"), http.StatusNotFound, "MISS")
	cached(t, "the metrics", askPlainly(t, front+"metrics"), http.StatusNotFound, "")
	cached(t, "the page", askPlainly(t, front), http.StatusOK, "")
}

// A range of a whole film is a range for unreel too, and nothing of it is kept. A segment's single file is told from its
// init section.
func TestNginxPassesRanges(t *testing.T) {
	front, base, g := newDeployed(t)
	const film = "mp4/countdown/720p.mp4"
	_, whole := getBody(t, base+film)
	part := askPlainly(t, front+film, "Range", "bytes=1000-1999")
	cached(t, film, part, http.StatusPartialContent, "BYPASS")
	if len(whole) < 2000 || part.body != whole[1000:2000] {
		t.Errorf("the range has %d bytes, or others", len(part.body))
	}
	for path, verdict := range map[string]string{
		film: "BYPASS",
		"cmaf/countdown/720p/0123456789abcdef/6000-0123abcd/v1.mp4": "BYPASS",
		"cmaf/countdown/720p/0123456789abcdef/v1-init.mp4":          "MISS",
	} {
		got := askPlainly(t, front+path, "Range", "bytes=5-6")
		if x := got.header.Get("X-Cache-Status"); x != verdict {
			t.Errorf("%s: X-Cache-Status %q, want %q", path, x, verdict)
		}
		last, want := g.ranges[len(g.ranges)-1], map[string]string{"BYPASS": "bytes=5-6"}[verdict]
		if last != want {
			t.Errorf("%s: unreel was asked for the range %q, want %q", path, last, want)
		}
	}
}

// A crowd on one segment that unreel has yet to make asks it once.
func TestNginxAsksOnce(t *testing.T) {
	const crowd = 100
	front, base, g := newDeployed(t)
	segment := piecesOf(t, base, demoMaster)[0]
	asked := make(chan struct{})
	g.before = func(*http.Request) { <-asked } // unreel takes longer than all of them take to come

	client := newClient(t)
	var connected, all sync.WaitGroup
	connected.Add(crowd)
	bodies := make([]answered, crowd)
	errs := make([]error, crowd)
	for i := range crowd {
		all.Go(func() {
			connected.Done()
			bodies[i], errs[i] = ask(t.Context(), client, http.MethodGet, front+segment)
		})
	}
	connected.Wait()
	close(asked)
	all.Wait()
	_, want := getBody(t, base+segment)
	for i := range crowd {
		if errs[i] != nil || bodies[i].status != http.StatusOK || string(bodies[i].body) != want {
			t.Fatalf("client %d: %d, %d bytes of %d, %v", i, bodies[i].status, len(bodies[i].body), len(want), errs[i])
		}
	}
	if n := g.count(segment); n != 1 {
		t.Errorf("%d clients reached unreel %d times", crowd, n)
	}
}

// With unreel gone, what was played once plays on: segments as they are, playlists though they are stale.
func TestNginxOutlivesUnreel(t *testing.T) {
	front, base, g := newDeployed(t)
	g.after = func(h http.Header) { // so that nobody has to wait for five seconds
		if strings.HasPrefix(h.Get("Cache-Control"), "public, max-age=5") {
			h.Set("Cache-Control", "public, max-age=1")
		}
	}
	paths := append([]string{demoMaster}, piecesOf(t, front, demoMaster)...)
	_ = piecesOf(t, base, demoMaster)
	bodies := map[string]string{}
	for _, path := range paths {
		bodies[path] = askPlainly(t, front+path).body
	}
	g.CloseClientConnections()
	g.Close()
	for _, path := range paths[1:] {
		got := askPlainly(t, front+path)
		cached(t, path, got, http.StatusOK, "HIT")
		if got.body != bodies[path] {
			t.Errorf("%s: %d bytes, before %d", path, len(got.body), len(bodies[path]))
		}
	}
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		got := askPlainly(t, front+demoMaster)
		if got.status != http.StatusOK || got.body != bodies[demoMaster] {
			t.Fatalf("the master: %d, %d bytes", got.status, len(got.body))
		}
		if got.header.Get("X-Cache-Status") != "HIT" { // STALE or UPDATING: it is too old, and served all the same
			break
		}
	}
	cached(t, "what was never played", askPlainly(t, front+"hls/other/master.m3u8"), http.StatusBadGateway, "MISS")
}

// Two unreels share the URLs, each always the same ones. When one goes down while a film plays, the other one takes over.
func TestNginxSpreads(t *testing.T) {
	a, b := newGate(t, startServer(t, "demo")), newGate(t, startServer(t, "demo"))
	front := deployedNginx(t, a, b)
	paths := piecesOf(t, front, demoMaster)
	half := len(paths) / 2
	direct := startServer(t, "demo")
	play := func(paths []string) {
		t.Helper()
		for _, path := range paths {
			_, want := getBody(t, direct+path)
			if got := askPlainly(t, front+path); got.status != http.StatusOK || got.body != want {
				t.Errorf("%s: %d, %d bytes of %d", path, got.status, len(got.body), len(want))
			}
		}
	}
	play(paths[:half])
	for _, path := range paths[:half] {
		if a.count(path)+b.count(path) != 1 {
			t.Errorf("%s reached one unreel %d times, the other %d times", path, a.count(path), b.count(path))
		}
	}
	before := b.count("hls/")
	if a.count("hls/") == 0 || before == 0 {
		t.Errorf("one unreel got %d requests, the other %d", a.count("hls/"), before)
	}
	a.CloseClientConnections()
	a.Close()
	play(paths[half:])
	if n := b.count("hls/") - before; n < len(paths)-half {
		t.Errorf("the other unreel got %d requests for %d segments", n, len(paths)-half)
	}
}
