package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counts is an Observer that remembers.
type counts struct {
	mu                              sync.Mutex
	hits, misses, fills, bad, evict int
	bodies                          int
	bytes                           int64
	ahead, dropped, used, unused    int
}

func (n *counts) CacheAhead(started bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if started {
		n.ahead++
	} else {
		n.dropped++
	}
}

func (n *counts) CacheAheadUsed(used bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if used {
		n.used++
	} else {
		n.unused++
	}
}

// wantAhead compares what was counted of bodies that were made ahead.
func (n *counts) wantAhead(t *testing.T, ahead, dropped, used, unused int) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	got, want := [4]int{n.ahead, n.dropped, n.used, n.unused}, [4]int{ahead, dropped, used, unused}
	if got != want {
		t.Errorf("ahead, dropped, used, unused: %v, want %v", got, want)
	}
}

func (n *counts) CacheOpened(hit bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if hit {
		n.hits++
	} else {
		n.misses++
	}
}

func (n *counts) CacheFilled(_ int64, _ time.Duration, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fills++
	if err != nil {
		n.bad++
	}
}

func (n *counts) CacheEvicted(int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.evict++
}

func (n *counts) CacheResized(bodies int, bytes int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bodies, n.bytes = bodies, bytes
}

// want compares what was counted.
func (n *counts) want(t *testing.T, hits, misses, fills, bad, evicted int) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	got, want := [5]int{n.hits, n.misses, n.fills, n.bad, n.evict}, [5]int{hits, misses, fills, bad, evicted}
	if got != want {
		t.Errorf("hits, misses, fills, failed fills, evictions: %v, want %v", got, want)
	}
}

// blockLen is how much fills write at once, as the muxer does.
const blockLen = 188 << 10

// payload is a body of n bytes that tells its seed and place.
func payload(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(b) // never fails
	return b
}

// from fills with b, piece bytes at a time.
func from(b []byte, piece int) Fill {
	return func(ctx context.Context, w io.Writer) error {
		for p := range slices.Chunk(b, piece) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		return nil
	}
}

func newCache(t *testing.T, cfg Config) (*Cache[string], *counts) {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	n := &counts{}
	c := New[string](cfg, n)
	t.Cleanup(func() { _ = c.Close() })
	return c, n
}

// read is the whole range, or the error.
func read(t *testing.T, b *Body, off, n int64) ([]byte, error) {
	t.Helper()
	var out bytes.Buffer
	err := b.WriteRange(t.Context(), &out, off, n)
	return out.Bytes(), err
}

func TestSecondRequestEnters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := newCache(t, DefaultConfig())
		want := payload(1, 3*blockLen+1000)
		size := int64(len(want))
		fill := from(want, 4096)

		if b, hit := c.Open("a", size, fill); b != nil || hit || c.Peek("a") {
			t.Fatalf("first request: body %v, hit %v, peek %v; want none", b, hit, c.Peek("a"))
		}
		b, hit := c.Open("a", size, fill)
		if b == nil || hit {
			t.Fatalf("second request: body %v, hit %v; want a body that begins to be filled", b, hit)
		}
		if !c.Peek("a") {
			t.Error("a body that is being filled is not seen by Peek")
		}
		for range 2 { // growing, then whole
			if got, err := read(t, b, 0, size); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("read %d bytes, %v", len(got), err)
			}
			synctest.Wait()
			if b, hit = c.Open("a", size, fill); b == nil || !hit {
				t.Fatalf("third request: body %v, hit %v; want a hit", b, hit)
			}
		}
		n.want(t, 2, 2, 1, 0, 0)
	})
}

// Find is a request for what is there, and nothing for what isn't.
func TestFind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := newCache(t, DefaultConfig())
		want := payload(1, 1000)
		for range 2 {
			if b, ok := c.Find("a"); b != nil || ok {
				t.Fatalf("found %v in an empty cache", b)
			}
		}
		c.Open("a", 1000, from(want, 100))
		c.Open("a", 1000, from(want, 100))
		b, ok := c.Find("a")
		if !ok {
			t.Fatal("not found while it is filled")
		}
		if got, err := read(t, b, 0, 1000); err != nil || !bytes.Equal(got, want) {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		n.want(t, 1, 2, 1, 0, 0)
	})
}

