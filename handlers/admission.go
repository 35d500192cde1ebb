package handlers

import (
	"context"
	"fmt"
	"time"

	"unreel/packager"
)

const (
	// queueWait is how long work may wait at the door: a player's own timeout for a segment is several times that.
	queueWait = 2 * time.Second
	// queueShare of what may be in flight may wait for it.
	queueShare = 4
)

// gate admits as much work at once as there is memory for, lets a little more wait a little, and refuses the rest at once:
// a 503 now is better than one after ten seconds, and much better than none. It stands around the making of segments; what
// is in the cache passes beside it. A nil gate lets all pass.
type gate struct {
	slots chan struct{} // holds one for each that is in
	queue chan struct{} // and for each that waits
	wait  time.Duration
}

// newGate is nil for no bound, which is n below 1.
func newGate(n int) *gate {
	if n < 1 {
		return nil
	}
	return &gate{slots: make(chan struct{}, n), queue: make(chan struct{}, max(1, n/queueShare)), wait: queueWait}
}

// enter returns nil once there is room; leave must follow then. The error is packager.ErrBusy, or the context's cause.
func (g *gate) enter(ctx context.Context) error {
	if g == nil {
		return nil
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		return fmt.Errorf("%d are in flight and %d wait: %w", cap(g.slots), cap(g.queue), packager.ErrBusy)
	}
	patience := time.NewTimer(g.wait)
	defer patience.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-patience.C:
		return fmt.Errorf("waited %v while %d were in flight: %w", g.wait, cap(g.slots), packager.ErrBusy)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// idle tells that whoever comes finds room, and more than half of it.
func (g *gate) idle() bool {
	return g == nil || len(g.queue) == 0 && 2*len(g.slots) <= cap(g.slots)
}

// leave makes room for another.
func (g *gate) leave() {
	if g != nil {
		<-g.slots
	}
}
