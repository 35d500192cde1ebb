package testmedia

import (
	"context"
	"errors"
	"io"

	"unreel/demux"
)

// BlockSize is how many bytes a server asks a muxer for at a time: a multiple of a transport packet.
const BlockSize = 188 * 1024

// ErrDisk is what a Counted reader fails with.
var ErrDisk = errors.New("disk on fire")

// A Counted reader counts its reads, and fails the one that is asked for.
type Counted struct {
	demux.Reader
	Reads, Bytes int64
	Fail         int64 // number of the read that fails, from 1
}

// ReadAt reads, or fails.
func (c *Counted) ReadAt(ctx context.Context, p []byte, off int64) error {
	c.Reads++
	c.Bytes += int64(len(p))
	if c.Reads == c.Fail {
		return ErrDisk
	}
	return c.Reader.ReadAt(ctx, p, off)
}

// A Muxer is what both formats write segments with.
type Muxer interface {
	Read(ctx context.Context, r demux.Reader, p []byte) (int, error)
	Release()
}

// Drain writes a segment in blocks as long as p, and gives the muxer back. The error is never io.EOF.
func Drain(ctx context.Context, m Muxer, r demux.Reader, p []byte) (size int64, err error) {
	defer m.Release()
	for err == nil {
		var n int
		n, err = m.Read(ctx, r, p)
		size += int64(n)
	}
	if errors.Is(err, io.EOF) {
		return size, nil
	}
	return size, err
}
