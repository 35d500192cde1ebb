package packager

import (
	"slices"
	"strings"

	"unreel/demux"
	"unreel/packager/hls"
	"unreel/packager/routing"
)

// writeMaster writes the title's multivariant playlist below a format's prefix. Where a transport stream has nothing of the
// title, or less than CMAF has, that below /hls/ links to the playlists below /cmaf/.
func (t *title) writeMaster(format Format, rules *routing.Rules) (*Document, error) {
	l, up := &t.layouts[format], ""
	if format == TS && t.poorInTS() {
		l, up = &t.layouts[CMAF], t.across()
	}
	if l.err != nil {
		return nil, l.err
	}
	l.layOut()
	at := &origins{title: t, rules: rules, l: l, up: up}
	master := hls.Master{Independent: l.closed()}
	for _, g := range l.sounds {
		if len(l.pictures) == 0 && !l.voiced() {
			break // bit rates and codecs of one voice: variants will do
		}
		for _, a := range g.tracks {
			master.Media = append(master.Media, hls.Rendition{
				GroupID: g.id, Name: a.voice.name, Language: a.voice.language, Default: a.fallback,
				Channels: a.stream.program.audio.Audio.ChannelSignal(), URI: at.of(a.stream) + a.stream.link(false),
			})
		}
	}
	err := l.addVariants(&master, at)
	if err != nil {
		return nil, err
	}
	if x := t.tiles; x != nil {
		link := ImagesRef{Rendition: x.stream.rendition.name, Tracks: x.stream.tracks}.AppendLink([]byte(up))
		master.Images = append(master.Images, hls.ImageStream{Bandwidth: x.bitrate(), Width: x.sheet.Width, Height: x.sheet.Height, URI: string(link)})
	}
	hls.Order(master.Variants)
	t.addText(&master, at)
	hls.Distinguish(master.Media)
	return NewDocument(TypePlaylist, master.AppendTo(nil), playlistAge), nil
}

// closed tells whether every segment of every playlist begins with a closed cut.
func (l *layout) closed() bool {
	return !slices.ContainsFunc(l.pictures, func(s *stream) bool { return !s.closed() })
}

// poorInTS tells whether a transport stream has nothing of the title where CMAF has something, has it without the sound, or
// would show a picture lying on its side.
func (t *title) poorInTS() bool {
	ts, cmaf := &t.layouts[TS], &t.layouts[CMAF]
	if cmaf.err != nil {
		return false
	}
	silent := func(l *layout) bool {
		return len(l.sounds) == 0 && !slices.ContainsFunc(l.pictures, func(s *stream) bool { return s.program.audio != nil })
	}
	turned := func(s *stream) bool { return s.program.video.Video.Rotation != 0 }
	return ts.err != nil || silent(ts) && !silent(cmaf) || slices.ContainsFunc(ts.pictures, turned)
}

// across is the link from the title's master below /hls/ to where that below /cmaf/ stands.
func (t *title) across() string {
	up := strings.Repeat("../", strings.Count(t.name, "/")+2)
	return string(append(appendEscaped([]byte(up+"cmaf/"), t.name), '/'))
}

// voiced tells whether there are several voices to choose from.
func (l *layout) voiced() bool {
	first := l.sounds[0].tracks[0].voice
	return slices.ContainsFunc(l.sounds, func(g audioGroup) bool {
		return slices.ContainsFunc(g.tracks, func(a audioTrack) bool { return a.voice != first })
	})
}

