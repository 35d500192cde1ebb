package conformance

// pes takes the PES packets of one elementary stream apart (ISO/IEC 13818-1 §2.4.3.6).
type pes struct {
	on     bool
	pid    uint16
	typ    uint8
	header []byte // as far as it has come
	inBody bool
	left   int // bytes that PES_packet_length still announces, -1 where it announces none
}

// stamps are the times of one PES packet.
type stamps struct {
	pts, dts int64 // 33 bits, -1 where absent; dts is pts where only that is there
}

func (s *pes) open(c component) {
	*s = pes{on: true, pid: c.pid, typ: c.typ, left: -1}
}

// packet takes a packet and gives the part of its payload that is the elementary stream's. fresh is set where a PES
// packet's header ended in this packet, and st are its times.
func (s *pes) packet(p *packet, syntax *fault) (body []byte, st stamps, fresh bool) {
	b := p.payload
	if p.start {
		s.end(syntax)
		s.header, s.inBody = s.header[:0], false
	} else if s.header == nil {
		return nil, st, false // the middle of a PES packet whose start was not seen
	}
	if s.inBody {
		s.count(p, len(b), syntax)
		return b, st, false
	}
	s.header = append(s.header, b...)
	h := s.header
	if len(h) < 9 || len(h) < 9+int(h[8]) {
		return nil, st, false
	}
	body = h[9+int(h[8]):]
	if h[0] != 0 || h[1] != 0 || h[2] != 1 || h[6]&0xc0 != 0x80 {
		syntax.addf("byte %d: no PES header: % x", p.offset, h[:9])
	}
	st = parseStamps(h, p.offset, syntax)
	s.inBody, s.left = true, -1
	if n := int(h[4])<<8 | int(h[5]); n > 0 {
		s.left = n - 3 - int(h[8])
	}
	s.count(p, len(body), syntax)
	return body, st, true
}

func (s *pes) count(p *packet, n int, syntax *fault) {
	if s.left < 0 {
		return
	}
	if n > s.left {
		syntax.addf("byte %d: PES packet of PID %d is %d bytes longer than its PES_packet_length", p.offset, p.pid, n-s.left)
		s.left = -1
		return
	}
	s.left -= n
}

// end holds a PES packet that is over to its announced length.
func (s *pes) end(syntax *fault) {
	if s.inBody && s.left > 0 {
		syntax.addf("PES packet of PID %d ends %d bytes before its PES_packet_length", s.pid, s.left)
	}
	s.left = -1
}

// parseStamps reads PTS and DTS with their marker bits.
func parseStamps(h []byte, offset int64, syntax *fault) stamps {
	st := stamps{pts: -1, dts: -1}
	has := h[7] >> 6
	if has == 1 || has == 2 && h[8] < 5 || has == 3 && h[8] < 10 {
		syntax.addf("byte %d: PTS_DTS_flags %d in a header of %d bytes", offset, has, h[8])
		return st
	}
	if has&2 != 0 {
		st.pts = stamp(h[9:14], has, offset, syntax)
		st.dts = st.pts
	}
	if has == 3 {
		st.dts = stamp(h[14:19], 1, offset, syntax)
	}
	return st
}

func stamp(b []byte, prefix byte, offset int64, syntax *fault) int64 {
	if b[0]>>4 != prefix || b[0]&1 == 0 || b[2]&1 == 0 || b[4]&1 == 0 {
		syntax.addf("byte %d: marker bits of a time stamp: % x", offset, b)
	}
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
}
