package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// checkIFrames: where there is video there are I-frame playlists; each entry is one I-frame that decodes by itself with what
// stands at the start of its resource, and lasts until the next.
func checkIFrames(p *presentation, r *reporter) {
	if p.master != nil && len(p.master.list.iframes) == 0 {
		for _, s := range p.streams {
			if len(s.variants) > 0 && s.hasVideo() {
				r.errorf(p.master.list.url, "no #EXT-X-I-FRAME-STREAM-INF")
				break
			}
		}
	}
	frames := p.intraFrames()
	for _, s := range p.streams {
		if len(s.iframes) > 0 && !s.list.iframesOnly && s.doc.get.ok() {
			r.errorf(s.list.url, "an I-frame playlist without #EXT-X-I-FRAMES-ONLY")
		}
		if !s.list.iframesOnly {
			continue
		}
		for i := range s.measured {
			m := &s.measured[i]
			if m.unread != "" || m.media.mp4.read || !m.get.ok() || s.list.segments[i].size > 0 && m.get.status != http.StatusPartialContent {
				continue
			}
			if wrong := m.iframeEntry(&s.list.segments[i], frames); wrong != "" {
				r.errorf(s.list.url, "I-frame %d, %d@%d of %s: %s", i, s.list.segments[i].size, s.list.segments[i].offset,
					s.list.segments[i].url, wrong)
			}
		}
		checkIFrameTimes(s, r)
	}
}

// intraFrames gives, for each segment's URL, the I-frames that were found in it.
func (p *presentation) intraFrames() map[string][]iframe {
	out := map[string][]iframe{}
	p.read(func(s *stream, i int, f *facts, url string) {
		if s.list.segments[i].size == 0 {
			out[url] = f.iframes
		}
	})
	return out
}

// iframeEntry tells what is wrong with one entry.
func (m *measured) iframeEntry(seg *segment, frames map[string][]iframe) string {
	f := &m.media
	switch {
	case f.ts.syntax.n > 0:
		return f.ts.syntax.first
	case f.ts.packets == 0:
		return "no packet"
	case seg.size > 0 && f.ts.pats+f.ts.pmts > 0:
		return "the range includes PAT or PMT, which belong before it"
	case f.ts.videoStarts != 1 || f.ts.otherStarts > 0:
		return fmt.Sprintf("%d PES packets of video start in it and %d of others", f.ts.videoStarts, f.ts.otherStarts)
	case len(f.iframes) != 1 || f.video.units != 1:
		return fmt.Sprintf("%d access units, %d of them of I slices only", f.video.units, len(f.iframes))
	case f.ts.firstNoSets:
		return "the access unit lacks SPS or PPS"
	case f.iframes[0].offset != 0 || f.iframes[0].end != m.get.size:
		return fmt.Sprintf("its %d bytes hold an I-frame at %d to %d", m.get.size, f.iframes[0].offset, f.iframes[0].end)
	}
	known, ok := frames[seg.url]
	if !ok || seg.size == 0 || slices.ContainsFunc(known, func(k iframe) bool {
		return k.offset == seg.offset && k.end == seg.offset+seg.size
	}) {
		return ""
	}
	var where []string
	for _, k := range known {
		where = append(where, fmt.Sprintf("%d@%d", k.end-k.offset, k.offset))
	}
	return "the segment's I-frames are " + strings.Join(where, ", ")
}

// checkIFrameTimes: EXTINF is the time to the next I-frame in the playlist.
func checkIFrameTimes(s *stream, r *reporter) {
	const tolerance = 2 * time.Millisecond // of an EXTINF with three decimals, and of the 90 kHz
	for i := 0; i+1 < len(s.measured); i++ {
		this, next := s.measured[i].media.iframes, s.measured[i+1].media.iframes
		if len(this) != 1 || len(next) != 1 || s.list.segments[i+1].discontinuity {
			continue
		}
		actual := apart(next[0].pts, this[0].pts).duration()
		if said := s.list.segments[i].duration; (said - actual).Abs() > tolerance {
			r.errorf(s.list.url, "I-frame %d: EXTINF is %v, the next one comes %v later", i, said, actual)
		}
	}
}

// checkRanges: byte ranges are answered with 206 and exactly the bytes asked for, and under conditions.
func checkRanges(p *presentation, r *reporter) {
	whole := map[string][]slice{}
	p.eachSegment(func(s *stream, i int, m *measured) {
		if s.list.segments[i].size == 0 {
			whole[m.get.url] = m.slices
		}
	})
	p.eachSegment(func(s *stream, i int, m *measured) {
		seg := &s.list.segments[i]
		if seg.size == 0 || m.get.failed != "" {
			return
		}
		prefix := fmt.Sprintf("bytes %d-%d/", seg.offset, seg.offset+seg.size-1)
		switch {
		case m.get.status != http.StatusPartialContent:
			r.errorf(seg.url, "the range %d@%d answered %d", seg.size, seg.offset, m.get.status)
		case !strings.HasPrefix(m.get.contentRange, prefix):
			r.errorf(seg.url, "Content-Range %q, want %s", m.get.contentRange, prefix)
		case m.get.size != seg.size:
			r.errorf(seg.url, "the range %d@%d brought %d bytes", seg.size, seg.offset, m.get.size)
		case m.probe != "":
			r.errorf(seg.url, "%s", m.probe)
		case len(m.slices) == 1:
			for _, k := range whole[seg.url] {
				if k.offset == seg.offset && k.size == seg.size && k.sum != m.slices[0].sum {
					r.errorf(seg.url, "the range %d@%d brought other bytes than the whole has there", seg.size, seg.offset)
				}
			}
		}
	})
}
