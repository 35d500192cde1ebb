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

// setUnsent sets how many bytes the kernel takes that it hasn't sent yet. ok tells whether it is set.
func setUnsent(conn net.Conn, most int) (ok bool) {
	return control(conn, func(fd int) bool {
		return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, most) == nil
	})
}

// queuedOf is how many bytes the kernel holds that the client has not acknowledged (tcp(7), SIOCOUTQ); 0 where it doesn't tell.
func queuedOf(conn net.Conn) (n int) {
	control(conn, func(fd int) bool {
		held, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		if err == nil {
			n = held
		}
		return err == nil
	})
	return n
}

// control does something with a socket, unless conn is none.
func control(conn net.Conn, do func(fd int) bool) (ok bool) {
	to, isSocket := conn.(syscall.Conn)
	if !isSocket {
		return false
	}
	raw, err := to.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) { ok = do(int(fd)) })
	return ok && err == nil
}
