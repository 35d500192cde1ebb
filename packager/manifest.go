package packager

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"unreel/demux"
	"unreel/packager/dash"
	"unreel/packager/routing"
	"unreel/packager/timeline"
)

// writeManifest writes the title's MPD: of the segments that its CMAF playlists name, or of each track's virtual file.
func (t *title) writeManifest(onDemand bool, rules *routing.Rules) (*Document, error) {
	l := &t.layouts[CMAF]
	if l.err != nil {
		return nil, l.err
	}
	l.layOut()
	m := manifest{title: t, onDemand: onDemand, at: origins{title: t, rules: rules, l: l}}
	m.MinBufferTime = min(l.longestSegment(), 2*t.target)
	if err := m.addPictures(l.pictures); err != nil {
		return nil, err
	}
	if err := m.addSounds(l.sounds); err != nil {
		return nil, err
	}
	m.addTexts(t.texts)
	m.addTiles(t.tiles)
	text, err := m.AppendTo(nil)
	if err != nil {
		return nil, fmt.Errorf("title %q: %w", t.name, err)
	}
	return NewDocument(TypeManifest, text, playlistAge), nil
}

// manifest is an MPD that is being put together.
type manifest struct {
	dash.Presentation
	title    *title
	onDemand bool
	at       origins
}

// addPictures adds a set of each codec and dynamic range. Those that share the title's timeline can be switched between;
// one that is cut on its own can't, and has a set of its own.
func (m *manifest) addPictures(pictures []*stream) error {
	type family struct {
		codec string // the sample entry's
		hdr   demux.VideoRange
		alone *stream
	}
	var families []family
	members := map[family][]*stream{}
	for _, s := range pictures {
		entry, _, _ := strings.Cut(s.program.cmaf.CodecID(), ".")
		f := family{codec: entry, hdr: s.program.video.Video.Range}
		if !s.rendition.aligned {
			f.alone = s
		}
		if !slices.Contains(families, f) {
			families = append(families, f)
		}
		members[f] = append(members[f], s)
	}
	var aligned []int
	for _, f := range families {
		set := dash.AdaptationSet{Kind: dash.Video, Language: knownLanguage(members[f][0].program.video.Language), Roles: []dash.Role{dash.RoleMain}, SAP: 1}
		set.Accessibility = captionDescriptors(members[f])
		for _, s := range members[f] {
			r, err := m.represent(s)
			if err != nil {
				return err
			}
			r.describePicture(s)
			set.Representations = append(set.Representations, r.Representation)
			if !s.closed() {
				set.SAP = 3
			}
		}
		set.Aligned = f.alone == nil
		if f.alone == nil {
			aligned = append(aligned, len(m.Sets))
		}
		m.add(set)
	}
	for _, i := range aligned {
		for _, k := range aligned {
			if k != i {
				m.Sets[i].SwitchableWith = append(m.Sets[i].SwitchableWith, k)
			}
		}
	}
	return nil
}

// addSounds adds a set of each voice in each codec and number of channels.
func (m *manifest) addSounds(groups []audioGroup) error {
	type family struct {
		kin   kin
		voice *voice
	}
	var families []family
	sets, first := map[family]*dash.AdaptationSet{}, map[family]*stream{}
	added := map[*stream]bool{}
	for _, g := range groups {
		for _, a := range g.tracks {
			if added[a.stream] {
				continue // a voice of fewer bit rates is in several groups
			}
			added[a.stream] = true
			audio := a.stream.program.audio
			f := family{kin{audio.Codec, audio.Audio.Channels}, a.voice}
			set := sets[f]
			if set == nil {
				set = &dash.AdaptationSet{Kind: dash.Audio, Language: knownLanguage(a.voice.language), Label: a.voice.label, Aligned: true}
				first[f] = a.stream
				set.Roles = []dash.Role{role(&a)}
				families, sets[f] = append(families, f), set
			}
			r, err := m.represent(a.stream)
			if err != nil {
				return err
			}
			r.describeSound(audio.Audio)
			set.Aligned = set.Aligned && a.stream.alignedWith(first[f])
			set.Representations = append(set.Representations, r.Representation)
		}
	}
	for _, f := range families {
		m.add(*sets[f])
	}
	return nil
}

// role is what an audio rendition is to the film.
func role(a *audioTrack) dash.Role {
	switch {
	case a.fallback:
		return dash.RoleMain
	case strings.Contains(strings.ToLower(a.voice.label), "comment"):
		return dash.RoleCommentary
	}
	return dash.RoleAlternate
}

func (m *manifest) add(set dash.AdaptationSet) {
	slices.SortStableFunc(set.Representations, func(a, b dash.Representation) int { return cmp.Compare(a.Bandwidth, b.Bandwidth) })
	m.Sets = append(m.Sets, set)
}

// knownLanguage is a language, "" where nothing tells.
func knownLanguage(language string) string {
	if language == "und" {
		return ""
	}
	return language
}

// representation is one that is being described.
type representation struct{ dash.Representation }

