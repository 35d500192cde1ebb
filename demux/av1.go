package demux

import "fmt"

// av1 is what an AV1CodecConfigurationRecord and the sequence header in it say (AV1 Codec ISO Media File Format Binding
// §2.3; AV1 Bitstream & Decoding Process Specification §5.5).
type av1 struct {
	profile, level, tier, depth  int
	mono                         bool
	subsampleX, subsampleY, site int
	width, height                int // pixels, at most; 0 where the record holds no sequence header
	colour                       Colour
}

// av1C reads the box, and gives the codec's name; "" where it is broken.
func (t *trak) av1C(b *box) string {
	const marker = 0x81 // and version 1
	record := b.body
	if len(record) >= 8 && u32(record) == 0 {
		record = record[4:] // drafts of the binding had it a full box
	}
	if len(record) < 4 || record[0] != marker {
		return ""
	}
	r := &bitReader{data: record[1:]}
	c := av1{colour: noColour}
	c.profile, c.level, c.tier = r.read(3), r.read(5), r.read(1)
	c.depth = [...]int{8, 8, 10, 12}[r.read(2)]
	c.mono = r.flag()
	c.subsampleX, c.subsampleY, c.site = r.read(1), r.read(1), r.read(2)
	c.sequence(record[4:])
	v := t.track.Video
	v.BitDepth = c.depth
	v.sequenceColour(c.colour)
	if min(v.Width, v.Height) == 0 || v.Width > c.width || v.Height > c.height { // frames may be smaller than the sequence's largest
		t.codedSize(c.width, c.height)
	}
	c.colour = v.Colour
	return c.id()
}

// id is the codec's name (AV1 in ISOBMFF §5). The fields that may be left out, all or none, are there only where they
// say something else than a decoder takes for granted.
func (c *av1) id() string {
	id := fmt.Sprintf("av01.%d.%02d%c.%02d", c.profile, c.level, "MH"[c.tier], c.depth)
	usual := Colour{Primaries: primariesBT709, Transfer: primariesBT709, Matrix: primariesBT709}
	if !c.mono && c.subsampleX == 1 && c.subsampleY == 1 && (c.colour == usual || c.colour == noColour) {
		return id
	}
	bit := map[bool]int{true: 1}
	site := c.site
	if c.subsampleX == 0 || c.subsampleY == 0 {
		site = 0 // said only of 4:2:0
	}
	return id + fmt.Sprintf(".%d.%d%d%d.%02d.%02d.%02d.%d", bit[c.mono], c.subsampleX, c.subsampleY, site,
		c.colour.Primaries, c.colour.Transfer, c.colour.Matrix, bit[c.colour.FullRange])
}

// sequence finds the sequence header among the OBUs (§5.3) of the record.
func (c *av1) sequence(obus []byte) {
	const header, extension, sized, typeMask = 1, 4, 2, 15
	for len(obus) > 0 {
		head := obus[0]
		obus = obus[1:]
		if head&extension != 0 {
			obus = obus[min(1, len(obus)):]
		}
		size := len(obus)
		if head&sized != 0 {
			var n int
			n, obus = leb128(obus)
			size = min(n, len(obus))
		}
		if head>>3&typeMask == header {
			r := &bitReader{data: obus[:size]}
			if s, ok := r.sequenceHeader(); ok {
				c.width, c.height, c.colour = s.width, s.height, s.colour
			}
			return
		}
		obus = obus[size:]
	}
}

// leb128 reads a size (§4.10.5).
func leb128(b []byte) (v int, rest []byte) {
	for i := range min(4, len(b)) {
		v |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, b[i+1:]
		}
	}
	return 0, nil
}

// sequenceHeader reads sequence_header_obu (§5.5.1) for its colours and the pictures' size.
func (r *bitReader) sequenceHeader() (s sps, ok bool) {
	profile := r.read(3)
	r.read(1) // still_picture
	reduced := r.flag()
	if reduced {
		r.read(5)
	} else if !r.operatingPoints() {
		return s, false
	}
	width, height := r.read(4)+1, r.read(4)+1 // bits
	s.width, s.height = r.read(width)+1, r.read(height)+1
	if !reduced && r.flag() { // frame_id_numbers_present_flag
		r.read(7)
	}
	r.read(3) // superblocks, filter_intra, intra_edge_filter
	if !reduced {
		r.tools()
	}
	r.read(3) // superres, cdef, restoration
	s.colour = r.colourConfig(profile)
	return s, r.left() >= 0
}

// operatingPoints passes over timing, decoder model and operating points.
func (r *bitReader) operatingPoints() bool {
	delay, model := 0, false
	if r.flag() { // timing_info_present_flag
		r.at += 64
		if r.flag() {
			r.golomb() // uvlc(), which is the same code
		}
		if model = r.flag(); model {
			delay = r.read(5) + 1
			r.at += 32 + 5 + 5
		}
	}
	display := r.flag()
	for range r.read(5) + 1 {
		r.read(12)
		if r.read(5) > 7 {
			r.read(1)
		}
		if model && r.flag() {
			r.at += 2*delay + 1
		}
		if display && r.flag() {
			r.read(4)
		}
	}
	return r.left() >= 0
}

// tools passes over the switches that a reduced header leaves out.
func (r *bitReader) tools() {
	r.read(4)
	order := r.flag()
	if order {
		r.read(2)
	}
	screen := 2 // as each frame says
	if !r.flag() {
		screen = r.read(1)
	}
	if screen > 0 && !r.flag() {
		r.read(1)
	}
	if order {
		r.read(3)
	}
}

// colourConfig reads color_config (§5.5.2).
func (r *bitReader) colourConfig(profile int) Colour {
	c := noColour
	if r.flag() && profile == 2 { // high_bitdepth
		r.read(1)
	}
	mono := profile != 1 && r.flag()
	if r.flag() {
		c.readColour(r)
	}
	if !mono && c.Primaries == primariesBT709 && c.Transfer == transferSRGB && c.Matrix == matrixIdentity {
		c.FullRange = true
		return c
	}
	c.FullRange = r.flag()
	return c
}
