package conformance

import (
	"errors"
	"io"
	"slices"
)

// tsReader reads the segments of one media playlist one after the other, as if they were one transport stream, and gives
// the facts of each.
type tsReader struct {
	counters map[uint16]uint8
	sections map[uint16]*section
	pmtPID   uint16
	pcrPID   uint16
	parts    []component
	clock    ticks // any time of late, to unwrap others by
	clocked  bool
	pcr      int64 // the last, 27 MHz, unwrapped
	pcrKnown bool

	video   videoReader
	audio   audioReader
	formats *formats

	facts    *facts // of the open segment
	videoEnd int64  // end of the last packet of the video in it
	intruder bool   // a packet of another stream came since
	halved   bool   // the clock lost a bit, which was said
}

func newTSReader(f *formats) *tsReader {
	return &tsReader{
		counters: map[uint16]uint8{}, sections: map[uint16]*section{pidPAT: {}}, formats: f, pmtPID: pidPAT, pcrPID: pidNull,
	}
}

// reset forgets what runs on over a joint, for an EXT-X-DISCONTINUITY.
func (t *tsReader) reset() {
	t.counters = map[uint16]uint8{}
	t.clocked, t.pcrKnown, t.video.timed, t.audio.timed = false, false, false, false
}

// segment reads one segment to its end. The error is of r.
func (t *tsReader) segment(r io.Reader, f *facts) error {
	t.facts, t.videoEnd, t.intruder = f, 0, false
	t.video.begin(t)
	t.audio.begin(t)
	var buf [64 * packetSize]byte
	offset := int64(0)
	for {
		n, err := io.ReadFull(r, buf[:])
		if rest := n % packetSize; rest != 0 {
			f.ts.syntax.addf("%d bytes after the last whole packet", rest)
		}
		for b := buf[:n-n%packetSize]; len(b) > 0; b = b[packetSize:] {
			if p, ok := parsePacket(b, offset, &f.ts.syntax); ok {
				t.packet(&p)
			}
			f.ts.packets++
			offset += packetSize
		}
		if err != nil {
			t.video.finish(t)
			t.audio.finish(t)
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && n > 0 {
				return nil
			}
			return err
		}
	}
}

// packet takes the next packet.
func (t *tsReader) packet(p *packet) {
	index := t.facts.ts.packets
	t.count(p)
	if p.pid == t.pcrPID && p.pcr >= 0 {
		t.clockReference(p)
	}
	switch {
	case !p.hasPayload:
	case p.pid == pidPAT:
		if s := t.sections[pidPAT].add(p, &t.facts.ts.syntax); s != nil {
			t.pat(s)
		}
		t.facts.ts.patFirst = t.facts.ts.patFirst || index == 0
	case p.pid == t.pmtPID:
		if s := t.sections[p.pid].add(p, &t.facts.ts.syntax); s != nil {
			t.pmt(s)
		}
		t.facts.ts.pmtSecond = t.facts.ts.pmtSecond || index == 1
	case p.pid == t.video.pid && t.video.on:
		if t.intruder && !p.start {
			t.facts.ts.mixed = true
		}
		t.intruder = false
		t.video.packet(t, p)
		t.videoEnd = p.offset + packetSize
		return
	case p.pid == t.audio.pid && t.audio.on:
		t.audio.packet(t, p)
	}
	if p.pid != pidNull && p.hasPayload {
		t.intruder = true
	}
}

// count holds the continuity counter (§2.4.3.3): it rises with each packet that has payload; one duplicate is allowed.
func (t *tsReader) count(p *packet) {
	if p.pid == pidNull {
		return
	}
	last, known := t.counters[p.pid]
	t.counters[p.pid] = p.counter
	want := last
	if p.hasPayload {
		want = (last + 1) & 15
	}
	if known && !p.discontinuity && p.counter != want {
		t.facts.ts.counters.addf("byte %d: continuity counter of PID %d is %d after %d", p.offset, p.pid, p.counter, last)
	}
}

func (t *tsReader) pat(s []byte) {
	n, pid := pat(s)
	t.facts.ts.pats++
	t.facts.ts.programs = max(t.facts.ts.programs, n)
	if n > 0 && pid != t.pmtPID {
		t.pmtPID, t.sections[pid] = pid, &section{}
	}
}

func (t *tsReader) pmt(s []byte) {
	pcr, parts, ok := pmt(s)
	if !ok {
		t.facts.ts.syntax.addf("PMT of %d bytes is cut short", len(s))
		return
	}
	t.facts.ts.pmts++
	t.pcrPID = pcr
	t.facts.video.streams, t.facts.audio.streams = 0, 0
	fresh := !slices.Equal(parts, t.parts)
	t.parts = parts
	for _, c := range parts {
		switch {
		case c.video():
			if t.facts.video.streams++; fresh && t.facts.video.streams == 1 {
				t.video.open(c)
			}
		case c.audio():
			if t.facts.audio.streams++; fresh && t.facts.audio.streams == 1 {
				t.audio.open(c)
			}
		}
		if c.typ != typeH264 && c.typ != typeADTS && c.codec() != "" && !slices.Contains(t.formats.other, c.codec()) {
			t.formats.other = append(t.formats.other, c.codec())
		}
	}
}

// clockReference takes a PCR.
func (t *tsReader) clockReference(p *packet) {
	base := t.unwrap(p.pcr / 300)
	now := int64(base)*300 + p.pcr%300
	if t.pcrKnown && !p.discontinuity {
		t.facts.ts.pcrGap = max(t.facts.ts.pcrGap, now-t.pcr)
		if now < t.pcr {
			t.facts.ts.order.addf("byte %d: PCR falls by %d of 27 MHz", p.offset, t.pcr-now)
		}
	}
	t.facts.ts.pcrs++
	t.pcr, t.pcrKnown = now, true
}

// unwrap places a value of 33 bits next to the last one seen.
func (t *tsReader) unwrap(raw int64) ticks {
	v := ticks(raw)
	if t.clocked {
		v = t.after(raw, t.clock)
	}
	t.clock, t.clocked = v, true
	return v
}

// after places a value of 33 bits next to a time, and says where it lost a bit.
func (t *tsReader) after(raw int64, before ticks) ticks {
	v, lost := halfWrapped(raw, before)
	if lost && !t.halved {
		t.halved = true // once is enough: all that follows is half a clock off
		t.facts.ts.wrap.addf("a clock went from %d to %d: it has 32 bits, not 33", before.raw(), raw)
	}
	return v
}
