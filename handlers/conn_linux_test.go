package handlers

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel is told how much it may hold of each connection, not of the listening socket alone.
func TestConnectionsAreTuned(t *testing.T) {
	server, _ := pair(t, listen(t), 0, 0)
	raw, err := server.(*progressConn).Conn.(syscall.Conn).SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) {
		if most, failed := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT); failed != nil || most != unsentLimit {
			t.Errorf("the kernel holds %d bytes unsent, %v; want %d", most, failed, unsentLimit)
		}
	}))
}
