package conformance

import "slices"

// audioReader reads the ADTS of a program. Other audio is only timed.
type audioReader struct {
	pes
	scan    adts
	timed   bool
	base    ticks // PTS that frames are counted from
	samples int   // since base
	rate    int
	pending bool // the next frame that starts has the PTS in base
	first   bool // no frame of this segment was seen
	dts     ticks
}

func (a *audioReader) open(c component) {
	a.pes.open(c)
	a.scan, a.timed, a.pending = adts{}, false, false
}

func (a *audioReader) begin(*tsReader) { a.first = true }

// packet takes a packet of the audio's PID.
func (a *audioReader) packet(t *tsReader, p *packet) {
	if p.start {
		t.facts.ts.otherStarts++
	}
	body, st, fresh := a.pes.packet(p, &t.facts.ts.syntax)
	if fresh && st.pts >= 0 {
		a.start(t, p, st)
	}
	if a.typ == typeADTS {
		a.scan.feed(body, func(f audioFormat, blocks int) { a.frame(t, f, blocks) }, &t.facts.ts.syntax)
	}
}

// start takes the PTS of a PES packet. It is that of the first frame that begins in it (ISO/IEC 13818-1 §2.4.3.7).
func (a *audioReader) start(t *tsReader, p *packet, st stamps) {
	pts := t.unwrap(st.pts)
	t.late(p, t.unwrap(st.dts))
	e := &t.facts.audio
	if a.timed {
		t.rising(p, a.dts, pts)
	}
	if a.first {
		e.start, e.first = pts, pts
		if a.timed && a.rate > 0 {
			e.gap = pts - a.end()
		}
		a.first = false
	}
	a.base, a.samples, a.timed, a.dts = pts, 0, true, pts
	e.last, e.stop = pts, max(e.stop, pts)
	if a.typ != typeADTS {
		e.units++
	}
}

// end is when the frames counted so far end.
func (a *audioReader) end() ticks {
	return a.base + ticks(a.samples)*tickRate/ticks(max(a.rate, 1))
}

func (a *audioReader) frame(t *tsReader, f audioFormat, blocks int) {
	e := &t.facts.audio
	e.units++
	e.frame = frameSamples * tickRate / ticks(f.rate)
	a.rate = f.rate
	a.samples += blocks * frameSamples
	e.stop = max(e.stop, a.end())
	if len(t.formats.audio) < maxFormats && !slices.Contains(t.formats.audio, f) {
		t.formats.audio = append(t.formats.audio, f)
	}
}

func (a *audioReader) finish(t *tsReader) {
	a.pes.end(&t.facts.ts.syntax)
	a.header, a.inBody = nil, false
	if a.scan.remain > 0 || a.scan.have > 0 {
		t.facts.ts.syntax.addf("the last audio frame lacks %d bytes", a.scan.remain+a.scan.have)
		a.scan = adts{}
	}
}

// late holds a unit to the clock: the PCR may not have passed its decode time.
func (t *tsReader) late(p *packet, dts ticks) {
	if t.pcrKnown && t.pcr > int64(dts)*300 {
		t.facts.ts.late.addf("byte %d: PID %d has the decode time %d, but the PCR is at %d", p.offset, p.pid, dts, t.pcr/300)
	}
}

// rising holds decode times to their order.
func (t *tsReader) rising(p *packet, last, now ticks) {
	if now <= last {
		t.facts.ts.order.addf("byte %d: PID %d has the decode time %d after %d", p.offset, p.pid, now.raw(), last.raw())
	}
}
