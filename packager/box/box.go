// Package box writes boxes of the ISO base media file format (ISO/IEC 14496-12), and those that init sections and whole
// films begin with alike. It appends to what it is given, and knows no film.
package box

import "encoding/binary"

// HeaderSize is a box's size and type (§4.2), in bytes; WideHeaderSize is that with a 64-bit size.
const (
	HeaderSize     = 8
	WideHeaderSize = 16
)

// Append appends a box whose payload is what body appends: some kilobytes at most.
func Append(b []byte, typ string, body func([]byte) []byte) []byte {
	start := len(b)
	b = body(AppendHeader(b, 0, typ))
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start))
	return b
}

// AppendFull appends a box with a version and flags.
func AppendFull(b []byte, typ string, version uint8, flags uint32, body func([]byte) []byte) []byte {
	return Append(b, typ, func(b []byte) []byte { return body(Append32(b, uint32(version)<<24|flags)) })
}

// AppendHeader appends the header of a box of known size, in bytes.
func AppendHeader(b []byte, size uint32, typ string) []byte {
	return append(Append32(b, size), typ...)
}

// Append16 appends values of 16 bits.
func Append16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// Append32 appends values of 32 bits.
func Append32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// Append64 appends values of 64 bits, signed or not.
func Append64(b []byte, values ...int64) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	return b
}

// Nothing is the payload of a box that has none.
func Nothing(b []byte) []byte { return b }
