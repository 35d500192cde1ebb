package packager

import (
	"cmp"
	"fmt"
	"slices"

	"unreel/demux"
	"unreel/packager/hls"
	"unreel/packager/subtitles"
	"unreel/packager/timeline"
)

// text is a rendition of subtitles: a file beside the films, or a track of one of them.
type text struct {
	name     string // of the rendition in URLs
	tracks   Tracks
	media    *media
	track    *demux.Track // nil of a sidecar
	decoder  *subtitles.Decoder
	language string // BCP 47, "und" where nothing tells
	label    string // as people see it
	forced   bool
	sdh      bool

	cuts   Cuts                // in CMAF: what URLs call bounds
	bounds []timeline.Boundary // in CMAF, in 1/90000 s
	lists  [formats]document   // media playlists
}

// sidecarTrack is the one track of a sidecar.
const sidecarTrack = 1

// maxTexts bounds the subtitles of a title.
const maxTexts = 64

// subtitleGroup is the GROUP-ID of all subtitles: they are the same whatever picture and sound they are shown with.
const subtitleGroup = "subtitles"

// The characteristics of text that tells of sounds too (HLS Authoring Specification 4.6).
const sdhCharacteristics = "public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"

// addTexts finds the title's subtitles: first the files beside it, then the tracks of the file that has the most. What can't
// be read is a warning, never a film that doesn't play.
func (t *title) addTexts(sidecars []Sidecar, files []*media, errs []error) {
	for i, s := range sidecars {
		if errs[i] != nil {
			if !isMissing(errs[i]) {
				t.warn(s.Path, "is left out: "+errs[i].Error())
			}
			continue
		}
		for _, w := range files[i].beside.text.Warnings {
			t.warn(s.Path, "has something that is left out: "+w)
		}
		t.texts = append(t.texts, &text{
			name: s.Rendition, tracks: Tracks{Text: sidecarTrack}, media: files[i],
			language: cmp.Or(s.Language, "und"), forced: s.Forced, sdh: s.SDH,
		})
	}
	t.addTextTracks()
	if n := len(t.texts) - maxTexts; n > 0 {
		t.warn(t.texts[maxTexts].media.path, fmt.Sprintf("and %d subtitles more are left out: a title has %d at most", n-1, maxTexts))
		t.texts = t.texts[:maxTexts]
	}
	var bounds []timeline.Boundary
	if len(t.texts) > 0 && t.layouts[CMAF].err == nil {
		bounds = t.textBounds(&t.layouts[CMAF])
		t.keeps(boundsBytes(bounds))
	}
	t.keeps(streamBytes * int64(len(t.texts)))
	for _, x := range t.texts {
		x.name, x.label = cmp.Or(x.name, x.media.path), x.describe()
		for format := range formats {
			x.lists[format] = t.document(func() (*Document, error) { return t.writeTextPlaylist(format, x) })
		}
		if bounds != nil {
			x.bounds, x.cuts = bounds, cutsOf(t.target, bounds)
		}
	}
}

// addTextTracks adds the text tracks of the file that has the most: those of the others are the same again.
func (t *title) addTextTracks() {
	var most []*text
	for _, r := range t.renditions {
		if r.err != nil {
			continue
		}
		var found []*text
		for _, k := range r.media.index.Tracks {
			if k.Kind != demux.KindText {
				continue
			}
			d, err := subtitles.NewDecoder(k)
			if err != nil {
				r.refusals = few(append(slices.Clip(r.refusals), err))
				continue
			}
			found = append(found, &text{
				name: r.name, tracks: Tracks{Text: k.ID}, media: r.media, track: k, decoder: d,
				language: cmp.Or(knownLanguage(k.Language), "und"),
				forced:   d.Forced() || hasRole(k, "forced-subtitle", "forced_subtitle", "public.subtitles.forced-only"),
				sdh:      hasRole(k, "caption", "public.accessibility.transcribes-spoken-dialog"),
			})
		}
		if len(found) > len(most) {
			most = found
		}
	}
	t.texts = append(t.texts, most...)
}

// hasRole tells whether a track says that it is for one of these purposes.
func hasRole(t *demux.Track, roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(t.Roles, role) })
}

// describe is how a person may tell the text from the others: hls.Distinguish adds numbers.
func (x *text) describe() string {
	label := x.language
	if x.track != nil && authored(x.track.Name) != "" {
		label = x.track.Name
	}
	if label == "und" {
		label = "subtitles"
	}
	if x.forced {
		label += " (forced)"
	}
	if x.sdh {
		label += " (SDH)"
	}
	return label
}

