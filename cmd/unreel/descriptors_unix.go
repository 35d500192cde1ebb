//go:build unix

package main

import (
	"math"
	"syscall"
)

// mostDescriptors is how many files, sockets among them, this process may have open; 0 is unknown, or no limit worth heeding.
// Go's runtime has raised the limit to the most that it may be (package os).
func mostDescriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || uint64(limit.Cur) > math.MaxInt32 {
		return 0
	}
	return int(limit.Cur)
}
