package handlers

import (
	"context"
	"net"
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
	// A client is quick when it took the last quickBytes within quickWait, or quickRate bytes a second.
	quickBytes = 512 << 10
	quickWait  = 50 * time.Millisecond
	quickRate  = 4 << 20
)

// unsent is how much the kernel may hold of what one connection hasn't sent: unsentLimit at first.
type unsent struct {
	wide, quick bool
	taken       int           // bytes since the last verdict
	waited      time.Duration // for them
}

// allow suits the limit to the next n bytes that are written; n is 0 for those of a file. It tells whether the limit is
// unsentLimit.
func (u *unsent) allow(conn net.Conn, n int) (narrow bool) {
	wide := n >= leastWide && u.quick
	if wide == u.wide {
		return !wide
	}
	most := unsentLimit
	if wide {
		most = unsentWide
	}
	if setUnsent(conn, most) {
		u.wide = wide
	}
	return !u.wide
}

// pace judges a client by n bytes that it took took.
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

// Quick tells whether the client took what it was given last as fast as it was given.
func (x *exchange) Quick() bool {
	conn, ok := x.request.Context().Value(connKey{}).(*progressConn)
	return ok && conn.unsent.quick
}
