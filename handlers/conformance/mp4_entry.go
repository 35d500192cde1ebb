package conformance

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
)

// mp4Entry is one sample entry (ISO/IEC 14496-12 §8.5.2).
type mp4Entry struct {
	fourCC        string
	codec         string // RFC 6381, of the entry and its configuration
	width, height int
	aspect        [2]int
	transfer      int  // 2 (unspecified) where it isn't said
	shaped        bool // a pasp box tells the aspect, which counts for more than what the SPS tells
	profile       int
	level         int
	lengthSize    int      // bytes of a NAL unit's length, 0 where samples hold none
	sets          []string // NAL units of the configuration
	channels      int
	rate          int
	objectType    int  // of AAC, 0 where it is something else
	hidden        bool // SBR isn't signalled explicitly (ISO/IEC 14496-3 §1.6.6.2)
}

func (t *mp4Track) stsd(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("stsd of %d bytes", len(b))
	}
	return eachBox(b[8:], func(typ string, body []byte) error {
		e := mp4Entry{fourCC: typ, codec: typ, aspect: [2]int{1, 1}, transfer: 2}
		children := 0
		switch t.handler {
		case "vide":
			children = 78
		case "soun":
			children = 28
			if len(body) >= 10 && body[9] == 1 { // QuickTime's second version of the entry
				children += 16
			}
		}
		if len(body) < children {
			return fmt.Errorf("sample entry %s of %d bytes", typ, len(body))
		}
		switch t.handler {
		case "vide":
			e.width, e.height = int(binary.BigEndian.Uint16(body[24:])), int(binary.BigEndian.Uint16(body[26:]))
		case "soun":
			e.channels, e.rate = int(binary.BigEndian.Uint16(body[16:])), int(binary.BigEndian.Uint32(body[24:])>>16)
		default:
			t.entries = append(t.entries, e) // text: what it has is no business of a player's choice
			return nil
		}
		err := eachBox(body[children:], e.child)
		t.entries = append(t.entries, e)
		return err
	})
}

// child reads a box inside the entry.
func (e *mp4Entry) child(typ string, b []byte) error {
	return read(typ, b, func(r *fieldReader) {
		switch typ {
		case "avcC":
			e.avcC(r)
		case "hvcC":
			e.hvcC(r)
		case "av1C":
			e.av1C(r)
		case "vpcC":
			r.full()
			profile, level, depth := r.u8(), r.u8(), r.u8()
			e.codec, e.profile, e.level = fmt.Sprintf("%s.%02d.%02d.%02d", e.fourCC, profile, level, depth>>4), profile, level
			r.u8()
			e.transfer = r.u8()
		case "dvcC", "dvvC":
			r.u16()
			bitsOf := r.u16()
			if strings.HasPrefix(e.fourCC, "dv") {
				e.codec = fmt.Sprintf("%s.%02d.%02d", e.fourCC, bitsOf>>9, bitsOf>>3&63)
			}
			if bitsOf>>9 == 5 {
				e.transfer = 16 // of profile 5 by definition
			}
		case "pasp":
			e.aspect, e.shaped = [2]int{max(int(r.u32()), 1), max(int(r.u32()), 1)}, true
		case "colr":
			if string(r.take(4)) == "nclx" {
				r.u16()
				e.transfer = r.u16()
			}
		case "esds":
			r.full()
			e.esds(r.b)
		}
	})
}

func (e *mp4Entry) avcC(r *fieldReader) {
	r.u8()
	profile, compatible, level := r.u8(), r.u8(), r.u8()
	e.codec, e.profile, e.level = fmt.Sprintf("%s.%02x%02x%02x", e.fourCC, profile, compatible, level), profile, level
	e.lengthSize = r.u8()&3 + 1
	for range 2 { // sequence, then picture parameter sets
		for range r.u8() & 31 {
			e.sets = append(e.sets, string(r.take(r.u16())))
		}
	}
	for _, nal := range e.sets {
		if nal == "" || nal[0]&31 != nalSPS {
			continue
		}
		if f, err := parseSPS([]byte(nal)); err == nil { // which decoders go by, where avcC says otherwise
			e.codec, e.profile, e.level = e.fourCC+strings.TrimPrefix(f.codec, "avc1"), f.profile, f.level
			if e.transfer == 2 {
				e.transfer = f.transfer
			}
			if !e.shaped {
				e.aspect = f.aspect
			}
		}
	}
}

