package fmp4

import (
	"encoding/binary"

	"unreel/packager/box"
)

// A child is a box within another, header and all.
type child struct {
	typ   string
	whole []byte
}

// payload is what follows the header, which sample entries' children never have wide.
func (c *child) payload() []byte { return c.whole[box.HeaderSize:] }

// children takes a payload apart into boxes, up to what is none: QuickTime ends some lists with four zero bytes.
func children(b []byte) (list []child) {
	for len(b) >= box.HeaderSize {
		size := binary.BigEndian.Uint32(b)
		if size < box.HeaderSize || uint64(size) > uint64(len(b)) {
			return list
		}
		list = append(list, child{typ: string(b[4:8]), whole: b[:size]})
		b = b[size:]
	}
	return list
}

// find gives the first child of a type; nil where there is none.
func find(list []child, typ string) *child {
	for i := range list {
		if list[i].typ == typ {
			return &list[i]
		}
	}
	return nil
}
