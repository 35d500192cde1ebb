package cache

import "sync"

// account counts the bytes of all bodies that are held: kept, being filled, or dropped while somebody still reads them.
// Its mutex also guards what a Cache knows about its bodies.
type account struct {
	sync.Mutex
	used int64
}

const (
	// pageLen is what the allocator rounds big pieces up to; the system's pages are no larger on most machines.
	pageLen = 8 << 10
	// bodyOverhead is a Body, its key, its place in the LRU and in the map, rounded up.
	bodyOverhead = 1 << 10
)

// costOf is what a body of size bytes is counted as.
func costOf(size int64) int64 {
	return (size+pageLen-1)/pageLen*pageLen + bodyOverhead
}

// hold notes a reader of b. ok is false where b is gone already.
func (a *account) hold(b *Body) (ok bool) {
	a.Lock()
	defer a.Unlock()
	if b.dropped && b.readers == 0 {
		return false
	}
	b.readers++
	return true
}

// release notes that a reader of b left.
func (a *account) release(b *Body) {
	a.Lock()
	defer a.Unlock()
	if b.readers--; b.readers == 0 && b.dropped {
		a.forget(b)
	}
}

// drop notes that b is in the cache no more; a is locked.
func (a *account) drop(b *Body) {
	b.dropped = true
	if b.readers == 0 {
		a.forget(b)
	}
}

// forget gives back what b took, which nobody reads any more; a is locked.
func (a *account) forget(b *Body) {
	a.used -= b.cost
	b.store.close()
}
