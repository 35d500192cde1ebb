package packager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"unreel/packager/subtitles"
)

// maxTextChecked bounds the samples of a title's text tracks that are read to tell which are broken: each lies elsewhere in the
// file, and whoever writes broken ones does so from the start.
const maxTextChecked = 256

// brokenText warns of the text tracks that have samples of which nothing can be shown, once of each. The error is the storage's.
func (p *Packager) brokenText(ctx context.Context, t *title) (warnings []string, err error) {
	left := maxTextChecked
	for _, x := range t.texts {
		if x.track == nil {
			continue // what is left out of a sidecar was told when it was read
		}
		err = p.readText(ctx, x.media, func(source Source) error {
			r := textReader{source: source, track: x.track, decoder: x.decoder, most: left}
			told, failed := r.broken(ctx)
			if told != "" {
				warnings = append(warnings, warning{x.media.path, "has something that is left out: " + told}.String())
			}
			return failed
		})
		if err != nil {
			return nil, err
		}
		left -= min(left, x.track.End-x.track.First)
	}
	return warnings, nil
}

// broken counts the track's samples that can't be read, as far as may be read at once, and tells of them; "" where there are none.
func (r *textReader) broken(ctx context.Context) (string, error) {
	n, first, words := 0, time.Duration(0), ""
	end := min(r.track.End, r.track.First+r.most)
	for i := r.track.First; i < end; i++ {
		_, err := r.decode(ctx, i)
		switch {
		case err == nil:
			continue
		case errors.Is(err, ErrTooLarge):
			i = end
			continue
		case !errors.Is(err, subtitles.ErrSyntax):
			return "", err
		}
		if n++; n == 1 {
			s := r.track.Samples.At(i)
			start, _ := textTimes(r.track, &s)
			first, words = duration(start, subtitles.Clock), err.Error()
		}
	}
	if n == 0 {
		return "", nil
	}
	looked := fmt.Sprint(end - r.track.First)
	if end < r.track.End {
		looked = "the first " + looked
	}
	return fmt.Sprintf("%d of %s samples of track %d, the first at %v: %s", n, looked, r.track.ID, first, words), nil
}