func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		c, _ := newCache(t, cfg)
		fill := from([]byte("x"), 1)
		c.Open("a", 1, fill)
		<-time.After(cfg.Window + 1)
		if b, _ := c.Open("a", 1, fill); b != nil {
			t.Error("a request after the window let the body enter")
		}
		<-time.After(cfg.Window)
		if b, _ := c.Open("a", 1, fill); b == nil {
			t.Error("a request within the window did not let the body enter")
		}
	})
}

// Keys that were asked for once are remembered for as long as half a cache's worth of others isn't.
func TestGhostsAreBounded(t *testing.T) {
	cfg := DefaultConfig()
	const size = 64 << 10
	cfg.MaxBytes = 4 * costOf(size)
	c, _ := newCache(t, cfg)
	for _, key := range []string{"a", "b", "c"} {
		c.Open(key, size, nil)
	}
	if n := c.queues.ghosts.Len(); n != 2 || c.queues.ghostBytes != 2*costOf(size) {
		t.Errorf("%d keys of %d bytes are remembered, want 2", n, c.queues.ghostBytes)
	}
	if b, _ := c.Open("a", size, nil); b != nil {
		t.Error("a key was remembered beyond the bound")
	}
}

func TestAdmitFirst(t *testing.T) {
	c, _ := newCache(t, Config{MaxBytes: 1 << 20, AdmitFirst: true})
	b, hit := c.Open("a", 1, from([]byte("x"), 1))
	if b == nil || hit {
		t.Fatalf("body %v, hit %v; want a body at once", b, hit)
	}
	if got, err := read(t, b, 0, 1); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestScanDoesNotFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.MaxBytes = 8 << 20
		c, n := newCache(t, cfg)
		body := payload(1, 1<<20)
		for range 2 {
			c.Open("hot", 1<<20, from(body, blockLen))
		}
		synctest.Wait()
		for i := range 1000 {
			if b, _ := c.Open(fmt.Sprint(i), 1<<20, from(body, blockLen)); b != nil {
				t.Fatal("a body entered on its first request")
			}
		}
		if !c.Peek("hot") {
			t.Error("a scan flushed what is watched")
		}
		n.want(t, 0, 1002, 1, 0, 0)
	})
}

func TestRefused(t *testing.T) {
	f := func(name string, cfg Config, size int64) {
		t.Helper()
		c, n := newCache(t, cfg)
		for range 3 {
			if b, hit := c.Open("a", size, nil); b != nil || hit {
				t.Errorf("%s: entered", name)
			}
		}
		n.want(t, 0, 3, 0, 0, 0)
	}
	cfg := DefaultConfig()
	f("giant", cfg, cfg.MaxBytes/4+1)
	f("empty", cfg, 0)
	f("negative", cfg, -1)
	f("no cache", Config{AdmitFirst: true}, 1)
	f("overhead alone is too much", Config{MaxBytes: 500, MaxItemBytes: 500, AdmitFirst: true}, 100)
}

