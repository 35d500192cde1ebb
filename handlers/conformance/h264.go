package conformance

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// NAL unit types, ISO/IEC 14496-10 Table 7-1.
const (
	nalSlice     = 1
	nalPartition = 2 // data partition A has the slice header
	nalIDR       = 5
	nalSPS       = 7
	nalPPS       = 8
	nalAUD       = 9
)

// keptNAL bytes of each NAL unit are looked at: a slice header's start, or a whole SPS.
const keptNAL = 1024

// videoFormat is one sequence parameter set, as far as playlists speak of it.
type videoFormat struct {
	codec         string // RFC 6381
	profile       int
	level         int
	width, height int    // cropped
	aspect        [2]int // sample aspect ratio, {1, 1} where not said
	rate          float64
	transfer      int  // transfer_characteristics, 2 (unspecified) where not said, 0 where we couldn't see
	turned        bool // by a quarter, when it is shown
	sps           string
}

func parseSPS(nal []byte) (videoFormat, error) {
	var s h264.SPS
	if err := s.Unmarshal(nal); err != nil {
		return videoFormat{}, err
	}
	f := videoFormat{
		codec:   fmt.Sprintf("avc1.%02x%02x%02x", nal[1], nal[2], nal[3]),
		profile: int(nal[1]), level: int(nal[3]),
		width: s.Width(), height: s.Height(), rate: s.FPS(),
		aspect: [2]int{1, 1}, transfer: 2, sps: string(nal),
	}
	if s.VUI != nil {
		if s.VUI.ColourDescriptionPresentFlag {
			f.transfer = int(s.VUI.TransferCharacteristics)
		}
		f.aspect = sampleAspect(s.VUI.AspectRatioInfoPresentFlag, s.VUI.AspectRatioIdc, s.VUI.SarWidth, s.VUI.SarHeight)
	}
	return f, nil
}

// sampleAspect reads aspect_ratio_idc by ISO/IEC 14496-10 Table E-1, which ISO/IEC 23008-2 Table E.1 has too.
func sampleAspect(told bool, idc uint8, width, height uint16) [2]int {
	table := [...][2]int{
		{1, 1},
		{1, 1},
		{12, 11},
		{10, 11},
		{16, 11},
		{40, 33},
		{24, 11},
		{20, 11},
		{32, 11},
		{80, 33},
		{18, 11},
		{15, 11},
		{64, 33},
		{160, 99},
		{4, 3},
		{3, 2},
		{2, 1},
	}
	switch {
	case !told:
	case idc == 255 && width > 0 && height > 0:
		return [2]int{int(width), int(height)}
	case int(idc) < len(table):
		return table[idc]
	}
	return [2]int{1, 1}
}

// annexB cuts a byte stream into NAL units (ISO/IEC 14496-10 Annex B) and keeps the start of each.
type annexB struct {
	zeros int
	open  bool
	nal   []byte
	stray int // bytes before the first start code
}

// feed takes the next bytes and calls unit with each NAL unit that ends in them.
func (a *annexB) feed(p []byte, unit func(nal []byte)) {
	for len(p) > 0 {
		if a.zeros == 0 {
			n := bytes.IndexByte(p, 0)
			if n < 0 {
				n = len(p)
			}
			a.keep(p[:n])
			if p = p[n:]; len(p) == 0 {
				return
			}
		}
		switch b := p[0]; {
		case b == 0:
			a.zeros++
		case b == 1 && a.zeros >= 2:
			a.flush(unit)
			a.open, a.zeros = true, 0
		default:
			for ; a.zeros > 0; a.zeros-- {
				a.keep([]byte{0})
			}
			a.keep(p[:1])
		}
		p = p[1:]
	}
}

func (a *annexB) keep(p []byte) {
	if !a.open {
		a.stray += len(p)
		return
	}
	a.nal = append(a.nal, p[:min(len(p), keptNAL-len(a.nal))]...)
}

// flush ends the open NAL unit.
func (a *annexB) flush(unit func(nal []byte)) {
	if a.open && len(a.nal) > 0 {
		unit(a.nal)
	}
	a.nal, a.open, a.zeros = a.nal[:0], false, 0
}

// accessUnit is what is known of the access unit that a PES packet holds.
type accessUnit struct {
	pictures   int // primary coded pictures
	delimiters int
	idr        bool
	intra      bool // only I slices so far
	sps, pps   bool
	undelimted bool // a picture without a delimiter since the one before
}

// nal takes one NAL unit of the access unit.
func (u *accessUnit) nal(nal []byte) {
	switch typ := nal[0] & 0x1f; typ {
	case nalAUD:
		u.delimiters++
	case nalSPS:
		u.sps = true
	case nalPPS:
		u.pps = true
	case nalSlice, nalPartition, nalIDR:
		first, kind := sliceHeader(nal)
		if u.pictures == 0 {
			u.intra = true
		}
		if first == 0 {
			u.pictures++
			u.undelimted = u.undelimted || u.delimiters == 0
		}
		u.idr = u.idr || typ == nalIDR
		u.intra = u.intra && (kind%5 == 2 || kind%5 == 4) // I, SI: ISO/IEC 14496-10 Table 7-6
	}
}

// sliceHeader reads first_mb_in_slice and slice_type (§7.3.3).
func sliceHeader(nal []byte) (firstMacroblock, sliceType int) {
	b := bitReader{b: h264.EmulationPreventionRemove(slices.Clone(nal[1:min(len(nal), 24)]))}
	return b.golomb(), b.golomb()
}

// bitReader reads exp-Golomb codes (§9.1); past the end all bits are 1.
type bitReader struct {
	b   []byte
	pos int
}

func (r *bitReader) bit() int {
	if r.pos >= 8*len(r.b) {
		return 1
	}
	v := int(r.b[r.pos/8]>>(7-r.pos%8)) & 1
	r.pos++
	return v
}

func (r *bitReader) golomb() int {
	zeros := 0
	for r.bit() == 0 && zeros < 32 {
		zeros++
	}
	v := 1
	for range zeros {
		v = v<<1 | r.bit()
	}
	return v - 1
}
