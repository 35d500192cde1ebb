//go:build !linux

package handlers

import (
	"errors"
	"net"
	"syscall"
)

// tune leaves a listening socket as it is.
func tune(string, string, syscall.RawConn) error { return nil }

// setUnsent can't.
func setUnsent(net.Conn, int) (ok bool) { return false }

// canSendExtents tells whether sendExtent can.
const canSendExtents = false

func (c *progressConn) sendExtent(extent) (int64, error) { return 0, errors.ErrUnsupported }
