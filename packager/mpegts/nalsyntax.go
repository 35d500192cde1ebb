package mpegts

import "unreel/demux"

// nalSyntax is what differs between H.264 and HEVC in a transport stream.
type nalSyntax struct {
	stream          stream
	shift, mask     byte   // where nal_unit_type stands in a NAL unit's first byte
	headerBytes     int    // of a NAL unit
	lastVCL         byte   // types from 0 or 1 up to this one hold slices
	sets            []byte // types of parameter sets that a sync sample needs
	delimiter       []byte // an access unit delimiter with its start code, but for the last byte
	anyPicture      byte   // that byte, promising nothing of the slices that follow
	delimiterType   byte
	parameterSetsOf func(*demux.VideoFormat) [][][]byte
}

// h264 is Rec. ITU-T H.264: Table 7-1, §7.3.2.4 (primary_pic_type 7, stop bit), ISO/IEC 13818-1 Table 2-34.
func h264() *nalSyntax {
	return &nalSyntax{
		stream: stream{kind: streamH264, pid: videoPID},
		mask:   31, headerBytes: 1, lastVCL: 5,
		sets: []byte{7, 8}, delimiterType: 9, delimiter: []byte{0, 0, 0, 1, 9}, anyPicture: 0xF0,
		parameterSetsOf: func(f *demux.VideoFormat) [][][]byte { return [][][]byte{f.SPS, f.PPS} },
	}
}

// hevc is Rec. ITU-T H.265: Table 7-1, §7.3.2.5 (pic_type 2, stop bit). Apple's HLS wants HEVC in fMP4 alone; ISO/IEC
// 13818-1 §2.17 has it in transport streams.
func hevc() *nalSyntax {
	return &nalSyntax{
		stream: stream{kind: streamHEVC, pid: videoPID, descriptors: registration("HEVC")},
		shift:  1, mask: 63, headerBytes: 2, lastVCL: 31,
		sets: []byte{32, 33, 34}, delimiterType: 35, delimiter: []byte{0, 0, 0, 1, 35 << 1, 1}, anyPicture: 0x50,
		parameterSetsOf: func(f *demux.VideoFormat) [][][]byte { return [][][]byte{f.VPS, f.SPS, f.PPS} },
	}
}

// delimiterSize is an access unit delimiter with its start code. ISO/IEC 13818-1 §2.14.1 and §2.17.1 want one in every
// access unit.
func (y *nalSyntax) delimiterSize() int64 { return int64(len(y.delimiter)) + 1 }

// typ is a NAL unit's type, from its first byte.
func (y *nalSyntax) typ(first byte) byte { return first >> y.shift & y.mask }
