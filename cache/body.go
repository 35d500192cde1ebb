package cache

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Body is the bytes of one key, there already or growing. It is safe for concurrent use.
type Body struct {
	size    int64
	cost    int64
	again   bool               // it was asked for before it entered
	ahead   ahead              // guarded by account
	cancel  context.CancelFunc // ends the fill
	store   store
	written atomic.Int64 // bytes that may be read

	account *account
	readers int  // guarded by account
	dropped bool // guarded by account

	mu   sync.Mutex
	wake chan struct{} // closed at the next news; nil while nobody waits
	done bool
	err  error // why the body won't get longer, where it is shorter than size
}

// newBody makes an empty body.
func newBody(size int64, a *account) *Body {
	return &Body{size: size, cost: costOf(size), account: a, store: newStore(size)}
}

// WriteRange writes n bytes from off on to w, waiting for a fill where it isn't as far yet. The bytes that w gets are the
// cache's own: it must neither change nor keep them. Where the fill fails before w has them all, the error is the fill's. ErrGone
// means that the body left the cache before it was read: w got nothing.
func (b *Body) WriteRange(ctx context.Context, w io.Writer, off, n int64) error {
	if off < 0 || n < 0 || off > b.size-n {
		return fmt.Errorf("bytes %d to %d of %d: %w", off, off+n, b.size, ErrRange)
	}
	if !b.account.hold(b) {
		return b.gone()
	}
	defer b.account.release(b)
	for end := off + n; off < end; {
		ready, err := b.wait(ctx, off, end)
		if err != nil {
			return err
		}
		sent, err := b.store.send(w, off, ready)
		if off += sent; err != nil {
			return err
		}
		if off < ready {
			return io.ErrShortWrite
		}
	}
	return nil
}

// gone is why the body can't be read any more.
func (b *Body) gone() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	return ErrGone
}

// wait returns how far up to end the body may be read, more than off.
func (b *Body) wait(ctx context.Context, off, end int64) (int64, error) {
	for {
		if ready := min(b.written.Load(), end); ready == end {
			return end, context.Cause(ctx)
		}
		b.mu.Lock()
		ready := min(b.written.Load(), end) // again: the fill tells the news after it has written
		if ready == end || b.done {
			err := b.err
			b.mu.Unlock()
			if ready == end {
				err = context.Cause(ctx)
			}
			return ready, err
		}
		if ready > off {
			b.mu.Unlock()
			return ready, context.Cause(ctx)
		}
		if b.wake == nil {
			b.wake = make(chan struct{})
		}
		wake := b.wake
		b.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// append is the fill's Write.
func (b *Body) append(p []byte) (n int, err error) {
	written := b.written.Load()
	if int64(len(p)) > b.size-written {
		return 0, fmt.Errorf("byte %d of %d: %w", written+int64(len(p)), b.size, ErrSize)
	}
	n = copy(b.store.bytes[written:], p)
	b.written.Store(written + int64(n))
	b.tell(false, nil)
	return n, nil
}

// tell wakes all who wait; with done, for the last time. What a failed fill has written is offered to nobody any more.
func (b *Body) tell(done bool, err error) {
	if err != nil {
		b.written.Store(0)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done, b.err = done, err
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
}

// writer is what a fill writes to. It refuses to go on once the cache is closed.
type writer struct {
	b   *Body
	end <-chan struct{}
}

func (w writer) Write(p []byte) (int, error) {
	select {
	case <-w.end:
		return 0, ErrClosed
	default:
		return w.b.append(p)
	}
}
