package cache

import (
	"math"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// queues are what bodies there are and in which order they leave, bounded in bytes: a 2Q (Johnson and Shasha, VLDB 1994). What
// was asked for once waits in fresh, first in, first out; what was asked for again after it had left there is kept, the least
// recently used leaving first; and of what left fresh the key remains as a ghost for a while, which is how "again" is known.
//
// Where only a second request lets a body in, the first one leaves nothing but the ghost, and fresh is for those alone that
// were made ahead. The ghosts are what tells worth from chance, so they are few: on Zipf-distributed requests with scans among
// them, ghosts of half the cache gave as many hits as TinyLFU, ghosts of ten times the cache no more than a plain LRU
// (TestHitRatio).
type queues[K comparable] struct {
	fresh, kept queue[K]
	ghosts      *simplelru.LRU[K, ghost]
	ghostBytes  int64 // that the ghosts' bodies would take
	maxFresh    int64
	maxGhosts   int64
}

// ghost is a key whose body isn't there.
type ghost struct {
	when time.Time // it was asked for
	cost int64     // of its body
}

// mostGhosts bounds the ghosts' own memory, some 200 bytes each.
const mostGhosts = 1 << 18

// queue is an order of bodies.
type queue[K comparable] struct {
	lru   *simplelru.LRU[K, *Body]
	bytes int64
}

func newQueues[K comparable](maxBytes int64, admitFirst bool) *queues[K] {
	q := &queues[K]{maxFresh: maxBytes / 8, maxGhosts: maxBytes / 2}
	if admitFirst {
		q.maxFresh = maxBytes / 20
	}
	// The only error is for a size below 1. The bounds are ours, in bytes.
	q.fresh.lru, _ = simplelru.NewLRU[K, *Body](math.MaxInt, nil)
	q.kept.lru, _ = simplelru.NewLRU[K, *Body](math.MaxInt, nil)
	q.ghosts, _ = simplelru.NewLRU[K, ghost](mostGhosts, func(_ K, g ghost) { q.ghostBytes -= g.cost })
	return q
}

// find looks a body up, as used now.
func (q *queues[K]) find(key K) (*Body, bool) {
	if b, ok := q.kept.lru.Get(key); ok {
		return b, true
	}
	return q.fresh.lru.Peek(key) // a crowd on something new says nothing of tomorrow
}

// peek is find without the use; nil where there is none.
func (q *queues[K]) peek(key K) *Body {
	if b, ok := q.kept.lru.Peek(key); ok {
		return b
	}
	b, _ := q.fresh.lru.Peek(key)
	return b
}

func (q *queues[K]) len() int { return q.kept.lru.Len() + q.fresh.lru.Len() }

// recall tells when a key was asked for whose body isn't there any more, or not yet.
func (q *queues[K]) recall(key K) (ghost, bool) { return q.ghosts.Get(key) }

// remember makes a ghost of a key.
func (q *queues[K]) remember(key K, g ghost) {
	q.ghosts.Remove(key)
	q.ghosts.Add(key, g)
	q.ghostBytes += g.cost
	for q.ghostBytes > q.maxGhosts && q.ghosts.Len() > 1 {
		q.ghosts.RemoveOldest()
	}
}

// add takes a body in.
func (q *queues[K]) add(key K, b *Body) {
	q.ghosts.Remove(key)
	to := &q.fresh
	if b.again && b.ahead != unasked {
		to = &q.kept
	}
	to.lru.Add(key, b)
	to.bytes += b.cost
}

// keep takes a body from fresh that is worth more than that.
func (q *queues[K]) keep(key K, b *Body) {
	if q.fresh.lru.Remove(key) {
		q.fresh.bytes -= b.cost
		q.kept.lru.Add(key, b)
		q.kept.bytes += b.cost
	}
}

// next is the queue that a body is to leave next, but for one where all are in use; nil where that is both.
func (q *queues[K]) next(busyFresh, busyKept int) *queue[K] {
	fresh, kept := q.fresh.lru.Len() > busyFresh, q.kept.lru.Len() > busyKept
	switch {
	case fresh && (q.fresh.bytes > q.maxFresh || !kept):
		return &q.fresh
	case kept:
		return &q.kept
	default:
		return nil
	}
}

// remove takes a body out. What leaves fresh leaves its ghost.
func (q *queues[K]) remove(from *queue[K], key K, b *Body) {
	from.lru.Remove(key)
	from.bytes -= b.cost
	if from == &q.fresh {
		q.remember(key, ghost{cost: b.cost})
	}
}
