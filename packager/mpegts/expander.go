package mpegts

// expander turns a sample whose NAL lengths are 1 to 3 bytes into start codes of 4. Its sizes are planned from the index,
// so it gives exactly growth bytes more than it takes: where lengths lie, or the count in the index was another, what
// follows is passed through as it is, and zero bytes at the end, which Annex B of ISO/IEC 14496-10 allows, make up the rest.
type expander struct {
	preamble
	lengthBytes int64
	size        int64 // of the sample
	at          int64 // bytes of the sample taken
	growth      int64 // bytes still to be added
	unit        int64 // bytes left of the NAL unit
	code        int   // bytes left of the start code
	last        byte  // of the start code: 0 for a NAL unit that is empty or blank
	blank       bool  // the NAL unit is a delimiter that may not stay: zeros take its place
	lies        int   // samples with a lie
}

// fill makes the next len(dst) bytes. window stands at the sample's byte at, and holds at least len(dst)+4 bytes of the
// sample, or its rest.
func (e *expander) fill(dst, window []byte) {
	start := e.at
	for len(dst) > 0 {
		switch {
		case e.code > 0:
			dst[0] = 0
			if e.code--; e.code == 0 {
				dst[0] = e.last
			}
			dst = dst[1:]
		case e.unit > 0:
			n := copy(dst, window[e.at-start:][:min(e.unit, int64(len(dst)))])
			if e.blank {
				clear(dst[:n])
			}
			dst = dst[n:]
			e.at += int64(n)
			e.unit -= int64(n)
		case e.at < e.size:
			e.length(window[e.at-start:])
		default:
			clear(dst)
			e.growth -= int64(len(dst))
			return
		}
	}
}

// length reads the NAL length that b starts with.
func (e *expander) length(b []byte) {
	left := e.size - e.at - e.lengthBytes
	if left < 0 || e.growth < 4-e.lengthBytes {
		e.lie()
		return
	}
	n := int64(0)
	for _, c := range b[:e.lengthBytes] {
		n = n<<8 | int64(c)
	}
	if n > left {
		e.lie()
		return
	}
	e.at += e.lengthBytes
	e.growth -= 4 - e.lengthBytes
	e.code, e.last, e.unit = 4, byte(min(n, 1)), n
	if e.blank = n > 0 && e.repeats(b[e.lengthBytes], n); e.blank {
		e.last = 0
	}
}

func (e *expander) lie() {
	e.lies++
	e.unit, e.blank = e.size-e.at, false
}
