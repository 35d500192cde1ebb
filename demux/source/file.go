package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"unreel/demux"
)

// sliceBytes is how much one pread asks for: between two of them a cancelled context is seen.
const sliceBytes = 256 << 10

// File is one opened file of a Dir. It is safe for concurrent use.
type File struct {
	dir  *Dir
	name string
	file *os.File
	size int64
}

var _ demux.Source = (*File)(nil)

// Size is the file's length in bytes when it was opened.
func (f *File) Size() int64 { return f.size }

// Stamp tells what stands under the file's name now, which may be another file than this one.
func (f *File) Stamp(ctx context.Context) (demux.Stamp, error) {
	if err := context.Cause(ctx); err != nil {
		return demux.Stamp{}, err
	}
	return f.dir.Stat(f.name)
}

// ReadRange tells the kernel which bytes come next. The Reader is good for as long as the File is open.
func (f *File) ReadRange(ctx context.Context, off, n int64) (demux.Reader, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if off < 0 || n < 0 {
		return nil, fmt.Errorf("read %q: %w: %d bytes at %d", f.name, fs.ErrInvalid, n, off)
	}
	willNeed(f.file, off, n)
	return reader{f}, nil
}

// WillNeed tells the kernel of bytes that are read soon, if the file has them.
func (f *File) WillNeed(off, n int64) {
	if n = min(n, f.size-off); off >= 0 && n > 0 {
		willNeed(f.file, off, n)
	}
}

// Close closes the file. Its Readers fail from then on.
func (f *File) Close() error { return f.file.Close() }

type reader struct{ f *File }

// ReadAt reads p from off by pread, a slice at a time.
func (r reader) ReadAt(ctx context.Context, p []byte, off int64) error {
	for len(p) > 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n, err := r.f.file.ReadAt(p[:min(len(p), sliceBytes)], off)
		p, off = p[n:], off+int64(n)
		if errors.Is(err, io.EOF) && len(p) > 0 {
			return fmt.Errorf("read %q: %w at byte %d", r.f.name, io.ErrUnexpectedEOF, off)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %q: %w", r.f.name, err)
		}
	}
	return nil
}

// Close has nothing to give back.
func (r reader) Close() error { return nil }
