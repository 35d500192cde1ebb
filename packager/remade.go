package packager

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// maxRemade bounds what is remembered of titles that were made for segment durations of other days.
const maxRemade = 256

// remadeKey is one such title: its files as they stood, so that what is remembered of it is never wrong.
type remadeKey struct {
	title  string
	target time.Duration
	files  [sha256.Size]byte
}

// remade is what came of it.
type remade struct {
	err  error // why it can't be made
	cuts map[remadeCut]bool
}

// remadeCut is a track as it was cut.
type remadeCut struct {
	rendition string
	version   Version
	key       cutKey
}

// digestOf describes the files of a title as they stand.
func digestOf(files []*media, errs []error) (digest [sha256.Size]byte) {
	hash := sha256.New()
	for i, m := range files {
		if m != nil {
			fmt.Fprintf(hash, "%q %v %v ", m.path, m.stamp, m.version)
		}
		fmt.Fprintf(hash, "%v\n", errs[i])
	}
	hash.Sum(digest[:0])
	return digest
}

// newRemade notes what came of a title: not its cuts, which its files keep, but which there are.
func newRemade(t *title, err error) remade {
	if err != nil {
		return remade{err: err}
	}
	r := remade{cuts: map[remadeCut]bool{}}
	for _, s := range t.layouts[CMAF].streams() {
		r.cuts[remadeCut{s.rendition.name, s.rendition.media.version, cutKey{s.tracks, s.cuts}}] = true
	}
	for _, x := range t.texts {
		if x.bounds != nil {
			r.cuts[remadeCut{x.name, x.media.version, cutKey{x.tracks, x.cuts}}] = true
		}
	}
	return r
}

// refuses is why making the title again would not give what is wanted; nil where it would.
func (r *remade) refuses(wanted remadeCut) error {
	if r.err != nil || r.cuts[wanted] {
		return r.err
	}
	return fmt.Errorf("%s is not cut at %v: %w", wanted.rendition, wanted.key.cuts, ErrStale)
}
