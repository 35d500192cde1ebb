package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// startServer runs the program on a directory until the test ends, and gives the URL that it prints, which ends in a slash.
// It listens on a free port of this machine; more flags, or other ones, may be given.
func startServer(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	p := start(t, append([]string{"--listen", "127.0.0.1:0", "--drain-delay", "0s", "--access-log=false", "--state-dir="}, append(flags, dir)...)...)
	return p.url(t)
}

// program is run within the test: what it prints, and how it ends.
type program struct {
	stdout, stderr printed
	stop           context.CancelFunc
	ended          chan int // its exit code
}

// start runs the program with arguments. When the test ends it is told to drain, and must exit with 0.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &program{stop: stop, ended: make(chan int, 1)}
	go func() { p.ended <- run(ctx, args, &p.stdout, &p.stderr, environment(nil)) }()
	t.Cleanup(func() {
		if code := p.end(t); code != exitOK {
			t.Errorf("unreel %q exited with %d", args, code)
		}
		if t.Failed() && p.stderr.String() != "" {
			t.Logf("unreel %q said\n%s", args, &p.stderr)
		}
	})
	return p
}

// end stops the program, if it still runs, and gives its exit code.
func (p *program) end(t *testing.T) int {
	t.Helper()
	p.stop()
	select {
	case code := <-p.ended:
		p.ended <- code // for whoever asks again
		return code
	case <-time.After(time.Minute):
		t.Error("the program did not end within a minute")
		return -1
	}
}

// url waits for the line that tells where the server is.
func (p *program) url(t *testing.T) string {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		more := p.stdout.more()
		if found := regexp.MustCompile(`(?m)^Open (http://\S+/)$`).FindStringSubmatch(p.stdout.String()); found != nil {
			return found[1]
		}
		select {
		case <-more:
		case code := <-p.ended:
			p.ended <- code
			t.Fatalf("the program exited with %d before it served", code)
		case <-deadline:
			t.Fatal("the program did not serve within a minute")
		}
	}
}

// printed is a Writer that tells when there is more to read.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{}
}

// Write keeps p.
func (w *printed) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.news != nil {
		close(w.news)
		w.news = nil
	}
	return w.text.Write(p)
}

// String is all so far.
func (w *printed) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// more is closed at the next Write.
func (w *printed) more() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.news == nil {
		w.news = make(chan struct{})
	}
	return w.news
}

// getBody fetches a URL whole.
func getBody(t *testing.T, url string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return resp.StatusCode, string(body)
}

func TestServeTheDemo(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir=", "demo")
	base := p.url(t)
	if want := "1 title in demo:\n  countdown\nOpen " + base + "\n"; p.stdout.String() != want {
		t.Errorf("printed %q, want %q", &p.stdout, want)
	}
	for path, want := range map[string]string{
		"":                          "<!doctype html>",
		"hls/countdown/master.m3u8": "#EXTM3U\n",
		"info/countdown.json":       `"title":"countdown"`,
		"api/titles":                `"countdown"`,
		"healthz":                   "ok, unreel ",
		"readyz":                    "ready\n",
		"metrics":                   "unreel_build_info{",
	} {
		status, body := getBody(t, base+path)
		if status != http.StatusOK || !strings.Contains(strings.ToLower(body), strings.ToLower(want)) {
			t.Errorf("/%s: %d, want %q in\n%.300s", path, status, want, body)
		}
	}
	if log := p.stderr.String(); !strings.Contains(log, "listening") || !strings.Contains(log, "master.m3u8") {
		t.Errorf("no log of listening and of requests:\n%s", log)
	}
}
