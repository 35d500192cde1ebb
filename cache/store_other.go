//go:build !unix

package cache

import "errors"

// mapMemory: none here.
func mapMemory(int) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapMemory([]byte) {}
