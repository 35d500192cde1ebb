package conformance

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// eachInit visits every initialization section that came.
func (p *presentation) eachInit(visit func(s *stream, in *initial)) {
	for _, s := range p.streams {
		for _, in := range s.inits {
			if in.parsed != nil {
				visit(s, in)
			}
		}
	}
}

// laterBrands are those of files that movie fragments with tfdt are at home in: iso6 and what includes it.
var laterBrands = []string{"iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc", "cmfc", "cmf2", "cmfl"}

// checkInit: ftyp with a brand of iso6 or later, then moov with a trak and a trex for each track, no samples, no durations.
func checkInit(p *presentation, r *reporter) {
	p.eachInit(func(_ *stream, in *initial) {
		if wrong := in.parsed.wrong(); wrong != "" {
			r.errorf(in.get.url, "%s", wrong)
		}
	})
}

func (in *mp4Init) wrong() string {
	ftyp, moov := slices.Index(in.order, "ftyp"), slices.Index(in.order, "moov")
	switch {
	case in.syntax != "":
		return in.syntax
	case ftyp < 0 || moov < ftyp:
		return fmt.Sprintf("its boxes are %v, not ftyp and moov", in.order)
	case slices.Contains(in.order, "mdat") || slices.Contains(in.order, "moof"):
		return "media in an initialization section"
	case !brandOf(in.brands, laterBrands...):
		return fmt.Sprintf("its brands %q are all from before iso6", in.brands)
	case len(in.tracks) == 0:
		return "no track"
	case !in.mvex:
		return "no mvex"
	case in.duration != 0:
		return fmt.Sprintf("mvhd lasts %d", in.duration)
	case brandOf(in.brands, "cmfc", "cmf2") && len(in.tracks) != 1:
		return fmt.Sprintf("%d tracks in a CMAF header", len(in.tracks))
	}
	for _, t := range in.tracks {
		switch {
		case t.id == 0 || t.timescale == 0:
			return fmt.Sprintf("track %d has the timescale %d", t.id, t.timescale)
		case len(t.entries) != 1:
			return fmt.Sprintf("track %d has %d sample entries", t.id, len(t.entries))
		case t.samples != 0:
			return fmt.Sprintf("track %d has samples", t.id)
		case t.duration != 0:
			return fmt.Sprintf("track %d lasts %d", t.id, t.duration)
		case !t.extends:
			return fmt.Sprintf("track %d has no trex", t.id)
		}
	}
	return ""
}

// checkEdits: an edit list takes back what stands before the media's start, in one entry that lasts for ever.
func checkEdits(p *presentation, r *reporter) {
	p.eachInit(func(_ *stream, in *initial) {
		for _, t := range in.parsed.tracks {
			switch {
			case len(t.edits) > 1:
				r.errorf(in.get.url, "track %d has %d edits", t.id, len(t.edits))
			case len(t.edits) == 1 && t.edits[0].media < 0:
				r.errorf(in.get.url, "track %d has an empty edit, which tfdt should be", t.id)
			case len(t.edits) == 1 && t.edits[0].duration != 0:
				r.errorf(in.get.url, "the edit of track %d lasts %d, so that players may end there", t.id, t.edits[0].duration)
			}
		}
	})
}

// checkBoxes: what claims to be movie fragments is some.
func checkBoxes(p *presentation, r *reporter) {
	p.eachSegment(func(s *stream, i int, m *measured) {
		f := &m.media.mp4
		switch {
		case !m.get.ok() || !f.read || s.list.iframesOnly:
		case f.syntax.n > 0:
			r.errorf(m.get.url, "segment %d: %s", i, &f.syntax)
		case f.samples == 0:
			r.errorf(m.get.url, "segment %d: no sample", i)
		}
	})
}

// checkAddressing: each traf has its tfdt and is of a track that exists, and its media is in the same segment.
func checkAddressing(p *presentation, r *reporter) {
	p.readMP4(func(_ *stream, i int, f *facts, url string) {
		for _, wrong := range []*fault{&f.mp4.address, &f.mp4.untimed, &f.mp4.tracks} {
			if wrong.n > 0 {
				r.errorf(url, "segment %d: %s", i, wrong)
			}
		}
	})
	p.eachInit(func(_ *stream, in *initial) {
		for _, t := range in.parsed.tracks {
			if t.external {
				r.errorf(in.get.url, "the media of track %d is in another file", t.id)
			}
		}
	})
}

// checkTiles: decode times run on, from sample to sample and from segment to segment, to the tick; so nothing is lost, or
// there twice.
func checkTiles(p *presentation, r *reporter) {
	p.readMP4(func(_ *stream, i int, f *facts, url string) {
		if f.mp4.joint.n > 0 {
			r.errorf(url, "segment %d: %s", i, &f.mp4.joint)
		}
		if f.mp4.order.n > 0 {
			r.errorf(url, "segment %d: %s", i, &f.mp4.order)
		}
	})
}

// checkSync: samples are flagged as what they are, or seeking and switching go wrong.
func checkSync(p *presentation, r *reporter) {
	p.readMP4(func(_ *stream, i int, f *facts, url string) {
		if f.mp4.flags.n > 0 {
			r.errorf(url, "segment %d: %s", i, &f.mp4.flags)
		}
		if f.mp4.open.n > 0 && f.leading > 0 {
			r.warnf(url, "segment %d: %s", i, &f.mp4.open)
		}
	})
}

// outOfBand and inBand are sample entries by where parameter sets may be (ISO/IEC 14496-15 §5.4.2.1, §8.4.1).
var (
	outOfBand = []string{"avc1", "hvc1", "dvh1", "dva1"}
	inBand    = []string{"avc3", "hev1", "dvhe", "dvav"}
)

