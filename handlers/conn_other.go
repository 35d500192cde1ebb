//go:build !linux

package handlers

import (
	"errors"
	"syscall"
)

// tune leaves a listening socket as it is.
func tune(string, string, syscall.RawConn) error { return nil }

// canSendExtents tells whether sendExtent can.
const canSendExtents = false

func (c *progressConn) sendExtent(extent) (int64, error) { return 0, errors.ErrUnsupported }
