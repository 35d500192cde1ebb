package packager

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"unreel/demux"
	"unreel/packager/timeline"
)

// layout is how a title's tracks are given to players in one format: what is muxed, and what is a rendition of its own.
type layout struct {
	pictures []*stream    // in TS with muxed sound, or without
	sounds   []audioGroup // empty where sound is muxed, or there is none
	target   int          // EXT-X-TARGETDURATION of every playlist, seconds
	err      error        // why it is empty
}

// streams are all playlists below the master.
func (l *layout) streams() []*stream {
	all := slices.Clone(l.pictures)
	for _, g := range l.sounds {
		for _, a := range g.tracks {
			if !slices.Contains(all, a.stream) {
				all = append(all, a.stream)
			}
		}
	}
	return all
}

// longest is the EXT-X-TARGETDURATION of all its playlists (HLS Authoring Specification 8.2), in seconds.
func (l *layout) longest() int {
	most := 1
	for _, s := range l.streams() {
		most = max(most, s.target())
	}
	return most
}

// arrange lays a title with pictures out. In TS, one audio track that every quality holds stays muxed with it, as the simplest
// player wants it; several, or one in a file of its own, become renditions and are muxed with nothing. So does one of which the
// qualities differ in language or that has more than two channels (HLS Authoring Specification 9.6), and one that goes on for
// so long without the picture that it would make a segment too long. In CMAF nothing is muxed.
func (t *title) arrange(format Format, videos []*rendition) (l layout, err error) {
	if videos, err = carried(format, videos); err != nil {
		return l, err
	}
	offers := t.offers(format, videos)
	if format == TS && len(t.beside(format)) == 0 && !severalLanguages(offers) && !slices.ContainsFunc(videos, func(r *rendition) bool {
		sounds := r.sounds(format)
		return len(sounds) != 1 || sounds[0].Audio.Channels > 2
	}) {
		l.pictures, err = t.pictures(format, videos, func(r *rendition) Tracks { return tracksOf(r.video, r.sounds(format)[0]) })
		if err == nil {
			return l, nil
		}
	}
	l.pictures, err = t.pictures(format, videos, func(r *rendition) Tracks { return tracksOf(r.video) })
	if err != nil {
		return l, err
	}
	leading := videos[max(slices.IndexFunc(videos, func(r *rendition) bool { return r.aligned }), 0)]
	t.warnOfLengths(leading)
	l.sounds, _ = t.audioGroups(format, offers, func(audio *demux.Track) []timeline.Boundary {
		return followBounds(audio, leading.bounds, leading.video.Timescale, t.target)
	})
	return l, nil
}

// carried are the pictures that a format may carry. The error says why it may carry none.
func carried(format Format, videos []*rendition) (fit []*rendition, _ error) {
	var errs []error
	for _, r := range videos {
		if _, err := r.media.program(format, tracksOf(r.video)); err != nil {
			errs = append(errs, fmt.Errorf("%q: %w", r.file.Path, err))
			continue
		}
		fit = append(fit, r)
	}
	if len(fit) == 0 {
		return nil, errors.Join(errs...)
	}
	return fit, nil
}

// warnOfLengths tells of sound in a file of its own that is longer or shorter than the picture: it may be that of another
// cut of the film, or a broken copy. It plays all the same.
func (t *title) warnOfLengths(leading *rendition) {
	for _, r := range t.renditions {
		if r.err != nil || r.video != nil {
			continue
		}
		sound, picture := lasting(r.audios[0]), lasting(leading.video)
		if (sound - picture).Abs() > t.target {
			t.warn(r.file.Path, fmt.Sprintf("lasts %v, the title's picture %v", sound.Round(time.Millisecond), picture.Round(time.Millisecond)))
		}
	}
}

// pictures makes a stream of each picture.
func (t *title) pictures(format Format, videos []*rendition, tracks func(*rendition) Tracks) (streams []*stream, _ error) {
	for _, r := range videos {
		s, err := newStream(t, format, r, tracks(r), r.bounds)
		if err != nil {
			return nil, err
		}
		streams = append(streams, s)
	}
	return streams, nil
}

// offers are the audio tracks to choose from. Of those that come with pictures, the quality that has the most tells which
// voices there are; others may have them at other bit rates. Where none has more than one, each tells of a language that no
// other told of before. Files without a picture are taken as they are.
func (t *title) offers(format Format, videos []*rendition) (offers []offer) {
	from := func(r *rendition) {
		for _, track := range r.sounds(format) {
			offers = append(offers, offer{rendition: r, track: track})
		}
	}
	richest := slices.MaxFunc(videos, func(a, b *rendition) int { return len(a.sounds(format)) - len(b.sounds(format)) })
	from(richest)
	tellVoices(offers)
	known := map[voiceKey]bool{}
	for _, o := range offers {
		known[o.voice.voiceKey] = true
	}
	first := len(offers)
	for _, r := range videos {
		if r != richest {
			from(r)
		}
	}
	tellVoices(offers)
	if first == 1 && severalLanguages(offers) {
		addLanguages(known, offers)
	}
	others := slices.DeleteFunc(offers[first:], func(o offer) bool { return !known[o.voice.voiceKey] })
	offers = offers[:first+len(others)]
	for _, r := range t.beside(format) {
		from(r)
	}
	return offers
}

// beside are the files without a picture whose sound a format may carry.
func (t *title) beside(format Format) (files []*rendition) {
	for _, r := range t.renditions {
		if r.err == nil && r.video == nil && len(r.sounds(format)) > 0 {
			files = append(files, r)
		}
	}
	return files
}

// arrangeAudio lays a title without pictures out. The error says why there is nothing.
func (t *title) arrangeAudio(format Format, audios []*rendition) (l layout, err error) {
	var offers []offer
	for _, r := range audios {
		for _, track := range r.sounds(format) {
			offers = append(offers, offer{rendition: r, track: track})
		}
	}
	if len(offers) == 0 {
		_, err = audios[0].media.program(format, tracksOf(audios[0].audios[0]))
		return l, fmt.Errorf("%q: %w", audios[0].file.Path, err)
	}
	l.sounds, err = t.audioGroups(format, offers, func(audio *demux.Track) []timeline.Boundary { return gridBounds(audio, t.target) })
	if len(l.sounds) > 0 {
		err = nil
	}
	return l, err
}

// maxSounds bounds the audio renditions of a title. Films are dubbed in some thirty languages; a file may hold a million tracks.
const maxSounds = 64

// audioGroups makes the audio renditions. What no playlist can list is left out; the error says what that is.
func (t *title) audioGroups(format Format, offers []offer, bounds func(*demux.Track) []timeline.Boundary) ([]audioGroup, error) {
	tellVoices(offers)
	offers = distinct(offers)
	if n := maxSounds; len(offers) > n {
		o := &offers[n]
		t.warn(o.rendition.file.Path, fmt.Sprintf("has sound that is left out, track %d and what follows: a title has %d at most", o.track.ID, n))
		offers = offers[:n]
	}
	var left []error
	for i := range offers {
		o := &offers[i]
		var err error
		if o.stream, err = newStream(t, format, o.rendition, tracksOf(o.track), bounds(o.track)); err != nil {
			t.warn(o.rendition.file.Path, fmt.Sprintf("has sound that is left out, track %d: %v", o.track.ID, err))
			left = append(left, err)
		}
	}
	groups := group(slices.DeleteFunc(offers, func(o offer) bool { return o.stream == nil }))
	chooseDefaults(groups)
	return groups, errors.Join(left...)
}
