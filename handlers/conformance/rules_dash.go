package conformance

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Eyevinn/dash-mpd/mpd"
)

// mpdURL is where the manifest came from.
func (p *presentation) mpdURL() string { return p.documents[0].get.url }

// checkMPD reports what the parser found.
func checkMPD(p *presentation, r *reporter) {
	for _, problem := range p.mpd.problems {
		r.errorf(p.mpdURL(), "%s", problem)
	}
	p.mpd.each(func(rep *representation) {
		for _, name := range []string{"media", "initialization"} {
			if rest := identifier.ReplaceAllString(rep.said(name), ""); rep.mode != indexed && strings.Contains(rest, "$") {
				r.errorf(p.mpdURL(), "representation %q: %s=%q has a $ that begins no identifier", rep.id, name, rep.said(name))
			}
		}
	})
}

// checkMPDReread: another maker's library reads the same MPD.
func checkMPDReread(p *presentation, r *reporter) {
	text := bytes.TrimSpace(p.documents[0].text)
	if len(p.mpd.problems) > 0 || bareBracket(text) { // of which dash-mpd v0.17.0 never comes back
		return
	}
	theirs, err := mpd.ReadFromString(string(text))
	if err != nil {
		r.errorf(p.mpdURL(), "dash-mpd: %v", err)
		return
	}
	var got, want []string
	for _, period := range theirs.Periods {
		for _, set := range period.AdaptationSets {
			for _, rep := range set.Representations {
				got = append(got, fmt.Sprintf("%s at %d", rep.Id, rep.Bandwidth))
			}
		}
	}
	p.mpd.each(func(rep *representation) { want = append(want, rep.id+" at "+rep.e.attr("bandwidth")) })
	if !slices.Equal(got, want) {
		r.errorf(p.mpdURL(), "dash-mpd reads the representations %q, we %q", got, want)
	}
}

// bareBracket tells whether a > stands in the text of an XML document as it is, which is well-formed (XML 1.0 §2.4), but rare.
func bareBracket(document []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		begin := d.InputOffset()
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		raw := document[begin:d.InputOffset()]
		if _, isText := token.(xml.CharData); isText && !bytes.HasPrefix(raw, []byte("<![CDATA[")) && bytes.IndexByte(raw, '>') >= 0 {
			return true
		}
	}
}

// checkModes: explicit, simple or indexed addressing, the same in all of a set, and what the profile knows.
func checkModes(p *presentation, r *reporter) {
	profiles := p.mpd.root.attr("profiles")
	live := strings.Contains(profiles, "isoff-live") && !strings.Contains(profiles, "isoff-on-demand")
	p.mpd.each(func(rep *representation) {
		switch first := rep.set.representations[0]; {
		case rep.mode == listed:
			r.errorf(p.mpdURL(), "representation %q has a SegmentList", rep.id)
		case rep.mode != first.mode:
			r.errorf(p.mpdURL(), "representation %q has %s addressing, %q has %s", rep.id, rep.mode, first.id, first.mode)
		case live && rep.mode == indexed:
			r.errorf(p.mpdURL(), "representation %q has indexed addressing, which the profile isoff-live doesn't know", rep.id)
		case !live && rep.mode == explicit && !strings.Contains(profiles, "isoff-live"):
			r.errorf(p.mpdURL(), "representation %q has explicit addressing, which the profiles %s don't know", rep.id, profiles)
		}
	})
}

// checkTimescale: it is said.
func checkTimescale(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		if rep.mode != oneFile && rep.said("timescale") == "" {
			r.errorf(p.mpdURL(), "representation %q has no @timescale", rep.id)
		}
	})
}

// checkStatic: the MPD is static, its first Period starts at 0, and it is said when the last ends.
func checkStatic(p *presentation, r *reporter) {
	if typ := p.mpd.root.attr("type"); typ != "" && typ != "static" {
		r.errorf(p.mpdURL(), "type %q", typ)
	}
	if n := len(p.mpd.periods); n > 0 {
		if start := p.mpd.periods[0].start; start != 0 {
			r.errorf(p.mpdURL(), "the first Period starts at %v", start)
		}
		if p.mpd.periods[n-1].duration < 0 {
			r.errorf(p.mpdURL(), "nothing says when the last Period ends")
		}
	}
}

// checkSum: the durations of the MPD and of its Periods agree.
func checkSum(p *presentation, r *reporter) {
	sum, known := time.Duration(0), true
	for _, period := range p.mpd.periods {
		known = known && period.e.attr("duration") != ""
		sum += period.duration
	}
	if d := p.mpd.duration; known && d >= 0 && (d-sum).Abs() > time.Millisecond {
		r.errorf(p.mpdURL(), "mediaPresentationDuration is %v, the Periods last %v", d, sum)
	}
}

// seam is how far segments may be from the ends of a Period before a viewer notices.
const seam = 100 * time.Millisecond

