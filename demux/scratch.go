package demux

import "sync"

// Buffers that are needed for as long as Open runs: an Index holds nothing of theirs. A film of two hours needs 12 MB; new ones
// for each would be cleared, mapped and collected for about what reading them costs.
var (
	moovs  = sync.Pool{New: func() any { return new([]byte) }}
	packed = sync.Pool{New: func() any { return new([]byte) }}
)

// mostKept is the largest buffer that is used again: enough for the moov of 14 h.
const mostKept = 64 << 20

// room gives n bytes of a buffer, which hold anything.
func room(buffer *[]byte, n int) []byte {
	if cap(*buffer) < n {
		*buffer = make([]byte, n)
	}
	return (*buffer)[:n]
}

// keep gives a buffer back, unless it grew too large to be kept.
func keep(buffers *sync.Pool, buffer *[]byte) {
	if cap(*buffer) <= mostKept {
		buffers.Put(buffer)
	}
}
