package testmedia

import (
	"encoding/binary"

	"unreel/demux"
)

// box appends a box whose payload is what body appends.
func box(dst []byte, typ string, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = body(append(append(dst, 0, 0, 0, 0), typ...))
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// Box is a box of that type around payload.
func Box(typ string, payload ...[]byte) []byte {
	return box(nil, typ, func(b []byte) []byte {
		for _, p := range payload {
			b = append(b, p...)
		}
		return b
	})
}

// u32 appends 32-bit numbers.
func u32(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// u16 appends 16-bit numbers.
func u16(b []byte, values ...uint16) []byte {
	for _, v := range values {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// identity is the matrix that changes nothing (§8.2.2).
var identity = [9]int32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000}

func appendMatrix(b []byte, matrix [9]int32) []byte {
	if matrix == ([9]int32{}) {
		matrix = identity
	}
	for _, v := range matrix {
		b = u32(b, uint32(v))
	}
	return b
}

// moov builds the movie box for media that starts at base.
func (m *Movie) moov(chunks []chunk, base int64) []byte {
	moov := box(nil, "moov", func(b []byte) []byte {
		b = box(b, "mvhd", func(b []byte) []byte {
			b = u32(b, 0, 0, 0, m.timescale(), m.duration(), 0x10000, 0x1000000, 0, 0)
			return u32(appendMatrix(b, identity), 0, 0, 0, 0, 0, 0, uint32(len(m.Tracks)+1))
		})
		for i := range m.Tracks {
			b = m.trak(b, i, chunks, base)
		}
		return append(b, m.MoovExtra...)
	})
	if m.Mangle != nil {
		moov = m.Mangle(moov)
	}
	return moov
}

// duration is that of the longest track, in the movie's timescale.
func (m *Movie) duration() (longest uint32) {
	for i := range m.Tracks {
		longest = max(longest, m.trackDuration(&m.Tracks[i]))
	}
	return longest
}

func (m *Movie) trackDuration(t *Track) uint32 {
	if len(t.Edits) == 0 {
		return uint32(t.duration() * uint64(m.timescale()) / uint64(t.Timescale))
	}
	var d demux.Ticks
	for _, e := range t.Edits {
		d += e.Duration
	}
	return uint32(d)
}

func (m *Movie) trak(b []byte, i int, chunks []chunk, base int64) []byte {
	t := &m.Tracks[i]
	return box(b, "trak", func(b []byte) []byte {
		flags := uint32(3)
		if t.Disabled {
			flags = 2
		}
		b = box(b, "tkhd", func(b []byte) []byte {
			b = u32(b, flags, 0, 0, m.trackID(i), 0, m.trackDuration(t), 0, 0, 0, 0x1000000)
			return u32(appendMatrix(b, t.Matrix), uint32(t.Width)<<16, uint32(t.Height)<<16)
		})
		if t.Edits != nil {
			b = box(b, "edts", t.elst)
		}
		b = box(b, "mdia", func(b []byte) []byte {
			b = box(b, "mdhd", func(b []byte) []byte {
				return u16(u32(b, 0, 0, 0, t.Timescale, uint32(t.duration())), language(t.Language), 0)
			})
			b = box(b, "hdlr", func(b []byte) []byte {
				return append(append(u32(append(u32(b, 0, 0), t.Handler...), 0, 0, 0), t.Name...), 0)
			})
			return box(b, "minf", func(b []byte) []byte { return t.minf(b, ownChunks(chunks, i), base, m.Co64) })
		})
		return append(b, t.Extra...)
	})
}

// language packs an ISO 639-2/T code (§8.4.2).
func language(code string) (packed uint16) {
	if code == "" {
		code = "und"
	}
	for _, c := range code {
		packed = packed<<5 | uint16(c-0x60)
	}
	return packed
}

func (t *Track) elst(b []byte) []byte {
	rate := t.EditRate
	if rate == 0 {
		rate = 0x10000
	}
	return box(b, "elst", func(b []byte) []byte {
		if !t.WideEdits {
			b = u32(b, 0, uint32(len(t.Edits)))
			for _, e := range t.Edits {
				b = u32(b, uint32(e.Duration), uint32(e.MediaTime), rate)
			}
			return b
		}
		b = u32(b, 1<<24, uint32(len(t.Edits)))
		for _, e := range t.Edits {
			b = binary.BigEndian.AppendUint64(b, uint64(e.Duration))
			b = u32(binary.BigEndian.AppendUint64(b, uint64(e.MediaTime)), rate)
		}
		return b
	})
}

func ownChunks(chunks []chunk, track int) (own []chunk) {
	for _, c := range chunks {
		if c.track == track {
			own = append(own, c)
		}
	}
	return own
}
