package demux_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"unreel/demux/testmedia"
)

// bitString is bit fields, written as 0 and 1.
type bitString string

// exponential appends ue(v) (ISO/IEC 14496-10 §9.1).
func (b bitString) exponential(v int) bitString {
	digits := fmt.Sprintf("%b", v+1)
	return b + bitString(fmt.Sprintf("%0*d", len(digits)-1, 0)[:len(digits)-1]+digits)
}

// bytes are the fields with a stop bit.
func (b bitString) bytes() (out []byte) {
	b += "1"
	for ; len(b)%8 > 0; b += "0" {
	}
	for ; len(b) > 0; b = b[8:] {
		v := byte(0)
		for _, c := range b[:8] {
			v = v<<1 | byte(c-'0')
		}
		out = append(out, v)
	}
	return out
}

// baseline is an SPS of 720x576 pixels, which end with these fields of its vui_parameters.
func baseline(usability bitString) []byte {
	b := bitString("").exponential(0) // seq_parameter_set_id
	for _, v := range []int{0, 0, 0, 1} {
		b = b.exponential(v) // numbers of frames, and their order
	}
	b = (b + "0").exponential(44).exponential(35) + "110" // frames of 45 by 36 macroblocks, whole
	if usability != "" {
		b += "1" + usability + "0000000" // overscan and all that follows it: nothing
	} else {
		b += "0"
	}
	return append([]byte{0x67, 66, 0xC0, 30}, b.bytes()...)
}

// TestPixelAspect: where no pasp box tells the shape of pixels, the SPS does, as it does to decoders.
func TestPixelAspect(t *testing.T) {
	extended := bitString("1" + "11111111" + "0000000001000000" + "0000000000101101") // 64:45
	for _, test := range []struct {
		name      string
		usability bitString
		pasp      []uint32
		want      [2]uint32
	}{
		{"nothing tells", "", nil, [2]uint32{1, 1}},
		{"the SPS by a number", "1" + "00000100", nil, [2]uint32{16, 11}},
		{"the SPS by numbers", extended, nil, [2]uint32{64, 45}},
		{"the SPS by a number that means nothing", "1" + "01100100", nil, [2]uint32{1, 1}},
		{"the SPS of no shape", "1" + "11111111" + "0000000000000000" + "0000000000101101", nil, [2]uint32{1, 1}},
		{"both", extended, []uint32{4, 3}, [2]uint32{4, 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sps := baseline(test.usability)
			avcC := []byte{1, sps[1], sps[2], sps[3], 0xFF, 0xE1}
			avcC = append(binary.BigEndian.AppendUint16(avcC, uint16(len(sps))), sps...)
			boxes := [][]byte{testmedia.Box("avcC", append(avcC, 0))}
			if test.pasp != nil {
				boxes = append(boxes, testmedia.Box("pasp", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, test.pasp[0]), test.pasp[1])))
			}
			m := testmedia.H264AAC(1)
			m.Tracks[0].Entries = [][]byte{testmedia.VisualEntry("avc1", 720, 576, boxes...)}
			index := open(t, m.Bytes())
			if got := index.Tracks[0].Video.PixelAspect; got != test.want {
				t.Errorf("pixels are %v, want %v", got, test.want)
			}
		})
	}
}
