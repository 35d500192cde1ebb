package cache

import "time"

// Observer hears what a Cache does. Its methods must be quick, safe for concurrent use, and must not call the Cache.
type Observer interface {
	// CacheOpened counts one request; hit as Open answered it.
	CacheOpened(hit bool)
	// CacheFilled tells that a fill of size bytes ended after d, and how.
	CacheFilled(size int64, d time.Duration, err error)
	// CacheEvicted counts a body that made room for another.
	CacheEvicted(size int64)
	// CacheResized tells how many bodies there are, those being filled included, and how many bytes they are counted as.
	CacheResized(bodies int, bytes int64)
	// CacheAhead counts a body that was to be made before anybody asked for it; started is false where there was no room.
	CacheAhead(started bool)
	// CacheAheadUsed counts one that was, as soon as it is asked for, or leaves without.
	CacheAheadUsed(used bool)
}

// Silent is an Observer for whom nobody cares.
type Silent struct{}

// CacheOpened does nothing.
func (Silent) CacheOpened(bool) {}

// CacheFilled does nothing.
func (Silent) CacheFilled(int64, time.Duration, error) {}

// CacheEvicted does nothing.
func (Silent) CacheEvicted(int64) {}

// CacheResized does nothing.
func (Silent) CacheResized(int, int64) {}

// CacheAhead does nothing.
func (Silent) CacheAhead(bool) {}

// CacheAheadUsed does nothing.
func (Silent) CacheAheadUsed(bool) {}