// represent is a stream as one choice, and how its segments are found.
func (m *manifest) represent(s *stream) (r representation, err error) {
	list, err := s.table()
	if err != nil {
		return r, err
	}
	line := dash.Timeline{Start: list.segments[0].start, Durations: make([]demux.Ticks, len(list.segments))}
	sizes := make([]int64, len(list.segments))
	for i, segment := range list.segments {
		line.Durations[i], sizes[i] = max(segment.stop-segment.start, 1), segment.size
	}
	scale := s.program.lead().Timescale
	r.ID = string(s.tracks.AppendTo(append(appendEscaped(nil, s.rendition.name), '-')))
	r.CodecID, r.Base = s.program.cmaf.CodecID(), m.at.of(s)
	r.Bandwidth = dash.Bandwidth(sizes, &line, scale, m.MinBufferTime)
	pto := m.title.zero.on(scale)
	if stop := (dash.Duration{Ticks: list.segments[len(sizes)-1].stop - pto, Timescale: scale}); m.Duration.Timescale == 0 ||
		duration(stop.Ticks, scale) > duration(m.Duration.Ticks, m.Duration.Timescale) {
		m.Duration = stop
	}
	link := append(appendEscaped(nil, s.rendition.name), '/')
	if !m.onDemand {
		r.Template = &dash.Template{
			Init: string(s.initRef().AppendLink(slices.Clone(link))), Media: string(s.fragmentRef(0, 0).AppendTemplate(slices.Clone(link))),
			Timescale: scale, PTO: pto, Timeline: line,
		}
		return r, nil
	}
	head, init, err := fileHead(s.program, s.bounds, sizes)
	if err != nil {
		return r, err
	}
	r.Single = &dash.Single{
		URI: string(s.trackRef().AppendLink(link)), Timescale: scale, PTO: pto,
		Init: dash.Bytes{Size: init}, Index: dash.Bytes{Offset: init, Size: int64(len(head)) - init},
	}
	return r, nil
}

func (r *representation) describePicture(s *stream) {
	v := s.program.video.Video
	rate := s.frameRate()
	r.Width, r.Height, r.FrameRate = v.Width, v.Height, dash.Ratio{Num: rate.Num, Den: rate.Den}
	r.Sar = dash.Ratio{Num: v.PixelAspect[0], Den: v.PixelAspect[1]}
	r.Colour = dash.Colour{Primaries: v.Colour.Primaries, Transfer: v.Colour.Transfer, Matrix: v.Colour.Matrix}
	if v.SupplementalID != "" {
		r.SupplementalCodec = v.SupplementalID + "/" + v.SupplementalBrand
	}
}

func (r *representation) describeSound(a *demux.AudioFormat) {
	r.Sound = dash.Sound{SampleRate: a.OutputRate, Channels: a.Channels, JOC: a.JOC}
	switch entry, _, _ := strings.Cut(r.CodecID, "."); {
	case entry == "ac-3" && len(a.Config) >= 3: // dac3: ETSI TS 102 366 §F.4
		r.Sound.Dolby = dash.DolbyChannels(int(a.Config[1]>>3&7), a.Config[1]&4 != 0, 0)
	case entry == "ec-3" && len(a.Config) >= 5: // dec3: §F.6
		location := 0
		if len(a.Config) >= 6 && a.Config[4]>>1&15 > 0 { // there are dependent substreams
			location = int(binary.BigEndian.Uint16(a.Config[4:]) & 0x1ff)
		}
		r.Sound.Dolby = dash.DolbyChannels(int(a.Config[3]>>1&7), a.Config[3]&1 != 0, location)
	}
}

// addTiles adds a set of thumbnails.
func (m *manifest) addTiles(x *tiles) {
	if x == nil {
		return
	}
	ref := x.ref(0)
	m.Sets = append(m.Sets, dash.AdaptationSet{Kind: dash.Image, Representations: []dash.Representation{{
		ID: "thumbnails", Bandwidth: x.bitrate(), Width: x.sheet.Columns * x.sheet.Width, Height: x.sheet.Rows * x.sheet.Height,
		Tiles: dash.Tiles{Columns: x.sheet.Columns, Rows: x.sheet.Rows},
		Template: &dash.Template{
			Media:     string(ref.AppendTemplate(append(appendEscaped(nil, ref.Rendition), '/'))),
			Timescale: millis, Every: tileCells * x.every,
		},
	}}})
}

// longestSegment is how long the longest segment of any stream lasts, at least.
func (l *layout) longestSegment() (longest time.Duration) {
	for _, s := range l.streams() {
		for i := range s.count() {
			start, stop := s.extent(i)
			longest = max(longest, duration(stop-start, s.program.lead().Timescale))
		}
	}
	return longest
}

// alignedWith tells whether segments of two streams begin at the very same times.
func (s *stream) alignedWith(other *stream) bool {
	return slices.EqualFunc(s.bounds[:s.count()], other.bounds[:other.count()], func(a, b timeline.Boundary) bool {
		scale, otherScale := s.program.lead().Timescale, other.program.lead().Timescale
		return duration(shownFrom(a.Time), scale) == duration(shownFrom(b.Time), otherScale)
	})
}

// closed tells whether every segment of a stream begins with a closed cut.
func (s *stream) closed() bool {
	for _, b := range s.bounds[:s.count()] {
		if !closedCut(s.program.lead(), b.Sample) {
			return false
		}
	}
	return true
}

// closedCut tells whether nothing that is decoded from a sample on is presented before it.
func closedCut(t *demux.Track, sample int) bool {
	cut, ok := t.CutAt(sample)
	return ok && cut.Lead == 0
}
