package conformance

import (
	"slices"
	"strconv"
	"strings"
)

// number is a decimal-integer attribute.
func number(a attributes, name string) (int64, bool) {
	n, err := strconv.ParseInt(a.text(name), 10, 64)
	return n, err == nil
}

// parts are the streams that a variant plays: its own, and those of its audio group.
func (p *presentation) parts(v *variant) []*stream {
	var out []*stream
	if s := p.find(v.url); s != nil {
		out = append(out, s)
	}
	if a, ok := v.attrs.get("AUDIO"); ok {
		for _, m := range p.master.list.group("AUDIO", a.value) {
			if s := p.find(m.url); s != nil && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// heard tells whether every stream's segments were read, so that what is not in formats is not there.
func heard(streams []*stream) bool {
	return len(streams) > 0 && !slices.ContainsFunc(streams, func(s *stream) bool { return !s.readAll() })
}

// checkCodecs: CODECS is on every variant and lists what its segments hold, all of it and no more.
func checkCodecs(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	list := p.master.list
	for i := range list.variants {
		v := &list.variants[i]
		checkVariantCodecs(v, p.parts(v), list.url, r)
	}
	for i := range list.iframes {
		v := &list.iframes[i]
		checkVariantCodecs(v, p.parts(v), list.url, r)
	}
}

func checkVariantCodecs(v *variant, streams []*stream, url string, r *reporter) {
	value := v.attrs.text("CODECS")
	if value == "" {
		r.errorf(url, "line %d: no CODECS", v.line)
		return
	}
	declared := strings.Split(value, ",")
	if !heard(streams) {
		return
	}
	used := make([]bool, len(declared))
	uses := func(what string, fits func(codec string) bool) {
		found := false
		for i, c := range declared {
			if fits(c) {
				used[i], found = true, true
			}
		}
		if !found {
			r.errorf(url, "line %d: CODECS %q does not name %s", v.line, value, what)
		}
	}
	for _, s := range streams {
		for _, f := range s.formats.video {
			uses(f.codec, func(c string) bool { return sameCodec(c, f.codec) })
		}
		for _, f := range s.formats.audio {
			uses(f.String(), func(c string) bool { return coversAudio(c, f) })
		}
		for _, name := range s.formats.other {
			uses(name, func(c string) bool { return strings.HasPrefix(strings.ToLower(c), strings.ToLower(name)) })
		}
	}
	for i, c := range declared {
		if !used[i] && !strings.HasPrefix(c, "stpp") && !strings.HasPrefix(c, "wvtt") {
			r.errorf(url, "line %d: CODECS names %s, which is in none of its segments", v.line, c)
		}
	}
}

// coversAudio tells whether a codec string names an ADTS stream. ADTS says AAC-LC of HE-AAC too, whose SBR and PS lie hidden
// in its frames (ISO/IEC 14496-3 §1.6.6.1: 5 is SBR, 29 PS).
func coversAudio(codec string, f audioFormat) bool {
	rest, ok := strings.CutPrefix(codec, "mp4a.40.")
	typ, err := strconv.Atoi(rest)
	return ok && err == nil && (typ == f.objectType || f.objectType == 2 && (typ == 5 || typ == 29))
}

// checkResolution: RESOLUTION is on everything with video and is that of the picture, in samples or as shown; FRAME-RATE is on
// variants with video and is the highest.
func checkResolution(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	list := p.master.list
	for i := range list.variants {
		checkPicture(p, &list.variants[i], true, r)
	}
	for i := range list.iframes {
		checkPicture(p, &list.iframes[i], false, r)
	}
}

func checkPicture(p *presentation, v *variant, rated bool, r *reporter) {
	s, url := p.find(v.url), p.master.list.url
	if s == nil || !s.hasVideo() {
		return
	}
	width, height, ok := parseResolution(v.attrs.text("RESOLUTION"))
	if !ok {
		r.errorf(url, "line %d: no RESOLUTION", v.line)
	} else if len(s.formats.video) > 0 && !slices.ContainsFunc(s.formats.video, func(f videoFormat) bool { return f.shows(width, height) }) {
		f := s.formats.video[0]
		r.errorf(url, "line %d: RESOLUTION %dx%d, the picture is %dx%d with the sample aspect %d:%d", v.line, width, height,
			f.width, f.height, f.aspect[0], f.aspect[1])
	}
	said, err := parseSeconds(v.attrs.text("FRAME-RATE")) // in thousand-millionths of a frame per second
	if !rated {
		return
	}
	if err != nil {
		r.errorf(url, "line %d: no FRAME-RATE", v.line)
		return
	}
	if low, high := s.frameRates(); low > 0 && (int64(said) < low*99/100 || int64(said) > high*101/100) {
		r.errorf(url, "line %d: FRAME-RATE %s, the frames come at %d.%03d to %d.%03d a second", v.line, v.attrs.text("FRAME-RATE"),
			low/1e9, low/1e6%1000, high/1e9, high/1e6%1000)
	}
}

// shows tells whether a picture has these dimensions, as coded or stretched to square samples in either direction.
func (f *videoFormat) shows(width, height int) bool {
	if f.turned {
		upright := *f
		upright.turned = false
		return upright.shows(width, height) || upright.shows(height, width)
	}
	near := func(a, b int) bool { return a-b <= 2 && b-a <= 2 }
	return width == f.width && height == f.height ||
		near(width, f.width*f.aspect[0]/f.aspect[1]) && height == f.height ||
		width == f.width && near(height, f.height*f.aspect[1]/f.aspect[0])
}

// frameRates are the average and the highest rate of a stream's frames, in thousand-millionths of a frame per second: 0
// where no segment has two.
func (s *stream) frameRates() (average, highest int64) {
	var units, least, first, last ticks
	for i := range s.measured {
		v := &s.measured[i].media.video
		if v.units == 0 {
			continue
		}
		if units == 0 || s.list.segments[i].discontinuity {
			units, first = 0, v.first
		}
		units, last = units+ticks(v.units), v.last
		if v.units > 1 && v.least > 0 && (least == 0 || v.least < least) {
			least = v.least
		}
	}
	if last <= first || least <= 0 {
		return 0, 0
	}
	return int64(units-1) * int64(tickRate) * 1e6 / int64(last-first) * 1e3, int64(tickRate) * 1e9 / int64(least)
}

// checkRange: VIDEO-RANGE tells HDR from SDR (transfer characteristics 16 and 18 of ITU-T H.273 are PQ and HLG).
func checkRange(p *presentation, r *reporter) {
	if p.master == nil {
		return
	}
	for _, v := range p.master.list.variants {
		s := p.find(v.url)
		if s == nil {
			continue
		}
		want, said := "SDR", v.attrs.text("VIDEO-RANGE")
		for _, f := range s.formats.video {
			switch f.transfer {
			case 0:
				want = said
			case 16:
				want = "PQ"
			case 18:
				want = "HLG"
			}
		}
		if len(s.formats.video) > 0 && said != want && (said != "" || want != "SDR") {
			r.errorf(p.master.list.url, "line %d: VIDEO-RANGE %q, the picture is %s", v.line, said, want)
		}
	}
}
