package testmedia

// Parameter sets that x264 wrote for High profile, 30 fps, with B-frames: SPS and PPS without start codes.
const (
	sps1080 = "\x67\x64\x00\x28\xac\xd9\x40\x78\x02\x27\xe5\xc0\x44\x00\x00\x03\x00\x04\x00\x00\x03\x00\xf0\x3c\x60\xc6\x58"
	sps720  = "\x67\x64\x00\x1f\xac\xd9\x40\x50\x05\xbb\x01\x10\x00\x00\x03\x00\x10\x00\x00\x03\x03\xc0\xf1\x83\x19\x60"
	sps360  = "\x67\x64\x00\x1e\xac\xd9\x40\xa0\x2f\xf9\x70\x11\x00\x00\x03\x00\x01\x00\x00\x03\x00\x3c\x0f\x16\x2d\x96"
	pps     = "\x68\xeb\xe3\xcb\x22\xc0"
)

// parameterSet is the SPS for a height: 1080, 720, or else 360.
func parameterSet(height int) string {
	switch height {
	case 1080:
		return sps1080
	case 720:
		return sps720
	default:
		return sps360
	}
}

// AVC is an avc1 sample entry (ISO/IEC 14496-15 §5.4.2) with the parameter sets of a 1080, 720 or 360 line picture.
func AVC(width, height, nalLength int, more ...[]byte) []byte {
	sps := parameterSet(height)
	config := append([]byte{1}, sps[1:4]...)
	config = append(config, 0xfc|byte(nalLength-1), 0xe0|1)
	config = append(u16(config, uint16(len(sps))), sps...)
	config = append(u16(append(config, 1), uint16(len(pps))), pps...)
	config = append(config, 0xfd, 0xf8, 0xf8, 0)
	return VisualEntry("avc1", width, height, append([][]byte{Box("avcC", config)}, more...)...)
}

// VisualEntry is a sample entry for pictures (ISO/IEC 14496-12 §12.1.3) around boxes.
func VisualEntry(typ string, width, height int, boxes ...[]byte) []byte {
	fixed := u16(make([]byte, 24, 78), uint16(width), uint16(height))
	fixed[7] = 1
	fixed = append(u16(u32(fixed, 0x480000, 0x480000, 0), 1), make([]byte, 32)...)
	fixed = u16(fixed, 0x18, 0xffff)
	return Box(typ, append([][]byte{fixed}, boxes...)...)
}

// AudioEntry is a sample entry for sound (§12.2.3) around boxes.
func AudioEntry(typ string, channels, rate int, boxes ...[]byte) []byte {
	fixed := []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}
	fixed = u32(u16(fixed, uint16(channels), 16, 0, 0), uint32(rate)<<16)
	return Box(typ, append([][]byte{fixed}, boxes...)...)
}

// aacConfig is AAC-LC, 48 kHz, stereo (ISO/IEC 14496-3 §1.6.2.1).
var aacConfig = []byte{0x11, 0x90}

// AAC is an mp4a sample entry with that AudioSpecificConfig; nil means AAC-LC, 48 kHz, stereo.
func AAC(config []byte) []byte {
	if config == nil {
		config = aacConfig
	}
	return AudioEntry("mp4a", 2, 48000, ESDS(0x40, config))
}

// ESDS is an elementary stream descriptor box (ISO/IEC 14496-14 §5.6.1) for an object type indication.
func ESDS(objectType byte, config []byte) []byte {
	decoder := []byte{objectType, 0x15, 0, 0, 0, 0, 1, 0xf4, 0, 0, 1, 0xf4, 0}
	if config != nil {
		decoder = append(decoder, descriptor(5, config)...)
	}
	es := append([]byte{0, 0, 0}, descriptor(4, decoder)...)
	es = append(es, descriptor(6, []byte{2})...)
	return Box("esds", make([]byte, 4), descriptor(3, es))
}

// descriptor is an MPEG-4 descriptor with the four-byte length that ffmpeg writes (ISO/IEC 14496-1 §8.3.3).
func descriptor(tag byte, payload []byte) []byte {
	n := len(payload)
	return append([]byte{tag, 0x80 | byte(n>>21), 0x80 | byte(n>>14), 0x80 | byte(n>>7), byte(n & 0x7f)}, payload...)
}
