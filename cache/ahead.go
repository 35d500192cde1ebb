package cache

import "time"

// ahead is how far a body has come that was made before anybody asked for it.
type ahead uint8

const (
	notAhead ahead = iota // it was asked for, or has proved that it is worth its place
	unasked
	askedOnce
)

// Ahead makes key's body of size bytes as Open would, but before anybody asks for it: it makes room for itself among its like,
// and leaves before what was asked for. started tells that fill is called, on a goroutine of its own. Where the body is there
// already, nothing happens.
func (c *Cache[K]) Ahead(key K, size int64, fill Fill) (started bool) {
	c.account.Lock()
	defer c.account.Unlock()
	if c.filling[key] != nil || c.queues.peek(key) != nil {
		return false
	}
	if cost := costOf(size); !c.closed && c.allows(size) && c.makeRoomAhead(cost) && c.makeRoom(cost) {
		before, again := c.queues.recall(key)
		again = again && (c.cfg.AdmitFirst || time.Since(before.when) <= c.cfg.Window)
		b := c.start(key, size, again, fill)
		b.ahead = unasked
		c.aheads += cost
		started = true
	}
	c.observer.CacheAhead(started)
	return started
}

// makeRoomAhead keeps what was made ahead to the share of what is fresh; c is locked. One body always has room.
func (c *Cache[K]) makeRoomAhead(cost int64) bool {
	fresh := &c.queues.fresh
	for fresh.bytes+c.aheads+cost > c.queues.maxFresh {
		key, b, ok := fresh.lru.GetOldest()
		if !ok {
			return c.aheads == 0
		}
		if b.readers > 0 {
			return false
		}
		c.evict(fresh, key, b)
	}
	return true
}

// asked notes that somebody asks for a body; c is locked. One that was made ahead has its place among what is kept as soon as
// another would be let in.
func (c *Cache[K]) asked(key K, b *Body) {
	switch {
	case b.ahead == unasked:
		b.ahead = askedOnce
		c.observer.CacheAheadUsed(true)
	case b.ahead == askedOnce && !c.cfg.AdmitFirst:
		b.again = true
	default:
		return
	}
	if b.again && c.filling[key] != b { // or else finish finds it a place
		b.ahead = notAhead
		c.queues.keep(key, b)
	}
}

// unasked counts a body that leaves without having been asked for; c is locked.
func (c *Cache[K]) unasked(b *Body) {
	if b.ahead == unasked {
		c.observer.CacheAheadUsed(false)
	}
}
