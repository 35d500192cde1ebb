package mpegts

import (
	"sort"
	"sync"

	"unreel/demux"
)

// Counters are the continuity counters, 4 bits each, of the first packet with payload of each stream.
type Counters struct{ Video, Audio uint8 }

// Span is what one segment carries. A Range is empty where the program has no such track.
type Span struct {
	Number       int // of the segment; PAT and PMT have it, modulo 16, as their counter
	Video, Audio demux.Range
	Counters     Counters
}

// IFrame is where the PES of a sync sample stands in its segment, in bytes.
type IFrame struct {
	Sample       int
	Offset, Size int64
}

// pieceKind tells what a piece's packets are made of.
type pieceKind uint8

const (
	tablesPiece pieceKind = iota // PAT and PMT: literal
	clockPiece                   // a PCR-only packet: literal
	nullPiece                    // null packets: literal
	videoPiece                   // a PES of one sample
	audioPiece                   // a PES of a few frames
)

// A piece is a run of packets that are made in one way.
type piece struct {
	at       int64 // packets before it in the segment
	pts, dts int64 // on the stream's clock, not wrapped
	offset   int64 // of the video sample, bytes from the start of the source
	size     uint32
	growth   uint32
	packets  int32
	first    int32 // sample number of the video sample; place in Plan.frames of the first audio frame
	frames   int32 // audio frames
	kind     pieceKind
	counter  uint8 // of the first packet with payload; of the one before in a clockPiece
	sync     bool
}

// A frame is one audio sample.
type frame struct {
	offset int64
	size   uint32
}

// Plan is the exact layout of one segment. It is computed from the index alone and does not change; any number of
// Muxers may write it at the same time. It must be released after them.
type Plan struct {
	program *Program
	number  int
	pieces  []piece
	frames  []frame
	iframes []IFrame
	packets int64
	next    Counters
	low     int64 // the source's bytes that it reads lie between low and high
	high    int64
	omitted int
}

// Plans are scratch: their slices are used again.
var plans = sync.Pool{New: func() any { return new(Plan) }}

// Plans of segments that are longer than this are left to the garbage collector.
const maxPooledPieces = 8 << 10

// Plan lays a span out. The span's samples must be the program's: ranges within the tracks.
func (p *Program) Plan(span Span) *Plan {
	pl := plans.Get().(*Plan)
	*pl = Plan{program: p, number: span.Number, pieces: pl.pieces[:0], frames: pl.frames[:0], iframes: pl.iframes[:0]}
	lay(pl, span)
	return pl
}

// Release gives the plan's memory back. No Muxer of it may be in use.
func (pl *Plan) Release() {
	if cap(pl.pieces) <= maxPooledPieces && cap(pl.frames) <= maxPooledPieces {
		pl.program = nil
		plans.Put(pl)
	}
}

// Size is the segment's length in bytes.
func (pl *Plan) Size() int64 { return pl.packets * packetSize }

// Next is the counters with which the following segment starts.
func (pl *Plan) Next() Counters { return pl.next }

// Extent is the range of the source that the segment's media lies in, in bytes. n is 0 where it has none.
func (pl *Plan) Extent() (off, n int64) { return pl.low, pl.high - pl.low }

// Omitted is the number of samples that the segment leaves out: empty ones carry nothing, and an AAC frame of more than
// 8184 bytes, which no encoder makes (6144 bits a channel), is more than ADTS can frame. No frame of another codec is
// larger than 32 KiB.
func (pl *Plan) Omitted() int { return pl.omitted }

// IFrames are the places of the segment's sync samples. The slice is the plan's own, until Release. It is made by the
// first call, so that call must not run beside others.
func (pl *Plan) IFrames() []IFrame {
	if len(pl.iframes) > 0 {
		return pl.iframes
	}
	for i := range pl.pieces {
		if c := &pl.pieces[i]; c.kind == videoPiece && c.sync {
			pl.iframes = append(pl.iframes,
				IFrame{Sample: int(c.first), Offset: c.at * packetSize, Size: int64(c.packets) * packetSize})
		}
	}
	return pl.iframes
}

// pieceAt is the place of the piece that packet belongs to; past the last one where it is beyond the end.
func (pl *Plan) pieceAt(packet int64) int {
	return sort.Search(len(pl.pieces), func(i int) bool {
		return pl.pieces[i].at+int64(pl.pieces[i].packets) > packet
	})
}
