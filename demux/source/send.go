package source

import (
	"fmt"
	"io"
	"io/fs"
)

// SendTo writes n bytes from off to w, and gives how many were written: fewer than n, without an error, where the file ends.
// Where w and the platform know how, the kernel sends them and none is copied through us. Unlike reading, it moves the
// file's own position, so it is for one goroutine at a time.
func (f *File) SendTo(w io.Writer, off, n int64) (int64, error) {
	if off < 0 || n < 0 {
		return 0, fmt.Errorf("send %q: %w: %d bytes at %d", f.name, fs.ErrInvalid, n, off)
	}
	willNeed(f.file, off, n)
	if _, err := f.file.Seek(off, io.SeekStart); err != nil {
		return 0, fmt.Errorf("send %q: %w", f.name, err)
	}
	return io.Copy(w, &io.LimitedReader{R: f.file, N: n})
}
