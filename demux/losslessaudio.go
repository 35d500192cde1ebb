package demux

// dOps reads an OpusSpecificBox (Encapsulation of Opus in ISOBMFF §4.3.2). Opus plays at 48 kHz, whatever was encoded.
func (a *AudioFormat) dOps(body []byte) {
	if len(body) < 11 || body[1] == 0 {
		return
	}
	a.Channels = int(body[1])
	a.SampleRate, a.OutputRate = 48000, 48000
}

// dfLa reads the STREAMINFO of a FLACSpecificBox (Encapsulation of FLAC in ISOBMFF §3.3.2; RFC 9639 §8.2), since a
// sample entry has no room for rates above 65535 Hz.
func (a *AudioFormat) dfLa(body []byte) {
	const streamInfo, header, fields = 0, 8, 14
	if len(body) < header+fields || body[4]&0x7f != streamInfo {
		return
	}
	r := &bitReader{data: body[header+10:]}
	if rate := r.read(20); rate > 0 {
		a.SampleRate, a.OutputRate = rate, rate
		a.Channels = r.read(3) + 1
	}
}

// alac reads an ALACSpecificConfig (Apple Lossless Audio Codec, "Magic Cookie Description").
func (a *AudioFormat) alac(body []byte) {
	const config = 4 // version and flags
	if len(body) < config+24 || body[config+9] == 0 || u32(body[config+20:]) == 0 {
		return
	}
	a.Channels = int(body[config+9])
	rate := int(min(u32(body[config+20:]), 1<<30))
	a.SampleRate, a.OutputRate = rate, rate
}
