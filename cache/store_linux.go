package cache

import (
	"os"

	"golang.org/x/sys/unix"
)

// memoryFile makes an empty file that lies in memory and has no name (memfd_create(2)).
func memoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("unreel-segment", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "segment"), nil
}

// mostFiles is how many of them there may be: connections need descriptors too.
func mostFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(limit.Cur/2, 1<<20))
}
