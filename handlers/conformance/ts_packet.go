package conformance

import "encoding/binary"

// packetSize is that of a transport packet (ISO/IEC 13818-1 §2.4.3.2).
const packetSize = 188

const (
	pidPAT  = 0
	pidNull = 0x1fff
)

// packet is one transport packet, taken apart.
type packet struct {
	offset        int64 // bytes from the start of the segment
	pid           uint16
	start         bool // payload_unit_start_indicator
	counter       uint8
	discontinuity bool  // discontinuity_indicator
	pcr           int64 // 27 MHz, -1 where it has none
	hasPayload    bool
	payload       []byte
}

// parsePacket takes 188 bytes apart by §2.4.3.2 and §2.4.3.4. What is wrong is said to syntax; ok is false where the packet
// is of no use.
func parsePacket(b []byte, offset int64, syntax *fault) (p packet, ok bool) {
	p = packet{offset: offset, pcr: -1}
	if b[0] != 0x47 {
		syntax.addf("byte %d: sync byte is %#02x", offset, b[0])
		return p, false
	}
	head := binary.BigEndian.Uint32(b)
	p.pid = uint16(head>>8) & 0x1fff
	p.start = head&0x400000 != 0
	p.counter = uint8(head & 15)
	p.hasPayload = head&0x10 != 0
	if head&0x800000 != 0 {
		syntax.addf("byte %d: transport_error_indicator", offset)
	}
	if head&0xc0 != 0 {
		syntax.addf("byte %d: scrambled", offset)
		return p, false
	}
	rest := b[4:packetSize]
	switch head & 0x30 {
	case 0:
		syntax.addf("byte %d: adaptation_field_control is 0", offset)
		return p, false
	case 0x20, 0x30:
		n := int(rest[0])
		if n > 183 || n > 182 && p.hasPayload || n != 183 && !p.hasPayload {
			syntax.addf("byte %d: adaptation field of %d bytes, payload %v", offset, n, p.hasPayload)
			return p, false
		}
		p.adaptation(rest[1:1+n], syntax)
		rest = rest[1+n:]
	}
	if p.hasPayload {
		p.payload = rest
	}
	return p, true
}

func (p *packet) adaptation(a []byte, syntax *fault) {
	if len(a) == 0 {
		return
	}
	p.discontinuity = a[0]&0x80 != 0
	if a[0]&0x10 == 0 {
		return
	}
	if len(a) < 7 {
		syntax.addf("byte %d: adaptation field of %d bytes has no room for its PCR", p.offset, len(a))
		return
	}
	base := int64(binary.BigEndian.Uint32(a[1:]))<<1 | int64(a[5]>>7)
	extension := int64(a[5]&1)<<8 | int64(a[6])
	if extension >= 300 {
		syntax.addf("byte %d: PCR extension %d", p.offset, extension)
	}
	p.pcr = base*300 + extension
}
