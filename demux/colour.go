package demux

// VideoRange is the value of HLS's VIDEO-RANGE attribute (RFC 8216bis §4.4.6.2): SDR, PQ or HLG.
type VideoRange string

// Video ranges.
const (
	SDR VideoRange = "SDR"
	PQ  VideoRange = "PQ"
	HLG VideoRange = "HLG"
)

// Code points of ISO/IEC 23091-2.
const (
	unspecified      = 2
	transferBT2020   = 14 // the same curve as BT.709's, which HLG may be signalled as to old decoders
	transferPQ       = 16 // SMPTE ST 2084
	transferHLG      = 18 // ARIB STD-B67
	primariesBT709   = 1
	transferSRGB     = 13
	matrixIdentity   = 0
	colourParameters = 3
)

// Colour is how sample values become light: code points of ISO/IEC 23091-2, each 2 where neither the sample entry nor the
// sequence header tells.
type Colour struct {
	Primaries, Transfer, Matrix uint8
	FullRange                   bool // sample values reach from 0 to the greatest
}

// noColour is what is known of a picture whose headers tell nothing.
var noColour = Colour{Primaries: unspecified, Transfer: unspecified, Matrix: unspecified}

// known tells whether anything was said.
func (c *Colour) known() bool {
	return c.Primaries != unspecified || c.Transfer != unspecified || c.Matrix != unspecified || c.FullRange
}

// Range is the video range that the transfer characteristics tell, SDR where they don't.
func (c *Colour) Range() VideoRange {
	switch c.Transfer {
	case transferPQ:
		return PQ
	case transferHLG:
		return HLG
	default:
		return SDR
	}
}

// code is a code point that a field of any width holds; what no table can have is unspecified.
func code(v int) uint8 {
	if v <= 0 || v > 255 {
		return unspecified
	}
	return uint8(v)
}

// matrixCode is the same of matrix coefficients, whose 0 is RGB as it is.
func matrixCode(v int) uint8 {
	if v == matrixIdentity {
		return matrixIdentity
	}
	return code(v)
}

// readColour reads the code points as sequence headers write them one after the other: 8 bits each.
func (c *Colour) readColour(r *bitReader) {
	c.Primaries, c.Transfer, c.Matrix = code(r.read(8)), code(r.read(8)), matrixCode(r.read(8))
}

// colr reads a colour information box (ISO/IEC 14496-12 §12.1.5), or QuickTime's, which has no range. What is said in
// ICC profiles stays where it is.
func (v *VideoFormat) colr(b *box) {
	if len(b.body) < 4+2*colourParameters {
		return
	}
	kind, c := string(b.body[:4]), noColour
	if kind != "nclx" && kind != "nclc" {
		return
	}
	c.Primaries, c.Transfer = code(int(u16(b.body[4:]))), code(int(u16(b.body[6:])))
	c.Matrix = matrixCode(int(u16(b.body[8:])))
	if kind == "nclx" && len(b.body) > 10 {
		c.FullRange = b.body[10]&0x80 != 0
	}
	if c.known() {
		v.Colour, v.boxed = c, true
	}
}

// sequenceColour takes what a sequence header says, where no colr box has said it.
func (v *VideoFormat) sequenceColour(c Colour) {
	if !v.boxed {
		v.Colour = c
	}
}
