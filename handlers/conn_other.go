//go:build !linux

package handlers

import (
	"net"
	"syscall"
)

// tune leaves a listening socket as it is.
func tune(string, string, syscall.RawConn) error { return nil }

// setUnsent can't.
func setUnsent(net.Conn, int) (ok bool) { return false }

// queuedOf doesn't know.
func queuedOf(net.Conn) int { return 0 }
