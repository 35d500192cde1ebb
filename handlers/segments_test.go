package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

func TestSegmentRanges(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	random := rand.New(rand.NewPCG(1, 2))
	for _, path := range segments {
		head := s.do(t, http.MethodHead, path)
		whole := s.must(t, path)
		if head.Header.Get("Content-Length") != strconv.Itoa(len(whole.body)) {
			t.Errorf("%s: HEAD says %s bytes, GET gives %d", path, head.Header.Get("Content-Length"), len(whole.body))
		}
		for range 20 {
			off := random.IntN(len(whole.body))
			n := 1 + random.IntN(len(whole.body)-off)
			a := s.get(t, path, fmt.Sprintf("Range: bytes=%d-%d", off, off+n-1), "If-Range: "+whole.Header.Get("ETag"))
			if a.StatusCode != http.StatusPartialContent || !bytes.Equal(a.body, whole.body[off:off+n]) {
				t.Errorf("%s: bytes %d+%d: %s, %d bytes", path, off, n, a.Status, len(a.body))
			}
		}
		errorOf(t, s.get(t, path, fmt.Sprintf("Range: bytes=%d-", len(whole.body))), http.StatusRequestedRangeNotSatisfiable)
		if several := s.must(t, path, "Range: bytes=0-0,5-9"); several.StatusCode != http.StatusOK || !bytes.Equal(several.body, whole.body) {
			t.Errorf("several ranges: %s, %d bytes", several.Status, len(several.body))
		}
	}
}

func TestCacheIsVisible(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	path := segments[0]
	f := func(method, want string, reads bool) {
		t.Helper()
		before := s.storage.read.Load()
		a := s.do(t, method, path)
		if got := a.Header.Get("X-Cache"); got != want {
			t.Errorf("%s: X-Cache %q, want %q", method, got, want)
		}
		if read := s.storage.read.Load() > before; read != reads {
			t.Errorf("%s with X-Cache %s: media was read: %v", method, want, read)
		}
	}
	f(http.MethodHead, "MISS", false)
	f(http.MethodHead, "MISS", false) // it doesn't count
	f(http.MethodGet, "MISS", true)
	f(http.MethodHead, "MISS", false)
	f(http.MethodGet, "MISS", true)
	f(http.MethodGet, "HIT", false)
	f(http.MethodHead, "HIT", false)
}

func TestConditionalSegmentReadsNothing(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	tag := s.do(t, http.MethodHead, segments[0]).Header.Get("ETag")
	before := s.storage.read.Load()
	if a := s.get(t, segments[0], "If-None-Match: "+tag); a.StatusCode != http.StatusNotModified || len(a.body) > 0 {
		t.Errorf("%s, %d bytes", a.Status, len(a.body))
	}
	if n := s.storage.read.Load() - before; n > 0 {
		t.Errorf("%d bytes were read for a 304", n)
	}
}

func TestStorageFails(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	fire := errors.New("disk on fire")

	s.storage.fail(func(context.Context, int64, int) error { return fire })
	body := errorOf(t, s.get(t, segments[0]), http.StatusBadGateway)
	if body.Title != "film" || strings.Contains(body.Error, "fire") {
		t.Errorf("before the first byte: %+v", body)
	}

	var reads atomic.Int32
	s.storage.fail(func(context.Context, int64, int) error {
		if reads.Add(1) > 2 {
			return fire
		}
		return nil
	})
	a := s.get(t, segments[1])
	if a.StatusCode != http.StatusOK || a.err == nil || int64(len(a.body)) >= a.ContentLength {
		t.Errorf("after the first byte: %s, %d of %d bytes, %v", a.Status, len(a.body), a.ContentLength, a.err)
	}
	reads.Store(0)
	a = s.get(t, segments[0]) // its second request, which fills: who comes late hears of the failure before the first byte
	if a.StatusCode != http.StatusBadGateway && (a.err == nil || int64(len(a.body)) >= a.ContentLength) {
		t.Errorf("filled: %s, %d of %d bytes, %v", a.Status, len(a.body), a.ContentLength, a.err)
	}
	s.quiet(t)
	if log := s.log.String(); strings.Count(log, fire.Error()) != 3 || strings.Count(log, "level=ERROR") != 3 {
		t.Errorf("three failures are not three lines of the log:\n%s", log)
	}

	s.storage.fail(nil)
	for _, path := range segments {
		if a = s.must(t, path); int64(len(a.body)) != a.ContentLength {
			t.Errorf("afterwards: %d of %d bytes", len(a.body), a.ContentLength)
		}
	}
}

