package handlers

import (
	"net"
	"time"
)

const (
	// unsentLimit is how many bytes the kernel takes from us that it hasn't sent yet. Without it, the kernel keeps 4 MB for a
	// client that reads slowly; with it, what is on its way and this much. packager counts on it (send.go there).
	unsentLimit = 128 << 10
	// unsentWide is the same while large pieces of memory are written to a quick client: the fewer times we wait for it, the
	// less of our time a byte costs (bench/results/hotpath.md). It is their client that bounds how long the kernel holds it.
	unsentWide = 1 << 20
	// leastWide is how large a piece has to be for that.
	leastWide = 512 << 10
	// A client is quick when it took the last large piece within quickWait, or quickRate bytes a second.
	quickWait = 50 * time.Millisecond
	quickRate = 4 << 20
)

// unsent is how much the kernel may hold of what one connection hasn't sent: unsentLimit at first.
type unsent struct {
	wide, quick bool
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
	if n >= leastWide || took > quickWait {
		u.quick = took <= quickWait || float64(n) >= quickRate*took.Seconds()
	}
}
