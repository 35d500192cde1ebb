package conformance

// checkUnread: segments that we have no reader for are said, so that silence is never mistaken for praise.
func checkUnread(p *presentation, r *reporter) {
	for _, s := range p.streams {
		for i := range s.measured {
			if m := &s.measured[i]; m.unread != "" && m.unread != noInit && m.get.ok() && !unmapped(&s.list.segments[i]) {
				r.warnf(s.list.url, "segment %d is not read: %s", i, m.unread)
				break
			}
		}
	}
}

// readTS visits every transport stream segment that was read, I-frames' byte ranges left out.
func (p *presentation) readTS(visit func(s *stream, i int, f *facts, url string)) {
	p.read(func(s *stream, i int, f *facts, url string) {
		if !f.mp4.read {
			visit(s, i, f, url)
		}
	})
}

// readMP4 visits every segment of movie fragments that was read, I-frames' byte ranges left out.
func (p *presentation) readMP4(visit func(s *stream, i int, f *facts, url string)) {
	p.eachSegment(func(s *stream, i int, m *measured) {
		if m.get.ok() && m.media.mp4.read && !s.list.iframesOnly {
			visit(s, i, &m.media, m.get.url)
		}
	})
}

// read visits every segment of sound and pictures that was read whole, I-frames' byte ranges left out.
func (p *presentation) read(visit func(s *stream, i int, f *facts, url string)) {
	p.eachSegment(func(s *stream, i int, m *measured) {
		if s.plain() && m.get.ok() && m.unread == "" {
			visit(s, i, &m.media, m.get.url)
		}
	})
}

// checkPackets: what claims to be a transport stream is one.
func checkPackets(p *presentation, r *reporter) {
	p.readTS(func(_ *stream, i int, f *facts, url string) {
		if f.ts.syntax.n > 0 {
			r.errorf(url, "segment %d: %s", i, &f.ts.syntax)
		}
		if f.ts.packets == 0 {
			r.errorf(url, "segment %d: no packet", i)
		}
		if f.ts.packets > 0 && f.video.units == 0 && f.audio.units == 0 {
			r.errorf(url, "segment %d: no frame", i)
		}
	})
}

// checkTables: one program; PAT and PMT in each segment, as its first two packets.
func checkTables(p *presentation, r *reporter) {
	p.readTS(func(_ *stream, i int, f *facts, url string) {
		switch ts := &f.ts; {
		case ts.pats == 0 || ts.pmts == 0:
			r.errorf(url, "segment %d has %d PATs and %d PMTs", i, ts.pats, ts.pmts)
		case ts.programs != 1:
			r.errorf(url, "segment %d has %d programs", i, ts.programs)
		case !ts.patFirst || !ts.pmtSecond:
			r.warnf(url, "segment %d does not begin with PAT and PMT", i)
		}
	})
}

// checkClock: PCRs are at most 100 ms apart, over the joints too, and nothing comes later than it is to be decoded.
func checkClock(p *presentation, r *reporter) {
	const most = 27_000_000 / 10
	p.readTS(func(_ *stream, i int, f *facts, url string) {
		if f.ts.pcrGap > most {
			r.errorf(url, "segment %d: PCRs are %d.%03d ms apart", i, f.ts.pcrGap/27000, f.ts.pcrGap/27%1000)
		}
		if f.ts.pcrs == 0 && f.ts.packets > 0 {
			r.errorf(url, "segment %d: no PCR", i)
		}
		if f.ts.late.n > 0 {
			r.errorf(url, "segment %d: %s", i, &f.ts.late)
		}
	})
}

// checkDelimiters: every access unit of H.264 has its delimiter.
func checkDelimiters(p *presentation, r *reporter) {
	p.readTS(func(_ *stream, i int, f *facts, url string) {
		if f.ts.noDelimiter.n > 0 {
			r.errorf(url, "segment %d: %s", i, &f.ts.noDelimiter)
		}
	})
}

// checkSets: SPS and PPS stand before each IDR, so that a segment can be decoded alone.
func checkSets(p *presentation, r *reporter) {
	p.readTS(func(s *stream, i int, f *facts, url string) {
		switch {
		case len(s.formats.other) > 0 || f.video.units == 0:
		case f.ts.firstNoSets:
			r.errorf(url, "segment %d: the first access unit lacks SPS or PPS", i)
		case f.ts.noSets.n > 0:
			r.warnf(url, "segment %d: %s", i, &f.ts.noSets)
		}
	})
}

// checkIndependent: where EXT-X-INDEPENDENT-SEGMENTS is claimed every segment of video starts with an IDR picture. An I
// picture that nothing later looks behind may do as well, which can't be seen from here. Where all do, it should be claimed.
func checkIndependent(p *presentation, r *reporter) {
	claimed := p.master != nil && p.master.list.independent
	all, some := true, false
	p.read(func(s *stream, i int, f *facts, url string) {
		if f.video.units == 0 || len(s.formats.video) == 0 {
			return
		}
		some, all = true, all && f.startsIDR
		switch {
		case !claimed && !s.list.independent || f.startsIDR:
		case f.leading > 0:
			r.errorf(url, "segment %d starts with no IDR, and with %d frames from before it, though independent segments are claimed", i, f.leading)
		case f.startsIntra:
			r.warnf(url, "segment %d starts with an I picture that is no IDR, though independent segments are claimed", i)
		default:
			r.errorf(url, "segment %d starts with no I picture, though independent segments are claimed", i)
		}
	})
	if p.master != nil && some && all && !claimed {
		for _, s := range p.streams {
			if s.plain() && s.hasVideo() && !s.list.independent {
				r.warnf(s.list.url, "all segments start with an IDR, but #EXT-X-INDEPENDENT-SEGMENTS is missing")
			}
		}
	}
}

// checkDiscontinuities: a change of the picture or sound is announced, and at the same segments in all streams.
func checkDiscontinuities(p *presentation, r *reporter) {
	var first *stream
	for _, s := range p.timed() {
		announced := 0
		for i := range s.list.segments {
			if s.list.segments[i].discontinuity {
				announced++
			}
		}
		if first == nil {
			first = s
		}
		same := len(s.list.segments) == len(first.list.segments)
		for i := range s.list.segments {
			if same && s.list.segments[i].discontinuity != first.list.segments[i].discontinuity {
				r.errorf(s.list.url, "segment %d: #EXT-X-DISCONTINUITY here or in %s only", i, first.list.url)
			}
		}
		if n := s.formats.shapes(); n > announced+1 {
			r.errorf(s.list.url, "%d kinds of picture and sound, but %d discontinuities", n, announced)
		}
	}
}

// shapes counts the kinds of picture or of sound that a stream had, whichever are more.
func (f *formats) shapes() int {
	sizes := map[[2]int]bool{}
	for _, v := range f.video {
		sizes[[2]int{v.width, v.height}] = true
	}
	return max(len(sizes), len(f.audio))
}
