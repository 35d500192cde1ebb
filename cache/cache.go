package cache

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"
)

// Fill writes the whole of a body to w, in order. It may be called on a goroutine of the cache's; ctx ends when the cache
// is closed.
type Fill func(ctx context.Context, w io.Writer) error

// maxInUse is how many bodies that are being read one request steps over in search of one to evict.
const maxInUse = 128

// Cache keeps bodies by key, bounded in bytes, what is asked for least leaving first. It is safe for concurrent use.
type Cache[K comparable] struct {
	cfg      Config
	observer Observer
	account  account // guards all below

	queues  *queues[K]  // whole bodies
	filling map[K]*Body // those that grow: never evicted
	aheads  int64       // bytes of those that grow and were made ahead
	closed  bool
	fills   sync.WaitGroup
}

// New makes a Cache of a valid Config.
func New[K comparable](cfg Config, observer Observer) *Cache[K] {
	if cfg.MaxItemBytes == 0 {
		cfg.MaxItemBytes = cfg.MaxBytes / 4
	}
	c := &Cache[K]{cfg: cfg, observer: observer, filling: map[K]*Body{}, queues: newQueues[K](cfg.MaxBytes, cfg.AdmitFirst)}
	return c
}

// Open counts one request for key's body of size bytes. hit tells that the body is there or being filled already. body is
// nil where it isn't let in, or not yet: the caller makes the bytes for itself. Where this request is the one that lets it
// in, fill is started on a goroutine of its own, and body grows as it writes.
func (c *Cache[K]) Open(key K, size int64, fill Fill) (body *Body, hit bool) {
	c.account.Lock()
	body, hit = c.find(key)
	if !hit {
		if again, ok := c.admit(key, size); ok {
			body = c.start(key, size, again, fill)
		}
	}
	c.account.Unlock()
	c.observer.CacheOpened(hit)
	return body, hit
}

// Find is Open for whoever makes no bytes: where the body is neither there nor being filled, no request is counted.
func (c *Cache[K]) Find(key K) (body *Body, ok bool) {
	c.account.Lock()
	body, ok = c.find(key)
	c.account.Unlock()
	if ok {
		c.observer.CacheOpened(true)
	}
	return body, ok
}

// Peek tells whether key's body is there or being filled. It counts no request and keeps nothing from being evicted.
func (c *Cache[K]) Peek(key K) bool {
	_, ok := c.Size(key)
	return ok
}

// Size is how long key's body is, if it is there or being filled. Like Peek, it leaves no trace.
func (c *Cache[K]) Size(key K) (size int64, ok bool) {
	c.account.Lock()
	defer c.account.Unlock()
	b := c.filling[key]
	if b == nil {
		b = c.queues.peek(key)
	}
	if b == nil {
		return 0, false
	}
	return b.size, true
}

// Close ends all fills, waits for them, and lets nothing in any more. What is there can still be read.
func (c *Cache[K]) Close() error {
	c.account.Lock()
	c.closed = true
	for _, b := range c.filling {
		b.cancel()
	}
	c.account.Unlock()
	c.fills.Wait()
	return nil
}

// find looks key up, as used now; c is locked.
func (c *Cache[K]) find(key K) (body *Body, ok bool) {
	if body, ok = c.filling[key]; !ok {
		body, ok = c.queues.find(key)
	}
	if ok {
		c.asked(key, body)
	}
	return body, ok
}

// admit decides whether a body that isn't there may enter now, and makes room for it; c is locked. again tells that it was
// asked for before.
func (c *Cache[K]) admit(key K, size int64) (again, ok bool) {
	cost := costOf(size)
	if c.closed || !c.allows(size) {
		return false, false
	}
	before, again := c.queues.recall(key)
	if !c.cfg.AdmitFirst {
		now := time.Now()
		if !again || now.Sub(before.when) > c.cfg.Window {
			c.queues.remember(key, ghost{now, cost})
			return false, false
		}
	}
	return again, c.makeRoom(cost)
}

// allows tells whether a body may be so large.
func (c *Cache[K]) allows(size int64) bool {
	return size > 0 && int64(int(size)) == size && size <= c.cfg.MaxItemBytes && costOf(size) <= c.cfg.MaxBytes
}

// makeRoom evicts until cost fits; c is locked. A body that somebody reads is in use now, whenever it was asked for: it
// stays, and goes to the front.
func (c *Cache[K]) makeRoom(cost int64) bool {
	busyFresh, busyKept := 0, 0
	for busyFresh+busyKept < maxInUse && c.account.used+cost > c.cfg.MaxBytes {
		q := c.queues.next(busyFresh, busyKept)
		if q == nil {
			break
		}
		key, b, _ := q.lru.GetOldest()
		if b.readers == 0 {
			c.evict(q, key, b)
			continue
		}
		q.lru.Get(key)
		if q == &c.queues.fresh {
			busyFresh++
		} else {
			busyKept++
		}
	}
	return c.account.used+cost <= c.cfg.MaxBytes
}

// evict takes a body out that nobody reads; c is locked.
func (c *Cache[K]) evict(q *queue[K], key K, b *Body) {
	c.queues.remove(q, key, b)
	c.account.drop(b)
	c.observer.CacheEvicted(b.size)
	c.unasked(b)
}

// start begins a fill; c is locked.
func (c *Cache[K]) start(key K, size int64, again bool, fill Fill) *Body {
	b := newBody(size, &c.account)
	b.again = again
	ctx, cancel := context.WithCancel(context.Background()) // no request's: whoever leaves, the others want the rest
	b.cancel = cancel
	c.filling[key] = b
	c.account.used += b.cost
	c.resized()
	c.fills.Go(func() { c.run(ctx, key, b, fill) })
	return b
}

// run fills b and then keeps or drops it.
func (c *Cache[K]) run(ctx context.Context, key K, b *Body, fill Fill) {
	begin := time.Now()
	err := ErrPanic // what remains where fill doesn't return, which runtime.Goexit does too
	defer func() {
		b.cancel()
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanic, r, debug.Stack())
		}
		c.finish(key, b, err)
		b.tell(true, err)
		c.observer.CacheFilled(b.size, time.Since(begin), err)
	}()
	err = fill(ctx, writer{b, ctx.Done()})
	if written := b.written.Load(); err == nil && written != b.size {
		err = fmt.Errorf("fill ended at byte %d of %d: %w", written, b.size, ErrSize)
	}
}

// finish turns a fill into a body that is kept, or forgets it so that the next request may try again.
func (c *Cache[K]) finish(key K, b *Body, err error) {
	c.account.Lock()
	defer c.account.Unlock()
	delete(c.filling, key)
	if b.ahead != notAhead {
		c.aheads -= b.cost
	}
	if err != nil {
		c.account.drop(b)
		c.unasked(b)
	} else {
		c.queues.add(key, b)
	}
	c.resized()
}

func (c *Cache[K]) resized() {
	c.observer.CacheResized(c.queues.len()+len(c.filling), c.account.used)
}
