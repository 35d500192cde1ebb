package cache

import (
	"context"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
)

// TestAhead: what was made ahead is a hit when it is asked for, and keeps its place where a second request comes.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := newCache(t, DefaultConfig())
		body := payload(1, 1000)
		fill := from(body, 100)
		if !c.Ahead("a", 1000, fill) || c.Ahead("a", 1000, fill) {
			t.Error("it is to be made once")
		}
		synctest.Wait()
		if c.Ahead("a", 1000, fill) {
			t.Error("it is there already")
		}
		n.want(t, 0, 0, 1, 0, 0)
		n.wantAhead(t, 1, 0, 0, 0)
		for range 3 {
			b, hit := c.Open("a", 1000, nil)
			if !hit {
				t.Fatal("no hit")
			}
			if got, err := read(t, b, 0, 1000); err != nil || string(got) != string(body) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		}
		n.wantAhead(t, 1, 0, 1, 0)
		if c.queues.kept.lru.Len() != 1 || c.queues.fresh.lru.Len() != 0 || c.queues.fresh.bytes != 0 || c.aheads != 0 {
			t.Errorf("%d are kept, %d are fresh, with %d bytes", c.queues.kept.lru.Len(), c.queues.fresh.lru.Len(), c.queues.fresh.bytes)
		}
	})
}

// TestAheadIsAskedForMeanwhile: a place is found too where the requests come before it is made.
func TestAheadIsAskedForMeanwhile(t *testing.T) {
	f := func(name string, before, meanwhile int, kept bool) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, n := newCache(t, DefaultConfig())
				for range before {
					c.Open("a", 1000, nil)
				}
				c.Ahead("a", 1000, from(payload(1, 1000), 100))
				for range meanwhile {
					if _, hit := c.Open("a", 1000, nil); !hit {
						t.Error("no hit")
					}
				}
				synctest.Wait()
				if (c.queues.kept.lru.Len() == 1) != kept || c.queues.len() != 1 || c.aheads != 0 {
					t.Errorf("%d of %d are kept", c.queues.kept.lru.Len(), c.queues.len())
				}
				n.wantAhead(t, 1, 0, min(meanwhile, 1), 0)
			})
		})
	}
	f("never", 0, 0, false)
	f("once", 0, 1, false)
	f("twice", 0, 2, true)
	f("once before", 1, 0, false)
	f("once before and once meanwhile", 1, 1, true)
}

// TestAheadKeepsToItsShare: however much is made ahead, it makes room for itself and spares what was asked for.
func TestAheadKeepsToItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 100 << 10
		cfg := DefaultConfig()
		cfg.MaxBytes = 32 * costOf(size)
		c, n := newCache(t, cfg)
		fill := from(make([]byte, size), blockLen)
		for i := range 32 {
			for range 2 {
				c.Open(fmt.Sprint("hot ", i), size, fill)
			}
			synctest.Wait()
		}
		for i := range 100 {
			if !c.Ahead(fmt.Sprint("ahead ", i), size, fill) {
				t.Errorf("%d had no room", i)
			}
			synctest.Wait()
		}
		hot := 0
		for i := range 32 {
			if c.Peek(fmt.Sprint("hot ", i)) {
				hot++
			}
		}
		if hot != 28 || c.queues.fresh.lru.Len() != 4 {
			t.Errorf("%d hot ones are left, %d were made ahead", hot, c.queues.fresh.lru.Len())
		}
		n.wantAhead(t, 100, 0, 0, 96)
	})
}

// TestAheadIsRefused: what Open would not let in, and what has no room beside what is being made.
func TestAheadIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.MaxBytes = 8 << 20
		c, n := newCache(t, cfg)
		slow := make(chan struct{})
		if c.Ahead("giant", cfg.MaxBytes, nil) || c.Ahead("empty", 0, nil) {
			t.Error("it is let in")
		}
		wait := func(body Fill) Fill {
			return func(ctx context.Context, w io.Writer) error {
				<-slow
				return body(ctx, w)
			}
		}
		if !c.Ahead("a", 1<<20, wait(from(make([]byte, 1<<20), blockLen))) {
			t.Error("one always has room")
		}
		if c.Ahead("b", 1<<20, nil) {
			t.Error("two are more than the share")
		}
		n.wantAhead(t, 1, 3, 0, 0)
		close(slow)
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if c.Ahead("c", 1000, nil) {
			t.Error("the cache is closed")
		}
	})
}

// TestAheadFails: what can't be made leaves no trace.
func TestAheadFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := newCache(t, DefaultConfig())
		c.Ahead("a", 1000, from(make([]byte, 10), 10))
		synctest.Wait()
		if c.Peek("a") || c.aheads != 0 || c.account.used != 0 {
			t.Errorf("%d bytes ahead, %d in all", c.aheads, c.account.used)
		}
		n.wantAhead(t, 1, 0, 0, 1)
	})
}
