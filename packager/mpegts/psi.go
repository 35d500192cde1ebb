package mpegts

import "encoding/binary"

// PIDs of the one program's streams.
const (
	patPID   uint16 = 0
	pmtPID   uint16 = 0x1000
	videoPID uint16 = 0x100
	audioPID uint16 = 0x101
	nullPID  uint16 = 0x1FFF
)

// Stream types: ISO/IEC 13818-1 Table 2-34.
const (
	streamMPEG1Audio byte = 0x03
	streamMPEG2Audio byte = 0x04
	streamAAC        byte = 0x0F // with ADTS syntax
	streamH264       byte = 0x1B
	streamHEVC       byte = 0x24
	streamAC3        byte = 0x81 // user private there: ATSC A/52 §A.3.1
	streamEAC3       byte = 0x87 // likewise: ATSC A/52 §G.3.1
)

// psiPackets are PAT and PMT, a packet each.
const psiPackets = 2

const programNumber = 1

// stream is an entry of the PMT.
type stream struct {
	kind        byte
	pid         uint16
	descriptors []byte
}

// appendPAT appends the program association table's packet, with continuity counter 0 (§2.4.4.3).
func appendPAT(dst []byte) []byte {
	body := binary.BigEndian.AppendUint16(nil, programNumber)
	body = binary.BigEndian.AppendUint16(body, 7<<13|pmtPID)
	return appendSection(dst, patPID, 0, 1, body) // transport_stream_id 1
}

// appendPMT appends the program map table's packet, with continuity counter 0 (§2.4.4.8).
func appendPMT(dst []byte, pcrPID uint16, streams []stream) []byte {
	body := binary.BigEndian.AppendUint16(nil, 7<<13|pcrPID)
	body = binary.BigEndian.AppendUint16(body, 0xF<<12) // no program descriptors
	for _, s := range streams {
		body = append(body, s.kind)
		body = binary.BigEndian.AppendUint16(body, 7<<13|s.pid)
		body = binary.BigEndian.AppendUint16(body, 0xF<<12|uint16(len(s.descriptors))) //nolint:gosec // a dozen bytes
		body = append(body, s.descriptors...)
	}
	return appendSection(dst, pmtPID, 2, programNumber, body)
}

// appendSection appends one packet that holds one section, version 0.
func appendSection(dst []byte, pid uint16, table byte, id uint16, body []byte) []byte {
	end := len(dst) + packetSize
	dst = binary.BigEndian.AppendUint32(dst, packetHeader(pid)|startFlag|payloadFlag)
	dst = append(dst, 0) // pointer_field
	start := len(dst)
	dst = append(dst, table)
	dst = binary.BigEndian.AppendUint16(dst, 0xB<<12|uint16(5+len(body)+4)) //nolint:gosec // a few dozen bytes
	dst = binary.BigEndian.AppendUint16(dst, id)
	dst = append(dst, 0xC1, 0, 0) // version 0, current; section 0 of 0
	dst = append(dst, body...)
	dst = binary.BigEndian.AppendUint32(dst, crc32MPEG(dst[start:]))
	for len(dst) < end {
		dst = append(dst, stuffing)
	}
	return dst
}

// crc32MPEG is the CRC of Annex A: polynomial 0x04C11DB7, not reflected, starting with all ones, not inverted.
func crc32MPEG(b []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c) << 24
		for range 8 {
			carry := crc >> 31
			crc = crc<<1 ^ carry*0x04C11DB7
		}
	}
	return crc
}
