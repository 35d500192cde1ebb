package demux

// An sps is what a sequence parameter set says of pictures that its sample entry doesn't, or should.
type sps struct {
	depth, chroma int       // bits of luma; chroma_format_idc
	width, height int       // pixels as shown, cropped; nonsense is no more than maxSide or not above 0
	aspect        [2]uint32 // of a pixel, horizontal and vertical; zero where nothing is said
	colour        Colour
}

// maxSide is more than a sample entry can say.
const maxSide = 1 << 16

// side reads a picture's side, or what is cut off it, in some unit.
func (r *bitReader) side() int { return min(r.golomb(), maxSide) }

// crop reads the four offsets of a cropping or conformance window (ISO/IEC 14496-10 §7.4.2.1.1, Rec. ITU-T H.265 §7.4.3.2.1),
// which count chroma samples, the vertical ones in H.264 those of a field.
func (s *sps) crop(r *bitReader, rows int) {
	unitX, unitY := 1, rows
	if s.chroma == chroma420 || s.chroma == chroma422 {
		unitX = 2
	}
	if s.chroma == chroma420 {
		unitY = 2 * rows
	}
	s.width -= unitX * (r.side() + r.side())
	s.height -= unitY * (r.side() + r.side())
}

// rbsp is a NAL unit's payload behind a header of some bytes, without emulation prevention (ISO/IEC 14496-10 §7.4.1).
func rbsp(unit []byte, header int) *bitReader {
	data := make([]byte, 0, len(unit))
	zeros := 0
	for _, c := range unit[min(header, len(unit)):] {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		zeros++
		if c != 0 {
			zeros = 0
		}
		data = append(data, c)
	}
	return &bitReader{data: data}
}

// golomb reads ue(v) (ISO/IEC 14496-10 §9.1). One that is longer than any field may be is 1<<31-1, which no count is.
func (r *bitReader) golomb() int {
	zeros := 0
	for r.read(1) == 0 {
		if zeros++; zeros > 30 || r.left() < 0 {
			return 1<<31 - 1
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}

// skip passes over n fields of ue(v) or se(v).
func (r *bitReader) skip(n int) {
	for range n {
		r.golomb()
	}
}

// flag reads u(1).
func (r *bitReader) flag() bool { return r.read(1) == 1 }

// visualUsability reads the beginning of vui_parameters, which H.264 and HEVC share (ISO/IEC 14496-10 §E.1.1, Rec. ITU-T
// H.265 §E.2.1).
func (s *sps) visualUsability(r *bitReader) {
	if r.flag() {
		s.aspect = r.aspect()
	}
	if r.flag() { // overscan
		r.read(1)
	}
	if !r.flag() {
		return
	}
	r.read(3) // video_format
	s.colour.FullRange = r.flag()
	if r.flag() {
		s.colour.readColour(r)
	}
}

// aspects are the shapes of pixels that have a number, from 1 (ISO/IEC 14496-10 Table E-1, Rec. ITU-T H.265 Table E.1).
var aspects = [...][2]uint32{
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

// aspect reads the shape of a pixel; zero where it is not specified.
func (r *bitReader) aspect() [2]uint32 {
	const extended = 255
	switch number := r.read(8); {
	case number == extended:
		x, y := uint32(r.read(16)), uint32(r.read(16)) //nolint:gosec // 16 bits
		if x > 0 && y > 0 {
			return [2]uint32{x, y}
		}
	case number >= 1 && number <= len(aspects):
		return aspects[number-1]
	}
	return [2]uint32{}
}

// Chroma formats (chroma_format_idc).
const (
	chroma420 = 1
	chroma422 = 2
	chroma444 = 3
)

// highProfiles are those whose sets say chroma format and depth (ISO/IEC 14496-10 §7.3.2.1.1).
var highProfiles = [...]int{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}

// readSPS264 reads seq_parameter_set_data (ISO/IEC 14496-10 §7.3.2.1.1); ok is false where it is cut short.
func readSPS264(unit []byte) (s sps, ok bool) {
	r := rbsp(unit, 1)
	s = sps{depth: 8, chroma: chroma420, colour: noColour}
	profile := r.read(8)
	r.read(16)
	r.golomb() // seq_parameter_set_id
	for _, high := range highProfiles {
		if profile == high {
			r.high264(&s)
			break
		}
	}
	r.golomb() // log2_max_frame_num_minus4
	switch r.golomb() {
	case 0:
		r.golomb() // log2_max_pic_order_cnt_lsb_minus4
	case 1:
		r.read(1)
		r.skip(2)
		n := r.golomb()
		if n > 255 {
			return s, false
		}
		r.skip(n)
	}
	r.golomb() // max_num_ref_frames
	r.read(1)  // gaps_in_frame_num_value_allowed_flag
	s.width, s.height = 16*(r.side()+1), 16*(r.side()+1)
	rows := 1
	if !r.flag() { // frame_mbs_only_flag
		rows = 2
		r.read(1) // mb_adaptive_frame_field_flag
	}
	s.height *= rows
	r.read(1) // direct_8x8_inference_flag
	if r.flag() {
		s.crop(r, rows)
	}
	if r.flag() {
		s.visualUsability(r)
	}
	return s, r.left() >= 0
}

// high264 reads what only the high profiles have.
func (r *bitReader) high264(s *sps) {
	s.chroma = r.golomb()
	lists := 8
	if s.chroma == chroma444 {
		r.read(1) // separate_colour_plane_flag
		lists = 12
	}
	s.depth = 8 + r.golomb()
	r.golomb() // of chroma
	r.read(1)  // qpprime_y_zero_transform_bypass_flag
	if !r.flag() {
		return
	}
	for i := range lists {
		if !r.flag() {
			continue
		}
		size := 64
		if i < 6 {
			size = 16
		}
		r.scalingList264(size)
	}
}

// scalingList264 passes over a scaling_list (§7.3.2.1.1.1).
func (r *bitReader) scalingList264(size int) {
	last, next := 8, 8
	for range size {
		if next != 0 {
			next = (last + r.signed()) & 255
		}
		if next != 0 {
			last = next
		}
	}
}

// signed reads se(v) (§9.1.1).
func (r *bitReader) signed() int {
	k := r.golomb()
	if k&1 == 1 {
		return k/2 + 1
	}
	return -(k / 2)
}
