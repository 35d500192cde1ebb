package demux

// decoderConfig finds the DecoderConfigDescriptor, which begins with the object type indication, and the DecoderSpecificInfo
// within an esds payload (ISO/IEC 14496-1 §7.2.6.5, §7.2.6.6). ffmpeg and others write files where the outer descriptor is missing, so it may be.
func decoderConfig(b []byte) (decoder, config []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	tag, body := descriptor(b[4:])
	if tag == 3 && len(body) >= 3 {
		flags, skip := body[2], 3
		if flags&0x80 != 0 { // streamDependenceFlag
			skip += 2
		}
		if flags&0x40 != 0 && len(body) > skip { // URL_Flag
			skip += 1 + int(body[skip])
		}
		if flags&0x20 != 0 { // OCRstreamFlag
			skip += 2
		}
		tag, body = descriptor(body[min(skip, len(body)):])
	}
	if tag != 4 || len(body) < 13 {
		return nil, nil, false
	}
	if inner, info := descriptor(body[13:]); inner == 5 {
		config = info
	}
	return body, config, true
}

// descriptor reads one descriptor with its expandable size (§8.3.3). One that claims more than there is ends where the
// bytes do.
func descriptor(b []byte) (tag byte, body []byte) {
	if len(b) == 0 {
		return 0, nil
	}
	tag, b = b[0], b[1:]
	size := 0
	for range 4 {
		if len(b) == 0 {
			return 0, nil
		}
		c := b[0]
		b = b[1:]
		size = size<<7 | int(c&0x7f)
		if c&0x80 == 0 {
			break
		}
	}
	return tag, b[:min(size, len(b))]
}
