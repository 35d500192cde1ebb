package handlers

import (
	"errors"
	"io"
	"net"
	"os"
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

// canSendExtents tells whether sendExtent can.
const canSendExtents = true

// sendExtent lets the kernel send a part of a file (sendfile(2)). Other than package net does it, the file's own offset
// stays where it is, so that any number of connections may send from one file at a time.
func (c *progressConn) sendExtent(part extent) (sent int64, err error) {
	file, off, n := part.Extent()
	to, ok := c.Conn.(syscall.Conn)
	if !ok {
		return io.Copy(writerOnly{c}, io.NewSectionReader(file, off, n))
	}
	out, err := to.SyscallConn()
	if err != nil {
		return 0, err
	}
	in, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	return c.push(n, func(sent int64) (k int64, done bool, err error) {
		k, err = sendSome(out, in, off+sent, n-sent)
		if err == nil && k == 0 {
			return 0, true, io.ErrUnexpectedEOF // the file is shorter now
		}
		return k, false, err
	})
}

// sendSome sends up to n bytes of a file from off on, as many as the kernel takes at once; it waits until it takes any, or
// until the deadline.
func sendSome(out, in syscall.RawConn, off, n int64) (sent int64, err error) {
	const most = 1 << 30 // sendfile sends no more than 2 GB at once
	var failed error
	try := func(outFD, inFD uintptr) (done bool) {
		for {
			at := off
			var k int
			k, failed = unix.Sendfile(int(outFD), int(inFD), &at, int(min(n, most)))
			switch {
			case errors.Is(failed, unix.EINTR):
				continue
			case errors.Is(failed, unix.EAGAIN):
				return false
			}
			sent = int64(max(k, 0))
			return true
		}
	}
	err = out.Write(func(outFD uintptr) (done bool) {
		done = true
		if bad := in.Control(func(inFD uintptr) { done = try(outFD, inFD) }); bad != nil {
			failed = bad
		}
		return done
	})
	if err == nil && failed != nil {
		err = os.NewSyscallError("sendfile", failed)
	}
	return sent, err
}
