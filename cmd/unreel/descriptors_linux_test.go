package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// manyTitles is how many titles TestManyTitlesFewDescriptors has; 50000 are a large library.
var manyTitles = flag.Int("many-titles", 400, "titles that are asked for at once, of a server that may have few files open")

// TestManyTitlesFewDescriptors asks a server that may have 100 files open for four times as many titles at once, over more
// connections than it can have. None of them is told of that: all get what they want, or 503 and then what they want; and none of it
// stays open.
func TestManyTitlesFewDescriptors(t *testing.T) {
	if testing.Short() {
		t.Skip("is about processes, and asks for thousands of things")
	}
	const descriptors, clients = 100, 150
	library := t.TempDir()
	film := filepath.Join(library, "0.mp4")
	writeFile(t, film, string(testmedia.H264AAC(2).Bytes()))
	for i := 1; i < *manyTitles; i++ {
		if err := os.Link(film, filepath.Join(library, strconv.Itoa(i)+".mp4")); err != nil {
			t.Skip("no hard links here:", err)
		}
	}
	// Go's runtime raises the soft limit (os/rlimit.go), so it is the hard one that is set.
	p := startProcessBy(t, []string{"/bin/sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, descriptors)},
		"--listen", "127.0.0.1:0", "--state-dir=", "--access-log=false", "--index-cache-size=1MiB", "--drain-delay=0s", library)

	var next, busy, most atomic.Int64
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+time.Duration(*manyTitles)*20*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for range clients {
		client := newClient(t)
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(*manyTitles) && ctx.Err() == nil; i = next.Add(1) - 1 {
				for {
					n, err := playOnce(ctx, client, fmt.Sprintf("%shls/%d/master.m3u8", p.url, i))
					if n == http.StatusServiceUnavailable {
						busy.Add(1)
						rest(ctx, 50*time.Millisecond)
						continue
					}
					if err != nil {
						t.Error(err)
					}
					break
				}
				if i%8 == 0 {
					most.Store(max(most.Load(), int64(descriptorsOf(t, p.Process.Pid))))
				}
			}
			client.CloseIdleConnections()
		})
	}
	all.Wait()
	if n := next.Load(); n < int64(*manyTitles) {
		t.Errorf("%d titles of %d were asked for in time", n, *manyTitles)
	}
	t.Logf("%d titles, %d clients, %d descriptors at most: %d were open when most were, %d answers were 503", *manyTitles, clients, descriptors, most.Load(), busy.Load())
	const few = 24 // what a server has that does nothing
	for left := 0; ctx.Err() == nil; rest(ctx, 20*time.Millisecond) {
		if left = descriptorsOf(t, p.Process.Pid); left <= few {
			return
		}
	}
	t.Errorf("%d descriptors are open after all have left", descriptorsOf(t, p.Process.Pid))
}

// playOnce fetches a master, its playlists, and the first segment of the first; status is that of what was refused.
func playOnce(ctx context.Context, client *http.Client, master string) (status int, err error) {
	lists, err := playlistsBelow(ctx, client, master)
	if err != nil {
		var no *refusal
		if errors.As(err, &no) {
			status = no.status
		}
		return status, err
	}
	a, err := ask(ctx, client, http.MethodGet, lists[0].pieces[0].url)
	if err == nil && a.status != http.StatusOK {
		err = &refusal{lists[0].pieces[0].url, a.status, a.body}
	}
	return a.status, err
}