// checkParameterSets: parameter sets are where the sample entry says.
func checkParameterSets(p *presentation, r *reporter) {
	empty := map[*stream]bool{}
	p.eachInit(func(s *stream, in *initial) {
		for _, t := range in.parsed.tracks {
			e := t.entry()
			if e.lengthSize > 0 && len(e.sets) == 0 {
				empty[s] = true
				if slices.Contains(outOfBand, e.fourCC) {
					r.errorf(in.get.url, "%s without parameter sets", e.fourCC)
				}
			}
		}
	})
	p.readMP4(func(s *stream, i int, f *facts, url string) {
		if empty[s] && f.mp4.bare > 0 && len(s.formats.video) > 0 && slices.Contains(inBand, s.formats.video[0].codec[:4]) {
			r.errorf(url, "segment %d: %d key frames without parameter sets, which aren't in the sample entry either", i, f.mp4.bare)
		}
	})
}

// checkMapped: EXT-X-MAP applies to every segment of movie fragments.
func checkMapped(p *presentation, r *reporter) {
	for _, s := range p.streams {
		for i := range s.list.segments {
			if seg := &s.list.segments[i]; unmapped(seg) {
				r.errorf(s.list.url, "line %d: no #EXT-X-MAP applies to segment %d", seg.line, i)
				break
			}
		}
	}
}

// unmapped tells a segment of movie fragments by its name that no initialization section is given for.
func unmapped(seg *segment) bool {
	return seg.initURL == "" && slices.Contains([]string{".m4s", ".mp4", ".m4v", ".m4a", ".cmfv", ".cmfa", ".cmft"}, path.Ext(withoutQuery(seg.url)))
}

// checkEntries: sample entries that Apple's players know, whose parameter sets are out of band.
func checkEntries(p *presentation, r *reporter) {
	p.eachInit(func(_ *stream, in *initial) {
		for _, t := range in.parsed.tracks {
			if fourCC := t.entry().fourCC; slices.Contains(inBand, fourCC) {
				r.errorf(in.get.url, "track %d is %s", t.id, fourCC)
			}
		}
	})
}

// checkContainers: codecs that may only be in fragmented MP4, and there signal what they are.
func checkContainers(p *presentation, r *reporter) {
	for _, s := range p.timed() {
		if len(s.inits) == 0 && slices.Contains(s.formats.other, "hvc1") {
			r.errorf(s.list.url, "HEVC in a transport stream")
		}
	}
	if p.master == nil {
		return
	}
	for i := range p.master.list.variants {
		v := &p.master.list.variants[i]
		codecs := strings.Split(v.attrs.text("CODECS"), ",")
		if !slices.Contains(codecs, "mp4a.40.5") && !slices.Contains(codecs, "mp4a.40.29") {
			continue
		}
		for _, s := range p.parts(v) {
			for _, in := range s.inits {
				if in.parsed != nil && slices.ContainsFunc(in.parsed.tracks, func(t *mp4Track) bool { return t.entry().hidden }) {
					r.errorf(in.get.url, "HE-AAC by CODECS of line %d, which its AudioSpecificConfig doesn't say", v.line)
				}
			}
		}
	}
}

// checkMoofRanges: an I-frame's byte range begins with the moof that describes it and holds all of it.
func checkMoofRanges(p *presentation, r *reporter) {
	places := map[string][]int64{}
	p.readMP4(func(s *stream, i int, f *facts, url string) {
		if s.list.segments[i].size == 0 {
			places[url] = f.mp4.places
		}
	})
	p.eachSegment(func(s *stream, i int, m *measured) {
		seg := &s.list.segments[i]
		if !s.list.iframesOnly || !m.get.ok() || !m.media.mp4.read || seg.size > 0 && m.get.size != seg.size {
			return
		}
		if wrong := m.moofEntry(seg, places); wrong != "" {
			r.errorf(s.list.url, "I-frame %d, %d@%d of %s: %s", i, seg.size, seg.offset, seg.url, wrong)
		}
	})
}

func (m *measured) moofEntry(seg *segment, places map[string][]int64) string {
	f := &m.media.mp4
	known, whole := places[seg.url]
	switch {
	case f.syntax.n > 0:
		return f.syntax.first
	case f.moofs == 0:
		return "no moof is in it"
	case seg.size > 0 && whole && !slices.Contains(known, seg.offset):
		return fmt.Sprintf("the moofs that begin with a key frame are at %d", known)
	case len(m.media.iframes) == 0 || !m.media.iframes[0].first:
		return "its first sample is no key frame, or isn't in it whole"
	}
	return ""
}

// checkCaptions: closed captions in the pictures are announced, and those announced are there.
func checkCaptions(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	for _, v := range p.master.list.variants {
		s := p.find(v.url)
		if s == nil || !s.readAll() || len(s.inits) == 0 || !s.hasVideo() {
			continue
		}
		said := 0
		for i := range s.measured {
			said += s.measured[i].media.mp4.captions
		}
		a, announced := v.attrs.get("CLOSED-CAPTIONS")
		switch announced = announced && a.quoted; {
		case said > 0 && !announced:
			r.warnf(p.master.list.url, "line %d: closed captions in %d frames, which no CLOSED-CAPTIONS announces", v.line, said)
		case said == 0 && announced:
			r.warnf(p.master.list.url, "line %d: CLOSED-CAPTIONS=%q, but no frame has any", v.line, a.value)
		}
	}
}
