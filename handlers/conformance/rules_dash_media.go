package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// eachRead visits the representations of movie fragments whose segments were all read.
func (p *presentation) eachRead(visit func(rep *representation, s *stream)) {
	p.mpd.each(func(rep *representation) {
		s := rep.stream
		if s == nil || len(s.measured) == 0 || len(s.measured) != len(rep.times) ||
			slices.ContainsFunc(s.measured, func(m measured) bool { return !m.get.ok() || m.media.mp4.samples == 0 }) {
			return
		}
		visit(rep, s)
	})
}

// presented is when a segment is first presented on the clock of its MPD: with the edit list applied, as players of Media Source
// Extensions do, or without it, where @presentationTimeOffset says the same. Nothing is presented before time 0.
func (rep *representation) presented(f *fragments) int64 {
	start := f.start
	if f.advance > 0 && rep.pto == f.advance {
		start += f.advance
	}
	return max(start, 0)
}

// checkStarts: $Time$, or the place on the SegmentTimeline, is exactly the segment's earliest presentation time.
func checkStarts(p *presentation, r *reporter) {
	p.eachRead(func(rep *representation, s *stream) {
		if rep.mode != explicit {
			return
		}
		for i := range s.measured {
			f := &s.measured[i].media.mp4
			if f.timescale != rep.timescale {
				r.errorf(p.mpdURL(), "representation %q: timescale %d, that of the track is %d", rep.id, rep.timescale, f.timescale)
				return
			}
			if start := rep.presented(f); start != rep.times[i] {
				r.errorf(s.list.segments[i].url, "segment %d of %q is first presented at %d, the MPD says %d", i, rep.id, start, rep.times[i])
				return
			}
		}
		last := len(s.measured) - 1
		f := &s.measured[last].media.mp4
		end, said := f.end, rep.times[last]+rep.lengths[last]
		if f.advance > 0 && rep.pto == f.advance {
			end += f.advance
		}
		frame := max(ticksOf(rep.span(1)), s.frame())
		if off := rep.span(max(end-said, said-end)); ticksOf(off) > frame {
			r.errorf(s.list.segments[last].url, "the last segment of %q ends at %d, the MPD says %d", rep.id, end, said)
		}
	})
}

// checkNominal: with simple addressing the edges of each segment are within half a nominal duration of where they should be,
// and don't drift.
func checkNominal(p *presentation, r *reporter) {
	p.eachRead(func(rep *representation, s *stream) {
		if rep.mode != simple {
			return
		}
		for i := range s.measured {
			f := &s.measured[i].media.mp4
			start := rescaled(rep.presented(f), f.timescale)
			if off := (start - rescaled(rep.times[i], rep.timescale)).abs(); 2*off > rescaled(rep.lengths[i], rep.timescale) {
				r.errorf(s.list.segments[i].url, "segment %d of %q is %v from its nominal start", i, rep.id, off.duration())
				return
			}
		}
	})
}

// checkAligned: where a set says that segments are aligned, they begin at the same times in all its representations.
func checkAligned(p *presentation, r *reporter) {
	firsts := map[*adaptationSet]*representation{}
	p.eachRead(func(rep *representation, s *stream) {
		if rep.set.e.attr("segmentAlignment") != "true" && rep.set.e.attr("subsegmentAlignment") != "true" {
			return
		}
		first := firsts[rep.set]
		if first == nil {
			firsts[rep.set] = rep
			return
		}
		if n := len(first.stream.measured); n != len(s.measured) {
			r.errorf(p.mpdURL(), "representation %q has %d segments, %q has %d, though they are said to be aligned", rep.id, len(s.measured), first.id, n)
			return
		}
		for i := range s.measured {
			a, b := &s.measured[i].media.mp4, &first.stream.measured[i].media.mp4
			// A tick of either clock is what rounding makes.
			mine, theirs := rescaled(a.start, a.timescale), rescaled(b.start, b.timescale)
			if off := (mine - theirs).abs(); off > 1+tickRate/ticks(a.timescale)+tickRate/ticks(b.timescale) {
				r.errorf(s.list.segments[i].url, "segment %d of %q starts %v from that of %q, though they are said to be aligned", i, rep.id, off.duration(), first.id)
				return
			}
		}
	})
}

