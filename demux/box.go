package demux

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// box is a box within a buffer (ISO/IEC 14496-12 §4.2).
type box struct {
	within string  // types of the boxes around it from the moov down, each with a slash behind it: "moov/trak/"
	name   [4]byte // its own type, printable
	offset int64   // of its header, from the start of the file
	header int     // bytes of its header
	body   []byte  // payload
}

// typ is the box's own four characters.
func (b *box) typ() string { return string(b.name[:]) }

// path is all types from the moov down, e.g. "moov/trak/tkhd".
func (b *box) path() string { return b.within + b.typ() }

// found tells a box from the zero value that stands for a missing one.
func (b *box) found() bool { return b.name != [4]byte{} }

// children walks the boxes within a payload, from byte skip on. It is as lenient as players are: what remains after the
// last whole header is padding (QuickTime ends udta with four zero bytes), a size of 0 runs to the parent's end, and one
// that passes that end is cut there, so that the reader of the child says what it misses.
func (b *box) children(skip int) iter.Seq[box] {
	return func(yield func(box) bool) {
		within := b.path() + "/"
		for at := skip; at >= 0 && len(b.body)-at >= 8; {
			rest := b.body[at:]
			size, header := uint64(binary.BigEndian.Uint32(rest)), 8
			switch {
			case size == 0:
				size = uint64(len(rest))
			case size == 1 && len(rest) >= 16:
				size, header = binary.BigEndian.Uint64(rest[8:]), 16
			}
			if size < uint64(header) {
				return
			}
			size = min(size, uint64(len(rest)))
			child := box{
				within: within,
				name:   printable(rest[4:8]),
				offset: b.offset + int64(b.header+at),
				header: header,
				body:   rest[header:size],
			}
			if !yield(child) {
				return
			}
			at += int(size) //nolint:gosec // at most len(rest)
		}
	}
}

// child is the first box of a type.
func (b *box) child(typ string) (found box) {
	for c := range b.children(0) {
		if string(c.name[:]) == typ {
			return c
		}
	}
	return box{}
}

// printable keeps a type's four characters fit for an error message.
func printable(typ []byte) [4]byte {
	text := [4]byte(typ)
	for i, c := range text {
		if c < 0x20 || c > 0x7e {
			text[i] = '?'
		}
	}
	return text
}

// fourCC is four such characters as a string.
func fourCC(typ []byte) string {
	text := printable(typ)
	return string(text[:])
}

// errorf is a FormatError at this box; the format's last argument must be one of the package's kinds.
func (b *box) errorf(format string, args ...any) error {
	return &FormatError{Box: b.path(), Offset: b.offset, Err: fmt.Errorf(format, args...)}
}

// short is the error of a box that ends before its fields do.
func (b *box) short(want int) error {
	return b.errorf("%d bytes where at least %d are needed: %w", len(b.body), want, ErrCorrupt)
}

// version is that of a full box (§4.2); 0 where it is cut short.
func (b *box) version() byte {
	if len(b.body) == 0 {
		return 0
	}
	return b.body[0]
}

// entries checks a table: its count, at byte at, times size must lie within the box. It gives the bytes of the entries.
func (b *box) entries(at, size int) (table []byte, n int, err error) {
	if len(b.body) < at+4 {
		return nil, 0, b.short(at + 4)
	}
	count := binary.BigEndian.Uint32(b.body[at:])
	rest := b.body[at+4:]
	if int64(count)*int64(size) > int64(len(rest)) {
		return nil, 0, b.errorf("%d entries of %d bytes, %d bytes left: %w", count, size, len(rest), ErrCorrupt)
	}
	return rest[:int(count)*size], int(count), nil
}

// Big-endian numbers; the caller has checked the bounds.
func u16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func u64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// u32at and u64at read at byte i of a table: a slice of known length costs less than one that is open behind.
func u32at(b []byte, i int) uint32 { return u32(b[i : i+4]) }
func u64at(b []byte, i int) uint64 { return u64(b[i : i+8]) }

// Signed ones, in two's complement.
func s32(b []byte) int32 { return int32(u32(b)) } //nolint:gosec // the same bits
func s64(b []byte) int64 { return int64(u64(b)) } //nolint:gosec // the same bits
