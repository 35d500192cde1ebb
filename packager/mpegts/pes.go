package mpegts

import "encoding/binary"

// PES headers: ISO/IEC 13818-1 §2.4.3.6.
const (
	videoStreamID byte = 0xE0
	audioStreamID byte = 0xC0

	pesHeader     = 14 // bytes, with a PTS
	pesHeaderBoth = 19 // with PTS and DTS
	pesAligned    = 0x84
	maxPESLength  = 1<<16 - 1
)

// headerSize is the length of a PES header with these clocks.
func headerSize(pts, dts int64) int64 {
	if pts == dts {
		return pesHeader
	}
	return pesHeaderBoth
}

// appendPESHeader appends the header of a PES that carries payload bytes after it. Where they are more than
// PES_packet_length can say, it is 0, which video may (§2.4.3.7).
func appendPESHeader(dst []byte, id byte, pts, dts, payload int64) []byte {
	header := headerSize(pts, dts)
	length := header - 6 + payload
	if length > maxPESLength {
		length = 0
	}
	dst = append(dst, 0, 0, 1, id)
	dst = binary.BigEndian.AppendUint16(dst, uint16(length))
	if pts == dts {
		dst = append(dst, pesAligned, 0x80, pesHeader-9)
		return appendTime(dst, 2, pts)
	}
	dst = append(dst, pesAligned, 0xC0, pesHeaderBoth-9)
	return appendTime(appendTime(dst, 3, pts), 1, dts)
}

// appendTime appends a PTS or DTS: four bits that tell which, then 33 bits with a marker after each part.
func appendTime(dst []byte, kind byte, t int64) []byte {
	v := wrapClock(t)
	return append(dst, kind<<4|byte(v>>29)&0x0E|1, byte(v>>22), byte(v>>14)|1, byte(v>>7), byte(v<<1)|1) //nolint:gosec // parts
}

// pes is a PES as it is cut into packets. Everything planned: packets, the counter of the first, and hence how much
// stuffing takes up what the PES came out shorter.
type pes struct {
	header  uint32 // of its packets, see packetHeader
	counter uint8  // of the first packet
	packets int
	done    int   // packets written
	stuff   int64 // bytes of stuffing over all packets; the last ones carry as much of it as they can
	stuffed int   // first packet that carries some

	clocked bool // the first packet carries a PCR
	clock   int64
	flags   byte

	literal [2][]byte // what comes before the source's bytes, not yet written
}

// begin sets out to write size bytes, literals included, in the planned number of packets.
func (w *pes) begin(size int64) {
	w.stuff = pesRoom(w.packets, w.clocked) - size
	w.stuffed = w.packets - int((w.stuff+maxStuffing-1)/maxStuffing)
	w.done = 0
}

// pesPackets is the number of packets that a PES of size bytes takes.
func pesPackets(size int64, clocked bool) int {
	if clocked {
		size += clockField
	}
	return int((size + payloadSize - 1) / payloadSize)
}

// pesRoom is how many bytes fit in n packets.
func pesRoom(n int, clocked bool) int64 {
	room := int64(n) * payloadSize
	if clocked {
		room -= clockField
	}
	return room
}

// holds tells whether the planned packets can carry as little as size bytes: each but the first keeps one, and the first
// the PES header and the delimiter.
func (w *pes) holds(size, delimiter int64) bool {
	if w.packets == 1 {
		return true
	}
	least := int64(w.packets-1) + pesHeaderBoth + delimiter
	return size >= least
}

// payload is how many bytes of the PES, literals aside, the next k packets carry.
func (w *pes) payload(k int) int64 {
	room := w.carried(w.done+k) - w.carried(w.done)
	return room - min(room, int64(len(w.literal[0])+len(w.literal[1])))
}

// taken is how many bytes of the PES the packets so far carry.
func (w *pes) taken() int64 { return w.carried(w.done) }

// carried is how many bytes of the PES its first n packets carry.
func (w *pes) carried(n int) int64 {
	if n == 0 {
		return 0
	}
	after := int64(w.packets-n) * maxStuffing // bytes of stuffing that later packets can carry
	return pesRoom(n, w.clocked) - max(w.stuff-after, 0)
}

// write makes the next k packets. It takes from src, which stands where the last call stopped, and returns how many
// bytes it took; units, where not nil, puts start codes in place of the NAL lengths among them.
func (w *pes) write(out []byte, k int, src []byte, units *nalUnits) int {
	taken := 0
	for k > 0 {
		n := 1
		if w.done == 0 || w.done >= w.stuffed || len(w.literal[0])+len(w.literal[1]) > 0 {
			taken += w.writeOne(out, src[taken:], units)
		} else {
			n = min(k, w.stuffed-w.done)
			w.writeFull(out, n, src[taken:])
			if units != nil {
				units.mark(out[4:], int64(n)*payloadSize)
			}
			taken += n * payloadSize
		}
		out, k = out[n*packetSize:], k-n
		w.done += n
	}
	return taken
}

// writeFull makes n packets of nothing but payload.
func (w *pes) writeFull(out []byte, n int, src []byte) {
	header := w.header | payloadFlag
	counter := w.counter + uint8(w.done&int(counterMask))
	out, src = out[:n*packetSize], src[:n*payloadSize]
	for len(out) >= packetSize && len(src) >= payloadSize {
		binary.BigEndian.PutUint32(out, header|uint32(counter&counterMask))
		copy(out[4:packetSize], src[:payloadSize])
		out, src = out[packetSize:], src[payloadSize:]
		counter++
	}
}

// writeOne makes one packet of any kind.
func (w *pes) writeOne(out, src []byte, units *nalUnits) int {
	header := w.header | payloadFlag | uint32((w.counter+uint8(w.done&int(counterMask)))&counterMask)
	stuff, at := w.stuffing(), 4
	switch {
	case w.done == 0 && w.clocked:
		putClockField(out[4:packetSize], w.flags, w.clock, stuff)
		header |= adaptationFlag
		at += clockField + stuff
	case stuff > 0:
		putStuffingField(out[4:packetSize], stuff)
		header |= adaptationFlag
		at += stuff
	}
	if w.done == 0 {
		header |= startFlag
	}
	binary.BigEndian.PutUint32(out, header)
	for i := range w.literal {
		n := copy(out[at:packetSize], w.literal[i])
		w.literal[i] = w.literal[i][n:]
		at += n
	}
	n := copy(out[at:packetSize], src)
	if units != nil {
		units.mark(out[at:], int64(n))
	}
	return n
}

// stuffing is how many bytes of it the next packet carries.
func (w *pes) stuffing() int {
	if w.done < w.stuffed {
		return 0
	}
	after := int64(w.packets-1-w.done) * maxStuffing // what later packets carry
	return int(min(max(w.stuff-after, 0), maxStuffing))
}
