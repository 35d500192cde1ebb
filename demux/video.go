package demux

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/Eyevinn/mp4ff/mp4"
)

// visualSize is where a visual sample entry says width and height (§12.1.3).
const visualSize = 24

// video reads a visual sample entry (§12.1.3).
func (t *trak) video(entry *box) error {
	if len(entry.body) < 78 {
		return entry.short(78)
	}
	v := &VideoFormat{
		Width: int(u16(entry.body[visualSize:])), Height: int(u16(entry.body[visualSize+2:])), PixelAspect: [2]uint32{1, 1}, Colour: noColour,
	}
	t.track.Video = v
	known := false
	for b := range entry.children(78) { // the codec's name may say what they say
		switch b.typ() {
		case "colr":
			v.colr(&b)
		case "pasp":
			if len(b.body) >= 8 && u32(b.body) != 0 && u32(b.body[4:]) != 0 {
				v.PixelAspect, t.shaped = [2]uint32{u32(b.body), u32(b.body[4:])}, true
			}
		case "dvcC", "dvvC", "dvwC":
			v.dovi(&b)
		}
	}
	for b := range entry.children(78) {
		switch b.typ() {
		case "avcC", "hvcC", "av1C", "vpcC":
			if known {
				continue // one configuration is all that an entry has: the first, as in ffmpeg
			}
			known = true
			if err := t.configuration(entry, &b); err != nil {
				return err
			}
		case "esds":
			t.elementaryVideo(&b)
		}
	}
	if !known {
		t.unknownVideo(entry)
	}
	v.Range = v.Colour.Range()
	t.nameDolbyVision(entry.typ())
	return nil
}

// configuration reads the box that a decoder is configured by.
func (t *trak) configuration(entry, b *box) error {
	if b.typ() == "avcC" {
		return t.avcC(entry, b)
	}
	t.laterVideo(entry, b)
	return nil
}

// avcC reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15 §5.3.3.1). mp4ff refuses lengths of 1 and 2 bytes, so we
// read it ourselves.
func (t *trak) avcC(entry, b *box) error {
	if len(b.body) < 7 {
		return b.short(7)
	}
	v := t.track.Video
	t.track.Codec = H264
	v.NALLengthBytes = int(b.body[4]&3) + 1
	rest, err := parameterSets(b, b.body[6:], int(b.body[5]&31), &v.SPS)
	if err != nil {
		return err
	}
	profile := b.body[1:4]
	if len(v.SPS) > 0 && len(v.SPS[0]) >= 4 {
		profile = v.SPS[0][1:4] // RFC 6381 §3.3; some writers put another profile into avcC
		t.sequenceSet(readSPS264(v.SPS[0]))
	}
	t.track.CodecID = avcName(entry.typ(), profile)
	if len(rest) == 0 {
		return b.short(len(b.body) + 1)
	}
	_, err = parameterSets(b, rest[1:], int(rest[0]), &v.PPS)
	return err
}

// avcName is the RFC 6381 name of H.264 (§3.3): profile, constraints and level in three bytes.
func avcName(typ string, profile []byte) string {
	if typ != "avc3" {
		typ = "avc1"
	}
	return fmt.Sprintf("%s.%02X%02X%02X", typ, profile[0], profile[1], profile[2])
}

// sequenceSet takes what a sequence parameter set says, if it could be read.
func (t *trak) sequenceSet(s sps, ok bool) {
	if v := t.track.Video; ok && s.depth <= 16 {
		v.BitDepth = s.depth
		v.sequenceColour(s.colour)
		if !t.shaped && s.aspect != [2]uint32{} {
			v.PixelAspect = s.aspect
		}
		t.codedSize(s.width, s.height)
	}
}

// absurd is how many times larger or smaller than its pictures a sample entry may say that they are: some say the size at
// which they are shown, or a field's.
const absurd = 4

// codedSize corrects a sample entry that says nothing of the pictures' size, or nonsense: players choose a rendition by it, and
// their decoders make room for it.
func (t *trak) codedSize(width, height int) {
	v := t.track.Video
	credible := func(said, coded int) bool { return said*absurd >= coded && said <= coded*absurd && said > 0 }
	if min(width, height) <= 0 || max(width, height) >= maxSide || credible(v.Width, width) && credible(v.Height, height) {
		return
	}
	t.warn("track %d: its sample entry says %dx%d pixels, its pictures have %dx%d", t.track.ID, v.Width, v.Height, width, height)
	v.Width, v.Height = width, height
	size := t.track.Entry[8+visualSize:]
	binary.BigEndian.PutUint16(size, uint16(width))      //nolint:gosec // below maxSide
	binary.BigEndian.PutUint16(size[2:], uint16(height)) //nolint:gosec // likewise
}

// maxParameterSets is how many an hvcC may hold: more than H.265 §7.4.3 has numbers for, 16 VPS, 16 SPS and 64 PPS, with some SEI.
const maxParameterSets = 255

