package conformance

import (
	"encoding/binary"
	"fmt"
)

// maxBox bytes of a box other than mdat are read into memory.
const maxBox = 16 << 20

// eachBox visits the boxes of a container's body (ISO/IEC 14496-12 §4.2), and tells what of it is no box.
func eachBox(b []byte, visit func(typ string, body []byte) error) error {
	for len(b) > 0 {
		size, head, typ, err := boxHeader(b)
		if err != nil {
			return err
		}
		if size == 0 {
			size = int64(len(b)) // to the end
		}
		if size < int64(head) || size > int64(len(b)) {
			return fmt.Errorf("box %s of %d bytes in %d", typ, size, len(b))
		}
		if err = visit(typ, b[head:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// boxHeader reads size and type; size is 0 where the box runs to the end.
func boxHeader(b []byte) (size int64, head int, typ string, err error) {
	if len(b) < 8 {
		return 0, 0, "", fmt.Errorf("%d bytes that are no box", len(b))
	}
	size, head, typ = int64(binary.BigEndian.Uint32(b)), 8, string(b[4:8])
	if size == 1 {
		if len(b) < 16 {
			return 0, 0, "", fmt.Errorf("box %s is cut short", typ)
		}
		size, head = int64(binary.BigEndian.Uint64(b[8:])), 16
	}
	for _, c := range []byte(typ) {
		if c < ' ' || c > '~' && c != 0xa9 {
			return 0, 0, "", fmt.Errorf("%q is no box type", typ)
		}
	}
	return size, head, typ, nil
}

// fieldReader reads big-endian numbers; past the end they are 0, and short is set.
type fieldReader struct {
	b     []byte
	short bool
}

func (r *fieldReader) take(n int) []byte {
	if n > len(r.b) {
		r.short = true
		r.b = nil
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *fieldReader) u8() int    { return int(r.take(1)[0]) }
func (r *fieldReader) u16() int   { return int(binary.BigEndian.Uint16(r.take(2))) }
func (r *fieldReader) u32() int64 { return int64(binary.BigEndian.Uint32(r.take(4))) }
func (r *fieldReader) s32() int64 { return int64(int32(binary.BigEndian.Uint32(r.take(4)))) }
func (r *fieldReader) u64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

// sized is a field of 64 bits in version 1 of its box, of 32 in version 0.
func (r *fieldReader) sized(version int) int64 {
	if version == 1 {
		return r.u64()
	}
	return r.u32()
}

// full reads version and flags.
func (r *fieldReader) full() (version int, flags int64) {
	v := r.u32()
	return int(v >> 24), v & 0xffffff
}

// read is a fieldReader over a box's body, and the error of one that is too short.
func read(typ string, body []byte, fields func(*fieldReader)) error {
	r := &fieldReader{b: body}
	fields(r)
	if r.short {
		return fmt.Errorf("box %s is cut short: %d bytes", typ, len(body))
	}
	return nil
}
