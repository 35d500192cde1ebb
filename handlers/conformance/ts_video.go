package conformance

import "slices"

// maxFormats that are remembered of a stream; a stream with more is odd enough.
const maxFormats = 8

// videoReader reads the H.264 of a program. Other video is only timed.
type videoReader struct {
	pes
	scan    annexB
	unit    accessUnit
	busy    bool // an access unit is open
	where   int64
	pts     ticks
	dts     ticks // of the open access unit
	last    ticks // decode time of the one before
	timed   bool  // last is known
	seen    int   // access units in this segment
	opening ticks // presentation time of the first of them
}

func (v *videoReader) open(c component) {
	v.pes.open(c)
	v.scan, v.busy, v.timed = annexB{}, false, false
}

func (v *videoReader) begin(*tsReader) { v.seen = 0 }

// packet takes a packet of the video's PID.
func (v *videoReader) packet(t *tsReader, p *packet) {
	if p.start {
		t.facts.ts.videoStarts++
	}
	body, st, fresh := v.pes.packet(p, &t.facts.ts.syntax)
	if fresh && st.pts >= 0 {
		v.close(t)
		v.start(t, p, st)
	}
	if body != nil && v.busy && v.typ == typeH264 {
		v.scan.feed(body, func(nal []byte) { v.nal(t, nal) })
	}
}

// start opens an access unit: one for each PES packet with a PTS (HLS muxers put one in each).
func (v *videoReader) start(t *tsReader, p *packet, st stamps) {
	v.busy, v.unit, v.where = true, accessUnit{}, p.offset
	v.dts = t.unwrap(st.dts)
	v.pts = t.after(st.pts, v.dts)
	if v.pts < v.dts {
		t.facts.ts.syntax.addf("byte %d: PTS %d is %d before its DTS", p.offset, st.pts, v.dts-v.pts)
	}
	t.late(p, v.dts)
	e := &t.facts.video
	if v.timed {
		t.rising(p, v.last, v.dts)
	}
	if e.units > 0 {
		e.step(v.dts - v.last)
	} else {
		e.first, e.start, v.opening = v.dts, v.pts, v.pts
	}
	if v.pts < v.opening {
		t.facts.leading++
	}
	e.units++
	e.last, e.start, e.stop = v.dts, min(e.start, v.pts), max(e.stop, v.pts)
	v.last, v.timed = v.dts, true
}

func (e *elementary) step(d ticks) {
	if e.units == 1 || d < e.least {
		e.least = d
	}
	e.most = max(e.most, d)
}

func (v *videoReader) nal(t *tsReader, nal []byte) {
	v.unit.nal(nal)
	if nal[0]&0x1f != nalSPS || len(t.formats.video) >= maxFormats ||
		slices.ContainsFunc(t.formats.video, func(f videoFormat) bool { return f.sps == string(nal) }) {
		return
	}
	f, err := parseSPS(nal)
	if err != nil {
		t.facts.ts.syntax.addf("SPS % x: %v", nal, err)
		return
	}
	t.formats.video = append(t.formats.video, f)
}

// close ends the open access unit and judges it.
func (v *videoReader) close(t *tsReader) {
	if !v.busy {
		return
	}
	v.busy = false
	if v.typ != typeH264 {
		return
	}
	v.scan.flush(func(nal []byte) { v.nal(t, nal) })
	if v.scan.stray > 0 {
		t.facts.ts.syntax.addf("byte %d: %d bytes before the first start code", v.where, v.scan.stray)
		v.scan.stray = 0
	}
	u, f := &v.unit, t.facts
	if u.undelimted || u.pictures > 0 && u.delimiters == 0 {
		f.ts.noDelimiter.addf("byte %d: an access unit without delimiter", v.where)
	}
	if u.delimiters > 1 {
		f.ts.syntax.addf("byte %d: %d access unit delimiters in one PES packet", v.where, u.delimiters)
	}
	intra := u.intra && u.pictures > 0
	if v.seen++; v.seen == 1 {
		f.startsIDR, f.startsIntra = u.idr, intra
		f.ts.firstNoSets = !u.sps || !u.pps
	}
	if u.idr && (!u.sps || !u.pps) {
		f.ts.noSets.addf("byte %d: IDR with SPS %v, PPS %v", v.where, u.sps, u.pps)
	}
	if intra {
		f.iframes = append(f.iframes, iframe{offset: v.where, end: t.videoEnd, pts: v.pts, idr: u.idr})
	}
}

// finish ends a segment. Frames last as long as the last step of the decode time, for want of a better word.
func (v *videoReader) finish(t *tsReader) {
	v.end(&t.facts.ts.syntax)
	v.header, v.inBody = nil, false
	v.close(t)
	e := &t.facts.video
	if e.units > 1 {
		e.frame = (e.last - e.first) / ticks(e.units-1)
	}
	e.stop += e.frame
}
