package demux

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// blockLen is how many samples share one restart point. 128 keeps a lookup within one unpacked block of 5 KB.
const blockLen = 128

// maxPackedBits is the widest value that one unaligned 8-byte load can give at any of 8 bit positions. Wider values keep
// their high bits as exceptions.
const maxPackedBits = 56

// loadPad bytes stand behind the last column, so that the load of its last value stays inside the slice.
const loadPad = 8

// A column is one field of a block's samples, packed: the least value, a common unit, then (value-least)/unit in as few
// bits as pay off; the few that are wider (key frames among the sizes) leave their high bits in an exception list.
//
//	byte head | varint least | uvarint unit, if withUnit | byte exceptions, if withExceptions | packed bits |
//	exceptions x (byte index, uvarint high bits)
//
// head is the width in bits, with flags. A column of zeros is the one byte allZero.
const (
	widthBits      = 0x3f
	withUnit       = 0x40
	withExceptions = 0x80
	allZero        = 0x3f
)

// packer packs columns. Its fields are scratch, and hold nothing from one column to the next.
type packer struct {
	rest   [blockLen]uint64
	high   [blockLen + 1]uint64 // high bits of the exceptions
	wide   [blockLen + 1]uint8  // their places
	counts [256]uint8           // how many of rest have how many bits, see reduce
	packed [8*blockLen + loadPad]byte
}

// column packs values, at most blockLen of them, onto dst.
func (p *packer) column(dst []byte, values []int64) []byte {
	if allSame(values) {
		if values[0] == 0 {
			return append(dst, allZero)
		}
		return binary.AppendVarint(append(dst, 0), values[0])
	}
	least := slices.Min(values)
	unit := common(values, least)
	most := p.reduce(values, least, unit.inverse, unit.shift)
	width, exceptions := p.width(len(values), most)

	head := len(dst)
	dst = binary.AppendVarint(append(dst, byte(width)), least) //nolint:gosec // at most maxPackedBits
	if unit.value != 1 {
		dst[head] |= withUnit
		dst = binary.AppendUvarint(dst, unit.value)
	}
	if exceptions == 0 {
		return append(dst, p.bits(len(values), width)...)
	}
	dst[head] |= withExceptions
	p.cut(len(values), width)
	dst = append(append(dst, byte(exceptions)), p.bits(len(values), width)...) //nolint:gosec // at most blockLen
	for i, k := range p.wide[:exceptions] {
		dst = binary.AppendUvarint(append(dst, k), p.high[i])
	}
	return dst
}

// cut takes the high bits off the first n of rest that have more bits than width. Every place is noted, and kept or not: which
// those are, no processor foretells.
func (p *packer) cut(n, width int) {
	exceptions := 0
	for k, v := range p.rest[:n] {
		high := v >> (width & 63)
		p.wide[exceptions], p.high[exceptions] = uint8(k), high
		if high != 0 {
			exceptions++
		}
		p.rest[k] = v - high<<(width&63)
	}
}

// allSame tells whether all values are the same. Those of a whole block are compared as memory, many at a time.
func allSame(values []int64) bool {
	if len(values) == blockLen {
		return *(*[blockLen - 1]int64)(values[1:]) == *(*[blockLen - 1]int64)(values)
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return false
		}
	}
	return true
}

// bits packs the first n of rest, which are of width bits, the first in the lowest bits of the first byte. It spoils rest.
func (p *packer) bits(n, width int) []byte {
	size := (n*width + 7) / 8
	n, width = p.join(n, width)
	word, filled, at := uint64(0), 0, 0 // at most 7 bits are left in word when a value comes
	for _, v := range p.rest[:n] {
		word |= v << (filled & 7)
		binary.LittleEndian.PutUint64(p.packed[at&(8*blockLen-1):], word)
		filled += width
		at += filled >> 3
		word >>= filled & 0x38
		filled &= 7
	}
	return p.packed[:size]
}

// join makes neighbours one value of twice the width, and so on for as long as that fits a word at any bit. A last one without
// a neighbour gets a zero.
func (p *packer) join(n, width int) (int, int) {
	for n > 1 && 2*width <= maxPackedBits {
		if n%2 != 0 {
			p.rest[n] = 0
		}
		n = (n + 1) / 2
		for i := range n {
			k := 2 * i & (blockLen - 2) // as it is; now the compiler knows, too
			p.rest[i&(blockLen-1)] = p.rest[k] | p.rest[k+1]<<(width&63)
		}
		width *= 2
	}
	return n, width
}

// common is what divides all differences from the least value.
func common(values []int64, least int64) (d divisor) {
	for _, v := range values {
		rest := difference(v, least)
		if d.divides(rest) {
			continue
		}
		if d = divisorOf(gcd(d.value, rest)); d.value == 1 {
			break
		}
	}
	return d
}

// difference is modulo 2^64, so any spread of int64 fits.
func difference(v, least int64) uint64 { return uint64(v) - uint64(least) } //nolint:gosec // see above

