package testmedia

import "encoding/binary"

// chunk is a run of one track's samples that stand together in the file.
type chunk struct {
	track, first, n int
	offset          int64 // from the start of the media
	size            int64
}

// piece is a part of a built file: literal bytes, or a chunk.
type piece struct {
	offset, size int64
	literal      []byte
	chunk        chunk
}

// layout is a built file.
type layout struct {
	movie  *Movie
	pieces []piece
	size   int64
}

func (l *layout) literal(b []byte) {
	if len(b) > 0 {
		l.pieces = append(l.pieces, piece{offset: l.size, size: int64(len(b)), literal: b})
		l.size += int64(len(b))
	}
}

func (l *layout) chunk(c chunk) {
	if c.size > 0 {
		l.pieces = append(l.pieces, piece{offset: l.size, size: c.size, chunk: c})
		l.size += c.size
	}
}

// append appends a piece's bytes.
func (l *layout) append(dst []byte, p *piece) []byte {
	if p.literal != nil {
		return append(dst, p.literal...)
	}
	for i := range p.chunk.n {
		dst = l.movie.Tracks[p.chunk.track].appendSample(dst, p.chunk.first+i)
	}
	return dst
}

// interleave orders the samples of all tracks by decode time, as ffmpeg's muxer does, and joins what stands together.
func (m *Movie) interleave() (chunks []chunk, size int64) {
	next := make([]int, len(m.Tracks))
	decode := make([]uint64, len(m.Tracks))
	for {
		best := -1
		for i := range m.Tracks {
			if next[i] == len(m.Tracks[i].Samples) {
				continue
			}
			if best < 0 || decode[i]*uint64(m.Tracks[best].Timescale) < decode[best]*uint64(m.Tracks[i].Timescale) {
				best = i
			}
		}
		if best < 0 {
			return chunks, size
		}
		sample := &m.Tracks[best].Samples[next[best]]
		last := len(chunks) - 1
		if last < 0 || chunks[last].track != best || m.Tracks[best].Samples[next[best]-1].Entry != sample.Entry {
			chunks = append(chunks, chunk{track: best, first: next[best], offset: size})
			last++
		}
		chunks[last].n++
		chunks[last].size += int64(sample.size())
		size += int64(sample.size())
		decode[best] += uint64(sample.Duration)
		next[best]++
	}
}

func (m *Movie) layout() *layout {
	if m.Fragments != nil {
		return m.fragmentedLayout()
	}
	l := &layout{movie: m}
	chunks, media := m.interleave()
	brand := m.Brand
	if brand == "" {
		brand = "isom"
	}
	ftyp := box(nil, "ftyp", func(b []byte) []byte {
		return append(binary.BigEndian.AppendUint32(append(b, brand...), 0x200), "isomiso2avc1mp41"...)
	})
	front := append(ftyp, m.Before...)
	var tail []byte
	if m.MoovLast {
		l.literal(m.mdat(front, media))
		tail = m.moov(chunks, l.size)
	} else {
		size := len(front) + len(m.moov(chunks, 0)) + len(m.mdat(nil, media))
		l.literal(m.mdat(append(front, m.moov(chunks, int64(size))...), media))
	}
	for _, c := range chunks {
		l.chunk(c)
	}
	l.literal(append(tail, m.After...))
	return l
}

// mdat appends the header of the media box.
func (m *Movie) mdat(b []byte, size int64) []byte {
	switch {
	case m.OpenMdat:
		return append(b, 0, 0, 0, 0, 'm', 'd', 'a', 't')
	case m.WideMdat || size+8 > 1<<32-1:
		return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 1, 'm', 'd', 'a', 't'), uint64(size+16))
	default:
		return append(binary.BigEndian.AppendUint32(b, uint32(size+8)), "mdat"...)
	}
}

// Bytes builds the file.
func (m Movie) Bytes() []byte {
	l := m.layout()
	b := make([]byte, 0, l.size)
	for i := range l.pieces {
		b = l.append(b, &l.pieces[i])
	}
	return b
}
