package demux

import (
	"encoding/binary"
	"fmt"
)

// flat writes values one behind the other, or reads them in the same order: one walk over a structure does for both, so
// that they can't differ. Integers are varints, what has a length says it first.
type flat struct {
	reading bool
	data    []byte // written so far, or not yet read
	size    int    // of data at first, when reading
	err     error  // why nothing more can be read: all that follows is zero
}

// fail notes what is wrong where f stands; the first thing stays.
func (f *flat) fail(what string) {
	if f.err == nil {
		f.err = fmt.Errorf("kept index, byte %d: %s: %w", f.size-len(f.data), what, ErrCorrupt)
		f.data = nil
	}
}

// whole walks an integer. What is read must fit its type.
func whole[T ~int | ~int32 | ~int64 | ~uint8 | ~uint32 | ~uint64](f *flat, p *T) {
	if !f.reading {
		f.data = binary.AppendVarint(f.data, int64(*p)) // of a uint64 the same bits, which come back
		return
	}
	v, n := binary.Varint(f.data)
	if n <= 0 {
		f.fail("no integer")
		return
	}
	if *p = T(v); int64(*p) != v {
		f.fail("an integer that is too large")
		return
	}
	f.data = f.data[n:]
}

// word walks the first 8 bytes of p.
func (f *flat) word(p []byte) {
	switch {
	case !f.reading:
		f.data = append(f.data, p[:8]...)
	case len(f.data) < 8:
		f.fail("no 8 bytes")
	default:
		f.data = f.data[copy(p[:8], f.data):]
	}
}

// flag walks a bool.
func (f *flat) flag(p *bool) {
	v := 0
	if *p {
		v = 1
	}
	if whole(f, &v); f.reading {
		if *p = v == 1; v>>1 != 0 {
			f.fail("neither true nor false")
		}
	}
}

// length walks a length of something, each of whose elements takes a byte at least. nil is not the same as empty.
func (f *flat) length(n int, none bool) (length int, isNil bool) {
	n++
	if none {
		n = 0
	}
	whole(f, &n)
	if f.reading && (n < 0 || n > len(f.data)+1) {
		f.fail("a length beyond the end")
		n = 0
	}
	return max(n-1, 0), n == 0
}

// bytes walks a slice of bytes.
func (f *flat) bytes(p *[]byte) {
	n, none := f.length(len(*p), *p == nil)
	switch {
	case !f.reading:
		f.data = append(f.data, *p...)
	case !none:
		*p = append(make([]byte, 0, n), f.data[:n]...)
		f.data = f.data[n:]
	}
}

// words walks a string.
func words[T ~string](f *flat, p *T) {
	n, _ := f.length(len(*p), false)
	if !f.reading {
		f.data = append(f.data, *p...)
		return
	}
	*p = T(f.data[:n])
	f.data = f.data[n:]
}

// delta walks an integer as its distance from another, modulo 2^64.
func delta[T ~int64 | ~uint32](f *flat, p *T, from T) {
	d := int64(*p) - int64(from)
	if whole(f, &d); f.reading {
		v := int64(from) + d
		if *p = T(v); int64(*p) != v {
			f.fail("an integer that is too large")
		}
	}
}

// list walks a slice by its elements.
func list[T any](f *flat, p *[]T, element func(*T)) {
	n, none := f.length(len(*p), *p == nil)
	if f.reading && !none {
		*p = make([]T, n)
	}
	for i := range *p {
		if f.err != nil {
			return
		}
		element(&(*p)[i])
	}
}

// optional walks what a pointer leads to, where it leads anywhere.
func optional[T any](f *flat, p **T, value func(*T)) {
	there := *p != nil
	f.flag(&there)
	if !there {
		return
	}
	if f.reading {
		*p = new(T)
	}
	value(*p)
}
