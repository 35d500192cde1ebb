package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// fault is something that happens to a film's file, or to its disk, while a client reads. fix undoes it where time would.
type fault struct {
	name string
	do   func(dir string) error
	fix  func(dir string) error
	hook readHook // in place of do: what reads run into from then on
	then int      // the status of the old URL afterwards, once healed
}

func faults() []fault {
	film := func(dir string) string { return filepath.Join(dir, "film.mp4") }
	write := func(off int64, n int) func(string) error {
		return func(dir string) error {
			file, err := os.OpenFile(film(dir), os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteAt(make([]byte, n), off)
			return errors.Join(err, file.Close())
		}
	}
	replace := func(seconds int) func(string) error {
		return func(dir string) error {
			next := testmedia.H264AAC(seconds).Bytes()
			return errors.Join(os.WriteFile(film(dir)+".part", next, 0o600), os.Rename(film(dir)+".part", film(dir)))
		}
	}
	return []fault{
		{name: "replaced by rename", do: replace(12), then: http.StatusNotFound},
		{name: "replaced by nothing", do: func(dir string) error {
			return errors.Join(os.WriteFile(film(dir)+".part", nil, 0o600), os.Rename(film(dir)+".part", film(dir)))
		}, then: http.StatusUnprocessableEntity},
		{name: "overwritten in place", do: write(1<<20, 1<<20), then: http.StatusNotFound},
		{name: "emptied", do: func(dir string) error { return os.Truncate(film(dir), 0) }, then: http.StatusUnprocessableEntity},
		{name: "truncated", do: func(dir string) error { return os.Truncate(film(dir), 1<<20) }, then: http.StatusUnprocessableEntity},
		{name: "grown", do: func(dir string) error {
			file, err := os.OpenFile(film(dir), os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			_, err = file.Write(testmedia.Box("free", make([]byte, 1000)))
			return errors.Join(err, file.Close())
		}, then: http.StatusNotFound},
		{name: "deleted", do: func(dir string) error { return os.Remove(film(dir)) }, then: http.StatusNotFound},
		{
			name: "deleted and back", do: func(dir string) error { return os.Rename(film(dir), film(dir)+".away") },
			fix: func(dir string) error { return os.Rename(film(dir)+".away", film(dir)) }, then: http.StatusOK,
		},
		{
			name: "its directory renamed", do: func(dir string) error { return os.Rename(dir, dir+"-away") },
			fix: func(dir string) error { return os.Rename(dir+"-away", dir) }, then: http.StatusOK,
		},
		{name: "permission lost", hook: func(context.Context, int64, int) error { return syscall.EACCES }, then: http.StatusOK},
		{name: "EIO", hook: func(context.Context, int64, int) error { return syscall.EIO }, then: http.StatusOK},
		{name: "a stale handle", hook: func(context.Context, int64, int) error { return syscall.ESTALE }, then: http.StatusOK},
		{name: "too many open files", hook: func(context.Context, int64, int) error { return syscall.EMFILE }, then: http.StatusOK},
	}
}

// bodyURLs are the film's bodies of each kind whose making reads much: by their kind.
func bodyURLs(t *testing.T, base string) map[string]string {
	t.Helper()
	urls := map[string]string{"mp4": base + "mp4/sub/film/1080p.mp4"}
	for kind, master := range map[string]string{"ts": "hls/sub/film/master.m3u8", "cmaf": "cmaf/sub/film/master.m3u8"} {
		lists, err := playlistsBelow(t.Context(), newClient(t), base+master)
		if err != nil {
			t.Fatal(err)
		}
		urls[kind] = lists[0].pieces[0].url
	}
	status, mpd := getBody(t, base+"cmaf/sub/film/ondemand.mpd")
	single := regexp.MustCompile(`<BaseURL>([^<]+/v\d+\.mp4)</BaseURL>`).FindStringSubmatch(mpd)
	if status != http.StatusOK || single == nil {
		t.Fatalf("ondemand.mpd: %d %s", status, mpd)
	}
	urls["single"] = resolve(base+"cmaf/sub/film/ondemand.mpd", single[1])
	return urls
}

// TestFaultsWhileClientsRead has each fault happen while some blocks of each kind of body are out. A client gets the old
// bytes whole, an answer that says no, or a cut connection; and the next playlist tells the truth.
func TestFaultsWhileClientsRead(t *testing.T) {
	for _, f := range faults() {
		for _, cache := range []string{"--cache-admit=first", "--cache-size=0"} {
			if testing.Short() && cache == "--cache-size=0" {
				continue // what is shared is what the race detector looks at
			}
			t.Run(f.name+" "+cache, func(t *testing.T) { faultWhileRead(t, f, cache) })
		}
	}
}

func faultWhileRead(t *testing.T, f fault, cache string) {
	t.Helper()
	kinds := []string{"ts", "cmaf", "single", "mp4"}
	if cache != "--cache-size=0" {
		kinds = kinds[:2] // the others are kept by none
	}
	if testing.Short() {
		kinds = kinds[1:2]
	}
	for _, kind := range kinds {
		library := t.TempDir()
		dir := filepath.Join(library, "sub")
		if err := os.Rename(bigFilm(t), dir); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(filepath.Join(dir, "film.mp4"), old, old); err != nil {
			t.Fatal(err)
		}
		base, storage := serveFaulty(t, library, cache)
		urls, client := bodyURLs(t, base), newClient(t)
		address := urls[kind]
		want, err := ask(t.Context(), newClient(t), http.MethodGet, fresh(t, dir, address, base))
		if err != nil || want.status != http.StatusOK {
			t.Fatal(want.status, err)
		}
		var reads atomic.Int64
		storage.through(func(ctx context.Context, off int64, n int) error {
			number := reads.Add(1)
			if number == 3 && f.do != nil {
				return f.do(dir)
			}
			if number >= 3 && f.hook != nil {
				return f.hook(ctx, off, n)
			}
			return nil
		})
		a, err := ask(t.Context(), client, http.MethodGet, address)
		whole := err == nil && a.status == http.StatusOK && bytes.Equal(a.body, want.body)
		cut := err != nil && (a.status == 0 || int64(len(a.body)) < a.length) // 0: the header had not left the buffer yet
		refused := err == nil && a.status >= 400 && a.header.Get("Cache-Control") == "no-store"
		if !whole && !cut && !refused || reads.Load() < 3 {
			t.Errorf("%s: after %d reads the client got %d, %d bytes of %d, %v", kind, reads.Load(), a.status, len(a.body), a.length, err)
		}
		storage.through(nil)
		if f.fix != nil {
			if err = f.fix(dir); err != nil {
				t.Fatal(err)
			}
		}
		afterFault(t, client, base, address, kind, f.then, want.body)
	}
}

// fresh is the same URL of another server on the same directory, so that no cache of the first one knows it.
func fresh(t *testing.T, dir, address, base string) string {
	t.Helper()
	other, _ := serveFaulty(t, filepath.Dir(dir), "--cache-size=0")
	bodyURLs(t, other) // cut lists are made when a playlist is asked for
	return other + strings.TrimPrefix(address, base)
}

// afterFault: the old URL is answered as it should, never with other bytes, and what playlists name is there.
func afterFault(t *testing.T, client *http.Client, base, address, kind string, then int, old []byte) {
	t.Helper()
	a, err := ask(t.Context(), client, http.MethodGet, address)
	switch {
	case err != nil:
		t.Errorf("%s afterwards: %v", kind, err)
	case kind == "mp4": // the file as it is now, whatever that is
		if a.status != http.StatusOK && a.status != http.StatusNotFound && a.status != http.StatusUnprocessableEntity || int64(len(a.body)) != a.length && a.length >= 0 {
			t.Errorf("%s afterwards: %d, %d bytes of %d", kind, a.status, len(a.body), a.length)
		}
	case a.status == http.StatusOK && !bytes.Equal(a.body, old), a.status != then:
		t.Errorf("%s afterwards: %d, %d bytes, want %d and the same %d: %.200s", kind, a.status, len(a.body), then, len(old), a.body)
	}
	for _, master := range []string{"hls/sub/film/master.m3u8", "cmaf/sub/film/master.m3u8"} {
		lists, failed := playlistsBelow(t.Context(), client, base+master)
		var no *refusal
		if errors.As(failed, &no) && (no.status == http.StatusNotFound || no.status == http.StatusUnprocessableEntity) && then != http.StatusOK {
			continue
		}
		if failed != nil {
			t.Errorf("%s: %v", master, failed)
			continue
		}
		for _, l := range lists {
			for _, p := range l.pieces {
				piece, gone := ask(t.Context(), client, http.MethodGet, p.url)
				if gone != nil || piece.status != http.StatusOK {
					t.Errorf("%s: %d %v", p.url, piece.status, gone)
				}
			}
		}
	}
}

// TestStalledDisk has a disk stand still: what waits for it is let in up to --max-inflight, more is told to come again, and
// the cache, playlists and other titles answer meanwhile. Clients that leave are not waited for.
func TestStalledDisk(t *testing.T) {
	base, storage := serveFaulty(t, bigFilm(t), "--max-inflight=2", "--cache-admit=first")
	client := newClient(t)
	lists, err := playlistsBelow(t.Context(), client, masterOf(base, "film"))
	if err != nil {
		t.Fatal(err)
	}
	hot, cold := lists[0].pieces[0].url, lists[0].pieces[1].url
	if a, failed := ask(t.Context(), client, http.MethodGet, hot); failed != nil || a.status != http.StatusOK {
		t.Fatal(a.status, failed)
	}
	cmaf, err := playlistsBelow(t.Context(), client, base+"cmaf/film/master.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	colds := []string{cold, cmaf[0].pieces[0].url, cmaf[0].pieces[1].url, cmaf[len(cmaf)-1].pieces[0].url}

	stalled, heal := make(chan struct{}, 100), make(chan struct{})
	release := sync.OnceFunc(func() { close(heal) })
	defer release()
	storage.through(func(ctx context.Context, _ int64, _ int) error {
		select {
		case stalled <- struct{}{}:
		default: // nobody counts any more
		}
		select {
		case <-heal:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	var waiting sync.WaitGroup
	statuses := make([]answered, 2)
	for i, address := range colds[:2] {
		waiting.Go(func() { statuses[i], _ = ask(t.Context(), client, http.MethodGet, address) })
	}
	<-stalled
	<-stalled
	var busy atomic.Int64
	var more sync.WaitGroup
	for range 8 {
		more.Go(func() {
			a, failed := ask(t.Context(), newClient(t), http.MethodGet, colds[2])
			if failed == nil && a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "" {
				busy.Add(1)
			}
		})
	}
	for name, address := range map[string]string{"the cache": hot, "a playlist": masterOf(base, "film"), "health": base + "healthz", "metrics": base + "metrics", "titles": base + "api/titles"} {
		if a, failed := ask(t.Context(), client, http.MethodGet, address); failed != nil || a.status != http.StatusOK {
			t.Errorf("%s while the disk stands still: %d %v", name, a.status, failed)
		}
	}
	more.Wait()
	if busy.Load() != 8 {
		t.Errorf("%d of 8 are told to come again", busy.Load())
	}
	release()
	waiting.Wait()
	for i, a := range statuses {
		if a.status != http.StatusOK || int64(len(a.body)) != a.length {
			t.Errorf("%s, once the disk goes on: %d, %d bytes of %d", colds[i], a.status, len(a.body), a.length)
		}
	}
	storage.through(nil)
	for _, address := range colds {
		if a, failed := ask(t.Context(), client, http.MethodGet, address); failed != nil || a.status != http.StatusOK {
			t.Errorf("%s afterwards: %d %v", address, a.status, failed)
		}
	}
}
