package demux

import "fmt"

// vpcC reads a VPCodecConfigurationBox (VP Codec ISO Media File Format Binding) and gives the codec's name; "" where it is
// broken. All of its fields are said: the last five may be left out, but players differ in what they then take for granted.
func (t *trak) vpcC(typ string, b *box) string {
	if len(b.body) < 12 || b.body[0] != 1 {
		return ""
	}
	profile, level, packed := b.body[4], b.body[5], b.body[6]
	v := t.track.Video
	v.BitDepth = int(packed >> 4)
	c := Colour{
		Primaries: code(int(b.body[7])), Transfer: code(int(b.body[8])), Matrix: matrixCode(int(b.body[9])),
		FullRange: packed&1 != 0,
	}
	full := 0
	if c.FullRange {
		full = 1
	}
	v.sequenceColour(c)
	return fmt.Sprintf("%s.%02d.%02d.%02d.%02d.%02d.%02d.%02d.%02d", typ, profile, level, v.BitDepth, packed>>1&7,
		c.Primaries, c.Transfer, c.Matrix, full)
}
