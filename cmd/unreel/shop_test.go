package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// patience is how long a change may take to show; the library is listed again only long after.
const patience = 15 * time.Second

// shop is a library that changes while it is served.
type shop struct {
	t            *testing.T
	client       *http.Client
	library, url string
}

func openShop(t *testing.T, files map[string][]byte) *shop {
	t.Helper()
	s := &shop{t: t, client: newClient(t), library: t.TempDir()}
	for name, body := range files {
		s.write(name, body)
	}
	s.url = startServer(t, s.library, "--rescan-interval=1h")
	return s
}

// write writes a file in place. It is an hour old at first, so that every later change shows in its time.
func (s *shop) write(name string, body []byte) {
	s.t.Helper()
	path := s.path(name)
	fresh := !fileExists(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		s.t.Fatal(err)
	}
	if fresh {
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			s.t.Fatal(err)
		}
	}
}

// replace puts another file in the place of one, as rsync and mv do.
func (s *shop) replace(name string, body []byte) {
	s.t.Helper()
	s.write(name+".part", body)
	s.rename(name+".part", name)
}

func (s *shop) rename(from, to string) {
	s.t.Helper()
	if err := os.Rename(s.path(from), s.path(to)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) remove(name string) {
	s.t.Helper()
	if err := os.RemoveAll(s.path(name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) path(name string) string { return filepath.Join(s.library, filepath.FromSlash(name)) }

func (s *shop) ask(address string) answered {
	s.t.Helper()
	a, err := ask(s.t.Context(), s.client, http.MethodGet, address)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// segments are the URLs of a title's segments, if it plays.
func (s *shop) segments(title string) (urls []string, err error) {
	lists, err := playlistsBelow(s.t.Context(), s.client, masterOf(s.url, title))
	for _, l := range lists {
		for _, p := range l.pieces {
			if !l.iframes {
				urls = append(urls, p.url)
			}
		}
	}
	return urls, err
}

// playing is segments of a title that plays now, all of them.
func (s *shop) playing(title string) (urls []string) {
	s.t.Helper()
	urls, err := s.segments(title)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, address := range urls {
		if a := s.ask(address); a.status != http.StatusOK {
			s.t.Fatalf("%s: %d %s", address, a.status, a.body)
		}
	}
	return urls
}

// soon waits for something to be so. It asks again and again, as a player would.
func (s *shop) soon(what string, is func() error) {
	s.t.Helper()
	tick, end := time.NewTicker(50*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for {
		err := is()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			s.t.Fatalf("%s: not within %v: %v", what, patience, err)
		}
	}
}

// status is an error unless an address answers as it should. What isn't there may be there the next moment.
func (s *shop) status(address string, want int) error {
	a := s.ask(address)
	if a.status != want {
		return fmt.Errorf("%s: %d %.300s", address, a.status, a.body)
	}
	if kept := a.header.Get("Cache-Control"); want != http.StatusOK && kept != "no-store" {
		return fmt.Errorf("%s: %d with Cache-Control %q", address, a.status, kept)
	}
	return nil
}

func (s *shop) want(address string, status int) {
	s.t.Helper()
	if err := s.status(address, status); err != nil {
		s.t.Error(err)
	}
}

// rungs is how many variants a title's master has.
func (s *shop) rungs(title string) (n int) {
	s.t.Helper()
	lists, err := playlistsBelow(s.t.Context(), s.client, masterOf(s.url, title))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range lists {
		if !l.iframes {
			n++
		}
	}
	return n
}
