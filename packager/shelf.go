package packager

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"unreel/demux"
	"unreel/packager/mpegts"
)

// shelf keeps what was read of files: their indexes, least recently used leaving, bounded in bytes, and the titles that were
// made of them, which leave with any of theirs. A bad file's refusal is kept like an index, by its stamp, so that it is not
// parsed a thousand times; a storage error is not kept.
type shelf struct {
	storage  Storage
	limits   demux.Limits
	ts       mpegts.Options
	observer Observer
	store    IndexStore // nil for none
	log      *slog.Logger
	max      int64         // bytes
	loads    chan struct{} // holds one for each load that runs
	asked    chan struct{} // and for each that waits for that too

	mu      sync.Mutex
	bytes   int64 // of all media in lru and of all titles
	lru     *simplelru.LRU[string, *media]
	titles  map[string]*title // each of media that are in lru, which know it by name
	flights map[string]*flight
}

// refusalBytes is what a remembered refusal is counted as: its strings and the entry around them.
const refusalBytes = 1 << 10

func newShelf(config *Config, storage Storage, observer Observer, log *slog.Logger) *shelf {
	x := &shelf{
		storage: storage, limits: config.Limits, ts: mpegts.Options{HEVC: config.HEVCInTS}, observer: observer,
		store: config.Indexes, log: log, max: config.IndexCacheBytes, loads: make(chan struct{}, maxLoads),
		asked:  make(chan struct{}, maxLoads+maxLoadsWaiting),
		titles: map[string]*title{}, flights: map[string]*flight{},
	}
	x.lru, _ = simplelru.NewLRU(maxSamples, x.evicted) // an error is for sizes below 1 only; the bound in bytes is ours
	return x
}

// evicted takes a title with its media, or an index that left would stay resident through it; x.mu is held.
func (x *shelf) evicted(_ string, m *media) {
	x.bytes -= m.bytes()
	x.drop(m.title)
}

func (x *shelf) drop(name string) {
	if t, ok := x.titles[name]; ok {
		delete(x.titles, name)
		x.bytes -= t.bytes
	}
}

// title gives the title that is made of just these files as they stand now, or shelves the one that makes.
func (x *shelf) title(name string, files []*media, errs []error, makeTitle func() *title) *title {
	x.mu.Lock()
	defer x.mu.Unlock()
	if t, ok := x.titles[name]; ok {
		if slices.Equal(t.media, files) && slices.EqualFunc(t.errs, errs, sameError) {
			return t
		}
		x.drop(name)
	}
	t := makeTitle()
	if !x.holds(files) {
		return t // one of them has left already: serve this request, keep nothing
	}
	for _, m := range files {
		if m == nil {
			continue
		}
		if m.title != name {
			x.drop(m.title) // the library has given the file to another title
		}
		m.title = name
	}
	x.titles[name] = t
	x.bytes += t.bytes
	x.trim()
	return t
}

// sameError compares by text: an error of the storage is another value each time.
func sameError(a, b error) bool {
	return errors.Is(a, b) || a != nil && b != nil && a.Error() == b.Error()
}

// holds tells whether all files but those that the storage failed to give are kept, one at least: the title leaves with it.
func (x *shelf) holds(files []*media) (some bool) {
	for _, m := range files {
		if m == nil {
			continue
		}
		if kept, ok := x.lru.Peek(m.path); !ok || kept != m {
			return false
		}
		some = true
	}
	return some
}

// charge counts bytes that a title has come to keep.
func (x *shelf) charge(t *title, bytes int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	t.bytes += bytes
	if x.titles[t.name] == t {
		x.bytes += bytes
		x.trim()
	}
}

// grow counts bytes that a media has come to keep.
func (x *shelf) grow(m *media, bytes int64) {
	if bytes == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	m.extra += bytes
	if kept, ok := x.lru.Peek(m.path); ok && kept == m {
		x.bytes += bytes
		x.trim()
	}
}

func (x *shelf) trim() {
	for x.bytes > x.max && x.lru.Len() > 0 {
		x.lru.RemoveOldest()
	}
	x.observer.Indexes(x.lru.Len(), x.bytes)
}

// maxTries is how often a file is read that changes meanwhile.
const maxTries = 3

// get gives a file's index as the file stands now. The error is what the file is refused for, or a storage error.
func (x *shelf) get(ctx context.Context, path string) (m *media, err error) {
	for range maxTries {
		if m, err = x.try(ctx, path); !errors.Is(err, ErrChanged) {
			break
		}
	}
	return m, err
}

func (x *shelf) try(ctx context.Context, path string) (*media, error) {
	stamp, err := x.storage.Stat(path)
	if err != nil {
		return nil, storageError("stat", path, err)
	}
	x.mu.Lock()
	if m, ok := x.lru.Get(path); ok && m.stamp == stamp {
		x.mu.Unlock()
		return m, m.refusal
	}
	f, ok := x.flights[path]
	if !ok || f.stamp != stamp {
		if f, err = x.launch(ctx, path, stamp); err != nil {
			x.mu.Unlock()
			return nil, err
		}
	}
	f.waiters++
	x.mu.Unlock()

	select {
	case <-f.done:
		if f.err != nil {
			return nil, f.err
		}
		return f.media, f.media.refusal
	case <-ctx.Done():
		x.leave(path, f)
		return nil, context.Cause(ctx)
	}
}

// keep adds an index, unless it alone is over the bound; x.mu is held.
func (x *shelf) keep(path string, m *media) {
	x.lru.Remove(path)
	if m.bytes() <= x.max {
		x.lru.Add(path, m)
		x.bytes += m.bytes()
	}
	x.trim()
}
