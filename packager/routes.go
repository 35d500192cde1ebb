package packager

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"unreel/packager/routing"
)

// rules are those that hold now; nil for none.
func (p *Packager) rules() *routing.Rules {
	if p.config.Routes == nil {
		return nil
	}
	return p.config.Routes()
}

// routed is a document that is made anew when the rules of routes have changed since.
func (t *title) routed(write func(*routing.Rules) (*Document, error)) document {
	var (
		mu    sync.Mutex
		rules *routing.Rules
		made  document
	)
	return func(ctx context.Context) (*Document, error) {
		now := t.packager.rules()
		mu.Lock()
		if made == nil || rules != now {
			if made != nil { // nobody asks for the old one any more
				t.keeps(-kept(ctx, made))
			}
			rules, made = now, t.document(func() (*Document, error) { return write(now) })
		}
		d := made
		mu.Unlock()
		return d(ctx)
	}
}

// kept is how many bytes a document that was asked for takes.
func kept(ctx context.Context, made document) int64 {
	d, err := made(ctx)
	if err != nil {
		return 0
	}
	return d.bytes()
}

// origins says where the renditions of a title's layout are linked to from its playlists: below up, or below the base that a rule
// has for them.
type origins struct {
	title *title
	rules *routing.Rules
	l     *layout
	up    string // from where the playlist stands; "" is beside it
}

// of is what stands before a stream's link.
func (o *origins) of(s *stream) string {
	return cmp.Or(o.title.base(o.rules, s.program.format, o.facts(s)), o.up)
}

// ofText is what stands before the link of subtitles.
func (o *origins) ofText(x *text) string {
	return cmp.Or(o.title.base(o.rules, o.l.lead().program.format, o.textFacts(x)), o.up)
}

// base is where rules have a rendition below, up to where its title's master would stand; "" where none fits.
func (t *title) base(rules *routing.Rules, format Format, facts *routing.Facts) string {
	base, place := rules.Base(facts)
	if place < 0 {
		return ""
	}
	path := append(append([]byte(base), format.prefix()...), '/')
	return string(append(appendEscaped(path, t.name), '/'))
}

// prefix is the format's first element in URLs.
func (f Format) prefix() string {
	if f == TS {
		return "hls"
	}
	return "cmaf"
}

// facts are what rules may ask of a stream.
func (o *origins) facts(s *stream) *routing.Facts {
	f := &routing.Facts{Title: o.title.name, Seconds: o.l.seconds()}
	if list, err := s.table(); err == nil {
		f.Bitrate = list.bitrate.Average
	}
	if a := s.program.audio; a != nil {
		f.Kind, f.Codec, f.Language, f.Channels = routing.Audio, string(a.Codec), knownLanguage(a.Language), a.Audio.Channels
		if voice := o.l.voiceOf(s); voice != nil {
			f.Language = knownLanguage(voice.language)
		}
	}
	if v := s.program.video; v != nil {
		f.Kind, f.Codec, f.Range = routing.Video, string(v.Codec), string(v.Video.Range)
		f.Width, f.Height = uprightSize(v.Video)
		f.FPS = frameRate(v)
	}
	return f
}

// textFacts are what rules may ask of subtitles.
func (o *origins) textFacts(x *text) *routing.Facts {
	codec := "webvtt"
	if x.track != nil && passedThrough(x.track) {
		codec = "ttml"
	}
	return &routing.Facts{Title: o.title.name, Seconds: o.l.seconds(), Kind: routing.Text, Codec: codec, Language: knownLanguage(x.language)}
}

// seconds is how long the layout's leading stream lasts.
func (l *layout) seconds() float64 {
	s := l.lead()
	start, _ := s.extent(0)
	_, stop := s.extent(s.count() - 1)
	return (stop - start).Seconds(s.program.lead().Timescale)
}

// voiceOf is the voice that a stream of sound is; nil where it is muxed.
func (l *layout) voiceOf(s *stream) *voice {
	for _, g := range l.sounds {
		if i := slices.IndexFunc(g.tracks, func(a audioTrack) bool { return a.stream == s }); i >= 0 {
			return g.tracks[i].voice
		}
	}
	return nil
}

// routedInfo is a title's Info with the bases that rules have for its streams.
func (t *title) routedInfo(info *Info) *Info {
	rules := t.packager.rules()
	if rules.Len() == 0 || info.Error != "" {
		return info
	}
	told := *info
	told.Streams, told.Subtitles = slices.Clone(info.Streams), slices.Clone(info.Subtitles)
	for format := range formats {
		l := &t.layouts[format]
		if l.err != nil {
			continue
		}
		at := origins{title: t, rules: rules, l: l}
		for _, s := range l.streams() {
			for i := range told.Streams {
				if to := &told.Streams[i]; to.Format == format.String() && to.Rendition == s.rendition.name && to.Tracks == s.tracks.String() {
					to.Base, to.Rule = ruled(rules, at.facts(s))
				}
			}
		}
	}
	for k, x := range t.texts {
		if l := &t.layouts[CMAF]; l.err == nil && k < len(told.Subtitles) {
			at := origins{title: t, rules: rules, l: l}
			told.Subtitles[k].Base, told.Subtitles[k].Rule = ruled(rules, at.textFacts(x))
		}
	}
	return &told
}

// ruled is the base that a rule has, and the rule itself; "" for none.
func ruled(rules *routing.Rules, facts *routing.Facts) (base, rule string) {
	base, place := rules.Base(facts)
	if place < 0 {
		return "", ""
	}
	return base, rules.At(place)
}

// Routes are where rules have the title's renditions fetched from, of those that have one.
func (i *Info) Routes() (routes []routing.Route) {
	for _, s := range i.Streams {
		if s.Base == "" {
			continue
		}
		prefix := CMAF.prefix()
		if s.Format == TS.String() {
			prefix = TS.prefix()
		}
		routes = append(routes, routing.Route{Format: prefix, Title: i.Title, Rendition: s.Rendition, Tracks: s.Tracks, Base: s.Base})
	}
	for _, s := range i.Subtitles {
		for format := range formats {
			if s.Base != "" {
				routes = append(routes, routing.Route{Format: format.prefix(), Title: i.Title, Rendition: s.Rendition, Tracks: s.Tracks, Base: s.Base})
			}
		}
	}
	return routes
}
