package subtitles

import "strconv"

// Captions collects what closed captions a picture's access units carry (CEA-608 and CEA-708 in SEI messages, and in AV1's metadata). The zero
// value has seen none.
type Captions struct {
	// Carried tells that there are caption bytes at all; they may be padding so far.
	Carried bool
	// CC tells which of CC1 to CC4 there are (CEA-608).
	CC [4]bool
	// Services tells which of the services 1 to 63 there are (CEA-708), by number.
	Services [64]bool
}

// NAL unit types that hold SEI messages: H.264 (ISO/IEC 14496-10 table 7-1), and HEVC (ISO/IEC 23008-2 table 7-1).
const (
	seiH264       = 6
	seiHEVCPrefix = 39
)

// maxUnits bounds the NAL units that are looked at in one access unit.
const maxUnits = 64

// Add looks at the beginning of an access unit, which may be cut short: captions stand before the picture. Each NAL unit has
// its length before it, in lengthBytes.
func (c *Captions) Add(unit []byte, lengthBytes int, hevc bool) {
	if lengthBytes < 1 || lengthBytes > 4 {
		return
	}
	for range maxUnits {
		if len(unit) <= lengthBytes+2 {
			return
		}
		n := uint64(0)
		for _, b := range unit[:lengthBytes] {
			n = n<<8 | uint64(b)
		}
		unit = unit[lengthBytes:]
		nal := unit[:min(n, uint64(len(unit)))]
		unit = unit[len(nal):]
		switch {
		case len(nal) < 2:
		case !hevc && nal[0]&31 == seiH264:
			c.messages(unescaped(nal[1:]))
		case hevc && nal[0]>>1&63 == seiHEVCPrefix:
			c.messages(unescaped(nal[2:]))
		}
	}
}

// Types of AV1's OBUs and of their metadata (AV1 §6.2.2, §6.7.1).
const (
	obuMetadata   = 5
	metadataITUTT = 4 // ITU-T T.35, with the same bytes in it as a registered SEI message
)

// AddAV1 looks at the beginning of a temporal unit of AV1, which may be cut short: captions stand before the picture.
func (c *Captions) AddAV1(unit []byte) {
	const extension, sized = 4, 2 // flags of an OBU's header, §5.3.2
	for range maxUnits {
		if len(unit) < 2 {
			return
		}
		header := unit[0]
		if unit = unit[1:]; header&extension != 0 {
			unit = unit[1:]
		}
		obu, rest := unit, []byte(nil)
		if header&sized != 0 {
			var n int
			n, unit = leb128(unit)
			obu = unit[:min(n, len(unit))]
			rest = unit[len(obu):]
		}
		if kind, body := leb128(obu); header>>3&15 == obuMetadata && kind == metadataITUTT {
			c.userData(body)
		}
		unit = rest
	}
}

// leb128 reads a number of AV1 (§4.10.5), of at most four bytes; no OBU that is looked at is larger.
func leb128(b []byte) (n int, rest []byte) {
	for i := range min(4, len(b)) {
		n |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return n, b[i+1:]
		}
	}
	return 0, nil
}

// unescaped takes emulation prevention bytes out (ISO/IEC 14496-10 §7.4.1).
func unescaped(nal []byte) []byte {
	plain := make([]byte, 0, len(nal))
	zeros := 0
	for _, b := range nal {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		plain = append(plain, b)
	}
	return plain
}

// registered is user_data_registered_itu_t_t35 (ISO/IEC 14496-10 §D.1.6).
const registered = 4

// messages reads SEI messages (§7.3.2.3.1).
func (c *Captions) messages(b []byte) {
	for len(b) >= 2 {
		typ, rest := varied(b)
		size, rest := varied(rest)
		if size > len(rest) {
			return
		}
		if typ == registered {
			c.userData(rest[:size])
		}
		b = rest[size:]
	}
}

// varied reads a number as SEI messages have it: 255 goes on.
func varied(b []byte) (n int, rest []byte) {
	for len(b) > 0 && b[0] == 255 {
		n += 255
		b = b[1:]
	}
	if len(b) == 0 {
		return n, nil
	}
	return n + int(b[0]), b[1:]
}

// userData reads ATSC's caption data: country 0xB5, provider 0x0031, "GA94", type 3 (ATSC A/72 part 1 §6.4.2, A/53 part 4 §6.2.3.1).
func (c *Captions) userData(b []byte) {
	const header = "\xb5\x00\x31GA94\x03"
	if len(b) < len(header)+2 || string(b[:len(header)]) != header {
		return
	}
	b = b[len(header):]
	const process = 0x40 // process_cc_data_flag
	if b[0]&process == 0 {
		return
	}
	count := int(b[0] & 31)
	for b = b[2:]; count > 0 && len(b) >= 3; count, b = count-1, b[3:] {
		const valid = 4
		if b[0]&valid == 0 {
			continue
		}
		c.Carried = true
		if kind := b[0] & 3; kind < 2 {
			c.field(int(kind), b[1]&0x7f, b[2]&0x7f) // without parity
		} else if kind == 3 {
			c.packet(b[2]) // the start of a CEA-708 packet: its header, and the first block's
		}
	}
}

// field reads a byte pair of CEA-608. A control code says which channel of the field's two it is of (CEA-608 §8.4): preambles and
// commands to load, show and clear captions all do.
func (c *Captions) field(field int, first, second byte) {
	if first < 0x10 || first > 0x1f || second < 0x20 {
		return // text goes on with the channel before; extended data services are no captions
	}
	c.CC[2*field+int(first>>3&1)] = true
}

// packet reads the first service block's header in a CEA-708 packet (CEA-708 §6.2.1): the service's number in three bits.
func (c *Captions) packet(header byte) {
	if service, size := header>>5, header&31; size > 0 && 0 < service && service < 7 {
		c.Services[service] = true
	}
}

// Merge adds what other captions carry.
func (c *Captions) Merge(o *Captions) {
	c.Carried = c.Carried || o.Carried
	for i, there := range o.CC {
		c.CC[i] = c.CC[i] || there
	}
	for i, there := range o.Services {
		c.Services[i] = c.Services[i] || there
	}
}

// Channels are the captions of CEA-608, as EXT-X-MEDIA's INSTREAM-ID names them (RFC 8216 §4.3.4.1): CC1 to CC4. Where there are
// caption bytes, but neither a control code nor a service of CEA-708 has come yet, it is CC1: who speaks first is nobody's guess.
func (c *Captions) Channels() (names []string) {
	for i, there := range c.CC {
		if there {
			names = append(names, "CC"+string(rune('1'+i)))
		}
	}
	if names == nil && c.Carried && c.Services == [64]bool{} {
		names = []string{"CC1"}
	}
	return names
}

// InstreamIDs are the captions as INSTREAM-ID names them: the channels of CEA-608, which every player knows, or else SERVICE1 to
// SERVICE63 of CEA-708.
func (c *Captions) InstreamIDs() (names []string) {
	if names = c.Channels(); names != nil {
		return names
	}
	for n, there := range c.Services {
		if there {
			names = append(names, "SERVICE"+strconv.Itoa(n))
		}
	}
	return names
}
