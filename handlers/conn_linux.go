package handlers

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// tune sets up a listening socket; accepted connections inherit it (tcp(7), TCP_NOTSENT_LOWAT).
func tune(_, _ string, raw syscall.RawConn) error {
	// A kernel that doesn't know it serves as well, in more memory.
	return raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentLimit)
	})
}

// setUnsent sets how many bytes the kernel takes that it hasn't sent yet, unless it holds more than that by now: the client
// would have to take all that before another byte could be written, and look stuck meanwhile. ok tells whether it is set.
func setUnsent(conn net.Conn, most int) (ok bool) {
	to, isSocket := conn.(syscall.Conn)
	if !isSocket {
		return false
	}
	raw, err := to.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		held, failed := unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD)
		ok = failed == nil && held <= most && unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, most) == nil
	})
	return ok && err == nil
}
