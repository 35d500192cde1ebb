package handlers

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unreel/packager"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(4) // and one that waits
		for range 4 {
			check(t, g.enter(t.Context()))
		}
		waited := make(chan error, 1)
		go func() { waited <- g.enter(t.Context()) }()
		synctest.Wait()
		begin := time.Now()
		if err := g.enter(t.Context()); !errors.Is(err, packager.ErrBusy) || time.Since(begin) != 0 {
			t.Errorf("with all full: %v after %v, want busy at once", err, time.Since(begin))
		}
		g.leave()
		check(t, <-waited)

		if err := g.enter(t.Context()); !errors.Is(err, packager.ErrBusy) || time.Since(begin) != queueWait {
			t.Errorf("who waits in vain: %v after %v", err, time.Since(begin))
		}
		gone := errors.New("gone")
		ctx, leave := context.WithCancelCause(t.Context())
		go leave(gone)
		if err := g.enter(ctx); !errors.Is(err, gone) {
			t.Errorf("a client that left the queue: %v", err)
		}
		for range 4 {
			g.leave()
		}
		if len(g.slots) != 0 || len(g.queue) != 0 {
			t.Errorf("%d slots and %d places are still taken", len(g.slots), len(g.queue))
		}
	})
	var none *gate
	check(t, none.enter(t.Context()))
	none.leave()
}

// TestAdmission holds the only slot with a segment whose storage stands still: the next waits, the one after is refused at
// once, and what is in the cache, playlists, HEAD and 304 are answered all the same.
func TestAdmission(t *testing.T) {
	s := newSite(t, func(c *Config) { c.MaxInflight = 1 })
	master, playlist, segments := s.walk(t, "film")
	other := links(master, s.must(t, master).body)[1]
	hot, cold, next := segments[0], segments[1], links(other, s.must(t, other).body)[0]
	s.must(t, hot)
	s.must(t, hot) // the second fills the cache
	if a := s.must(t, hot); a.Header.Get("X-Cache") != "HIT" {
		t.Fatalf("X-Cache %q", a.Header.Get("X-Cache"))
	}
	reading, goOn := make(chan struct{}, 100), make(chan struct{})
	release := sync.OnceFunc(func() { close(goOn) })
	defer release()
	s.storage.fail(func(context.Context, int64, int) error {
		reading <- struct{}{}
		<-goOn
		return nil
	})
	var under sync.WaitGroup
	under.Go(func() {
		if a := s.get(t, cold); a.StatusCode != http.StatusOK || a.err != nil {
			t.Errorf("the one that is made: %s %v", a.Status, a.err)
		}
	})
	<-reading

	s.gate.queue <- struct{}{} // as another that waits
	a := s.get(t, next)
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("one too many: %s %v", a.Status, a.Header)
	}
	if strings.Contains(string(a.body), "in flight") {
		t.Errorf("the answer tells of our limits: %s", a.body)
	}
	for path, method := range map[string]string{hot: http.MethodGet, playlist: http.MethodGet, next: http.MethodHead} {
		if a = s.do(t, method, path); a.StatusCode != http.StatusOK {
			t.Errorf("%s %s: %s", method, path, a.Status)
		}
	}
	if a = s.get(t, next, "If-None-Match: *"); a.StatusCode != http.StatusNotModified {
		t.Errorf("a condition: %s", a.Status)
	}
	for _, header := range []string{"Range: bytes=0-9", "Range: bytes=0-9,20-29", "Accept: */*"} {
		a = s.get(t, "/mp4/film/1080p.mp4", header)
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Content-Range") != "" || a.Header.Get("Retry-After") == "" {
			t.Errorf("a whole file with %s: %s %v", header, a.Status, a.Header)
		}
	}
	<-s.gate.queue
	release()
	under.Wait()
	s.storage.fail(nil)
	s.must(t, next)
	if err := s.gate.enter(t.Context()); err != nil { // the last request may leave after its client has all
		t.Errorf("a slot is still taken: %v", err)
	}
	if text := string(s.must(t, "/metrics").body); !strings.Contains(text, `unreel_http_errors_total{reason="busy"} 4`) {
		t.Error("the refusal isn't counted")
	}
}

// TestDoor lets no more connections in than it may, and ends while others wait.
func TestDoor(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	d := Bounded(ln, 1).(*door)
	type accepted struct {
		net.Conn
		err error
	}
	in := make(chan accepted, 3)
	next := func() {
		c, failed := d.Accept()
		in <- accepted{c, failed}
	}
	var clients [2]net.Conn
	for i := range clients {
		clients[i], err = net.Dial("tcp", ln.Addr().String())
		check(t, err)
		defer clients[i].Close() //nolint:errcheck // a test's connection
	}
	next()
	first := <-in
	check(t, first.err)
	go next()
	for _, state := range []http.ConnState{http.StateNew, http.StateActive, http.StateIdle} {
		d.watch(first, state)
	}
	select {
	case early := <-in:
		t.Errorf("two were let in, %v", early.err)
	default:
	}
	check(t, first.Close())
	d.watch(first, http.StateClosed)
	second := <-in
	check(t, second.err)
	go next()
	check(t, d.Close())
	if third := <-in; !errors.Is(third.err, net.ErrClosed) {
		t.Errorf("after the end: %v", third.err)
	}
	check(t, second.Close())
	if same := Bounded(ln, 0); same != ln {
		t.Error("no bound is one")
	}
}
