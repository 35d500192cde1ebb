package mpegts

import (
	"encoding/binary"
	"math"
)

// nalUnits walks the NAL units of a sample whose lengths are 4 bytes, and puts a start code (ISO/IEC 14496-10 Annex B)
// where each length went in the packets. The sample's own bytes stay as they were read: other samples may share them.
// A length of zero becomes four zero bytes, which Annex B allows between NAL units; so does a delimiter that may not stay,
// with its length. A length that points past the sample is a lie: it and all that follows are passed through.
type nalUnits struct {
	preamble
	size int64 // of the sample
	next int64 // where the first length stands that isn't wholly written; never where there is none
	at   int64 // bytes of the sample written

	window      []byte // what of the sample is in memory now; it holds every length that starts in what is written next
	windowStart int64  // in the sample
	lies        int    // samples with a lie
}

const never int64 = math.MaxInt64

// mark follows the copying of the sample's next n bytes. They stand in out, 184 of them together, then a packet header
// of 4 bytes, and so on; the first run may be shorter if it is the only one.
func (u *nalUnits) mark(out []byte, n int64) {
	end := u.at + n
	for u.next < end {
		left := u.size - u.next - 4
		if left < 0 {
			u.lie()
			break
		}
		length := binary.BigEndian.Uint32(u.window[u.next-u.windowStart:])
		if int64(length) > left {
			u.lie()
			break
		}
		if length > 0 && u.repeats(u.window[u.next+4-u.windowStart], int64(length)) {
			unit := 4 + int64(length)
			u.blank(out, end, unit)
			if u.next+unit > end {
				break // the rest comes in the next packet
			}
			u.next += unit
			continue
		}
		u.put(out, end, min(length, 1))
		if u.next+4 > end {
			break // what is left of the start code comes in the next packet
		}
		u.next += 4 + int64(length)
	}
	u.at = end
}

func (u *nalUnits) lie() {
	u.lies++
	u.next = never
}

// put writes those bytes of the start code at next that are among the bytes from at to end.
func (u *nalUnits) put(out []byte, end int64, code uint32) {
	from := u.next - u.at
	if place := from % payloadSize; from >= 0 && u.next+4 <= end && place <= payloadSize-4 {
		binary.BigEndian.PutUint32(out[from/payloadSize*packetSize+place:], code)
		return
	}
	for i := range int64(4) {
		if k := from + i; k >= 0 && u.next+i < end {
			out[k/payloadSize*packetSize+k%payloadSize] = byte(code >> (24 - 8*i)) //nolint:gosec // its bytes
		}
	}
}

// blank writes those of n zero bytes from next on that are among the bytes from at to end.
func (u *nalUnits) blank(out []byte, end, n int64) {
	for i := max(u.next, u.at); i < min(u.next+n, end); i++ {
		k := i - u.at
		out[k/payloadSize*packetSize+k%payloadSize] = 0
	}
}

// resume is where in the sample the bytes start that the next packets are made of.
func (u *nalUnits) resume() int64 { return min(u.next, u.at) }
