package conformance

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"path"
	"slices"
	"strings"
)

// checkFetched: every listed URL answers 200 itself, without a redirect.
func checkFetched(p *presentation, r *reporter) {
	for _, d := range p.documents {
		fetched(&d.get, r)
	}
	p.eachFetchedInit(func(in *initial) { fetched(&in.get, r) })
	p.eachSegment(func(s *stream, i int, m *measured) {
		if m.get.landed != "" || !m.get.ok() {
			fetched(&m.get, r)
		}
	})
}

// eachFetchedInit visits every initialization section, whatever came, once.
func (p *presentation) eachFetchedInit(visit func(in *initial)) {
	seen := map[string]bool{}
	for _, s := range p.streams {
		for _, in := range s.inits {
			if !seen[in.get.url] {
				visit(in)
			}
			seen[in.get.url] = true
		}
	}
}

// eachSegment visits every segment that was fetched.
func (p *presentation) eachSegment(visit func(s *stream, i int, m *measured)) {
	for _, s := range p.streams {
		for i := range s.measured {
			visit(s, i, &s.measured[i])
		}
	}
}

func fetched(x *exchange, r *reporter) {
	switch {
	case x.landed != "":
		r.errorf(x.url, "redirected to %s", x.landed)
	case !x.ok():
		r.errorf(x.url, "answered %d %s", x.status, x.failed)
	}
}

// checkGzip: playlists come gzip-encoded to a client that accepts it, and the same text is inside.
func checkGzip(p *presentation, r *reporter) {
	for _, d := range p.documents {
		coding := d.gzip.coding
		switch {
		case !d.get.ok():
		case !strings.EqualFold(coding, "gzip") && !gains(d.text): // a text of a line or two grows in gzip
		case !strings.EqualFold(coding, "gzip"):
			r.errorf(d.get.url, "gzip was accepted, Content-Encoding is %q", coding)
		case d.gzipped != "":
			r.errorf(d.get.url, "the text in the gzip body %s", d.gzipped)
		case !strings.Contains(d.get.vary, "accept-encoding"):
			r.warnf(d.get.url, "Vary does not name Accept-Encoding, so a cache may give gzip to who can't read it")
		}
	}
}

// gains tells whether a text is smaller in gzip.
func gains(text []byte) bool {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(text)
	return err == nil && z.Close() == nil && b.Len() < len(text)
}

// checkTypes: media types.
func checkTypes(p *presentation, r *reporter) {
	for _, d := range p.documents {
		if mime := d.get.mediaType(); d.get.ok() && mime != "application/vnd.apple.mpegurl" {
			if mime == "audio/mpegurl" {
				r.warnf(d.get.url, "Content-Type %s", mime) // RFC 8216 §4 allows it, HA 10.4 does not
			} else {
				r.errorf(d.get.url, "Content-Type %q of a playlist", mime)
			}
		}
	}
	p.eachSegment(func(_ *stream, i int, m *measured) {
		name, _, _ := strings.Cut(m.get.url, "?")
		want := segmentTypes[path.Ext(name)]
		if mime := m.get.mediaType(); m.get.ok() && len(want) > 0 && !slices.Contains(want, mime) {
			r.errorf(m.get.url, "Content-Type %q of segment %d, want %s", mime, i, want[0])
		}
	})
	p.eachFetchedInit(func(in *initial) {
		if mime := in.get.mediaType(); in.get.ok() && !slices.Contains(segmentTypes[".mp4"], mime) {
			r.errorf(in.get.url, "Content-Type %q of an initialization section", mime)
		}
	})
}

// segmentTypes are the media types of segments by the ends of their names.
var segmentTypes = map[string][]string{
	".ts": {"video/mp2t"}, ".m4s": {"video/iso.segment"}, ".mp4": {"video/mp4", "audio/mp4"}, ".aac": {"audio/aac"},
	".jpg": {"image/jpeg"}, ".vtt": {"text/vtt"}, ".webvtt": {"text/vtt"},
}

// checkHead: HEAD answers what GET would.
func checkHead(p *presentation, r *reporter) {
	for _, d := range p.documents {
		sameHead(&d.get, &d.head, r)
	}
	p.eachSegment(func(s *stream, i int, m *measured) {
		if s.list.segments[i].size == 0 {
			sameHead(&m.get, &m.head, r)
		}
	})
	p.eachFetchedInit(func(in *initial) {
		if in.size == 0 {
			sameHead(&in.get, &in.head, r)
		}
	})
}

func sameHead(get, head *exchange, r *reporter) {
	switch {
	case !get.ok():
	case head.status != http.StatusOK:
		r.errorf(get.url, "HEAD answered %d %s", head.status, head.failed)
	case head.length != get.size:
		r.errorf(get.url, "HEAD says %d bytes, the body has %d", head.length, get.size)
	case head.tag != get.tag:
		r.errorf(get.url, "ETag %s of HEAD, %s of GET", head.tag, get.tag)
	case head.mediaType() != get.mediaType():
		r.errorf(get.url, "Content-Type %s of HEAD, %s of GET", head.mediaType(), get.mediaType())
	}
}

// checkValidators: a cache can hold and revalidate what it gets.
func checkValidators(p *presentation, r *reporter) {
	for _, d := range p.documents {
		if !d.get.ok() {
			continue
		}
		validators(&d.get, r)
		if d.get.tag != "" && d.unchanged.status != http.StatusNotModified {
			r.errorf(d.get.url, "If-None-Match with the ETag just given answered %d", d.unchanged.status)
		}
		if tag := d.get.tag; tag != "" && tag == d.gzip.tag && !strings.HasPrefix(tag, "W/") &&
			d.gzip.coding != "" {
			r.errorf(d.get.url, "one strong ETag %s for identity and for gzip", tag)
		}
	}
	p.eachSegment(func(_ *stream, _ int, m *measured) {
		if m.get.ok() {
			validators(&m.get, r)
		}
	})
	p.eachFetchedInit(func(in *initial) {
		if in.get.ok() {
			validators(&in.get, r)
		}
	})
}

func validators(x *exchange, r *reporter) {
	if x.tag == "" {
		r.warnf(x.url, "no ETag")
	}
	if x.caching == "" {
		r.warnf(x.url, "no Cache-Control")
	}
}