func TestFollowersOfAFailure(t *testing.T) {
	broken := errors.New("disk on fire")
	f := func(name string, want error, fill Fill) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, n := newCache(t, Config{MaxBytes: 1 << 20, AdmitFirst: true})
				goOn := make(chan struct{})
				b, _ := c.Open("a", 1000, func(ctx context.Context, w io.Writer) error {
					if _, err := w.Write(payload(1, 600)); err != nil {
						return err
					}
					<-goOn
					return fill(ctx, w)
				})
				var whole, part error
				var done sync.WaitGroup
				done.Go(func() { whole = b.WriteRange(t.Context(), io.Discard, 0, 1000) })
				done.Go(func() { part = b.WriteRange(t.Context(), io.Discard, 100, 500) })
				synctest.Wait()
				close(goOn)
				done.Wait()
				if !errors.Is(whole, want) {
					t.Errorf("the follower of all bytes got %v, want %v", whole, want)
				}
				if part != nil {
					t.Errorf("a follower that had all it wanted got %v", part)
				}
				if c.Peek("a") || c.account.used != 0 {
					t.Errorf("what failed is still there: %d bytes", c.account.used)
				}
				if late := b.WriteRange(t.Context(), &explode{t}, 0, 1000); !errors.Is(late, want) {
					t.Errorf("a late follower got %v, want %v", late, want)
				}
				if again, hit := c.Open("a", 5, from([]byte("12345"), 5)); again == nil || hit {
					t.Error("the next request may not try again")
				} else if got, err := read(t, again, 0, 5); err != nil || string(got) != "12345" {
					t.Errorf("second try: %q, %v", got, err)
				}
				synctest.Wait()
				n.want(t, 0, 2, 2, 1, 0)
			})
		})
	}
	f("error", broken, func(context.Context, io.Writer) error { return broken })
	f("short", ErrSize, func(context.Context, io.Writer) error { return nil })
	f("long", ErrSize, from(payload(2, 401), 401))
	f("panic", ErrPanic, boom)
	f("goexit", ErrPanic, func(context.Context, io.Writer) error { runtime.Goexit(); return nil })
}

// explode fails the test if anything is written to it.
type explode struct{ t *testing.T }

func (e *explode) Write([]byte) (int, error) {
	e.t.Error("bytes of a body that has failed were written")
	return 0, io.ErrClosedPipe
}

// boom is a fill with a bug.
func boom(context.Context, io.Writer) error {
	var nobody *Config
	return nobody.Validate()
}

func TestPanicNamesItsPlace(t *testing.T) {
	c, _ := newCache(t, Config{MaxBytes: 1 << 20, AdmitFirst: true})
	b, _ := c.Open("a", 1, boom)
	_, err := read(t, b, 0, 1)
	if err == nil || !strings.Contains(err.Error(), "nil pointer") || !strings.Contains(err.Error(), "cache_test.go") {
		t.Errorf("%v", err)
	}
}

func TestRanges(t *testing.T) {
	c, _ := newCache(t, Config{MaxBytes: 8 << 20, AdmitFirst: true})
	want := payload(3, 4*blockLen)
	size := int64(len(want))
	b, _ := c.Open("a", size, from(want, 10_000))
	f := func(off, n int64) {
		t.Helper()
		got, err := read(t, b, off, n)
		if err != nil || !bytes.Equal(got, want[off:off+n]) {
			t.Errorf("bytes %d+%d: %d bytes, %v", off, n, len(got), err)
		}
	}
	for _, off := range []int64{0, 1, blockLen - 1, blockLen, blockLen + 1, 2*blockLen - 1, size - 1, size} {
		for _, n := range []int64{0, 1, 2, blockLen, blockLen + 1, 2*blockLen - 1, size} {
			f(off, min(n, size-off))
		}
	}
	for _, bad := range [][2]int64{{-1, 1}, {0, size + 1}, {size, 1}, {1, -1}, {1 << 62, 1 << 62}} {
		if _, err := read(t, b, bad[0], bad[1]); !errors.Is(err, ErrRange) {
			t.Errorf("range %v: %v", bad, err)
		}
	}
}

// compare is a client that takes want and nothing else.
type compare struct{ want []byte }

func (c *compare) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(c.want, p) {
		return 0, errors.New("other bytes than wanted")
	}
	c.want = c.want[len(p):]
	return len(p), nil
}

// stall is a client that takes one write and then nothing until it is let go.
type stall struct {
	n    int
	goOn chan struct{}
}

func (s *stall) Write(p []byte) (int, error) {
	s.n += len(p)
	<-s.goOn
	return len(p), nil
}

