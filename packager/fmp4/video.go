package fmp4

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"unreel/demux"
	"unreel/packager/box"
)

// outOfBand are the sample entries that say that all parameter sets stand in them, by those that allow others in the
// samples (ISO/IEC 14496-15 §5.4.2, §8.4; Dolby Vision Streams within ISOBMFF §3). Apple plays only the former.
var outOfBand = map[string]string{"avc3": "avc1", "hev1": "hvc1", "dvav": "dva1", "dvhe": "dvh1"}

// visual are the sample entries that players know. Others, such as those that cameras make up, hold the same boxes; demux
// has told their codec by these, and CODECS names what it is usually called.
const visual = "avc1 avc3 hvc1 hev1 av01 vp08 vp09 dva1 dvav dvh1 dvhe dav1"

// video makes a visual sample entry.
func (e *entry) video(t *demux.Track) error {
	switch t.Codec {
	case demux.H264, demux.HEVC, demux.AV1, demux.VP9, demux.VP8:
	default:
		return fmt.Errorf("%s video in CMAF: %w", t.Codec, demux.ErrUnsupported)
	}
	if err := e.take(t, visualFields); err != nil {
		return err
	}
	e.handler, e.media = "vide", []byte(videoHeader)
	if len(t.CodecID) > 4 && t.Video != nil && t.Video.DolbyVision.Profile > 0 {
		// What others can play stands in an entry that they know, and what they can't in Dolby Vision's own.
		e.typ = t.CodecID[:4]
		e.was = e.typ
	}
	if !strings.Contains(visual, e.typ) && len(t.CodecID) > 4 {
		e.typ = t.CodecID[:4]
	}
	if to, ok := outOfBand[e.typ]; ok && hasParameterSets(t) {
		e.typ = to
		e.takeSets(t)
	}
	if c := find(e.boxes, "av1C"); c != nil && len(c.whole) > box.HeaderSize+4 && c.whole[box.HeaderSize] == 0 {
		// As a draft of the AV1 binding had it: with version and flags.
		c.whole = box.Append(nil, "av1C", func(b []byte) []byte { return append(b, c.whole[box.HeaderSize+4:]...) })
	}
	if find(e.boxes, "dvcC") != nil || find(e.boxes, "dvvC") != nil || find(e.boxes, "dvwC") != nil {
		e.brands += "dby1" // Dolby Vision Streams within ISOBMFF §2.1
	}
	return nil
}

// hasParameterSets tells whether the sample entry holds at least one of each kind that a decoder needs.
func hasParameterSets(t *demux.Track) bool {
	v := t.Video
	if v == nil || len(v.SPS) == 0 || len(v.PPS) == 0 {
		return false
	}
	return t.Codec != demux.HEVC || len(v.VPS) > 0
}

// Types of HEVC's parameter sets as NAL units (Rec. ITU-T H.265 Table 7-1).
const firstSetType, lastSetType = 32, 34

// complete is an hvcC box that says of each kind of parameter set that it has all of them, as hvc1 demands
// (ISO/IEC 14496-15 §8.3.3.1.3).
func complete(hvcC []byte) []byte {
	const arrays = box.HeaderSize + 22 // numOfArrays
	if len(hvcC) <= arrays {
		return hvcC
	}
	hvcC = slices.Clone(hvcC)
	rest := hvcC[arrays+1:]
	for range hvcC[arrays] {
		if len(rest) < 3 {
			break
		}
		if typ := rest[0] & 0x3f; typ >= firstSetType && typ <= lastSetType {
			rest[0] |= 0x80
		}
		n := binary.BigEndian.Uint16(rest[1:])
		rest = rest[3:]
		for range n {
			if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
				return hvcC
			}
			rest = rest[2+int(binary.BigEndian.Uint16(rest)):]
		}
	}
	return hvcC
}
