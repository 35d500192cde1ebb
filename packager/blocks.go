package packager

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// firstBytes of what is longer than a block are made and written before the rest, since a client waits for them: the first byte
	// of a cold segment comes in half the time.
	firstBytes = 47 << 10
	// blockBytes is what is made and written at a time: 512 transport packets. It is all that is held while a client blocks that
	// reads slowly.
	blockBytes = 94 << 10
	// largeBytes is that for a quick client, 4096 packets: the more a call writes, the less a byte costs, until blocks leave the
	// processor's caches (bench/results/hotpath.md). They are bounded, since a client that was quick may be slow now.
	largeBytes = 752 << 10
)

// A pacer is a writer that knows its client.
type pacer interface {
	Quick() bool // whether what was written last had to wait little for it
}

// blocks pools the memory that bodies are made in.
type blocks struct {
	small, large sync.Pool
	largeInUse   atomic.Int64
	mostLarge    int64
}

func newBlocks(mostLarge int) *blocks {
	sized := func(n int) sync.Pool { return sync.Pool{New: func() any { b := make([]byte, n); return &b }} }
	return &blocks{small: sized(blockBytes), large: sized(largeBytes), mostLarge: int64(mostLarge)}
}

// take gives a block for the next of n bytes to w. It goes back by give.
func (b *blocks) take(w io.Writer, n int64) *[]byte {
	if p, ok := w.(pacer); ok && n > blockBytes && p.Quick() {
		if b.largeInUse.Add(1) <= b.mostLarge {
			return b.large.Get().(*[]byte)
		}
		b.largeInUse.Add(-1)
	}
	return b.small.Get().(*[]byte)
}

func (b *blocks) give(block *[]byte) {
	if len(*block) == largeBytes {
		b.largeInUse.Add(-1)
		b.large.Put(block)
		return
	}
	b.small.Put(block)
}

// relay writes n bytes to w, block by block as fill makes them. When all were made, last is asked before the last block is
// written: what it refuses reaches no client whole. writing is how long w took.
func (b *blocks) relay(w io.Writer, n int64, fill func(p []byte) (int, error), last func() error) (writing time.Duration, err error) {
	most := largeBytes
	if n > blockBytes {
		most = firstBytes
	}
	for ; n > 0 && err == nil; most = largeBytes {
		var k int
		var took time.Duration
		k, took, err = b.pass(w, n, most, fill, last)
		n, writing = n-int64(k), writing+took
	}
	return writing, err
}

// pass writes the next block of n bytes, or most bytes of it.
func (b *blocks) pass(w io.Writer, n int64, most int, fill func(p []byte) (int, error), last func() error) (k int, took time.Duration, err error) {
	block := b.take(w, min(n, int64(most)))
	defer b.give(block)
	if k, err = fill((*block)[:min(n, int64(len(*block)), int64(most))]); err != nil {
		return 0, 0, err
	}
	if k == 0 {
		return 0, 0, io.ErrNoProgress
	}
	if int64(k) == n {
		if err = last(); err != nil {
			return 0, 0, err
		}
	}
	begin := time.Now()
	_, err = w.Write((*block)[:k])
	return k, time.Since(begin), err
}
