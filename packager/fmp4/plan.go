package fmp4

import (
	"sort"
	"sync"

	"unreel/demux"
)

// Span is what one segment carries: a run of the track's samples, not empty. Video should begin with a sync sample.
type Span struct{ Samples demux.Range }

// IFrame is where a sync sample stands in its segment, in bytes: from the moof that describes it to the sample's end.
type IFrame struct {
	Sample       int
	Offset, Size int64
}

// A piece is a run of a segment's bytes that come from one place.
type piece struct {
	at   int64 // bytes before it in the segment
	size int64 // bytes
	from int64 // where they are: an offset in the source, or in Plan.literal
	kind pieceKind
}

// pieceKind tells how a piece's bytes are made.
type pieceKind uint8

const (
	literalPiece pieceKind = iota // boxes, which the plan holds
	extentPiece                   // bytes of the source, as they are
)

// Plan is the exact layout of one segment. It is computed from the index alone and does not change; any number of
// Muxers may write it at the same time. It must be released after them.
type Plan struct {
	track   *Track
	pieces  []piece
	literal []byte
	iframes []IFrame
	size    int64
	low     int64 // the source's bytes that it reads lie between low and high
	high    int64
}

// Plans are scratch: their slices are used again.
var plans = sync.Pool{New: func() any { return new(Plan) }}

// Plans of segments that are larger than this are left to the garbage collector.
const (
	maxPooledPieces  = 16 << 10
	maxPooledLiteral = 256 << 10
)

// Plan lays a span out. The span's samples must be the track's.
func (k *Track) Plan(span Span) *Plan {
	pl := plans.Get().(*Plan)
	*pl = Plan{track: k, pieces: pl.pieces[:0], literal: pl.literal[:0], iframes: pl.iframes[:0]}
	lay(pl, span)
	return pl
}

// Release gives the plan's memory back. No Muxer of it may be in use.
func (pl *Plan) Release() {
	if cap(pl.pieces) <= maxPooledPieces && cap(pl.literal) <= maxPooledLiteral {
		pl.track = nil
		plans.Put(pl)
	}
}

// Size is the segment's length in bytes.
func (pl *Plan) Size() int64 { return pl.size }

// Extent is the range of the source that the segment's media lies in, in bytes. n is 0 where it has none.
func (pl *Plan) Extent() (off, n int64) { return pl.low, pl.high - pl.low }

// IFrames are the places of the segment's sync samples, but for those that follow the one before within half a second.
// The slice is the plan's own, until Release. It is empty for sound.
func (pl *Plan) IFrames() []IFrame { return pl.iframes }

// pieceAt is the place of the piece that byte at belongs to; past the last one where it is beyond the end.
func (pl *Plan) pieceAt(at int64) int {
	return sort.Search(len(pl.pieces), func(i int) bool {
		return pl.pieces[i].at+pl.pieces[i].size > at
	})
}
