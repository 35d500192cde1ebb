package testmedia

import "encoding/binary"

// appendSample appends the bytes of one sample.
func (t *Track) appendSample(dst []byte, number int) []byte {
	s := &t.Samples[number]
	if s.Data != nil {
		return append(dst, s.Data...)
	}
	seed := uint64(number)<<8 | uint64(t.Handler[0])
	if t.NALLength == 0 {
		return appendNoise(dst, s.Size, seed)
	}
	sizes := s.NALs
	if sizes == nil {
		sizes = []int{s.Size - t.NALLength}
	}
	for i, size := range sizes {
		for shift := 8 * (t.NALLength - 1); shift >= 0; shift -= 8 {
			dst = append(dst, byte(size>>shift))
		}
		if size > 0 {
			dst = append(dst, nalType(i, len(sizes), s.Sync))
			dst = appendNoise(dst, size-1, seed+uint64(i)<<40)
		}
	}
	return dst
}

// nalType is the header of NAL unit i of n: SEI units, then one slice (Rec. ITU-T H.264 Table 7-1).
func nalType(i, n int, sync bool) byte {
	switch {
	case i < n-1:
		return 0x06
	case sync:
		return 0x65
	default:
		return 0x41
	}
}

// appendNoise appends n bytes of 0x80 and above, so that no start code ever appears.
func appendNoise(dst []byte, n int, seed uint64) []byte {
	state := seed*0x9e3779b97f4a7c15 + 1
	var word [8]byte
	for ; n > 0; n -= 8 {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		binary.LittleEndian.PutUint64(word[:], state|0x8080808080808080)
		dst = append(dst, word[:min(n, 8)]...)
	}
	return dst
}
