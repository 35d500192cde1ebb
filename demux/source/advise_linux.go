package source

import (
	"os"

	"golang.org/x/sys/unix"
)

// mostAhead bounds one announcement: reading far ahead of a client that may leave only evicts what others want.
const mostAhead = 16 << 20

// isThere tells whether the kernel holds the ends and the middle of a range, and then most likely all of it: a read that must
// not wait finds out in a microsecond, where advice about megabytes takes a hundred.
func isThere(fd int, off, n int64) bool {
	var one [1]byte
	for _, at := range [...]int64{off, off + n/2, off + n - 1} {
		if got, err := unix.Preadv2(fd, [][]byte{one[:]}, at, unix.RWF_NOWAIT); err != nil || got != 1 {
			return false
		}
	}
	return true
}

// willNeed starts the kernel's read-ahead (posix_fadvise). It is advice: a storage that knows none answers with an error
// that changes nothing.
func willNeed(f *os.File, off, n int64) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if n = min(n, mostAhead); n > 0 && !isThere(int(fd), off, n) {
			_ = unix.Fadvise(int(fd), off, n, unix.FADV_WILLNEED)
		}
	})
}