// checkAccess: segments start with the stream access point that is promised.
func checkAccess(p *presentation, r *reporter) {
	p.eachRead(func(rep *representation, s *stream) {
		promised := rep.attr("startWithSAP")
		if rep.mode == indexed {
			promised = rep.attr("subsegmentStartsWithSAP")
		}
		if promised != "1" && promised != "2" && promised != "3" {
			return
		}
		for i := range s.measured {
			m := &s.measured[i].media
			switch {
			case !m.mp4.startsSync:
				r.errorf(s.list.segments[i].url, "segment %d of %q doesn't start with a sync sample", i, rep.id)
				return
			case promised != "3" && m.leading > 0:
				r.errorf(s.list.segments[i].url, "segment %d of %q starts with %d pictures that are presented before its key frame", i, rep.id, m.leading)
				return
			}
		}
	})
}

// checkIndex: the index is one sidx, of the right track, and tells the truth of each subsegment.
func checkIndex(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		if rep.mode != indexed || rep.stream == nil || rep.stream.index == nil {
			return
		}
		x, s := rep.stream.index, rep.stream
		switch {
		case !x.get.ok():
			r.errorf(rep.base, "the index answered %d %s", x.get.status, x.get.failed)
			return
		case x.wrong != "":
			r.errorf(rep.base, "the index of %q: %s", rep.id, x.wrong)
			return
		case x.boxes != 1:
			r.errorf(rep.base, "the index of %q has %d sidx boxes", rep.id, x.boxes)
			return
		case x.first != 0:
			r.errorf(rep.base, "the index of %q: first_offset is %d", rep.id, x.first)
		}
		if len(s.inits) == 1 && s.inits[0].parsed != nil && s.inits[0].parsed.track(x.id) == nil {
			r.errorf(rep.base, "the index of %q is of track %d", rep.id, x.id)
		}
		for i := range min(len(s.measured), len(x.references)) {
			f, ref := &s.measured[i].media.mp4, x.references[i]
			switch {
			case ref.index:
				r.errorf(rep.base, "reference %d of %q is to another index", i, rep.id)
			case f.samples == 0:
			case len(f.indexes) > 0:
				r.errorf(rep.base, "subsegment %d of %q has an index of its own", i, rep.id)
			case !ref.starts || ref.sap < 1 || ref.sap > 3 || !f.startsSync || ref.sap < 3 && s.measured[i].media.leading > 0:
				r.errorf(rep.base, "reference %d of %q: starts with SAP %v of type %d", i, rep.id, ref.starts, ref.sap)
			case x.timescale == f.timescale && rep.presented(f) != x.starts[i]:
				r.errorf(rep.base, "subsegment %d of %q is first presented at %d, the index says %d", i, rep.id, rep.presented(f), x.starts[i])
			case x.timescale != f.timescale:
				r.errorf(rep.base, "the index of %q counts in %d, the track in %d", rep.id, x.timescale, f.timescale)
			default:
				continue
			}
			return
		}
	})
}

// checkSaid: what the MPD says of a representation is what is in it.
func checkSaid(p *presentation, r *reporter) {
	p.eachRead(func(rep *representation, s *stream) {
		wrong := func(format string, args ...any) {
			r.errorf(p.mpdURL(), "representation %q: "+format, append([]any{rep.id}, args...)...)
		}
		in := s.inits[0].parsed
		if in == nil || len(in.tracks) == 0 {
			return
		}
		t := in.tracks[0]
		e := t.entry()
		if codecs := rep.attr("codecs"); !sameCodec(codecs, e.codec) && (e.objectType == 0 || !coversAudio(codecs, audioFormat{objectType: e.objectType})) {
			wrong("codecs %q, its sample entry is %s", codecs, e.codec)
		}
		kind, _, _ := strings.Cut(rep.attr("mimeType"), "/")
		if want := map[string]string{"vide": "video", "soun": "audio"}[t.handler]; want != "" && kind != "" && kind != want {
			wrong("mimeType %s, its track is %s", rep.attr("mimeType"), t.handler)
		}
		switch t.handler {
		case "vide":
			rep.pictures(s, wrong)
		case "soun":
			rep.sounds(e, wrong)
		}
	})
}