// reduce makes values the rest that is packed, and counts how many have how many bits, at most most. Those at even and odd
// places are counted apart, the odd ones from 128 on: neighbours are of one length mostly, and one count would wait for the
// other. Inlined, the loop would run short of registers.
//
//go:noinline
func (p *packer) reduce(values []int64, least int64, inverse uint64, shift int) (most int) {
	clear(p.counts[:])
	rest, all := p.rest[:len(values)], uint64(0)
	for k, v := range values {
		r := quotient(difference(v, least), inverse, shift)
		rest[k] = r
		all |= r
		p.counts[uint8(k)<<7|uint8(bits.Len64(r))]++ //nolint:gosec // the lowest bit of k, and up to 64
	}
	return bits.Len64(all)
}

// divisor divides what it divides without a remainder by multiplying: by the inverse modulo 2^64 of its odd part, then by
// a rotation. Where there is a remainder, that comes to more than any quotient (T. Granlund and P. L. Montgomery, Division
// by Invariant Integers using Multiplication, §9). The zero divisor divides 0.
type divisor struct {
	value, inverse, most uint64
	shift                int
}

func divisorOf(value uint64) divisor {
	d := divisor{value: value, most: math.MaxUint64 / value, shift: bits.TrailingZeros64(value)}
	odd := value >> d.shift
	d.inverse = odd // right in its 3 lowest bits, and in twice as many after each step
	for range 5 {
		d.inverse *= 2 - odd*d.inverse
	}
	return d
}

func (d *divisor) divides(v uint64) bool {
	return v == 0 || d.value != 0 && quotient(v, d.inverse, d.shift) <= d.most
}

func quotient(v, inverse uint64, shift int) uint64 { return bits.RotateLeft64(v*inverse, -shift) }

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// width weighs the packed bits of n values, of which the widest has most bits, against what the exceptions would cost.
func (p *packer) width(n, most int) (width, exceptions int) {
	width = most
	best, wider, cost := n*most, 0, 0
	if most > maxPackedBits {
		best = math.MaxInt
	}
	for w := most - 1; w >= 0; w-- {
		more := int(p.counts[w+1]) + int(p.counts[128+w+1])
		wider += more
		cost += more * (8 + 8) // an index byte, and one byte more for each 7 high bits
		if extra := most - w; extra > 7 {
			cost += more * 8 * ((extra - 1) / 7)
		}
		if cost >= best {
			break // and narrower only costs more
		}
		if total := n*w + cost; w <= maxPackedBits && total < best {
			best, width, exceptions = total, w, wider
		}
	}
	return width, exceptions
}

// unpackColumn unpacks len(dst) values and returns what follows the column. data was written by appendColumn and is
// followed by at least loadPad bytes.
func unpackColumn(dst []int64, data []byte) []byte {
	head := data[0]
	if head == allZero {
		clear(dst)
		return data[1:]
	}
	width := int(head & widthBits)
	least, n := binary.Varint(data[1:])
	data = data[1+n:]
	if head == 0 {
		for i := range dst {
			dst[i] = least
		}
		return data
	}
	unit, exceptions := uint64(1), byte(0)
	if head&withUnit != 0 {
		unit, n = binary.Uvarint(data)
		data = data[n:]
	}
	if head&withExceptions != 0 {
		exceptions, data = data[0], data[1:]
	}
	unpackBits(dst, data, width, least, unit)
	data = data[(len(dst)*width+7)/8:]
	for range exceptions {
		high, size := binary.Uvarint(data[1:])
		dst[data[0]] += int64(high << width * unit) //nolint:gosec // modulo 2^64, see difference
		data = data[1+size:]
	}
	return data
}

// skipColumn returns what follows a column of n values.
func skipColumn(data []byte, n int) []byte {
	head := data[0]
	data = data[1:]
	if head == allZero {
		return data
	}
	data = skipVarint(data) // least
	if head&withUnit != 0 {
		data = skipVarint(data)
	}
	exceptions := byte(0)
	if head&withExceptions != 0 {
		exceptions, data = data[0], data[1:]
	}
	data = data[(n*int(head&widthBits)+7)/8:]
	for range exceptions {
		data = skipVarint(data[1:])
	}
	return data
}

func skipVarint(data []byte) []byte {
	for data[0] >= 0x80 {
		data = data[1:]
	}
	return data[1:]
}

// unpackBits gives values of width bits, times unit, plus least. Inlined, its loop would run short of registers.
//
//go:noinline
func unpackBits(dst []int64, data []byte, width int, least int64, unit uint64) {
	mask := uint64(1)<<(width&63) - 1
	bit := 0
	for i := range dst {
		word := binary.LittleEndian.Uint64(data[bit>>3:bit>>3+8]) >> (bit & 7)
		dst[i] = least + int64(word&mask*unit) //nolint:gosec // modulo 2^64, see difference
		bit += width
	}
}
