package mpegts

import "slices"

// maxDelimiter is the longest access unit delimiter with its start code.
const maxDelimiter = 7

// probeSize is how much of a sample's start is looked at for what needn't be inserted. It is a constant, so that a
// segment's bytes don't depend on how it is read.
const probeSize = 4096

// An opening is what a sample's first NAL units say.
type opening struct {
	delimiter byte // last byte of its own access unit delimiter; that of any picture where it has none
	skip      int  // bytes of that delimiter with its length: ours takes its place
	sets      bool // all kinds of parameter sets stand before the first slice
}

// probe looks at the first bytes of a sample of size bytes.
func (y *nalSyntax) probe(b []byte, size int64, lengthBytes int) opening {
	o := opening{delimiter: y.anyPicture}
	var seen [3]bool
	for at := 0; at+lengthBytes < len(b); {
		n := int64(0)
		for _, c := range b[at : at+lengthBytes] {
			n = n<<8 | int64(c)
		}
		unit := at + lengthBytes
		if n > size-int64(unit) {
			break // a lie
		}
		if n > 0 {
			kind := y.typ(b[unit])
			last := unit + y.headerBytes // the last byte of a delimiter
			switch set := slices.Index(y.sets, kind); {
			case set >= 0:
				seen[set] = true
			case y.isSlice(kind):
				return o
			case kind == y.delimiterType && at == 0 && n == int64(y.headerBytes)+1 && last < len(b):
				o.delimiter, o.skip = b[last], last+1
			}
		}
		o.sets = !slices.Contains(seen[:len(y.sets)], false)
		if n >= int64(len(b)) {
			break
		}
		at = unit + int(n)
	}
	return o
}

// isSlice tells the NAL unit types that hold coded slices.
func (y *nalSyntax) isSlice(kind byte) bool {
	return kind <= y.lastVCL && (kind > 0 || y.headerBytes > 1) // H.264 has no type 0
}

// preamble watches for what may not stand before a sample's first slice.
type preamble struct {
	syntax *nalSyntax
	sliced bool // a slice was seen
}

// repeats tells whether the sample's next NAL unit, of size bytes, is a delimiter that ours at the start has made one too many:
// an access unit has one, and it comes first (ISO/IEC 14496-10 §7.4.1.2.3). ffmpeg, for one, puts x264's SEI before the
// delimiter of the first picture. Behind a slice it is that of a second field.
func (p *preamble) repeats(first byte, size int64) bool {
	kind := p.syntax.typ(first)
	p.sliced = p.sliced || p.syntax.isSlice(kind)
	return !p.sliced && kind == p.syntax.delimiterType && size == int64(p.syntax.headerBytes)+1
}

// appendParameterSets appends NAL units with their start codes.
func appendParameterSets(dst []byte, sets [][]byte) []byte {
	for _, set := range sets {
		if len(set) > 0 {
			dst = append(append(dst, 0, 0, 0, 1), set...)
		}
	}
	return dst
}
