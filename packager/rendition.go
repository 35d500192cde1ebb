package packager

import (
	"errors"
	"fmt"

	"unreel/demux"
	"unreel/packager/timeline"
)

// rendition is one file of a title: what it holds that may be played, and what became of the rest.
type rendition struct {
	file  File
	name  string // in URLs
	media *media // nil where the storage gave none
	err   error  // why nothing of it is delivered; nil if something is

	video  *demux.Track
	hidden []*demux.Track // other pictures: an angle, a preview. Nothing says what they are, so they don't play
	audios []*demux.Track
	// refusals are the tracks that are not delivered, and why.
	refusals []error
	// leftOut says why a sound file is in no playlist of its title; "" if it is in one.
	leftOut string
	aligned bool // its cuts are those of the title's timeline
	bounds  []timeline.Boundary
}

func newRendition(file File, m *media, err error) *rendition {
	r := &rendition{file: file, name: file.Rendition, media: m, err: err}
	if err != nil {
		return r
	}
	videos, refused := m.playable(demux.KindVideo)
	audios, refusedAudio := m.playable(demux.KindAudio)
	r.audios, r.refusals = audios, few(append(refused, refusedAudio...))
	if len(videos) > 0 {
		r.video, r.hidden = videos[0], videos[1:]
	}
	if r.video == nil && len(r.audios) == 0 {
		r.err = r.nothing()
	}
	if r.name == "" {
		r.name = m.ownName()
	}
	return r
}

// sounds are the audio tracks that a format may carry.
func (r *rendition) sounds(format Format) (tracks []*demux.Track) {
	for _, t := range r.audios {
		if r.media.carries(format, t) {
			tracks = append(tracks, t)
		}
	}
	return tracks
}

// maxRefusals bounds what is said of one file: it may hold a million tracks that are refused.
const maxRefusals = 16

func few(refusals []error) []error {
	if more := len(refusals) - maxRefusals; more > 0 {
		return append(refusals[:maxRefusals:maxRefusals], fmt.Errorf("%d tracks more: %w", more, ErrUnsupported))
	}
	return refusals
}

// nothing says why a sound file has nothing to play.
func (r *rendition) nothing() error {
	if len(r.refusals) == 0 {
		return fmt.Errorf("%q has no video or audio track with samples: %w", r.file.Path, ErrUnsupported)
	}
	return fmt.Errorf("%q: %w", r.file.Path, errors.Join(r.refusals...))
}

// timelineInput is what the video's timeline is aligned from, with no more cuts than most: of twice as many, it gets every
// second one.
func (r *rendition) timelineInput(most int) timeline.Rendition {
	t := r.video
	input := timeline.Rendition{Timescale: t.Timescale, Start: t.Start, Stop: t.Stop, Frame: frameTicks(t), End: t.End}
	count := 0
	for range t.Cuts() {
		count++
	}
	every := (count + most - 1) / most
	input.Cuts = make([]demux.Cut, 0, min(count, most))
	count = 0
	for cut := range t.Cuts() {
		if count%every == 0 {
			input.Cuts = append(input.Cuts, cut)
		}
		count++
	}
	return input
}

// maxCuts bounds what a timeline chooses from: 12 hours of 24 key frames a second.
const maxCuts = 1 << 20

// frameTicks is the average duration of a video frame, at least 1. Pictures that last no time are given that of 25 a
// second: players make something of a short film, and nothing of one without a length.
func frameTicks(t *demux.Track) demux.Ticks {
	if t.Stop <= t.Start {
		return max(demux.Ticks(t.Timescale)/25, 1)
	}
	return max((t.Stop-t.Start)/demux.Ticks(max(t.End-t.First, 1)), 1)
}
