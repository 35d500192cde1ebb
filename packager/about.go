package packager

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"unreel/demux"
)

// tellAbout is a title's Info with what its files say of themselves, and what is broken in their text, which is read once. Where
// a file can't be read, it says nothing, and is asked again the next time.
func (p *Packager) tellAbout(ctx context.Context, t *title) (*Info, error) {
	if told := t.told.Load(); told != nil {
		return t.routedInfo(told), nil
	}
	known, err := t.info(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case t.telling <- struct{}{}: // others wait for what the first one reads
		defer func() { <-t.telling }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if told := t.told.Load(); told != nil {
		return t.routedInfo(told), nil
	}
	info := *known
	info.Renditions = slices.Clone(info.Renditions)
	all, bytes := true, int64(0)
	for i, r := range t.renditions {
		if r.media == nil || r.media.index == nil {
			continue
		}
		about, failed := p.aboutOf(ctx, r.media)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if failed != nil {
			all = false
			continue
		}
		bytes += info.Renditions[i].add(about)
	}
	broken, err := p.brokenText(ctx, t)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	all = all && err == nil
	info.Warnings = append(slices.Clip(info.Warnings), broken...)
	for _, w := range broken {
		bytes += int64(16 + len(w))
	}
	if all && t.told.CompareAndSwap(nil, &info) {
		t.keeps(bytes)
	}
	return t.routedInfo(&info), nil
}

// aboutOf reads what a file says of itself, if it is still the one that was indexed.
func (p *Packager) aboutOf(ctx context.Context, m *media) (about *demux.About, err error) {
	source, err := p.storage.Open(ctx, m.path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	stamp, err := source.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	if stamp != m.stamp {
		return nil, ErrChanged
	}
	return demux.ReadAbout(ctx, source, m.index)
}

// add notes what a file says of itself, and tells how many bytes that takes.
func (r *RenditionInfo) add(about *demux.About) (bytes int64) {
	r.Minor, r.Compatible, r.Created = about.MinorVersion, about.Compatible, given(about.Created)
	r.Movie = about.Seconds
	r.TextTags = maps.Clone(about.Tags)
	r.Tracks = slices.Clone(r.Tracks)
	for i := range r.Tracks {
		track := &r.Tracks[i]
		told := about.Tracks[track.ID]
		track.Created, track.Media = given(told.Created), told.Seconds
	}
	const entry = 64 // of a map, or a slice of strings
	bytes = int64(len(r.Compatible)*entry + 640*len(r.Tracks))
	for name, value := range r.TextTags {
		bytes += int64(entry + len(name) + len(value))
	}
	return bytes
}

// given is nil for a time that nobody told.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// measure tells when a file's tracks begin and end, and how many bits a second it has.
func (r *RenditionInfo) measure(x *demux.Index) {
	first := true
	for _, t := range x.Tracks {
		if t.Timescale == 0 || t.Samples.Len() == 0 {
			continue
		}
		start, stop := t.Start.Seconds(t.Timescale), t.Stop.Seconds(t.Timescale)
		if first || start < r.Start {
			r.Start = start
		}
		r.Seconds = max(r.Seconds, stop)
		first = false
	}
	if r.Seconds > 0 {
		r.Bitrate = int64(float64(r.Bytes) * 8 / r.Seconds)
	}
}
