package mpegts

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
	skip  int64 // bytes of its packets that are made and dropped, to start where Plan.Muxer was asked to

	pes    pes // of a video or audio piece of which something is written
	units  nalUnits
	expand expander
	head   [pesHeaderBoth + maxDelimiter]byte

	packet [packetSize]byte
	rest   []byte // of packet, still to be given
}

var muxers = sync.Pool{New: func() any { return new(Muxer) }}

// Muxer writes the segment's bytes from that one on. It must be released, before the plan is.
func (pl *Plan) Muxer(from int64) *Muxer {
	m := muxers.Get().(*Muxer)
	*m = Muxer{plan: pl, piece: len(pl.pieces)}
	if from = max(from, 0); from < pl.Size() {
		m.piece = pl.pieceAt(from / packetSize)
		m.skip = from - pl.pieces[m.piece].at*packetSize
	}
	return m
}

// Release gives the muxer's memory back.
func (m *Muxer) Release() {
	*m = Muxer{}
	muxers.Put(m)
}

// Lies is the number of samples, among those written so far, with a NAL length that points past the sample. What
// follows such a length is passed through as it is.
func (m *Muxer) Lies() int { return m.units.lies + m.expand.lies }

// Read makes the segment's next bytes, as many as fit p in whole packets, or a part of one where p is shorter; it is
// fastest with 4096 packets (752 KiB). After the last it returns io.EOF. It reads the source in as few pieces as it can,
// into memory that it gives back before it returns. It may use all of p as scratch. After an error it is of no more use.
func (m *Muxer) Read(ctx context.Context, r demux.Reader, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(m.rest) == 0 && m.piece < len(m.plan.pieces) {
		in := inputs.Get().(*input)
		n, err := m.next(ctx, r, in, p)
		inputs.Put(in)
		if n > 0 || err != nil {
			return n, err
		}
	}
	if len(m.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// next makes whole packets in p; or one packet, which it leaves in m.rest, where that is all that can be given.
func (m *Muxer) next(ctx context.Context, r demux.Reader, in *input, p []byte) (int, error) {
	whole := p[:len(p)/packetSize*packetSize]
	for m.skip >= packetSize {
		out := whole
		if len(out) == 0 {
			out = m.packet[:]
		}
		out = out[:min(int64(len(out)), m.skip/packetSize*packetSize)]
		n, err := m.fill(ctx, r, in, out)
		if err != nil {
			return 0, err
		}
		m.skip -= int64(n)
	}
	if m.skip == 0 && len(whole) > 0 {
		return m.fill(ctx, r, in, whole)
	}
	if _, err := m.fill(ctx, r, in, m.packet[:]); err != nil {
		return 0, err
	}
	m.rest = m.packet[m.skip:]
	m.skip = 0
	return 0, nil
}

// fill makes packets until out, which has room for a whole number of them, is full or the segment ends.
func (m *Muxer) fill(ctx context.Context, r demux.Reader, in *input, out []byte) (n int, err error) {
	for n < len(out) && m.piece < len(m.plan.pieces) {
		packets := m.collect(in, (len(out)-n)/packetSize)
		if err = in.read(ctx, r); err != nil {
			return n, err
		}
		m.write(out[n:n+packets*packetSize], packets, in)
		n += packets * packetSize
	}
	return n, nil
}

// collect notes which ranges of the source the next packets need, and tells how many packets, at most room, the input
// has space for. A whole input always has space for some.
func (m *Muxer) collect(in *input, room int) int {
	in.reset()
	packets := 0
	done := m.pes.done
	for i := m.piece; i < len(m.plan.pieces) && packets < room; i++ {
		c := &m.plan.pieces[i]
		want := min(int(c.packets)-done, room-packets)
		n := want
		switch c.kind {
		case videoPiece:
			n = m.wantSample(in, c, done, want)
		case audioPiece:
			if !m.wantFrames(in, c) {
				n = 0
			}
		}
		packets += n
		if n < want {
			break
		}
		done = 0
	}
	return packets
}

// wantSample asks for what packets of a video piece, the first of which is number done, are made of. It returns how many
// of them there is space for.
func (m *Muxer) wantSample(in *input, c *piece, done, packets int) int {
	const more = 16 // the rest of a length, and a delimiter that is left out
	from, least := int64(0), int64(probeSize)
	if done > 0 {
		from, least = m.sampleFrom(), 0
	}
	limit := min(in.room(), inputSize)
	if m.plan.program.lengthBytes < 4 {
		limit = min(limit, stageSize)
	}
	packets = min(packets, int((limit-more)/payloadSize))
	if packets <= 0 || limit < least {
		return 0
	}
	end := min(from+max(least, int64(packets)*payloadSize+more), int64(c.size))
	if !in.want(c.offset+from, c.offset+end) {
		return 0
	}
	return packets
}

// sampleFrom is where in its sample the next packets of a video piece start to need it.
func (m *Muxer) sampleFrom() int64 {
	if m.plan.program.lengthBytes < 4 {
		return m.expand.at
	}
	return m.units.resume()
}

// wantFrames asks for the frames of an audio piece, all of them.
func (m *Muxer) wantFrames(in *input, c *piece) bool {
	for _, f := range m.plan.frames[c.first : c.first+c.frames] {
		if !in.want(f.offset, f.offset+int64(f.size)) {
			return false
		}
	}
	return true
}

// write makes packets that collect foresaw.
func (m *Muxer) write(out []byte, packets int, in *input) {
	for packets > 0 {
		c := &m.plan.pieces[m.piece]
		n := min(int(c.packets)-m.pes.done, packets)
		switch c.kind {
		case tablesPiece:
			m.writeTables(out, n)
		case clockPiece:
			putClockPacket(out, m.plan.clockPID(), c.counter, c.dts)
			m.pes.done++
		case nullPiece:
			putNullPackets(out, n)
			m.pes.done += n
		case videoPiece:
			m.writeSample(out, n, c, in)
		case audioPiece:
			m.writeFrames(out, n, c, in)
		}
		out, packets = out[n*packetSize:], packets-n
		if m.pes.done == int(c.packets) {
			m.pes.done = 0
			m.piece++
		}
	}
}

// writeTables writes PAT, PMT or both.
func (m *Muxer) writeTables(out []byte, n int) {
	for range n {
		copy(out, m.plan.program.psi[m.pes.done*packetSize:][:packetSize])
		out[3] |= uint8(m.plan.number & int(counterMask))
		out = out[packetSize:]
		m.pes.done++
	}
}

// clockPID is the stream that carries the PCR.
func (pl *Plan) clockPID() uint16 {
	if pl.program.video == nil {
		return audioPID
	}
	return videoPID
}
