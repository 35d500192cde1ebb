package handlers

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

const (
	// unsentLimit is how many bytes the kernel takes from us that it hasn't sent yet. Without it, the kernel keeps 4 MB for a
	// client that reads slowly; with it, what is on its way and this much. packager counts on it (progressive.go there).
	unsentLimit = 128 << 10
	// unsentWide is the same while large pieces of memory are written to a quick client: the fewer times we wait for it, the
	// less of our time a byte costs (bench/results/hotpath.md).
	unsentWide = 2 << 20
	// leastWide is how large a piece has to be for that.
	leastWide = 512 << 10
	// wideShare of the segments that are made at a time may have so much of their connections held.
	wideShare = 16
	// A client is quick when the last quickBytes waited for no longer than quickWait, or for quickRate bytes a second.
	quickBytes = 512 << 10
	quickWait  = 50 * time.Millisecond
	quickRate  = 4 << 20
)

// unsent is how much the kernel may hold of what one connection hasn't sent: unsentLimit at first. It belongs to the goroutine
// that writes; end may come from any.
type unsent struct {
	wides        *wides
	wide, closed atomic.Bool

	quick  bool
	taken  int           // bytes since the last verdict
	waited time.Duration // for them
}

// wides counts the connections of which the kernel may hold more: their clients may be slow now, and hold it.
type wides struct {
	now  atomic.Int64
	most int64
}

// take asks for one more; give takes it back.
func (w *wides) take() bool {
	if w == nil {
		return false
	}
	if w.now.Add(1) <= w.most {
		return true
	}
	w.now.Add(-1)
	return false
}

func (w *wides) give() { w.now.Add(-1) }

// allow suits the limit to the next n bytes that are written; n is 0 for those of a file. What the kernel holds beyond it has to
// leave before it takes more; patience sees it leave.
func (u *unsent) allow(conn net.Conn, n int) {
	wide, is := n >= leastWide && u.quick, u.wide.Load()
	switch {
	case is && !wide:
		setUnsent(conn, unsentLimit)
		u.release()
	case wide && !is && u.wides.take():
		u.wide.Store(true)
		if !setUnsent(conn, unsentWide) || u.closed.Load() {
			u.release()
		}
	}
}

// end is for a connection that is closed.
func (u *unsent) end() {
	u.closed.Store(true)
	u.release()
}

// release lets another connection have what this one had.
func (u *unsent) release() {
	if u.wide.CompareAndSwap(true, false) {
		u.wides.give()
	}
}

// pace judges a client by n bytes that were written in took. Answers that the kernel takes whole tell nothing against it: there are
// only so many wide connections.
func (u *unsent) pace(n int, took time.Duration) {
	u.taken, u.waited = u.taken+n, u.waited+took
	if u.taken < quickBytes && u.waited <= quickWait {
		return
	}
	u.quick = u.waited <= quickWait || float64(u.taken) >= quickRate*u.waited.Seconds()
	u.taken, u.waited = 0, 0
}

// A connKey finds the connection in a request's context.
type connKey struct{}

// withConn is what http.Server.ConnContext asks for.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// Quick tells whether what was written last had to wait for its client for long.
func (x *exchange) Quick() bool {
	conn, ok := x.request.Context().Value(connKey{}).(*progressConn)
	return ok && conn.unsent.quick
}
