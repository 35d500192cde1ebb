package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// line is one line of a playlist that says something: a tag or a URI.
type line struct {
	n     int        // from 1
	tag   string     // with its "#", "" for a URI
	value string     // what follows the tag's colon; the URI otherwise
	attrs attributes // of a tag whose value is an attribute list
}

// playlist is the parsed text of a master (multivariant) or media playlist.
type playlist struct {
	url      string
	lines    []line
	problems []string // what breaks the syntax of RFC 8216 §4
	version  int      // EXT-X-VERSION, 1 where absent (§7)

	// Of a master.
	variants []variant // EXT-X-STREAM-INF, then
	iframes  []variant // EXT-X-I-FRAME-STREAM-INF
	images   []variant // EXT-X-IMAGE-STREAM-INF
	media    []rendition

	// Of a media playlist.
	target      time.Duration
	typ         string // EXT-X-PLAYLIST-TYPE
	ended       bool   // EXT-X-ENDLIST
	iframesOnly bool
	imagesOnly  bool
	segments    []segment

	independent bool // EXT-X-INDEPENDENT-SEGMENTS, in either
}

// variant is one EXT-X-STREAM-INF or EXT-X-I-FRAME-STREAM-INF.
type variant struct {
	line  int
	attrs attributes
	url   string // absolute
}

// rendition is one EXT-X-MEDIA.
type rendition struct {
	line  int
	attrs attributes
	url   string // absolute, "" where it has no URI
}

// segment is one media segment of a media playlist.
type segment struct {
	line         int
	url          string // absolute
	duration     time.Duration
	offset, size int64 // EXT-X-BYTERANGE; size 0 where it has none
	initURL      string
	// EXT-X-MAP's BYTERANGE; initSize is 0 where it has none.
	initOffset, initSize int64
	discontinuity        bool
	tiles                attributes // EXT-X-TILES
}

// masterTags and mediaTags may not stand in one playlist (RFC 8216 §4.3.2 to §4.3.4; bis §4.4). Tags that both may
// have, and those of no specification, are in neither.
var (
	masterTags = []string{
		"#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-MEDIA", "#EXT-X-SESSION-DATA",
		"#EXT-X-SESSION-KEY", "#EXT-X-CONTENT-STEERING", "#EXT-X-IMAGE-STREAM-INF",
	}
	mediaTags = []string{
		"#EXTINF", "#EXT-X-BYTERANGE", "#EXT-X-DISCONTINUITY", "#EXT-X-KEY", "#EXT-X-MAP",
		"#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-ENDLIST",
		"#EXT-X-PLAYLIST-TYPE", "#EXT-X-I-FRAMES-ONLY", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-DATERANGE", "#EXT-X-GAP",
		"#EXT-X-BITRATE", "#EXT-X-IMAGES-ONLY", "#EXT-X-TILES",
	}
	onceTags = []string{
		"#EXTM3U", "#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-TARGETDURATION",
		"#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE",
		"#EXT-X-I-FRAMES-ONLY", "#EXT-X-CONTENT-STEERING", "#EXT-X-START",
	}
	listTags = []string{
		"#EXT-X-STREAM-INF", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-MEDIA", "#EXT-X-SESSION-DATA",
		"#EXT-X-SESSION-KEY", "#EXT-X-CONTENT-STEERING", "#EXT-X-KEY", "#EXT-X-MAP", "#EXT-X-DATERANGE", "#EXT-X-START",
		"#EXT-X-DEFINE", "#EXT-X-IMAGE-STREAM-INF", "#EXT-X-TILES",
	}
)

func (p *playlist) problem(l int, format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf("line %d: ", l)+fmt.Sprintf(format, args...))
}

// isMaster tells a master by its tags.
func (p *playlist) isMaster() bool {
	return slices.ContainsFunc(p.lines, func(l line) bool { return slices.Contains(masterTags, l.tag) })
}

// has tells whether a tag stands in the playlist.
func (p *playlist) has(tag string) bool {
	return slices.ContainsFunc(p.lines, func(l line) bool { return l.tag == tag })
}

// parsePlaylist reads a playlist of either kind. What is wrong with it is kept in problems; nothing stops the reading.
func parsePlaylist(url string, text []byte) *playlist {
	p := &playlist{url: url, version: 1}
	p.split(text)
	p.once()
	if p.isMaster() {
		p.parseMaster()
	} else {
		p.parseMedia()
	}
	return p
}

// split takes the text apart: UTF-8 without BOM or control characters, EXTM3U first (RFC 8216 §4.1).
func (p *playlist) split(text []byte) {
	if !utf8.Valid(text) {
		p.problem(1, "not UTF-8")
	}
	if !bytes.HasPrefix(text, []byte("#EXTM3U\n")) && !bytes.HasPrefix(text, []byte("#EXTM3U\r\n")) {
		p.problem(1, "#EXTM3U is not the first line")
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		p.problem(bytes.Count(text, []byte("\n"))+1, "the last line has no end")
	}
	for i, raw := range strings.Split(string(text), "\n") {
		s := strings.TrimSuffix(raw, "\r")
		if strings.IndexFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r <= 0x9f }) >= 0 {
			p.problem(i+1, "a control character")
		}
		switch {
		case s == "", strings.HasPrefix(s, "#") && !strings.HasPrefix(s, "#EXT"):
		case strings.HasPrefix(s, "#"):
			p.tag(i+1, s)
		default:
			if strings.TrimSpace(s) != s {
				p.problem(i+1, "white space around a URI")
			}
			p.lines = append(p.lines, line{n: i + 1, value: strings.TrimSpace(s)})
		}
	}
}

func (p *playlist) tag(n int, s string) {
	l := line{n: n}
	l.tag, l.value, _ = strings.Cut(s, ":")
	if strings.TrimSpace(l.tag) != l.tag || strings.TrimSpace(l.value) != l.value {
		p.problem(n, "white space around %s", l.tag)
	}
	if slices.Contains(listTags, l.tag) {
		var err error
		if l.attrs, err = parseAttributes(l.value); err != nil {
			p.problem(n, "%s: %v", l.tag, err)
		}
		if bad := l.attrs.misshapen(); bad != "" {
			p.problem(n, "%s: %s has not the form of its type", l.tag, bad)
		}
	}
	p.lines = append(p.lines, l)
}

// once holds the tags that may not be repeated or mixed, and reads those that both kinds have.
func (p *playlist) once() {
	seen := map[string]bool{}
	var master, media string
	for _, l := range p.lines {
		if seen[l.tag] && slices.Contains(onceTags, l.tag) {
			p.problem(l.n, "%s stands twice", l.tag)
		}
		seen[l.tag] = true
		switch {
		case slices.Contains(masterTags, l.tag):
			master = l.tag
		case slices.Contains(mediaTags, l.tag):
			media = l.tag
		}
		switch l.tag {
		case "#EXT-X-VERSION":
			p.version = p.integer(l)
		case "#EXT-X-INDEPENDENT-SEGMENTS":
			p.independent = true
		}
	}
	if master != "" && media != "" {
		p.problem(1, "%s and %s in one playlist", master, media)
	}
}

// integer is a tag's value as a decimal-integer.
func (p *playlist) integer(l line) int {
	n, err := strconv.ParseUint(l.value, 10, 31)
	if err != nil {
		p.problem(l.n, "%s: %q is no decimal integer", l.tag, l.value)
	}
	return int(n)
}

// absolute resolves a URI of the playlist.
func (p *playlist) absolute(n int, uri string) string {
	abs, err := resolve(p.url, uri)
	if err != nil {
		p.problem(n, "%v", err)
	}
	return abs
}
