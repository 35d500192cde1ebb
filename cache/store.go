package cache

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// leastFile is the size from which a body is worth a file in memory of its own. The kernel sends files as it holds them:
// what is sent from our own memory is copied first, which costs as much as all the rest of sending it. And what lies in files
// is nothing that the garbage collector leaves room for.
const leastFile = 128 << 10

// store is where a body's bytes are: in a file in memory, or in blocks of our own.
type store struct {
	file   *os.File
	blocks [][]byte // one for each blockLen bytes; each is set before what is written passes its start
}

// newStore makes room for size bytes.
func newStore(size int64, files bool) store {
	if files && size >= leastFile {
		if f, err := memoryFile(); err == nil {
			return store{file: f}
		}
	}
	return store{blocks: make([][]byte, (size+blockLen-1)/blockLen)}
}

// write puts p at off, up to where all that is below is there already; size is the whole's.
func (s *store) write(p []byte, off, size int64) (n int, err error) {
	if s.file != nil {
		return s.file.WriteAt(p, off)
	}
	for n < len(p) {
		i, at := off/blockLen, off%blockLen
		if at == 0 {
			s.blocks[i] = make([]byte, min(blockLen, size-off))
		}
		k := copy(s.blocks[i][at:], p[n:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

// send writes bytes [off, end) to w, and returns how many it took.
func (s *store) send(w io.Writer, off, end int64) (sent int64, err error) {
	if s.file != nil {
		part := &section{s.file, off, end}
		if sender, ok := w.(io.ReaderFrom); ok {
			return sender.ReadFrom(part)
		}
		block := scratch.Get().(*[blockLen]byte)
		defer scratch.Put(block)
		return part.copyTo(w, block[:])
	}
	for off < end && err == nil {
		at := off % blockLen
		var n int
		n, err = w.Write(s.blocks[off/blockLen][at:min(blockLen, at+end-off)])
		off, sent = off+int64(n), sent+int64(n)
	}
	return sent, err
}

// close gives a file's memory back. Blocks are the garbage collector's.
func (s *store) close() {
	if s.file != nil {
		_ = s.file.Close() // of a file in memory, nothing can be lost
	}
}

// scratch is what files are copied through.
var scratch = sync.Pool{New: func() any { return new([blockLen]byte) }}

// section is a part of a file, to be read once. Who can send files asks for its Extent.
type section struct {
	file     *os.File
	off, end int64
}

// Extent is what is left of it.
func (s *section) Extent() (f *os.File, off, n int64) { return s.file, s.off, s.end - s.off }

// Read reads on.
func (s *section) Read(p []byte) (int, error) {
	if s.off >= s.end {
		return 0, io.EOF
	}
	n, err := s.file.ReadAt(p[:min(int64(len(p)), s.end-s.off)], s.off)
	s.off += int64(n)
	if err != nil {
		err = fmt.Errorf("read a cached body: %w", err)
	}
	return n, err
}

// copyTo copies in blocks, for those who can't send files.
func (s *section) copyTo(w io.Writer, block []byte) (sent int64, err error) {
	for s.off < s.end {
		var n int
		if n, err = s.Read(block); err != nil {
			return sent, err
		}
		n, err = w.Write(block[:n])
		if sent += int64(n); err != nil {
			return sent, err
		}
	}
	return sent, nil
}
