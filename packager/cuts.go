package packager

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"unreel/packager/timeline"
)

// cutsOf names the boundaries of a track that was cut for a segment duration.
func cutsOf(target time.Duration, bounds []timeline.Boundary) (c Cuts) {
	b := make([]byte, 0, 4*len(bounds))
	last := 0
	for i := range bounds {
		b = binary.AppendVarint(b, int64(bounds[i].Sample-last))
		last = bounds[i].Sample
	}
	sum := sha256.Sum256(b)
	c.Millis = uint32(target / time.Millisecond)
	copy(c.Digest[:], sum[:])
	return c
}

// cutKey is a cut list within its file.
type cutKey struct {
	tracks Tracks
	cuts   Cuts
}

// maxCutLists bounds the cut lists that a file keeps: one a track for the segment duration that is in force, and some of
// others. The shelf counts their bytes.
const maxCutLists = 128

// cutList is where a track is cut, and, once somebody asked for it, where the parts of its virtual file stand.
type cutList struct {
	bounds []timeline.Boundary
	places *places
}

func (l *cutList) bytes() int64 {
	n := boundsBytes(l.bounds)
	if l.places != nil {
		n += l.places.bytes()
	}
	return n
}

// cutList finds where segments of a track begin and end, if a playlist of this file said so lately.
func (m *media) cutList(key cutKey) ([]timeline.Boundary, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.cuts[key]
	return l.bounds, ok
}

// placesOf finds where the parts of a virtual file stand, if somebody asked lately.
func (m *media) placesOf(key cutKey) (*places, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.cuts[key].places
	return l, l != nil
}

// keepPlaces keeps them, and tells by how many bytes the media grew.
func (m *media) keepPlaces(key cutKey, p *places) (grown int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.cuts[key]
	if !ok || l.places != nil {
		return 0 // its cuts have left meanwhile, or another was quicker
	}
	l.places = p
	m.cuts[key] = l
	return p.bytes()
}

// keepCuts keeps a cut list, and tells by how many bytes the media grew.
func (m *media) keepCuts(key cutKey, bounds []timeline.Boundary) (grown int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.cuts[key]; ok {
		return 0
	}
	if len(m.cutOrder) == maxCutLists { // the oldest leaves: a playlist that still says it finds it again
		oldest := m.cuts[m.cutOrder[0]]
		grown -= oldest.bytes()
		delete(m.cuts, m.cutOrder[0])
		m.cutOrder = append(m.cutOrder[:0], m.cutOrder[1:]...)
	}
	m.cuts[key] = cutList{bounds: bounds}
	m.cutOrder = append(m.cutOrder, key)
	return grown + boundsBytes(bounds)
}

// findCuts finds the boundaries that a URL's cuts mean. Where the file doesn't know them, its title is made with the
// segment duration that they name, for all its files at once; if that cuts the track elsewhere, a file of the title has
// changed since, and the error wraps ErrStale.
func (p *Packager) findCuts(ctx context.Context, m *media, name, rendition string, key cutKey) ([]timeline.Boundary, error) {
	if bounds, ok := m.cutList(key); ok {
		return bounds, nil
	}
	target := time.Duration(key.cuts.Millis) * time.Millisecond
	if target != p.segmentDuration() {
		leave, err := p.enterRemake(ctx, target)
		if err != nil {
			return nil, fmt.Errorf("title %q: %w", name, err)
		}
		defer leave()
		if bounds, ok := m.cutList(key); ok {
			return bounds, nil // whoever was before us asked for the same
		}
	}
	t, err := p.titleCutAt(ctx, name, target, remadeCut{rendition, m.version, key})
	if err != nil {
		return nil, err
	}
	t.keepCuts()
	if bounds, ok := t.boundsOf(rendition, m.version, key); ok {
		return bounds, nil
	}
	return nil, fmt.Errorf("%q is not cut at %v: %w", m.path, key.cuts, ErrStale)
}

// boundsOf finds where the title cuts a track.
func (t *title) boundsOf(rendition string, version Version, key cutKey) ([]timeline.Boundary, bool) {
	for _, s := range t.layouts[CMAF].streams() {
		if s.tracks == key.tracks && s.cuts == key.cuts && s.rendition.name == rendition && s.rendition.media.version == version {
			return s.bounds, true
		}
	}
	for _, x := range t.texts {
		if x.tracks == key.tracks && x.cuts == key.cuts && x.name == rendition && x.media.version == version && x.bounds != nil {
			return x.bounds, true
		}
	}
	return nil, false
}

// keepCuts lets the title's files know where it cuts them.
func (t *title) keepCuts() {
	keep := func(m *media, key cutKey, bounds []timeline.Boundary) {
		t.packager.shelf.grow(m, m.keepCuts(key, bounds))
	}
	for _, s := range t.layouts[CMAF].streams() {
		keep(s.rendition.media, cutKey{s.tracks, s.cuts}, s.bounds)
	}
	for _, x := range t.texts {
		if x.bounds != nil {
			keep(x.media, cutKey{x.tracks, x.cuts}, x.bounds)
		}
	}
}

// How many titles are made at once for segment durations of other days, or of other replicas, and how many requests wait for
// that or do it: more are refused.
const (
	maxRemakes      = 4
	maxRemakesAsked = 64
)

// enterRemake waits for a turn to make a title for another segment duration than the one in force, if there may be one.
func (p *Packager) enterRemake(ctx context.Context, target time.Duration) (leave func(), _ error) {
	if target < minSegmentDuration || 2*target > p.config.MaxSegmentDuration {
		return nil, fmt.Errorf("segments of %v: %w", target, ErrNotFound)
	}
	select {
	case p.remakesAsked <- struct{}{}:
	default:
		return nil, fmt.Errorf("segments of %v: %w", target, ErrBusy)
	}
	select {
	case p.remakes <- struct{}{}:
		return func() { <-p.remakes; <-p.remakesAsked }, nil
	case <-ctx.Done():
		<-p.remakesAsked
		return nil, context.Cause(ctx)
	}
}

// titleCutAt is a title as it is cut for a segment duration. It is kept only where that is the one in force; of others it is
// known later whether they were made, and whether they are cut as is wanted.
func (p *Packager) titleCutAt(ctx context.Context, name string, target time.Duration, wanted remadeCut) (*title, error) {
	if target == p.segmentDuration() {
		return p.title(ctx, name)
	}
	entry, err := p.library.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	files, errs, err := p.gather(ctx, entry)
	if err != nil {
		return nil, err
	}
	id := remadeKey{name, target, digestOf(files, errs)}
	if before, ok := p.remade.Get(id); ok {
		if err = before.refuses(wanted); err != nil {
			return nil, fmt.Errorf("title %q, cut for %v before: %w", name, target, err)
		}
	}
	t := newTitle(p, entry, target, files, errs, slog.New(slog.DiscardHandler))
	err = errNotMade // what remains after a panic
	defer func() { p.remade.Add(id, newRemade(t, err)) }()
	err = t.make(ctx)
	return t, err
}