// checkReferences: segments follow each other without gap or overlap, and cover the Period; none is beyond it.
func checkReferences(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		if len(rep.times) == 0 {
			if (rep.mode == explicit || rep.mode == simple && rep.set.period.duration >= 0) && rep.timescale > 0 && len(p.mpd.problems) == 0 {
				r.errorf(p.mpdURL(), "representation %q has no segment", rep.id)
			}
			return
		}
		for i := 1; i < len(rep.times); i++ {
			if end := rep.times[i-1] + rep.lengths[i-1]; rep.times[i] != end {
				r.errorf(p.mpdURL(), "representation %q: segment %d starts at %d, the one before ends at %d", rep.id, i, rep.times[i], end)
				return
			}
		}
		n := len(rep.times) - 1
		start, last := rep.span(rep.times[0]-rep.pto), rep.span(rep.times[n]-rep.pto)
		end := rep.span(rep.times[n] + rep.lengths[n] - rep.pto)
		length := rep.set.period.duration
		switch {
		case length < 0:
		case rep.times[0]+rep.lengths[0] <= rep.pto || last >= length:
			r.errorf(p.mpdURL(), "representation %q: segments from %v to %v, some of them outside of the Period, which lasts %v", rep.id, start, end, length)
		case start > seam:
			r.warnf(p.mpdURL(), "representation %q starts at %v in its Period", rep.id, start)
		case end < length-seam:
			r.warnf(p.mpdURL(), "representation %q ends at %v, its Period at %v", rep.id, end, length)
		}
	})
}

// checkExplicit: what a SegmentTemplate with a SegmentTimeline must and may not have.
func checkExplicit(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		if rep.mode != explicit {
			return
		}
		for _, name := range []string{"duration", "eptDelta"} {
			if rep.said(name) != "" {
				r.errorf(p.mpdURL(), "representation %q: @%s beside a SegmentTimeline", rep.id, name)
			}
		}
		for _, s := range rep.timeline().all("S") {
			if s.attr("n") != "" {
				r.errorf(p.mpdURL(), "representation %q: S@n", rep.id)
				break
			}
		}
		media := rep.said("media")
		if !strings.Contains(media, "$Time") && !strings.Contains(media, "$Number") {
			r.errorf(p.mpdURL(), "representation %q: media=%q has neither $Time$ nor $Number$", rep.id, media)
		}
		if rep.said("initialization") == "" && rep.set.e.attr("contentType") != "image" {
			r.errorf(p.mpdURL(), "representation %q: no @initialization", rep.id)
		}
	})
}

// checkUnused: attributes of which the guidelines say that nobody uses them.
func checkUnused(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		for _, name := range []string{"presentationDuration", "availabilityTimeComplete"} {
			if rep.said(name) != "" {
				r.errorf(p.mpdURL(), "representation %q: @%s", rep.id, name)
			}
		}
	})
}

// checkIndexed: what indexed addressing needs.
func checkIndexed(p *presentation, r *reporter) {
	seen := map[string]string{}
	p.mpd.each(func(rep *representation) {
		if rep.mode != indexed {
			return
		}
		in := rep.initialization()
		_, ok1 := parseRange(in.attr("range"))
		_, ok2 := parseRange(rep.said("indexRange"))
		switch was := seen[rep.base]; {
		case rep.e.first("BaseURL") == nil:
			r.errorf(p.mpdURL(), "representation %q has no BaseURL", rep.id)
		case was != "":
			r.errorf(p.mpdURL(), "representations %q and %q are one file", was, rep.id)
		case in.attr("sourceURL") != "":
			r.errorf(p.mpdURL(), "representation %q: Initialization@sourceURL", rep.id)
		case !ok1 || !ok2:
			r.errorf(p.mpdURL(), "representation %q: Initialization@range %q, indexRange %q", rep.id, in.attr("range"), rep.said("indexRange"))
		}
		seen[rep.base] = rep.id
		if rep.stream == nil || rep.stream.index == nil || rep.stream.index.boxes != 1 {
			return
		}
		if x := rep.stream.index; x.timescale != rep.timescale {
			r.errorf(p.mpdURL(), "representation %q: timescale %d, that of its index is %d", rep.id, rep.timescale, x.timescale)
		}
	})
}

// checkHere: every segment that is listed is there, and ranges of files are what was asked for.
func checkHere(p *presentation, r *reporter) {
	p.eachFetchedInit(func(in *initial) {
		if !in.get.ok() {
			r.errorf(in.get.url, "answered %d %s", in.get.status, in.get.failed)
		}
	})
	p.eachSegment(func(s *stream, i int, m *measured) {
		seg := &s.list.segments[i]
		switch {
		case !m.get.ok():
			r.errorf(m.get.url, "segment %d answered %d %s", i, m.get.status, m.get.failed)
		case seg.size > 0 && m.get.status != http.StatusPartialContent:
			r.errorf(m.get.url, "segment %d: a range answered %d", i, m.get.status)
		case seg.size > 0 && m.get.size != seg.size:
			r.errorf(m.get.url, "segment %d: a range of %d bytes brought %d", i, seg.size, m.get.size)
		case seg.size > 0 && m.probe != "":
			r.errorf(m.get.url, "segment %d: %s", i, m.probe)
		}
	})
}

// checkFill: over a channel of @bandwidth a client that waits for @minBufferTime never runs dry, from any segment on. It is
// taken to play a segment as it comes, byte by byte, which asks the least of a server.
func checkFill(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		said, err := strconv.ParseInt(rep.e.attr("bandwidth"), 10, 64)
		if err != nil || rep.stream == nil || rep.mode == oneFile || rep.set.e.attr("contentType") == "image" {
			return
		}
		segments, ok := rep.stream.sizes()
		if !ok {
			return
		}
		least := int64(0)
		for i := range segments {
			bytes, d := int64(0), p.mpd.minBuffer
			for _, s := range segments[i:min(i+64, len(segments))] {
				bytes, d = bytes+s.bytes, d+s.duration
				least = max(least, rate(bytes, d))
			}
		}
		if said < least {
			r.errorf(p.mpdURL(), "representation %q: bandwidth %d, but with %v of buffer it takes %d", rep.id, said, p.mpd.minBuffer, least)
		}
	})
}