// addVariants adds a variant of each picture with each group of sounds, and of each group where there is no picture.
func (l *layout) addVariants(master *hls.Master, at *origins) error {
	for _, s := range l.pictures {
		list, err := s.table()
		if err != nil {
			return err
		}
		v := s.variant(list.bitrate, at.of(s))
		v.FrameRate = s.frameRate()
		for _, g := range l.sounds {
			paired, failed := g.pair(v)
			if failed != nil {
				return failed
			}
			master.Variants = append(master.Variants, paired)
		}
		if len(l.sounds) == 0 {
			master.Variants = append(master.Variants, v)
		}
		if len(list.iframes) > 0 {
			frames := s.variant(list.iframeRate, "")
			frames.Codecs = frames.Codecs[:1] // the picture's
			frames.URI = at.of(s) + s.link(true)
			master.IFrames = append(master.IFrames, frames)
		}
	}
	if len(l.pictures) > 0 {
		return nil
	}
	for _, g := range l.sounds {
		i := slices.IndexFunc(g.tracks, func(a audioTrack) bool { return a.fallback })
		s := g.tracks[i].stream
		list, err := s.table()
		if err != nil {
			return err
		}
		v := s.variant(list.bitrate, at.of(s))
		if l.voiced() {
			v.Bitrate = hls.Bitrate{} // it is one of the group itself
			if v, err = g.pair(v); err != nil {
				return err
			}
		}
		master.Variants = append(master.Variants, v)
	}
	return nil
}

// pair is a variant that is played with the group.
func (g *audioGroup) pair(v hls.Variant) (hls.Variant, error) {
	v.Audio = g.id
	v.Codecs = slices.Clone(v.Codecs)
	rates := make([]hls.Bitrate, len(g.tracks))
	for i, a := range g.tracks {
		list, err := a.stream.table()
		if err != nil {
			return v, err
		}
		rates[i] = list.bitrate
		v.Codecs = append(v.Codecs, a.stream.program.codecID(a.stream.program.audio))
	}
	v.Bitrate = v.With(rates)
	slices.Sort(v.Codecs)
	v.Codecs = slices.Compact(v.Codecs)
	return v, nil
}

// link is the stream's playlist as its title's master links to it.
func (s *stream) link(iframes bool) string {
	return string(PlaylistRef{Rendition: s.rendition.name, Tracks: s.tracks, IFrames: iframes}.AppendLink(nil))
}

// variant is what the master says of the stream itself.
func (s *stream) variant(rate hls.Bitrate, up string) hls.Variant {
	v := hls.Variant{Bitrate: rate, URI: up + s.link(false)}
	if video := s.program.video; video != nil {
		v.Codecs = append(v.Codecs, s.program.codecID(video))
		v.Width, v.Height = s.shown()
		v.VideoRange = string(video.Video.Range)
		if f := video.Video; f.SupplementalID != "" && s.program.format == CMAF {
			v.SupplementalCodecs = f.SupplementalID + "/" + f.SupplementalBrand
		}
	}
	if audio := s.program.audio; audio != nil {
		v.Codecs = append(v.Codecs, s.program.codecID(audio))
	}
	return v
}

// shown is the picture's size in square pixels, as players show it: CMAF tells them to turn it, a transport stream can't.
func (s *stream) shown() (width, height int) {
	v := s.program.video.Video
	width, height = displaySize(v)
	if s.program.format == CMAF && v.Rotation%180 != 0 {
		return height, width
	}
	return width, height
}

// displaySize is the picture's size in square pixels, before it is turned.
func displaySize(v *demux.VideoFormat) (width, height int) {
	h, w := uint64(v.PixelAspect[0]), uint64(v.PixelAspect[1])
	if h == 0 || w == 0 || h == w {
		return v.Width, v.Height
	}
	stretched := (uint64(v.Width)*h + w/2) / w // 16 bits by 32
	if stretched == 0 || stretched > 1<<16 {
		return v.Width, v.Height // no such screen: the file lies
	}
	return int(stretched), v.Height
}

// frameRate is the average of what is delivered; the zero Rate without video.
func (s *stream) frameRate() hls.Rate {
	t := s.program.video
	if t == nil {
		return hls.Rate{}
	}
	frames, ticks := pace(t)
	return reducedRate(frames*uint64(t.Timescale), ticks)
}
