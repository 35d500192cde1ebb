package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// player is one client.
type player struct {
	o       *options
	link    *link
	tally   *tally
	lengths *lengths
	titles  *popularity
	dice    *rand.Rand

	variants []variant
	tracks   []track
	lists    map[string]*playlist // of this title
	shown    time.Time            // when this title's clock stood at 0, for a player that paces itself
}

// track is one playlist that is being played, with a place in it.
type track struct {
	list *playlist
	next int
	init string // the section that the decoder has
}

// at is the moment that a track is to be fetched from, in seconds.
func (t *track) at() float64 {
	if t.next < len(t.list.pieces) {
		return t.list.pieces[t.next].start
	}
	return t.list.end()
}

// run plays title after title until ctx ends.
func (p *player) run(ctx context.Context) {
	defer p.link.Close()
	for ctx.Err() == nil {
		if err := p.watch(ctx, p.titles.choose(p.dice)); err != nil && ctx.Err() == nil {
			p.tally.fail(err)
			_ = wait(ctx, 100*time.Millisecond) // whoever is broken isn't to be asked in a circle
		}
	}
}

// watch plays one title until its end, or until the viewer has enough.
func (p *player) watch(ctx context.Context, master string) error {
	answer, err := p.fetch(ctx, kindMaster, master)
	if err != nil {
		return err
	}
	if p.variants, err = readMaster(master, answer.body); err != nil {
		return err
	}
	p.lists = map[string]*playlist{}
	if err = p.choose(ctx, 0); err != nil {
		return err
	}
	p.shown = time.Now()
	for ctx.Err() == nil {
		late := p.latest()
		if late.next >= len(late.list.pieces) || p.chance(p.o.leaves) {
			return nil
		}
		if p.chance(p.o.seeks) {
			at := p.dice.Float64() * late.list.end()
			p.shown = p.shown.Add(p.real(late.at() - at))
			for i := range p.tracks {
				p.tracks[i].next = p.tracks[i].list.at(at)
			}
		}
		if p.chance(p.o.switches) {
			if err = p.choose(ctx, p.latest().at()); err != nil {
				return err
			}
		}
		if err = p.step(ctx, p.latest()); err != nil {
			return err
		}
	}
	return nil
}

// latest is the track that lags most.
func (p *player) latest() *track {
	late := &p.tracks[0]
	for i := range p.tracks {
		if p.tracks[i].at() < late.at() {
			late = &p.tracks[i]
		}
	}
	return late
}

func (p *player) chance(c float64) bool { return c > 0 && p.dice.Float64() < c }

// choose takes one of the variants from a moment on.
func (p *player) choose(ctx context.Context, at float64) error {
	chosen := p.variants[p.dice.IntN(len(p.variants))]
	tracks := make([]track, len(chosen.lists))
	for i, path := range chosen.lists {
		list, ok := p.lists[path]
		if !ok {
			answer, err := p.fetch(ctx, kindPlaylist, path)
			if err != nil {
				return err
			}
			if list, err = readPlaylist(path, answer.body); err != nil {
				return err
			}
			p.lists[path] = list
		}
		tracks[i] = track{list: list, next: list.at(at + 1e-3)} // sums of EXTINF differ by less
	}
	p.tracks = tracks
	return nil
}

// step fetches a track's next segment, and before it what its decoder needs.
func (p *player) step(ctx context.Context, t *track) error {
	if t.next >= len(t.list.pieces) {
		return nil
	}
	one := t.list.pieces[t.next]
	if p.o.pace > 0 {
		due := p.shown.Add(p.real(one.start) - p.real(p.o.ahead.Seconds()))
		if err := wait(ctx, time.Until(due)); err != nil {
			return err
		}
	}
	if one.init != "" && one.init != t.init {
		if _, err := p.fetch(ctx, kindInit, one.init); err != nil {
			return err
		}
		t.init = one.init
	}
	var fields []string
	if one.n > 0 {
		fields = []string{"Range", byteRange(one.off, one.n)}
	}
	if _, err := p.fetch(ctx, kindSegment, one.path, fields...); err != nil {
		return err
	}
	t.next++
	return nil
}

// real is how long so many seconds of a film last at this player's pace.
func (p *player) real(seconds float64) time.Duration {
	if p.o.pace == 0 {
		return 0
	}
	return time.Duration(seconds / p.o.pace * float64(time.Second))
}

// fetch gets a body and counts it. That of a playlist is kept, gunzipped.
func (p *player) fetch(ctx context.Context, k kind, path string, fields ...string) (fetched, error) {
	text := k == kindMaster || k == kindPlaylist
	if text {
		fields = append(fields, "Accept-Encoding", "gzip")
	}
	a, err := p.link.get(ctx, path, text, fields...)
	if err != nil {
		return a, err
	}
	if a.status/100 != 2 {
		return a, fmt.Errorf("%s: %w", path, &statusError{a.status})
	}
	whole := path + strings.Join(fields, " ")
	if !text && !p.lengths.same(whole, a.size) {
		return a, fmt.Errorf("%s: %w: %d bytes now", path, errLength, a.size)
	}
	if text && a.header.Get("Content-Encoding") == "gzip" {
		if a.body, err = gunzip(a.body); err != nil {
			return a, fmt.Errorf("%s: %w", path, err)
		}
	}
	p.tally.add(k, a)
	return a, nil
}

func gunzip(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	return text, errors.Join(err, r.Close())
}