func (e *mp4Entry) hvcC(r *fieldReader) {
	r.u8()
	general := r.u8()
	compatible := uint32(r.u32())
	constraints := r.take(6)
	level := r.u8()
	r.take(8)
	e.lengthSize = r.u8()&3 + 1
	e.profile, e.level = general&31, level
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s%d.%X.%c%d", e.fourCC, []string{"", "A", "B", "C"}[general>>6], general&31,
		bits.Reverse32(compatible), "LH"[general>>5&1], level)
	last := len(constraints)
	for last > 0 && constraints[last-1] == 0 {
		last--
	}
	for _, c := range constraints[:last] {
		fmt.Fprintf(&b, ".%X", c)
	}
	e.codec = b.String()
	for range r.u8() {
		r.u8()
		for range r.u16() {
			e.sets = append(e.sets, string(r.take(r.u16())))
			if r.short {
				return
			}
		}
	}
	for _, nal := range e.sets {
		var sps h265.SPS
		if len(nal) <= 2 || nal[0]>>1&63 != nalSPS265 || sps.Unmarshal([]byte(nal)) != nil || sps.VUI == nil {
			continue
		}
		v := sps.VUI
		if v.ColourDescriptionPresentFlag && e.transfer == 2 {
			e.transfer = int(v.TransferCharacteristics)
		}
		if !e.shaped {
			e.aspect = sampleAspect(v.AspectRatioInfoPresentFlag, v.AspectRatioIdc, v.SarWidth, v.SarHeight)
		}
	}
}

func (e *mp4Entry) av1C(r *fieldReader) {
	r.u8()
	b, c := r.u8(), r.u8()
	depth := 8
	if c>>6&1 == 1 {
		if depth = 10; b>>5 == 2 && c>>5&1 == 1 {
			depth = 12
		}
	}
	e.profile, e.level = b>>5, b&31
	if e.transfer == 2 {
		e.transfer = 0 // its sequence header would say
	}
	e.codec = fmt.Sprintf("%s.%d.%02d%c.%02d", e.fourCC, b>>5, b&31, "MH"[c>>7], depth)
}

// esds reads the object type and AAC's configuration (ISO/IEC 14496-1 §7.2.6).
func (e *mp4Entry) esds(b []byte) {
	kind := 0
	for len(b) > 2 {
		tag, at, size := b[0], 1, 0
		for ; at < len(b) && at <= 4; at++ {
			size = size<<7 | int(b[at]&0x7f)
			if b[at] < 0x80 {
				break
			}
		}
		if b = b[min(at+1, len(b)):]; size > len(b) {
			return
		}
		switch tag {
		case 3: // the descriptor of the stream: others stand in it
			b = b[min(3, len(b)):]
		case 4:
			if len(b) < 13 {
				return
			}
			kind = int(b[0])
			e.codec = fmt.Sprintf("%s.%02x", e.fourCC, kind)
			b = b[13:]
		case 5:
			if kind == 0x40 {
				e.audioSpecific(b[:size])
			}
			return
		default:
			b = b[size:]
		}
	}
}

// audioSpecific reads an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1).
func (e *mp4Entry) audioSpecific(b []byte) {
	r := bitReader{b: b}
	object := func() int {
		typ := r.bits(5)
		if typ == 31 {
			typ = 32 + r.bits(6)
		}
		return typ
	}
	frequency := func() int {
		if i := r.bits(4); i < len(adtsRates) {
			return adtsRates[i]
		} else if i == 15 {
			return r.bits(24)
		}
		return 0
	}
	e.objectType = object()
	e.rate = frequency()
	e.channels = []int{e.channels, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8, 0}[r.bits(4)]
	e.codec = fmt.Sprintf("%s.40.%d", e.fourCC, e.objectType)
	// A sync extension behind the configuration names SBR too, and old decoders read over it.
	e.hidden = e.objectType == 2 && !strings.Contains(fmt.Sprintf("%x", b), "56e5")
}

func (r *bitReader) bits(n int) int {
	v := 0
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

// video is the entry as playlists speak of it.
func (e *mp4Entry) video() videoFormat {
	f := videoFormat{
		codec: e.codec, profile: e.profile, level: e.level, width: e.width, height: e.height, aspect: e.aspect,
		transfer: e.transfer, sps: e.codec + strings.Join(e.sets, ""),
	}
	for _, nal := range e.sets {
		if strings.HasPrefix(e.codec, "avc") && nal != "" && nal[0]&31 == nalSPS {
			var s h264.SPS
			if s.Unmarshal([]byte(nal)) == nil {
				f.width, f.height = s.Width(), s.Height()
			}
		}
	}
	return f
}
