package cache

import "io"

const (
	// leastMapped is the size from which a body has memory of its own from the system. The garbage collector leaves no room
	// for it, and it goes back at once when the body leaves.
	leastMapped = 128 << 10
	// sendLen is what is written at once. The more the kernel takes at once, the less it costs: pieces of 4 MiB leave half
	// again as fast as sendfile sends the same bytes from a file in memory (bench/results/hotpath.md).
	sendLen = 4 << 20
)

// store holds a body's bytes. All that was written before may be sent while more is written.
type store struct {
	bytes  []byte
	mapped bool // must be unmapped
}

// newStore makes room for size bytes.
func newStore(size int64) store {
	if size >= leastMapped {
		if b, err := mapMemory(int(size)); err == nil {
			return store{bytes: b, mapped: true}
		}
	}
	return store{bytes: make([]byte, size)}
}

// send writes bytes [off, end) to w, and returns how many it took.
func (s *store) send(w io.Writer, off, end int64) (sent int64, err error) {
	for off < end && err == nil {
		var n int
		n, err = w.Write(s.bytes[off:min(off+sendLen, end)])
		off, sent = off+int64(n), sent+int64(n)
	}
	return sent, err
}

// close gives the memory back. Nobody may use the store any more.
func (s *store) close() {
	if s.mapped {
		unmapMemory(s.bytes)
	}
	*s = store{}
}