// textMedia are the subtitles as a master's EXT-X-MEDIA.
func (t *title) textMedia(at *origins) (media []hls.Rendition) {
	for _, x := range t.texts {
		r := hls.Rendition{
			Type: hls.Subtitles, GroupID: subtitleGroup, Name: x.label, Language: x.language, Forced: x.forced,
			URI: at.ofText(x) + string(PlaylistRef{Rendition: x.name, Tracks: x.tracks}.AppendLink(nil)),
		}
		if x.sdh {
			r.Characteristics = sdhCharacteristics
		}
		media = append(media, r)
	}
	return media
}

// lead is the stream whose segments a layout's subtitles follow.
func (l *layout) lead() *stream {
	for _, s := range l.pictures {
		if s.rendition.aligned {
			return s
		}
	}
	if len(l.pictures) > 0 {
		return l.pictures[0]
	}
	return l.sounds[0].tracks[0].stream
}

// textBounds are where segments of text begin and end, in 1/90000 s: where the layout's do, but from the title's zero on.
func (t *title) textBounds(l *layout) []timeline.Boundary {
	s := l.lead()
	bounds := make([]timeline.Boundary, 0, s.count()+1)
	first := t.zero.on(subtitles.SegmentClock)
	last := first
	for i := range s.count() + 1 {
		at := first
		if i > 0 {
			_, stop := s.extent(i - 1)
			at, _ = stop.Rescale(s.program.lead().Timescale, subtitles.SegmentClock) // demux.Open has proved that it fits
			at = max(at, last+1)
		}
		last = at
		bounds = append(bounds, timeline.Boundary{Sample: int(at / 90), Time: at}) // cutsOf digests Sample
	}
	return bounds
}

// writeTextPlaylist writes a media playlist of subtitles: segments that begin and end with the layout's.
func (t *title) writeTextPlaylist(format Format, x *text) (*Document, error) {
	l := &t.layouts[format]
	if l.err != nil {
		return nil, l.err
	}
	s, bounds := l.lead(), t.textBounds(l)
	list := hls.Playlist{TargetDuration: l.target, Segments: make([]hls.Segment, s.count())}
	for i := range list.Segments {
		ref := TextRef{Version: x.media.version, Tracks: x.tracks, Number: i, Start: bounds[i].Time, Stop: bounds[i+1].Time}
		if x.track == nil {
			ref.Zero = bounds[0].Time
		}
		list.Segments[i] = hls.Segment{Duration: s.lasting(s.extent(i)), URI: string(ref.AppendLink(nil))}
	}
	return NewDocument(TypePlaylist, list.AppendTo(nil), playlistAge), nil
}

// list finds the media playlist that a URL names.
func (t *title) list(format Format, ref PlaylistRef) (document, error) {
	if ref.Tracks.Text != 0 {
		x, err := t.textNamed(ref)
		if err != nil {
			return nil, err
		}
		return x.lists[format], nil
	}
	s, err := t.stream(format, ref)
	switch {
	case err != nil:
		return nil, err
	case ref.IFrames:
		return s.iframes, nil
	}
	return s.playlist, nil
}

// textNamed finds the subtitles that a playlist's URL names.
func (t *title) textNamed(ref PlaylistRef) (*text, error) {
	for _, x := range t.texts {
		if x.name == ref.Rendition && x.tracks == ref.Tracks && !ref.IFrames {
			return x, nil
		}
	}
	return nil, fmt.Errorf("title %q has no subtitles %s/%v: %w", t.name, ref.Rendition, ref.Tracks, ErrNotFound)
}

// captionGroup is the GROUP-ID of closed captions in the picture.
const captionGroup = "captions"

// captions are the closed captions that any of the layout's pictures carries.
func (l *layout) captions() *subtitles.Captions {
	var all subtitles.Captions
	for _, s := range l.pictures {
		all.Merge(&s.rendition.media.captions)
	}
	return &all
}

// captionMedia are closed captions as a master's EXT-X-MEDIA. Nothing in the picture says what language they are in.
func (l *layout) captionMedia() (media []hls.Rendition) {
	for _, name := range l.captions().InstreamIDs() {
		media = append(media, hls.Rendition{Type: hls.ClosedCaptions, GroupID: captionGroup, Name: name, Language: "und", InstreamID: name})
	}
	return media
}

// addText adds subtitles and closed captions to a master and to its variants, which are in order by now.
func (t *title) addText(master *hls.Master, at *origins) {
	texts, captions := t.textMedia(at), at.l.captionMedia()
	master.Media = append(append(master.Media, texts...), captions...)
	for i := range master.Variants {
		v := &master.Variants[i]
		if len(texts) > 0 {
			v.Subtitles = subtitleGroup
			v.Codecs = append(slices.Clip(v.Codecs), "wvtt") // HLS Authoring Specification 9.3. hls.js, shaka-player, video.js and Chromium know it
		}
		v.ClosedCaptions = hls.NoCaptions
		if len(captions) > 0 { // none without, or all (RFC 8216 §4.3.4.2)
			v.ClosedCaptions = captionGroup
		}
	}
}