func TestReplacedFile(t *testing.T) {
	s := newSite(t, nil)
	master, playlist, segments := s.walk(t, "film")
	rendition := strings.Split(segments[0], "/")[3]
	path := filepath.Join(s.dir, "film", rendition+".mp4")
	write(t, path+".new", testmedia.H264AAC(12).Bytes())
	check(t, os.Rename(path+".new", path))

	body := errorOf(t, s.get(t, segments[0]), http.StatusNotFound)
	if body.Title != "film" || !strings.Contains(body.Error, "load the playlist again") {
		t.Errorf("%+v", body)
	}
	s.must(t, master)
	again := links(playlist, s.must(t, playlist).body)
	if len(again) == 0 || again[0] == segments[0] {
		t.Fatalf("the playlist has the old segments: %v", again)
	}
	s.must(t, again[0])
	check(t, os.Remove(path))
	errorOf(t, s.get(t, again[0]), http.StatusNotFound)
}

func TestFileThatChangesUnderUs(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	path := filepath.Join(s.dir, "film", strings.Split(segments[0], "/")[3]+".mp4")
	var reads atomic.Int32
	s.storage.fail(func(context.Context, int64, int) error {
		if reads.Add(1) == 2 {
			return os.Chtimes(path, time.Time{}, time.Unix(1, 0))
		}
		return nil
	})
	a := s.get(t, segments[0])
	if a.StatusCode != http.StatusOK || a.err == nil || int64(len(a.body)) >= a.ContentLength {
		t.Errorf("%s, %d of %d bytes, %v", a.Status, len(a.body), a.ContentLength, a.err)
	}
}

// TestClientThatLeaves must stop the reads of its request.
func TestClientThatLeaves(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	reading, stopped := make(chan struct{}), make(chan struct{})
	var reads atomic.Int32
	s.storage.fail(func(ctx context.Context, _ int64, _ int) error {
		if reads.Add(1) == 1 {
			close(reading)
			<-ctx.Done()
			close(stopped)
			return ctx.Err()
		}
		return nil
	})
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+segments[0], nil)
	check(t, err)
	go func() {
		<-reading
		leave()
	}()
	response, err := plainClient().Do(r)
	if err == nil {
		_ = response.Body.Close()
		t.Errorf("answered %s", response.Status)
	}
	<-stopped
	s.quiet(t)
	if n := reads.Load(); n != 1 {
		t.Errorf("%d reads, want none after the client left", n)
	}
	if log := s.log.String(); !strings.Contains(log, "level=INFO") || !strings.Contains(log, "status=499") {
		t.Errorf("the log:\n%s", log)
	}
}

// TestCrowd is 200 clients on one new segment of slow storage, the first of them stuck.
func TestCrowd(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	want := s.must(t, segments[1]).ContentLength
	size := s.do(t, http.MethodHead, segments[0]).ContentLength
	before := s.storage.read.Load()
	s.storage.fail(func(context.Context, int64, int) error {
		<-time.After(20 * time.Millisecond)
		return nil
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+segments[0], nil)
	check(t, err)
	first, err := plainClient().Do(r) // which reads no byte of the body until all others are done
	check(t, err)
	defer func() { _ = first.Body.Close() }()

	var crowd sync.WaitGroup
	barrier := make(chan struct{})
	for range 200 {
		crowd.Go(func() {
			<-barrier
			if a := s.get(t, segments[0]); int64(len(a.body)) != size || a.err != nil {
				t.Errorf("%s, %d of %d bytes, %v", a.Status, len(a.body), size, a.err)
			}
		})
	}
	close(barrier)
	crowd.Wait()
	n, err := io.Copy(io.Discard, first.Body)
	if n != size || err != nil {
		t.Errorf("the first client got %d of %d bytes, %v", n, size, err)
	}
	if read := s.storage.read.Load() - before; read > 2*size {
		t.Errorf("%d bytes were read for a segment of %d", read, size)
	}
	if a := s.must(t, segments[1]); a.ContentLength != want {
		t.Errorf("another segment then has %d bytes, not %d", a.ContentLength, want)
	}
}
