package packager

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweep is one walk over the directory, which many may wait for. It outlives whoever started it, and is cancelled when
// the last one who wants it has left.
type sweep struct {
	number  int
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int // guarded by Library.mu
	err     error
}

// Scan lists the directory. Once it returns nil, all that stood there before the call is known. It reads names only, no
// file, and where the directory itself can't be listed the last state stays.
func (l *Library) Scan(ctx context.Context) error {
	l.mu.Lock()
	need := l.begun + 1 // a sweep that is under way may have passed what is new
	if err := l.outlast(ctx, func(s *sweep) bool { return s.number < need }); err != nil {
		return err
	}
	s := l.join(ctx)
	l.mu.Unlock()
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		l.leave(s)
		return context.Cause(ctx)
	}
}

// Refresh sweeps once for all who find something else than they expect, such as an unknown title or a file that is gone,
// unless the last sweep was a short while ago. So it may be asked for as often as anybody likes. It waits for a sweep, but
// not for long if there is an older list of titles to go by.
func (l *Library) Refresh(ctx context.Context) error {
	l.mu.Lock()
	if err := l.outlast(ctx, func(*sweep) bool { return false }); err != nil {
		return err
	}
	if l.running == nil && l.begun > 0 && time.Since(l.ended) < max(lookupPause, lookupDuty*l.took) {
		defer l.mu.Unlock()
		return l.failed
	}
	s := l.join(ctx) // and never leave: the answer serves those who ask next
	l.mu.Unlock()

	var patience <-chan time.Time
	if l.current.Load() != nil {
		timer := time.NewTimer(lookupWait)
		defer timer.Stop()
		patience = timer.C
	}
	select {
	case <-s.done:
		return s.err
	case <-patience:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// outlast waits for the end of a sweep that is of no use, or that everybody left. l.mu is held before, and after unless
// there is an error.
func (l *Library) outlast(ctx context.Context, useless func(*sweep) bool) error {
	for l.running != nil && (l.running.waiters == 0 || useless(l.running)) {
		before := l.running
		l.mu.Unlock()
		select {
		case <-before.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		l.mu.Lock()
	}
	return nil
}

// join waits with others for the sweep that runs, or starts one; l.mu is held.
func (l *Library) join(ctx context.Context) *sweep {
	if l.running == nil {
		l.launch(ctx)
	}
	l.running.waiters++
	return l.running
}

// launch starts a sweep; l.mu is held and none runs.
func (l *Library) launch(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.begun++
	s := &sweep{number: l.begun, done: make(chan struct{}), cancel: cancel}
	l.running = s
	go l.run(ctx, s)
}

func (l *Library) leave(s *sweep) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.waiters--; s.waiters == 0 {
		s.cancel()
	}
}

func (l *Library) run(ctx context.Context, s *sweep) {
	begin := time.Now()
	defer func() {
		if r := recover(); r != nil {
			s.err = fmt.Errorf("scan: panic: %v", r)
		}
		s.cancel()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.running = nil
		if !errors.Is(s.err, context.Canceled) {
			l.ended, l.took, l.failed = time.Now(), time.Since(begin), s.err
		}
		close(s.done)
	}()
	s.err = l.sweep(ctx)
}
