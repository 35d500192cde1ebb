package testmedia

import (
	"context"
	"fmt"
	"io"

	"unreel/demux"
)

// Memory is a Source of bytes in memory.
func Memory(b []byte) demux.Source { return memory(b) }

type memory []byte

// Size is that of the slice.
func (m memory) Size() int64 { return int64(len(m)) }

// Stamp never changes.
func (m memory) Stamp(context.Context) (demux.Stamp, error) {
	return demux.Stamp{Size: int64(len(m)), ModTime: 1, Inode: 1}, nil
}

// ReadRange has nothing to announce.
func (m memory) ReadRange(ctx context.Context, off, n int64) (demux.Reader, error) {
	if off < 0 || n < 0 {
		return nil, fmt.Errorf("range of %d bytes at %d", n, off)
	}
	return m, context.Cause(ctx)
}

// ReadAt copies.
func (m memory) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if off < 0 || off > int64(len(m)) || copy(p, m[off:]) < len(p) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// Close has nothing to give back.
func (m memory) Close() error { return nil }
