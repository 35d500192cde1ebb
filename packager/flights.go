package packager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"

	"unreel/demux"
)

// maxLoads bounds how many files' structures are read at once, over all titles: each takes memory for a whole moov, 9 MB for a
// film of 2 h. maxLoadsWaiting may wait for that, some seconds' work of a storage that answers; more are refused.
const (
	maxLoads        = 16
	maxLoadsWaiting = 1024
)

// flight is one load of an index that many may wait for and none owns.
type flight struct {
	stamp   demux.Stamp // of the file when it was asked for
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	media   *media
	kept    bool // media may be kept: the file was the same before and after it was read
	err     error
}

// launch starts a load; x.mu is held. It outlives the caller that came first, and ends when the last one leaves. The error is
// ErrBusy.
func (x *shelf) launch(ctx context.Context, path string, stamp demux.Stamp) (*flight, error) {
	select {
	case x.asked <- struct{}{}:
	default:
		return nil, fmt.Errorf("index %q: %d others are read or wait for it: %w", path, cap(x.asked), ErrBusy)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{stamp: stamp, done: make(chan struct{}), cancel: cancel}
	x.flights[path] = f
	go x.fly(ctx, path, f)
	return f, nil
}

func (x *shelf) leave(path string, f *flight) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if f.waiters--; f.waiters == 0 {
		f.cancel()
		x.unlist(path, f)
	}
}

func (x *shelf) unlist(path string, f *flight) (listed bool) {
	if listed = x.flights[path] == f; listed {
		delete(x.flights, path)
	}
	return listed
}

func (x *shelf) fly(ctx context.Context, path string, f *flight) {
	f.err = fmt.Errorf("index %q: the load did not return", path) // what remains after runtime.Goexit
	defer f.cancel()
	defer close(f.done)
	defer func() { <-x.asked }()
	defer func() {
		if r := recover(); r != nil {
			f.err = fmt.Errorf("index %q: panic: %v\n%s", path, r, debug.Stack())
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.unlist(path, f) && f.err == nil && f.kept { // a flight that a newer one has overtaken keeps nothing
			x.keep(path, f.media)
		}
	}()
	select {
	case x.loads <- struct{}{}:
		defer func() { <-x.loads }()
		f.media, f.kept, f.err = x.load(ctx, path, f.stamp)
	case <-ctx.Done():
		f.err = context.Cause(ctx)
	}
}

// load reads one file's structure, or what was kept of it. A refusal comes back inside the media, with the stamp that it
// holds for. The name stood for one and the same file from before it was opened until after it was read, or else nothing is
// kept: an index of one file under the stamp of another would give a mixture of both.
func (x *shelf) load(ctx context.Context, path string, stamp demux.Stamp) (m *media, kept bool, err error) {
	if m = x.recall(path, stamp); m != nil {
		return m, true, nil
	}
	begin := time.Now()
	source, err := x.storage.Open(ctx, path)
	if err != nil {
		return nil, false, storageError("open", path, err)
	}
	defer source.Close()
	m, err = x.read(ctx, source, path, stamp)
	x.observer.Stage(ctx, StageIndex, time.Since(begin), err)
	refused := errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrUnsupported)
	switch {
	case ctx.Err() != nil:
		return nil, false, context.Cause(ctx)
	case err != nil && !refused:
		return nil, false, storageError("read", path, err)
	}
	now, failed := source.Stamp(ctx)
	switch {
	case failed != nil:
		return nil, false, storageError("stat", path, failed)
	case refused: // a file that is still being copied changes all the time, and is refused for what it lacks so far
		return &media{path: path, stamp: stamp, refusal: err}, now == stamp, nil
	case now != stamp:
		return nil, false, fmt.Errorf("index %q: %w", path, ErrChanged)
	}
	x.remember(m)
	return m, true, nil
}

// storageError tells a file that isn't there from a storage that fails. Paths within the library are safe to show.
func storageError(doing, path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s %q: %w", doing, path, ErrNotFound)
	}
	return fmt.Errorf("%s %q: %w: %w", doing, path, ErrStorage, err)
}
