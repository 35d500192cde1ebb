package conformance

import "slices"

// parseMaster reads the tags of a master playlist (RFC 8216 §4.3.4).
func (p *playlist) parseMaster() {
	var open *variant // a STREAM-INF whose URI line has not come
	for _, l := range p.lines {
		if open != nil && l.tag != "" {
			p.problem(l.n, "%s between #EXT-X-STREAM-INF and its URI", l.tag)
		}
		switch l.tag {
		case "#EXT-X-STREAM-INF":
			open = &variant{line: l.n, attrs: l.attrs}
			p.require(l, "BANDWIDTH")
		case "#EXT-X-I-FRAME-STREAM-INF":
			p.require(l, "BANDWIDTH", "URI")
			p.iframes = append(p.iframes, variant{line: l.n, attrs: l.attrs, url: p.absolute(l.n, l.attrs.text("URI"))})
		case "#EXT-X-IMAGE-STREAM-INF":
			p.require(l, "BANDWIDTH", "RESOLUTION", "URI")
			p.images = append(p.images, variant{line: l.n, attrs: l.attrs, url: p.absolute(l.n, l.attrs.text("URI"))})
		case "#EXT-X-MEDIA":
			p.require(l, "TYPE", "GROUP-ID", "NAME")
			p.media = append(p.media, p.rendition(l))
		case "":
			if open == nil {
				p.problem(l.n, "a URI without #EXT-X-STREAM-INF")
				continue
			}
			open.url = p.absolute(l.n, l.value)
			p.variants = append(p.variants, *open)
			open = nil
		}
	}
	if open != nil {
		p.problem(open.line, "#EXT-X-STREAM-INF without a URI")
	}
	if len(p.variants) == 0 {
		p.problem(1, "no variant stream")
	}
}

func (p *playlist) require(l line, names ...string) {
	for _, name := range names {
		if !l.attrs.has(name) {
			p.problem(l.n, "%s without %s", l.tag, name)
		}
	}
}

// rendition reads one EXT-X-MEDIA and the rules of its form (RFC 8216 §4.3.4.1).
func (p *playlist) rendition(l line) rendition {
	r := rendition{line: l.n, attrs: l.attrs}
	if l.attrs.has("URI") {
		r.url = p.absolute(l.n, l.attrs.text("URI"))
	}
	typ := l.attrs.text("TYPE")
	switch typ {
	case "AUDIO", "VIDEO":
	case "SUBTITLES":
		p.require(l, "URI")
	case "CLOSED-CAPTIONS":
		p.require(l, "INSTREAM-ID")
		if l.attrs.has("URI") {
			p.problem(l.n, "closed captions with a URI")
		}
	default:
		p.problem(l.n, "TYPE=%s", typ)
	}
	for _, name := range []string{"DEFAULT", "AUTOSELECT", "FORCED"} {
		if v, ok := l.attrs.get(name); ok && !slices.Contains([]string{"YES", "NO"}, v.value) {
			p.problem(l.n, "%s=%s", name, v.value)
		}
	}
	if l.attrs.has("FORCED") && typ != "SUBTITLES" {
		p.problem(l.n, "FORCED on TYPE=%s", typ)
	}
	return r
}
