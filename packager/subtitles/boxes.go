package subtitles

import (
	"encoding/binary"
	"iter"
)

// boxes yields the boxes of a payload (ISO/IEC 14496-12 §4.2), up to what is none.
func boxes(b []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(b) >= 8 {
			size := uint64(binary.BigEndian.Uint32(b))
			if size < 8 || size > uint64(len(b)) || !yield(string(b[4:8]), b[8:size]) {
				return
			}
			b = b[size:]
		}
	}
}

// appendBox appends a box of a payload.
func appendBox(dst []byte, typ, payload string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(8+len(payload)))
	return append(append(dst, typ...), payload...)
}
