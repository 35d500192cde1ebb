package fmp4

import (
	"context"
	"io"
	"sync"

	"unreel/demux"
)

// Muxer writes the bytes of one segment, as its Plan foresaw them. One goroutine uses it at a time.
type Muxer struct {
	plan  *Plan
	piece int   // the piece that is being written
	done  int64 // bytes of it that were
}

var muxers = sync.Pool{New: func() any { return new(Muxer) }}

// Muxer writes the segment's bytes from that one on. It must be released, before the plan is.
func (pl *Plan) Muxer(from int64) *Muxer {
	m := muxers.Get().(*Muxer)
	*m = Muxer{plan: pl, piece: len(pl.pieces)}
	if from = max(from, 0); from < pl.size {
		m.piece = pl.pieceAt(from)
		m.done = from - pl.pieces[m.piece].at
	}
	return m
}

// Release gives the muxer's memory back.
func (m *Muxer) Release() {
	*m = Muxer{}
	muxers.Put(m)
}

// Read fills p with the segment's next bytes. After the last it returns io.EOF. Media goes straight from r into p, in as
// few reads as there are runs of it in the source. After an error it is of no more use.
func (m *Muxer) Read(ctx context.Context, r demux.Reader, p []byte) (n int, err error) {
	for n < len(p) && m.piece < len(m.plan.pieces) {
		c := &m.plan.pieces[m.piece]
		k := int(min(c.size-m.done, int64(len(p)-n)))
		if c.kind == literalPiece {
			copy(p[n:n+k], m.plan.literal[c.from+m.done:])
		} else if err = r.ReadAt(ctx, p[n:n+k], c.from+m.done); err != nil {
			return n, err
		}
		n += k
		if m.done += int64(k); m.done == c.size {
			m.piece, m.done = m.piece+1, 0
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
