package mpegts

// writeSample makes packets of a video piece.
func (m *Muxer) writeSample(out []byte, n int, c *piece, in *input) {
	size := int64(c.size)
	from := int64(0)
	if m.pes.done > 0 {
		from = m.sampleFrom()
	}
	window := in.from(c.offset+from, size-from)
	if m.pes.done == 0 {
		m.beginSample(c, window)
	}
	if m.plan.program.lengthBytes < 4 {
		need := int(m.pes.payload(n))
		m.expand.fill(in.stage[:need], window[m.expand.at-from:])
		m.pes.write(out, n, in.stage[:need], nil)
		return
	}
	m.units.window, m.units.windowStart = window, from
	m.pes.write(out, n, window[m.units.at-from:], &m.units)
	m.units.window = nil
}

// beginSample looks at what the sample holds and sets its PES up. Whatever that is, the PES takes the planned packets.
func (m *Muxer) beginSample(c *piece, window []byte) {
	p := m.plan.program
	lengthBytes := int64(p.lengthBytes)
	size, growth := int64(c.size), int64(c.growth)
	o := p.syntax.probe(window[:min(len(window), probeSize)], size, p.lengthBytes)
	if o.skip > 0 && growth >= 4-lengthBytes {
		growth -= 4 - lengthBytes
	} else {
		o = opening{delimiter: p.syntax.anyPicture, sets: o.sets}
	}
	var sets []byte
	if c.sync && !o.sets {
		sets = p.sets
	}
	m.pes = pes{
		header: packetHeader(videoPID), counter: c.counter, packets: int(c.packets),
		clocked: true, clock: c.dts,
	}
	if c.sync {
		m.pes.flags = randomAccess
	}
	payload := p.syntax.delimiterSize() + int64(len(sets)) + size - int64(o.skip) + growth
	if c.sync && o.sets && !m.pes.holds(headerSize(c.pts, c.dts)+payload, p.syntax.delimiterSize()) {
		sets = p.sets
		payload += int64(len(sets))
	}
	m.pes.begin(headerSize(c.pts, c.dts) + payload)
	head := appendPESHeader(m.head[:0], videoStreamID, c.pts, c.dts, payload)
	m.pes.literal[0] = append(append(head, p.syntax.delimiter...), o.delimiter)
	m.pes.literal[1] = sets
	skip := int64(o.skip)
	before := preamble{syntax: p.syntax}
	m.units = nalUnits{preamble: before, size: size, at: skip, next: skip, lies: m.units.lies}
	m.expand = expander{preamble: before, lengthBytes: lengthBytes, size: size, at: skip, growth: growth, lies: m.expand.lies}
}

// writeFrames makes packets of an audio piece. It puts the whole PES together, each time that some of it is written:
// they are small.
func (m *Muxer) writeFrames(out []byte, n int, c *piece, in *input) {
	p := m.plan.program
	frames := m.plan.frames[c.first : c.first+c.frames]
	payload := int64(0)
	for i := range frames {
		payload += p.sound.header + int64(frames[i].size)
	}
	if m.pes.done == 0 {
		m.pes = pes{
			header: packetHeader(audioPID), counter: c.counter, packets: int(c.packets),
			clocked: p.video == nil, clock: c.dts, flags: randomAccess,
		}
		m.pes.begin(pesHeader + payload)
	}
	stage := appendPESHeader(in.stage[:0], p.sound.id, c.pts, c.pts, payload)
	for i := range frames {
		f := &frames[i]
		at := len(stage)
		header := int(p.sound.header)
		stage = stage[:at+header+int(f.size)]
		if header > 0 {
			p.sound.adts.putHeader(in.stage[at:], int(f.size))
		}
		copy(stage[at+header:], in.from(f.offset, int64(f.size)))
	}
	m.pes.write(out, n, stage[m.pes.taken():], nil)
}
