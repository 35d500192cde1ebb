package mpegts

import "encoding/binary"

// A transport stream packet: ISO/IEC 13818-1 §2.4.3.2.
const (
	packetSize  = 188
	payloadSize = packetSize - 4
	maxStuffing = payloadSize - 1 // per packet, so that each keeps a byte of payload
	clockField  = 8               // bytes of an adaptation field that holds a PCR and no stuffing
	stuffing    = 0xFF

	syncByte        uint32 = 0x47 << 24
	startFlag       uint32 = 1 << 22 // payload_unit_start_indicator
	adaptationFlag  uint32 = 1 << 5
	payloadFlag     uint32 = 1 << 4
	counterMask     uint8  = 15
	randomAccess    byte   = 0x40 // adaptation field flags, §2.4.3.4
	hasClock        byte   = 0x10
	reservedInClock uint64 = 0x3F << 9 // between the PCR's base and its extension, which is 0
)

// packetHeader is the first four bytes of a packet of a stream, without flags and counter.
func packetHeader(pid uint16) uint32 {
	return syncByte | uint32(pid)<<8
}

// putClockField writes an adaptation field that holds a PCR, then n bytes of stuffing, to the start of dst.
func putClockField(dst []byte, flags byte, clock int64, n int) {
	dst[0] = byte(clockField - 1 + n) //nolint:gosec // at most 183
	v := wrapClock(clock-pcrLead)<<15 | reservedInClock
	dst[1] = flags | hasClock
	binary.BigEndian.PutUint16(dst[2:], uint16(v>>32)) //nolint:gosec // the upper 16 of 48 bits
	binary.BigEndian.PutUint32(dst[4:], uint32(v))     //nolint:gosec // the lower 32
	stuff(dst[clockField : clockField+n])
}

// putStuffingField writes an adaptation field of n bytes, 1 to 183, that holds nothing.
func putStuffingField(dst []byte, n int) {
	dst[0] = byte(n - 1) //nolint:gosec // at most 182
	if n > 1 {
		dst[1] = 0
		stuff(dst[2:n])
	}
}

func stuff(dst []byte) {
	for i := range dst {
		dst[i] = stuffing
	}
}

// putNullPackets writes n packets that carry nothing (§2.4.3.3, Table 2-3).
func putNullPackets(dst []byte, n int) {
	for range n {
		binary.BigEndian.PutUint32(dst, packetHeader(nullPID)|payloadFlag)
		stuff(dst[4:packetSize])
		dst = dst[packetSize:]
	}
}

// putClockPacket writes a packet that carries a PCR and no payload: its counter is that of the stream's packet before.
func putClockPacket(dst []byte, pid uint16, counter uint8, clock int64) {
	binary.BigEndian.PutUint32(dst, packetHeader(pid)|adaptationFlag|uint32(counter&counterMask))
	putClockField(dst[4:packetSize], 0, clock, payloadSize-clockField)
}