// hvcCUnits counts the NAL units in the arrays of an hvcC, from numOfArrays on, before a decoder makes room for them: each may
// be of no bytes.
func hvcCUnits(rest []byte) (n int) {
	arrays := int(rest[0])
	rest = rest[1:]
	for ; arrays > 0 && len(rest) >= 3; arrays-- {
		units := int(u16(rest[1:]))
		n += units
		for rest = rest[3:]; units > 0 && len(rest) >= 2; units-- {
			rest = rest[min(2+int(u16(rest)), len(rest)):]
		}
	}
	return n
}

// parameterSets reads n NAL units with 16-bit lengths.
func parameterSets(b *box, rest []byte, n int, sets *[][]byte) ([]byte, error) {
	for i := range n {
		if len(rest) < 2 || len(rest)-2 < int(u16(rest)) {
			return nil, b.errorf("parameter set %d of %d is cut short: %w", i+1, n, ErrCorrupt)
		}
		size := int(u16(rest))
		*sets = append(*sets, slices.Clone(rest[2:2+size]))
		rest = rest[2+size:]
	}
	return rest, nil
}

// laterVideo names the codecs that only fragmented MP4 carries. Where their configuration is broken the name must do.
func (t *trak) laterVideo(entry, b *box) {
	id := ""
	switch b.typ() {
	case "hvcC":
		t.track.Codec = HEVC
		id = t.hvcC(entry.typ(), b)
	case "av1C":
		t.track.Codec = AV1
		id = t.av1C(b)
	case "vpcC":
		t.track.Codec = Codec(strings.ToUpper(strings.Replace(entry.typ(), "vp0", "vp", 1)))
		id = t.vpcC(entry.typ(), b)
	}
	if id == "" {
		t.refuse("its %s cannot be read", b.typ())
		return
	}
	t.track.CodecID = id
}

// hvcC reads an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 §8.3.3.1) and gives its RFC 6381 name (§E.3); "" where
// it is broken.
func (t *trak) hvcC(typ string, b *box) string {
	if len(b.body) < 23 || hvcCUnits(b.body[22:]) > maxParameterSets {
		return ""
	}
	c, err := decodeLeaf[*mp4.HvcCBox](b)
	if err != nil {
		return ""
	}
	v := t.track.Video
	v.NALLengthBytes = int(b.body[21]&3) + 1
	for _, array := range c.NaluArrays {
		sets := cloneAll(array.Nalus)
		switch array.NaluType() {
		case 32:
			v.VPS = sets
		case 33:
			v.SPS = sets
		case 34:
			v.PPS = sets
		}
	}
	v.BitDepth = int(b.body[17]&7) + 8
	if len(v.SPS) > 0 {
		t.sequenceSet(readSPS265(v.SPS[0]))
	}
	profile := b.body[1]
	id := fmt.Sprintf("%s.%s%d.%X.%c%d", typ, [...]string{"", "A", "B", "C"}[profile>>6], profile&31,
		bits.Reverse32(u32(b.body[2:])), "LH"[profile>>5&1], b.body[12])
	constraints := b.body[6:12]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		id += fmt.Sprintf(".%X", c)
	}
	return id
}

func cloneAll(units [][]byte) (clones [][]byte) {
	for _, unit := range units {
		clones = append(clones, slices.Clone(unit))
	}
	return clones
}

// Object type indications of pictures (MPEG-4 Registration Authority).
const (
	objectMPEG4Visual = 0x20
	objectJPEG        = 0x6c
	objectPNG         = 0x6d
)

// elementaryVideo names what an mp4v entry holds.
func (t *trak) elementaryVideo(b *box) {
	decoder, _, ok := decoderConfig(b.body)
	if !ok {
		return
	}
	switch object := decoder[0]; {
	case object == objectMPEG4Visual:
		t.track.Codec = "MPEG-4 Visual"
	case object == objectJPEG:
		t.track.Codec = "JPEG"
	case object == objectPNG:
		t.track.Codec = "PNG"
	case object >= 0x60 && object <= 0x65:
		t.track.Codec = "MPEG-2"
	case object == 0x6a:
		t.track.Codec = "MPEG-1"
	}
	t.track.CodecID = fmt.Sprintf("mp4v.%02X", decoder[0])
}

// unknownVideo refuses what has no configuration that we know: pictures, and the formats of cameras and cutting rooms.
func (t *trak) unknownVideo(entry *box) {
	switch entry.typ() {
	case "avc1", "avc2", "avc3", "avc4":
		t.refuse("codec H.264 without an avcC box")
	case "jpeg", "mjpa", "mjpb":
		t.track.Codec = "JPEG"
	case "png ":
		t.track.Codec = "PNG"
	}
	if t.track.Codec == "JPEG" || t.track.Codec == "PNG" {
		if t.count() == 1 {
			t.track.Kind = KindOther // a cover
			return
		}
	}
	t.refuse("codec %s", t.codecName(entry.typ()))
}
