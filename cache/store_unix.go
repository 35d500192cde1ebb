//go:build unix

package cache

import "golang.org/x/sys/unix"

// mapMemory takes n bytes from the system (mmap(2)), which are there when they are written.
func mapMemory(n int) ([]byte, error) {
	return unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
}

// unmapMemory gives b back, which mapMemory gave.
func unmapMemory(b []byte) { _ = unix.Munmap(b) } // fails for what was never mapped alone
