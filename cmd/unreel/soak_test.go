package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// soakFor is how long TestSoak plays; half an hour is what shows a leak of a few bytes a request.
var soakFor = flag.Duration("soak", 3*time.Second, "how long players play while files are replaced")

// soaking is what players have seen.
type soaking struct {
	pieces, reloads, seeks, replaced atomic.Int64

	pace, patience time.Duration // between two pieces, and before a playlist is loaded again
}

// TestSoak has mixed players play, seek and leave, in both formats, while films are replaced under them. No player sees an
// error but that of a file which was replaced, and from that it recovers with the next playlist. Afterwards there are no
// more goroutines, descriptors and memory than before.
func TestSoak(t *testing.T) {
	library := t.TempDir()
	films := [][]byte{testmedia.H264AAC(12).Bytes(), testmedia.H264AAC(18).Bytes(), testmedia.H264AAC(24).Bytes()}
	titles := []string{"a", "b", "c", "d"}
	for i, title := range titles {
		writeFile(t, filepath.Join(library, title+".mp4"), string(films[i%len(films)]))
	}
	base := startServer(t, library, "--cache-size=2MiB", "--index-cache-size=1MiB", "--rescan-interval=1s")
	var s soaking
	run := func(lasting time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), lasting)
		defer cancel()
		var all sync.WaitGroup
		for i := range 8 {
			client, random := newClient(t), rand.New(rand.NewPCG(1, uint64(i)))
			all.Go(func() {
				for ctx.Err() == nil {
					if err := s.play(ctx, client, base, titles[random.IntN(len(titles))], random); err != nil && ctx.Err() == nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Go(func() { s.replace(ctx, t, library, films) })
		all.Wait()
		for range titles { // connections that nobody uses any more are let go
			http.DefaultClient.CloseIdleConnections()
		}
	}
	run(min(*soakFor, 10*time.Second) / 3) // until caches and pools are full
	goroutines, files, memory := runtime.NumGoroutine(), openFiles(t), heap()
	run(*soakFor)
	t.Logf("%d pieces, %d seeks, %d files replaced, %d playlists loaded again for that", s.pieces.Load(), s.seeks.Load(), s.replaced.Load(), s.reloads.Load())
	if s.pieces.Load() == 0 || s.replaced.Load() == 0 {
		t.Error("nothing happened")
	}
	const slackGoroutines, slackFiles, slackMemory = 64, 64, 16 << 20 // idle connections of the last players, and buffers
	if n := runtime.NumGoroutine(); n > goroutines+slackGoroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := openFiles(t); n > files+slackFiles {
		t.Errorf("%d open files, %d before", n, files)
	}
	if n := heap(); n > memory+slackMemory {
		t.Errorf("%d bytes of memory, %d before", n, memory)
	}
}

// openFiles is how many descriptors this process has, where the system tells.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Logf("descriptors are not counted: %v", err)
	}
	return len(entries)
}

// play is one viewer: a master, one of its playlists, some segments on end, a seek, some more; now and then it leaves in the
// middle of a segment.
func (s *soaking) play(ctx context.Context, client *http.Client, base, title string, random *rand.Rand) error {
	format := []string{"hls/", "cmaf/"}[random.IntN(2)]
	for tries := 0; ; tries++ {
		err := s.watch(ctx, client, base+format+title+"/master.m3u8", random)
		var no *refusal
		replaced := errors.As(err, &no) && (no.status == http.StatusNotFound || no.status == http.StatusServiceUnavailable) || errors.Is(err, errCut)
		if !replaced || tries > 20 { // a player tries again, and not for ever
			return err
		}
		s.reloads.Add(1)
		rest(ctx, s.patience)
	}
}

// rest waits, but no longer than ctx.
func rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

var errCut = errors.New("the connection was cut")

func (s *soaking) watch(ctx context.Context, client *http.Client, master string, random *rand.Rand) error {
	lists, err := playlistsBelow(ctx, client, master)
	if err != nil {
		return err
	}
	l := lists[random.IntN(len(lists))]
	for range 2 {
		from := random.IntN(max(1, len(l.pieces)))
		s.seeks.Add(1)
		for _, p := range l.pieces[from:min(len(l.pieces), from+3)] {
			a, failed := ask(ctx, client, http.MethodGet, p.url)
			switch {
			case failed != nil && ctx.Err() == nil && (a.status == http.StatusOK || a.status == 0):
				return fmt.Errorf("%w: %w", errCut, failed)
			case failed != nil:
				return failed
			case a.status != http.StatusOK:
				return &refusal{p.url, a.status, a.body}
			}
			s.pieces.Add(1)
			rest(ctx, s.pace)
		}
		if random.IntN(4) == 0 {
			leaving, leave := context.WithCancel(ctx)
			time.AfterFunc(time.Duration(random.IntN(2000))*time.Microsecond, leave)
			_, _ = ask(leaving, client, http.MethodGet, l.pieces[from].url) // whatever comes of it
			leave()
		}
	}
	return nil
}

// replace puts other films in the place of a, b and c; d stays as it is.
func (s *soaking) replace(ctx context.Context, t *testing.T, library string, films [][]byte) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		path := filepath.Join(library, []string{"a", "b", "c"}[n%3]+".mp4")
		if err := errors.Join(os.WriteFile(path+".part", films[(n/3+n)%len(films)], 0o600), os.Rename(path+".part", path)); err != nil {
			t.Error(err)
			return
		}
		s.replaced.Add(1)
	}
}
