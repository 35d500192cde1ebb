package handlers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// serving is a site that Serve answers on its own listener.
type serving struct {
	*site
	stop context.CancelFunc
	done chan error
}

func serve(t *testing.T, cfg ServerConfig) *serving {
	t.Helper()
	check(t, cfg.Validate())
	s := newSite(t, nil)
	ln := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	v := &serving{site: s, stop: stop, done: make(chan error, 1)}
	s.url = "http://" + ln.Addr().String()
	go func() { v.done <- Serve(ctx, ln, cfg, s.Handler) }()
	t.Cleanup(stop)
	return v
}

func quick() ServerConfig {
	return ServerConfig{WriteTimeout: 10 * time.Second, DrainTimeout: 10 * time.Second}
}

func TestServeDrains(t *testing.T) {
	cfg := quick()
	cfg.DrainDelay = time.Second
	s := serve(t, cfg)
	_, _, segments := s.walk(t, "film")
	s.must(t, "/readyz")

	reading, goOn := make(chan struct{}, 100), make(chan struct{})
	s.storage.fail(func(context.Context, int64, int) error {
		reading <- struct{}{}
		<-goOn
		return nil
	})
	under := make(chan answer, 1)
	go func() { under <- s.get(t, segments[0]) }()
	<-reading
	s.stop()
	for begin := time.Now(); s.get(t, "/readyz").StatusCode != http.StatusServiceUnavailable; {
		if time.Since(begin) > cfg.DrainDelay {
			t.Fatal("/readyz never said no")
		}
	}
	if a := s.get(t, "/healthz"); a.StatusCode != http.StatusOK {
		t.Errorf("/healthz while draining: %s", a.Status)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for refused := false; !refused; <-tick.C { // once the delay is over nobody is let in
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if refused = err != nil; !refused {
			check(t, conn.Close())
		}
	}
	select {
	case err := <-s.done:
		t.Fatalf("Serve ended with a request under way: %v", err)
	default:
	}
	close(goOn)
	if a := <-under; a.StatusCode != http.StatusOK || a.err != nil || int64(len(a.body)) != a.ContentLength {
		t.Errorf("the request under way: %s, %d of %d bytes, %v", a.Status, len(a.body), a.ContentLength, a.err)
	}
	check(t, <-s.done)
}

func TestServeCutsWhatDoesNotEnd(t *testing.T) {
	cfg := quick()
	cfg.DrainTimeout = 50 * time.Millisecond
	s := serve(t, cfg)
	_, _, segments := s.walk(t, "film")
	reading := make(chan struct{}, 100)
	s.storage.fail(func(ctx context.Context, _ int64, _ int) error {
		reading <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	ended := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+segments[0], nil)
		if err == nil {
			var response *http.Response
			if response, err = plainClient().Do(r); err == nil {
				err = response.Body.Close()
			}
		}
		ended <- err
	}()
	<-reading
	s.stop()
	check(t, <-s.done)
	if err := <-ended; err == nil {
		t.Error("the request was answered")
	}
	if !strings.Contains(s.log.String(), "cut") {
		t.Errorf("the log is silent:\n%s", s.log)
	}
}

func TestServeTellsOfADeadListener(t *testing.T) {
	s := newSite(t, nil)
	ln := listen(t)
	check(t, ln.Close())
	if err := Serve(t.Context(), ln, quick(), s.Handler); err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("%v", err)
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	ln := listen(t)
	defer func() { check(t, ln.Close()) }()
	if _, err := Listen(t.Context(), ln.Addr().String()); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("a port in use: %v", err)
	}
	for _, address := range []string{"no such host.invalid:80", "127.0.0.1:99999", "x"} {
		if _, err := Listen(t.Context(), address); err == nil || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestStuckClientEndsItsRequest goes through the whole server: the request of a client that takes nothing ends.
func TestStuckClientEndsItsRequest(t *testing.T) {
	cfg := quick()
	cfg.WriteTimeout = 100 * time.Millisecond
	s := serve(t, cfg)
	s.engine.GET("/endless", s.handle(kindOther, func(x *exchange) error {
		piece := noise(blockOfTest)
		for {
			if _, err := x.Write(piece); err != nil {
				return err
			}
		}
	}))
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	check(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
	check(t, err)
	_, err = io.ReadFull(conn, make([]byte, 1000))
	check(t, err)
	s.quiet(t)
	if n := s.metric(t, "unreel_http_responses_cut_total", "by=client"); n != 1 {
		t.Errorf("%v clients were counted as cut", n)
	}
	if log := s.log.String(); !strings.Contains(log, "i/o timeout") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log:\n%s", log)
	}
}

const blockOfTest = 188 << 10

// TestFilesGoThroughTheKernel sends a file through all layers, to a client that closes its own half first.
func TestFilesGoThroughTheKernel(t *testing.T) {
	s := serve(t, quick())
	want := noise(3<<20 + 1)
	path := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(path, want, 0o600))
	s.engine.GET("/file", s.handle(kindOther, func(x *exchange) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		x.Header().Set("Content-Length", strconv.Itoa(len(want)))
		_, err = io.Copy(x, file)
		return err
	}))
	a := s.must(t, "/file")
	if !bytes.Equal(a.body, want) || a.err != nil {
		t.Errorf("%d of %d bytes, %v", len(a.body), len(want), a.err)
	}
	s.quiet(t)
	if n := s.metric(t, "unreel_http_response_bytes_total", "kind=other"); n != float64(len(want)) {
		t.Errorf("%v bytes were counted", n)
	}
}

func TestHalfClose(t *testing.T) {
	server, client := pair(t, listen(t), time.Second, 0)
	check(t, server.(*progressConn).CloseWrite())
	if got, err := io.ReadAll(client); err != nil || len(got) > 0 {
		t.Errorf("the client reads %q, %v; want the end", got, err)
	}
	_, err := client.Write([]byte("still here"))
	check(t, err)
	got := make([]byte, 10)
	if _, err = io.ReadFull(server, got); err != nil || string(got) != "still here" {
		t.Errorf("the server reads %q, %v", got, err)
	}
}