func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t, DefaultConfig())
		want := payload(4, 10*blockLen)
		size := int64(len(want))
		var fills atomic.Int32
		fill := func(ctx context.Context, w io.Writer) error {
			fills.Add(1)
			for p := range slices.Chunk(want, blockLen) {
				<-time.After(100 * time.Millisecond)
				if _, err := w.Write(p); err != nil {
					return err
				}
			}
			return nil
		}
		c.Open("a", size, fill)
		slow := &stall{goOn: make(chan struct{})}
		b, _ := c.Open("a", size, fill)
		slowDone := make(chan error, 1)
		go func() { slowDone <- b.WriteRange(t.Context(), slow, 0, size) }()

		begin := time.Now()
		var crowd sync.WaitGroup
		for range 200 {
			crowd.Go(func() {
				body, hit := c.Open("a", size, fill)
				if body == nil || !hit {
					t.Error("a follower has no body")
					return
				}
				same := compare{want: want}
				if err := body.WriteRange(t.Context(), &same, 0, size); err != nil || len(same.want) != 0 {
					t.Errorf("a follower lacks %d bytes, %v", len(same.want), err)
				}
			})
		}
		crowd.Wait()
		if took := time.Since(begin); took != time.Second {
			t.Errorf("200 followers took %v, want the fill's own 1s", took)
		}
		synctest.Wait()
		if slow.n != blockLen {
			t.Errorf("the slow reader was given %d bytes", slow.n)
		}
		close(slow.goOn)
		if err := <-slowDone; err != nil || slow.n != len(want) {
			t.Errorf("the slow reader got %d bytes, %v", slow.n, err)
		}
		if n := fills.Load(); n != 1 {
			t.Errorf("%d fills", n)
		}
	})
}

func TestReaderThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t, Config{MaxBytes: 1 << 20, AdmitFirst: true})
		goOn := make(chan struct{})
		b, _ := c.Open("a", 1, func(_ context.Context, w io.Writer) error {
			<-goOn
			_, err := w.Write([]byte("x"))
			return err
		})
		gone := errors.New("gone")
		ctx, leave := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.WriteRange(ctx, io.Discard, 0, 1) }()
		synctest.Wait()
		leave(gone)
		if err := <-done; !errors.Is(err, gone) {
			t.Errorf("left with %v", err)
		}
		close(goOn)
		synctest.Wait()
		if !c.Peek("a") {
			t.Error("a fill that nobody waits for was dropped")
		}
		if err := b.WriteRange(ctx, io.Discard, 0, 1); !errors.Is(err, gone) {
			t.Errorf("a whole body was written for one who left: %v", err)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newCache(t, Config{MaxBytes: 1 << 20, AdmitFirst: true})
		whole, _ := c.Open("whole", 1, from([]byte("x"), 1))
		waits, _ := c.Open("waits", 1, func(ctx context.Context, _ io.Writer) error {
			<-ctx.Done()
			return ctx.Err()
		})
		deaf, _ := c.Open("deaf", 10, func(_ context.Context, w io.Writer) error {
			for {
				<-time.After(time.Second)
				if _, err := w.Write([]byte("x")); err != nil {
					return err
				}
			}
		})
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := read(t, waits, 0, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("a fill that minds its context: %v", err)
		}
		if _, err := read(t, deaf, 0, 10); !errors.Is(err, ErrClosed) {
			t.Errorf("a fill that doesn't: %v", err)
		}
		if got, err := read(t, whole, 0, 1); err != nil || string(got) != "x" {
			t.Errorf("a body that was there: %q, %v", got, err)
		}
		if b, _ := c.Open("new", 1, nil); b != nil {
			t.Error("a body entered after Close")
		}
	})
}

func TestValidateNamesEverything(t *testing.T) {
	err := Config{MaxBytes: -1, MaxItemBytes: -1, Window: -1}.Validate()
	for _, flag := range []string{"cache-size", "cache-item-size", "cache-window"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%q is not named by %v", flag, err)
		}
	}
	if err = DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}