// sameCodec compares RFC 6381 names. One may go on where the other leaves out what is usual (VP9's and AV1's colours), and players
// don't mind the case of four-character codes and hexadecimal numbers.
func sameCodec(said, is string) bool {
	return strings.EqualFold(said, is) || strings.HasPrefix(strings.ToLower(said), strings.ToLower(is)+".")
}

func (rep *representation) pictures(s *stream, wrong func(string, ...any)) {
	number := func(name string) int {
		n, _ := strconv.Atoi(rep.attr(name)) // 0 where it is none
		return n
	}
	f := s.formats.video[0]
	w, h := number("width"), number("height")
	if !f.shows(w, h) {
		wrong("%dx%d, the picture is %dx%d", w, h, f.width, f.height)
	}
	if mw, mh := number("maxWidth"), number("maxHeight"); mw != 0 && mw < w || mh != 0 && mh < h {
		wrong("%dx%d, more than the largest of its set, %dx%d", w, h, mw, mh)
	}
	if low, high := s.frameRates(); rep.attr("frameRate") != "" && low > 0 {
		num, den, fraction := strings.Cut(rep.attr("frameRate"), "/")
		n, err1 := strconv.ParseInt(num, 10, 32)
		d, err2 := int64(1), error(nil)
		if fraction {
			d, err2 = strconv.ParseInt(den, 10, 32)
		}
		if err1 != nil || err2 != nil || d < 1 || n*1e9/d < low*99/100 || n*1e9/d > high*101/100 {
			wrong("frameRate %s, the frames come at %d.%03d to %d.%03d a second", rep.attr("frameRate"), low/1e9, low/1e6%1000, high/1e9, high/1e6%1000)
		}
	}
	transfer := ""
	for _, name := range []string{"EssentialProperty", "SupplementalProperty"} {
		for _, d := range rep.descriptors(name) {
			if d.attr("schemeIdUri") == "urn:mpeg:mpegB:cicp:TransferCharacteristics" {
				transfer = d.attr("value")
			}
		}
	}
	if transfer == "" && strings.HasPrefix(f.codec, "dv") {
		return // the codec says it
	}
	if is := strconv.Itoa(f.transfer); f.transfer != 0 && (f.transfer == 16 || f.transfer == 18 || transfer == "16" || transfer == "18") && transfer != is {
		wrong("TransferCharacteristics %q, those of the picture are %s", transfer, is)
	}
}

func (rep *representation) sounds(e *mp4Entry, wrong func(string, ...any)) {
	if said := rep.attr("audioSamplingRate"); said != "" && e.rate > 0 && e.fourCC != "Opus" && said != strconv.Itoa(e.rate) && said != strconv.Itoa(2*e.rate) {
		wrong("audioSamplingRate %s, that of the track is %d", said, e.rate)
	}
	all := rep.descriptors("AudioChannelConfiguration")
	if len(all) == 0 {
		wrong("no AudioChannelConfiguration")
	}
	for _, d := range all {
		n, err := strconv.Atoi(d.attr("value"))
		if d.attr("schemeIdUri") == "urn:mpeg:mpegB:cicp:ChannelConfiguration" && (err != nil || n <= 6 && e.objectType == 2 && n != e.channels) {
			wrong("ChannelConfiguration %q, the track has %d channels", d.attr("value"), e.channels)
		}
	}
}
