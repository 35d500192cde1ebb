package demux

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// movie is a moov on its way to an Index.
type movie struct {
	*file
	index *Index
	traks []*trak

	fragmented map[uint32]*fragmented // by track_ID; nil in a film that is not in fragments
	runs       int                    // of all fragments so far
	samples    int                    // of all tables built so far
	companion  *Samples               // the first of them
}

// most is the longest time, in ticks, that a track may hold: sums of a few such times never overflow.
const most = math.MaxInt64 / 16

// parse reads the moov's boxes (§8.2).
func (m *movie) parse() error {
	mvex := m.moov.child("mvex")
	if mvex.found() {
		if err := m.readMoofs(&mvex); err != nil {
			return err
		}
	}
	for b := range m.moov.children(0) {
		switch b.typ() {
		case "mvhd":
			if err := m.header(&b); err != nil {
				return err
			}
		case "cmov":
			return b.errorf("a compressed moov: %w", ErrUnsupported)
		case "trak":
			if len(m.traks) == maxTracks {
				return b.errorf("more than %d tracks: %w", maxTracks, ErrTooLarge)
			}
			t := &trak{movie: m, box: b, track: &Track{}}
			if err := t.parse(); err != nil {
				return err
			}
			m.traks = append(m.traks, t)
			m.index.Tracks = append(m.index.Tracks, t.track)
		}
	}
	if m.index.Timescale == 0 {
		return m.moov.errorf("no mvhd: %w", ErrCorrupt)
	}
	m.number()
	holds := func(t *trak) bool { return t.count() > 0 || t.fragments.broken != nil }
	if mvex.found() && !slices.ContainsFunc(m.traks, holds) {
		if m.junk > 0 {
			return mvex.errorf("the film is in fragments (moof boxes), and there is none before byte %d, where no box stands: %w", m.junk, ErrCorrupt)
		}
		return mvex.errorf("the film is in fragments (moof boxes), and the file holds none: %w", ErrUnsupported)
	}
	return nil
}

// number gives the text tracks of which no tkhd says the track_ID one that no other has.
func (m *movie) number() {
	id := uint32(0)
	taken := func(t *trak) bool { return t.track.ID == id }
	for _, t := range m.traks {
		if t.track.ID != 0 {
			continue
		}
		for id++; slices.ContainsFunc(m.traks, taken); id++ {
		}
		t.track.ID = id
	}
}

// header reads mvhd (§8.2.2).
func (m *movie) header(b *box) error {
	at := 12
	if b.version() == 1 {
		at = 20
	}
	if len(b.body) < at+4 {
		return b.short(at + 4)
	}
	m.index.Timescale = Timescale(u32(b.body[at:]))
	if m.index.Timescale == 0 {
		return b.errorf("timescale 0: %w", ErrCorrupt)
	}
	return nil
}

// quickTime tells a QuickTime file from an ISO one.
func (m *movie) quickTime() bool { return m.brand == "" || m.brand == "qt  " }

// warn notes what is odd, for people.
func (m *movie) warn(format string, args ...any) {
	m.index.Warnings = append(m.index.Warnings, fmt.Sprintf(format, args...))
}

// finish builds the tables of the tracks that may be delivered, and what needs the media.
func (m *movie) finish(ctx context.Context) error {
	m.setAside()
	for _, video := range [...]bool{true, false} { // pictures first: their table serves as the others' companion
		for _, t := range m.traks {
			if t.track.Kind == KindOther || video != (t.track.Kind == KindVideo) {
				continue
			}
			if err := t.build(ctx); err != nil {
				return err
			}
			if err := t.inBand(ctx); err != nil {
				return err
			}
		}
	}
	return m.fingerprint(ctx)
}

// setAside ignores the tracks that another one refers to as its chapters (QuickTime "chap" track references).
func (m *movie) setAside() {
	traks := map[uint32]*trak{}
	for _, t := range m.traks {
		traks[t.track.ID] = t
	}
	for _, t := range m.traks {
		for ids := t.chapters; len(ids) >= 4; ids = ids[4:] {
			if chapters := traks[u32(ids)]; chapters != nil {
				chapters.track.Kind = KindOther
			}
		}
	}
}
