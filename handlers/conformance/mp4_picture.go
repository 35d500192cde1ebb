package conformance

import (
	"bytes"
	"slices"
	"strings"
)

// NAL unit types of HEVC, ISO/IEC 23008-2 Table 7-1.
const (
	nalBLA265  = 16 // the first of those with random access
	nalIDR265  = 19 // 20 too
	nalCRA265  = 21
	nalVPS265  = 32
	nalSPS265  = 33
	nalPPS265  = 34
	nalSEI     = 6  // of H.264
	nalSEI265  = 39 // prefix
	lastIRAP   = 23
	userData35 = 4 // SEI payload type of registered user data (ITU-T T.35)
)

// picture is what one sample of video turned out to be.
type picture struct {
	known  bool // what follows could be read
	idr    bool // nothing before it is needed, or shown after it
	intra  bool
	sets   bool // all its parameter sets are in it
	any    bool // some are
	said   bool // it has captions
	broken string
}

// look reads a sample by its entry.
func look(e *mp4Entry, b []byte) picture {
	switch {
	case e.lengthSize == 0 && strings.HasPrefix(e.fourCC, "vp09"):
		return lookVP9(b)
	case e.lengthSize == 0 && strings.HasPrefix(e.fourCC, "av01"):
		return lookAV1(b)
	case e.lengthSize == 0:
		return picture{}
	}
	hevc := strings.HasPrefix(e.fourCC, "h") || strings.HasPrefix(e.fourCC, "dvh")
	var u accessUnit
	p := picture{known: true, intra: true}
	kinds := 0
	for len(b) > 0 {
		if len(b) < e.lengthSize {
			p.broken = "a NAL unit's length is cut short"
			return p
		}
		size := 0
		for _, c := range b[:e.lengthSize] {
			size = size<<8 | int(c)
		}
		if b = b[e.lengthSize:]; size > len(b) || size == 0 {
			p.broken = "a NAL unit is longer than its sample, or empty"
			return p
		}
		nal := b[:size]
		b = b[size:]
		if hevc {
			kinds |= p.nal265(nal)
			continue
		}
		u.nal(nal[:min(len(nal), keptNAL)])
		p.said = p.said || nal[0]&31 == nalSEI && captions(nal[1:])
	}
	if hevc {
		p.sets, p.any = kinds == 7, kinds != 0
		return p
	}
	p.idr, p.intra, p.sets, p.any = u.idr, u.intra && u.pictures > 0, u.sps && u.pps, u.sps || u.pps
	return p
}

// nal265 takes one NAL unit of HEVC, and gives a bit for each kind of parameter set.
func (p *picture) nal265(nal []byte) int {
	switch typ := nal[0] >> 1 & 63; {
	case typ < nalBLA265:
		p.intra = false
	case typ <= lastIRAP:
		p.idr = typ != nalCRA265
	case typ >= nalVPS265 && typ <= nalPPS265:
		return 1 << (typ - nalVPS265)
	case typ == nalSEI265:
		p.said = p.said || len(nal) > 2 && captions(nal[2:])
	}
	return 0
}

// captions tells whether SEI messages hold CEA-608 or CEA-708 (ANSI/SCTE 128-1 §8.1): user data of ATSC, "GA94", type 3, with
// at least one valid construct.
func captions(b []byte) bool {
	for len(b) > 2 {
		typ, size := 0, 0
		for _, v := range []*int{&typ, &size} {
			for len(b) > 0 && b[0] == 255 {
				*v, b = *v+255, b[1:]
			}
			if len(b) == 0 {
				return false
			}
			*v, b = *v+int(b[0]), b[1:]
		}
		size = min(size, len(b))
		body := b[:size]
		b = b[size:]
		if typ != userData35 || len(body) < 11 || !bytes.HasPrefix(body, []byte("\xb5\x00\x31GA94\x03")) {
			continue
		}
		for i := range int(body[8] & 31) {
			at := 10 + 3*i
			if at+3 > len(body) {
				break
			}
			// cc_valid, and characters that are no padding.
			if body[at]&4 != 0 && (body[at+1]&0x7f != 0 || body[at+2]&0x7f != 0) {
				return true
			}
		}
	}
	return false
}

// lookVP9 reads the start of the uncompressed header (VP9 bitstream specification §6.2).
func lookVP9(b []byte) picture {
	r := bitReader{b: b}
	if len(b) == 0 || r.bits(2) != 2 {
		return picture{known: true, broken: "no frame marker"}
	}
	if r.bits(2) == 3 {
		r.bit()
	}
	key := r.bits(2) == 0 // show_existing_frame and frame_type
	return picture{known: true, idr: key, intra: key}
}

// lookAV1 finds the first frame header (AV1 bitstream specification §5.9.2).
func lookAV1(b []byte) picture {
	for len(b) > 1 {
		typ, extended, sized := b[0]>>3&15, b[0]>>2&1, b[0]>>1&1
		b = b[1+int(extended):]
		size := len(b)
		if sized == 1 {
			size = 0
			for i := 0; i < 8 && len(b) > 0; i++ {
				c := b[0]
				b = b[1:]
				if size |= int(c&0x7f) << (7 * i); c < 0x80 {
					break
				}
			}
		}
		if size > len(b) {
			return picture{known: true, broken: "an OBU is longer than its sample"}
		}
		if (typ == 3 || typ == 6) && size > 0 { // a frame header, or a frame
			key := b[0]>>5&7 == 0
			return picture{known: true, idr: key, intra: key}
		}
		b = b[size:]
	}
	return picture{}
}

// judge holds a sample of video to its flags. first tells that it is the first of its moof, which stands at place.
func (m *mp4Reader) judge(t *mp4Track, s *mp4Sample, place int64, first bool) {
	f := &m.facts.mp4
	e := t.entry()
	p := look(e, m.scratch)
	switch {
	case p.broken != "":
		f.syntax.addf("byte %d: %s", m.at, p.broken)
		return
	case !p.known:
		p.idr, p.intra = s.sync, s.sync
	case p.idr && !s.sync:
		f.flags.addf("byte %d: a key frame that is flagged as no sync sample", m.at)
	case s.sync && !p.intra:
		f.flags.addf("byte %d: a sync sample that is no key frame", m.at)
	case s.sync && !p.idr:
		f.open.addf("byte %d: a sync sample that is no IDR picture", m.at)
	case s.sync && s.dependent:
		f.flags.addf("byte %d: a sync sample that depends on others", m.at)
	}
	if p.any {
		f.inBand++
	}
	if p.said {
		f.captions++
	}
	if p.intra && e.lengthSize > 0 && !p.sets {
		f.bare++
	}
	if f.looked++; f.looked == 1 {
		m.facts.startsIDR, m.facts.startsIntra = p.idr, p.intra
	}
	if first && p.intra {
		f.places = append(f.places, place)
	}
	if p.intra {
		at := s.decode + s.composition - t.advance()
		m.facts.iframes = append(m.facts.iframes, iframe{offset: place, end: m.at, pts: rescaled(at, t.timescale), idr: p.idr, first: first})
	}
}

// brandOf tells whether a list of brands has one of some.
func brandOf(brands []string, some ...string) bool {
	return slices.ContainsFunc(brands, func(b string) bool { return slices.Contains(some, b) })
}
