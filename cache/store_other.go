//go:build !linux

package cache

import (
	"errors"
	"os"
)

// memoryFile: none here.
func memoryFile() (*os.File, error) { return nil, errors.ErrUnsupported }

// mostFiles is how many of them there may be.
func mostFiles() int { return 0 }
