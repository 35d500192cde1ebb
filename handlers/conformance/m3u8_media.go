package conformance

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseMedia reads the tags of a media playlist (RFC 8216 §4.3.2, §4.3.3).
func (p *playlist) parseMedia() {
	var (
		next   segment // what is known of the segment whose URI comes next
		timed  bool
		init   segment // of which only EXT-X-MAP is known
		ranges string  // BYTERANGE of the next segment
	)
	for i, l := range p.lines {
		switch l.tag {
		case "#EXT-X-TARGETDURATION":
			p.target = time.Duration(p.integer(l)) * time.Second
		case "#EXT-X-PLAYLIST-TYPE":
			if p.typ = l.value; !slices.Contains([]string{"VOD", "EVENT"}, l.value) {
				p.problem(l.n, "#EXT-X-PLAYLIST-TYPE:%s", l.value)
			}
		case "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE":
			p.integer(l)
			if len(p.segments) > 0 {
				p.problem(l.n, "%s after the first segment", l.tag)
			}
		case "#EXT-X-ENDLIST":
			p.ended = true
			if i != len(p.lines)-1 {
				p.problem(l.n, "#EXT-X-ENDLIST is not the last line")
			}
		case "#EXT-X-I-FRAMES-ONLY":
			p.iframesOnly = true
		case "#EXT-X-IMAGES-ONLY":
			p.imagesOnly = true
		case "#EXT-X-TILES":
			next.tiles = l.attrs
		case "#EXT-X-DISCONTINUITY":
			next.discontinuity = true
		case "#EXT-X-MAP":
			p.require(l, "URI")
			init = segment{line: l.n, initURL: p.absolute(l.n, l.attrs.text("URI"))}
			at, ranged := segment{line: l.n}, l.attrs.text("BYTERANGE")
			if ranged != "" && !strings.Contains(ranged, "@") {
				ranged += "@0"
			}
			p.byteRange(&at, ranged)
			init.initOffset, init.initSize = at.offset, at.size
		case "#EXT-X-BYTERANGE":
			ranges = l.value
		case "#EXTINF":
			if timed {
				p.problem(l.n, "#EXTINF twice for one segment")
			}
			next.duration, timed = p.extinf(l), true
		case "":
			if !timed {
				p.problem(l.n, "a URI without #EXTINF")
			}
			next.line, next.url = l.n, p.absolute(l.n, l.value)
			next.initURL, next.initOffset, next.initSize = init.initURL, init.initOffset, init.initSize
			p.byteRange(&next, ranges)
			p.segments = append(p.segments, next)
			next, timed, ranges = segment{}, false, ""
		}
	}
	if timed {
		p.problem(len(p.lines), "#EXTINF without a URI")
	}
	if !p.has("#EXT-X-TARGETDURATION") {
		p.problem(1, "no #EXT-X-TARGETDURATION")
	}
	if len(p.segments) == 0 {
		p.problem(1, "no segment")
	}
}

// extinf reads "duration,[title]"; the comma is part of the tag.
func (p *playlist) extinf(l line) time.Duration {
	s, _, found := strings.Cut(l.value, ",")
	if !found {
		p.problem(l.n, "#EXTINF without its comma")
	}
	d, err := parseSeconds(s)
	if err != nil {
		p.problem(l.n, "#EXTINF: %v", err)
	}
	return d
}

// byteRange reads "n[@o]"; without o a range follows the one before it of the same resource (RFC 8216 §4.3.2.2).
func (p *playlist) byteRange(s *segment, value string) {
	if value == "" {
		return
	}
	size, offset, placed := strings.Cut(value, "@")
	n, errSize := strconv.ParseInt(size, 10, 64)
	o, errOffset := int64(0), error(nil)
	if placed {
		o, errOffset = strconv.ParseInt(offset, 10, 64)
	} else if k := len(p.segments) - 1; k >= 0 && p.segments[k].url == s.url && p.segments[k].size > 0 {
		o = p.segments[k].offset + p.segments[k].size
	} else {
		p.problem(s.line, "#EXT-X-BYTERANGE:%s follows no range of the same resource", value)
	}
	if errSize != nil || errOffset != nil || n <= 0 || o < 0 {
		p.problem(s.line, "#EXT-X-BYTERANGE:%s", value)
		return
	}
	s.offset, s.size = o, n
}

// duration is the sum of all EXTINF.
func (p *playlist) duration() time.Duration {
	var sum time.Duration
	for i := range p.segments {
		sum += p.segments[i].duration
	}
	return sum
}
