package source

import (
	"io"
	"os"
)

// Extent reads n bytes from off on, once. Who can send files finds in it which bytes of which file they are, and need not
// read them. It is good for as long as the File is open.
func (f *File) Extent(off, n int64) io.Reader {
	return &extent{io.NewSectionReader(f.file, off, n), f.file, off, off + n}
}

type extent struct {
	*io.SectionReader
	file     *os.File
	off, end int64
}

// Extent is what has not been read yet.
func (e *extent) Extent() (file *os.File, off, n int64) {
	at, err := e.Seek(0, io.SeekCurrent)
	if err != nil {
		at = 0
	}
	return e.file, e.off + at, e.end - e.off - at
}
