package fmp4

import (
	"math"
	"sync"

	"unreel/demux"
)

// layout is the walk over a span's samples that makes a Plan.
type layout struct {
	plan   *Plan
	track  *Track
	cursor demux.Cursor

	// The fragment that is being laid out.
	rows   []row
	number int         // sample number of its first sample
	began  demux.Ticks // DecodeTime of its first sample
	piece  int         // place in Plan.pieces of its first piece, the boxes
	media  int64       // bytes of its samples
	syncs  int         // sync samples in it
	// What differs between its samples: 0 where all are equal.
	sizes, durations, offsets uint32
}

// A row is what a trun says of one sample.
type row struct {
	size, duration uint32
	offset         int32 // composition offset
	sync           bool
}

// A layout holds a cursor of 5 KB, which no slow client should keep.
var layouts = sync.Pool{New: func() any { return new(layout) }}

func lay(pl *Plan, span Span) {
	l := layouts.Get().(*layout)
	defer layouts.Put(l)
	l.plan, l.track = pl, pl.track
	pl.low, pl.high = math.MaxInt64, 0
	l.walk(span.Samples)
	if pl.high == 0 {
		pl.low = 0
	}
	l.plan, l.track = nil, nil
	if cap(l.rows) > maxPooledPieces {
		l.rows = nil
	}
}

func (l *layout) walk(r demux.Range) {
	l.begin(r.First, 0)
	if r.First < r.End {
		l.cursor.Seek(&l.track.source.Samples, r.First)
	}
	split := l.track.split
	for i := r.First; i < r.End; i++ {
		s, ok := l.cursor.Next()
		if !ok {
			break
		}
		switch {
		case i == r.First:
			l.began = s.DecodeTime
		case s.Sync && split > 0 && s.DecodeTime-l.began >= split:
			l.end()
			l.begin(i, s.DecodeTime)
		}
		l.add(&s)
	}
	l.end()
}

// begin opens a fragment.
func (l *layout) begin(number int, time demux.Ticks) {
	l.rows = l.rows[:0]
	l.number, l.began, l.piece = number, time, len(l.plan.pieces)
	l.media, l.syncs, l.sizes, l.durations, l.offsets = 0, 0, 0, 0, 0
	l.plan.pieces = append(l.plan.pieces, piece{kind: literalPiece})
}

// add takes one sample into the open fragment.
func (l *layout) add(s *demux.Sample) {
	n := len(l.rows)
	if n == cap(l.rows) {
		l.rows = append(l.rows, row{})
	}
	l.rows = l.rows[:n+1]
	q := &l.rows[n]
	q.size, q.duration, q.sync = s.Size, uint32(s.Duration), s.Sync //nolint:gosec // NewTrack has seen that it fits
	q.offset = int32(s.Composition - l.track.bias)                  //nolint:gosec // NewTrack has seen that it fits
	first := &l.rows[0]
	l.sizes |= q.size ^ first.size
	l.durations |= q.duration ^ first.duration
	l.offsets |= uint32(q.offset) //nolint:gosec // only the bits matter
	if q.sync {
		l.syncs++
	}
	l.read(s.Offset, int64(s.Size))
}

// read adds bytes of the source to the open fragment's media.
func (l *layout) read(offset, size int64) {
	if size == 0 {
		return
	}
	l.media += size
	pl := l.plan
	pl.low, pl.high = min(pl.low, offset), max(pl.high, offset+size)
	last := &pl.pieces[len(pl.pieces)-1]
	if last.kind == extentPiece && last.from+last.size == offset {
		last.size += size
		return
	}
	pl.pieces = append(pl.pieces, piece{kind: extentPiece, from: offset, size: size})
}

// end closes the open fragment: its boxes are written, and its pieces find their places.
func (l *layout) end() {
	pl := l.plan
	boxes := &pl.pieces[l.piece]
	boxes.from = int64(len(pl.literal))
	if l.piece == 0 {
		pl.literal = append(pl.literal, segmentType...)
	}
	if len(l.rows) > 0 {
		moof := len(pl.literal)
		l.appendFragment()
		if first := &l.rows[0]; first.sync && l.track.split > 0 {
			pl.iframes = append(pl.iframes, IFrame{
				Sample: l.number,
				Offset: pl.size + int64(moof) - boxes.from,
				Size:   int64(len(pl.literal)-moof) + int64(first.size),
			})
		}
	}
	boxes.size = int64(len(pl.literal)) - boxes.from
	for i := l.piece; i < len(pl.pieces); i++ {
		pl.pieces[i].at = pl.size
		pl.size += pl.pieces[i].size
	}
}
