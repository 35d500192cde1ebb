//go:build unix

package disk

import "syscall"

// nonBlocking keeps a pipe of a file's name from holding us.
const nonBlocking = syscall.O_NONBLOCK
