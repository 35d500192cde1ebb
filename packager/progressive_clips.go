package packager

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"unreel/demux"
	"unreel/packager/clip"
)

const (
	// maxClipBytes bounds the layouts that are kept: those of a film of two hours take some 4 MB, of a scene some kilobytes.
	maxClipBytes = 32 << 20
	// maxClips bounds how many those are.
	maxClips = 4096
	// maxClipMakes is how many are made at once: each takes as long as its film has samples, and memory meanwhile.
	maxClipMakes = 2
	// maxClipsAsked is how many requests may wait for that.
	maxClipsAsked = 64
)

// clips keeps the layouts of the clips that are sent, the least recently used leaving, bounded in bytes. One that left is made
// again when bytes of it are wanted, so that no client holds one, however slow it is and however many there are.
type clips struct {
	most  int64         // bytes
	makes chan struct{} // holds one for each layout that is being made
	asked chan struct{} // holds one for each new request that waits for that, or does it

	mu    sync.Mutex
	lru   *simplelru.LRU[clipKey, *clip.Clip]
	bytes int64
}

// clipKey describes a layout completely.
type clipKey struct {
	path       string
	stamp      demux.Stamp
	start, end float64
}

func newClips() *clips {
	k := &clips{most: maxClipBytes, makes: make(chan struct{}, maxClipMakes), asked: make(chan struct{}, maxClipsAsked)}
	k.lru, _ = simplelru.NewLRU(maxClips, func(_ clipKey, c *clip.Clip) { k.bytes -= c.Bytes() }) // an error is for sizes below 1 only
	return k
}

// admit is layout for a new request, of which not too many may wait.
func (k *clips) admit(ctx context.Context, c *Clip) (*clip.Clip, error) {
	if made := k.kept(c.key()); made != nil {
		return made, nil
	}
	select {
	case k.asked <- struct{}{}:
		defer func() { <-k.asked }()
	default:
		return nil, fmt.Errorf("%d wait for a part of a file: %w", cap(k.asked), ErrBusy)
	}
	return k.layout(ctx, c)
}

// layout gives a clip's layout, which is not to be held while its client is waited for.
func (k *clips) layout(ctx context.Context, c *Clip) (*clip.Clip, error) {
	key := c.key()
	if made := k.kept(key); made != nil {
		return made, nil
	}
	select {
	case k.makes <- struct{}{}:
		defer func() { <-k.makes }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if made := k.kept(key); made != nil { // by whom we waited for
		return made, nil
	}
	made, err := clip.New(c.media.index, c.start, c.end)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", c.path, err)
	}
	k.keep(key, made)
	return made, nil
}

func (k *clips) kept(key clipKey) *clip.Clip {
	k.mu.Lock()
	defer k.mu.Unlock()
	made, _ := k.lru.Get(key)
	return made
}

// keep keeps a layout. The last stays, however large it is: it would have to be made for each block of it.
func (k *clips) keep(key clipKey, made *clip.Clip) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lru.Remove(key)
	k.lru.Add(key, made)
	for k.bytes += made.Bytes(); k.bytes > k.most && k.lru.Len() > 1; {
		k.lru.RemoveOldest()
	}
}

func (c *Clip) key() clipKey { return clipKey{c.path, c.stamp, c.start, c.end} }
