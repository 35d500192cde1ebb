package conformance

import (
	"encoding/binary"
)

// section gathers one PSI section of a PID from its packets (ISO/IEC 13818-1 §2.4.4).
type section struct{ buf []byte }

// add takes a packet's payload and gives the section that is complete with it, nil where it is not.
func (s *section) add(p *packet, syntax *fault) []byte {
	b := p.payload
	if p.start {
		if len(b) == 0 || int(b[0])+1 > len(b) {
			syntax.addf("byte %d: pointer_field past the packet", p.offset)
			return nil
		}
		b, s.buf = b[1+int(b[0]):], s.buf[:0]
	} else if len(s.buf) == 0 {
		return nil
	}
	s.buf = append(s.buf, b...)
	if len(s.buf) < 3 {
		return nil
	}
	size := 3 + int(binary.BigEndian.Uint16(s.buf[1:])&0xfff)
	if len(s.buf) < size {
		return nil
	}
	out := s.buf[:size]
	s.buf = s.buf[:0]
	if size < 12 || sectionCRC(out) != 0 {
		syntax.addf("byte %d: section of PID %d has a wrong CRC_32 or length %d", p.offset, p.pid, size)
		return nil
	}
	return out
}

// sectionCRC is that of Annex A; over a section together with its CRC_32 it is 0.
func sectionCRC(b []byte) uint32 {
	crc := ^uint32(0)
	for _, x := range b {
		crc ^= uint32(x) << 24
		for range 8 {
			if crc&0x80000000 != 0 {
				crc = crc<<1 ^ 0x04c11db7
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// pat reads the programs of a PAT (§2.4.4.3) and gives the PID of the first one's PMT.
func pat(s []byte) (programs int, pmt uint16) {
	for b := s[8 : len(s)-4]; len(b) >= 4; b = b[4:] {
		if binary.BigEndian.Uint16(b) == 0 {
			continue // the network PID
		}
		if programs++; programs == 1 {
			pmt = binary.BigEndian.Uint16(b[2:]) & 0x1fff
		}
	}
	return programs, pmt
}

// stream types of ISO/IEC 13818-1 Table 2-34, and Apple's and ATSC's uses of the private ones.
const (
	typeMP3A = 0x03
	typeMP3B = 0x04
	typeADTS = 0x0f
	typeLATM = 0x11
	typeH264 = 0x1b
	typeHEVC = 0x24
	typeAC3  = 0x81
	typeEAC3 = 0x87
)

// component is one elementary stream of a PMT.
type component struct {
	typ uint8
	pid uint16
}

func (c component) video() bool { return c.typ == typeH264 || c.typ == typeHEVC }

func (c component) audio() bool {
	switch c.typ {
	case typeMP3A, typeMP3B, typeADTS, typeLATM, typeAC3, typeEAC3:
		return true
	}
	return false
}

// codec is the RFC 6381 name of what is not parsed further.
func (c component) codec() string {
	switch c.typ {
	case typeMP3A, typeMP3B:
		return "mp4a.40.34"
	case typeLATM:
		return "mp4a.40"
	case typeHEVC:
		return "hvc1"
	case typeAC3:
		return "ac-3"
	case typeEAC3:
		return "ec-3"
	}
	return ""
}

// pmt reads a PMT (§2.4.4.8).
func pmt(s []byte) (pcr uint16, streams []component, ok bool) {
	if len(s) < 16 {
		return 0, nil, false
	}
	pcr = binary.BigEndian.Uint16(s[8:]) & 0x1fff
	info := int(binary.BigEndian.Uint16(s[10:]) & 0xfff)
	b := s[12 : len(s)-4]
	if info > len(b) {
		return 0, nil, false
	}
	for b = b[info:]; len(b) >= 5; {
		c := component{typ: b[0], pid: binary.BigEndian.Uint16(b[1:]) & 0x1fff}
		streams = append(streams, c)
		n := 5 + int(binary.BigEndian.Uint16(b[3:])&0xfff)
		if n > len(b) {
			return pcr, streams, false
		}
		b = b[n:]
	}
	return pcr, streams, true
}
