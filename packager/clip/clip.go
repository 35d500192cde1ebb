// Package clip lays out a part of a file as an MP4 of its own: a moov that is written in front, and then bytes of the file
// as they stand. No sample is touched, so a clip begins at a key frame. It knows no files.
package clip

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"unreel/demux"
)

// ErrEmpty is a part that holds nothing, or that lies outside of the film.
var ErrEmpty = errors.New("no part of the film")

// Extent is a run of bytes of the source.
type Extent struct{ Offset, Size int64 }

// Clip is an MP4 that is laid out: what stands before the media, and where the media comes from. It is immutable.
type Clip struct {
	// Start and End are what the clip holds, in seconds of the film as New counts them: from the key frame at or before the start
	// that was asked for, to the one at or after the end. Before the first picture, and after the last, there is the sound that was
	// asked for.
	Start, End float64
	First      int // the leading track's first sample
	After      int // and the one after its last

	head  []byte
	media *Media
}

// Media is where the bytes after a clip's head come from. It is immutable, and keeps nothing else of the clip.
type Media struct {
	extents []Extent
	before  []int64 // bytes of the extents before each
}

// part is what the clip holds of one track.
type part struct {
	track        *demux.Track
	first, after int
	zero         demux.Ticks // the clip's time 0 on the track's clock
	length       demux.Ticks
	chunks       []chunk
	tables       tables
}

// chunk is a run of samples that follow each other in the source.
type chunk struct {
	offset  int64 // in the source
	size    int64
	samples int
	to      int64 // in the clip's media
}

// New lays out the part of a file from start to end, in seconds from when the film begins: at time 0, or with its first track
// where that is a second later or more. An end of +Inf is the film's. Errors wrap ErrEmpty or demux.ErrUnsupported.
func New(x *demux.Index, start, end float64) (*Clip, error) {
	lead := leading(x, start)
	if lead == nil {
		return nil, fmt.Errorf("no track that can be cut: %w", demux.ErrUnsupported)
	}
	origin := originOf(x, lead)
	if length := (lead.Stop - origin).Seconds(lead.Timescale); !(start >= 0 && end > start) || start >= length {
		return nil, fmt.Errorf("from %v to %v s of %v: %w", start, end, length, ErrEmpty)
	}
	begin := ticksOf(start, lead, origin)
	p, zero, stop := cutLead(lead, begin, ticksOf(end, lead, origin))
	zero = min(zero, heard(x, lead, begin))
	p.zero, p.length = zero, max(stop-zero, 1)
	parts := []part{p}
	for _, t := range x.Tracks {
		if t == lead || !plays(t, demux.KindAudio) {
			continue
		}
		from, ok1 := zero.Rescale(lead.Timescale, t.Timescale)
		to, ok2 := stop.Rescale(lead.Timescale, t.Timescale)
		begun, ok3 := origin.Rescale(lead.Timescale, t.Timescale)
		if !ok1 || !ok2 || !ok3 {
			continue // times are proven to fit nanoseconds; this is none that could be said
		}
		to = max(to, ticksOf(end, t, begun)) // what outlasts the picture, and is asked for
		if sound, ok := cutSound(t, from, to); ok {
			parts = append(parts, sound)
		}
	}
	c := &Clip{First: p.first, After: p.after, media: place(parts)}
	c.Start, c.End = (zero - origin).Seconds(lead.Timescale), (stop - origin).Seconds(lead.Timescale)
	c.head = bytes.Clone(appendHead(nil, x.Brand, parts, lead.Timescale, c.media.Size())) // without what append kept in reserve
	return c, nil
}

// leading is the first picture that goes on after start, or else the first sound that does, or else what ends last.
func leading(x *demux.Index, start float64) (last *demux.Track) {
	for _, kind := range [...]demux.Kind{demux.KindVideo, demux.KindAudio} {
		for _, t := range x.Tracks {
			if !plays(t, kind) {
				continue
			}
			if start < (t.Stop - originOf(x, t)).Seconds(t.Timescale) {
				return t
			}
			if last == nil || t.Stop.Seconds(t.Timescale) > last.Stop.Seconds(last.Timescale) {
				last = t
			}
		}
	}
	return last
}

// heard is when, from start on, any sound is first heard, on the clock of lead: it may be before the first picture, which waits then.
func heard(x *demux.Index, lead *demux.Track, start demux.Ticks) demux.Ticks {
	first := demux.Ticks(math.MaxInt64)
	for _, t := range x.Tracks {
		if !plays(t, demux.KindAudio) {
			continue
		}
		from, ok1 := t.Start.Rescale(t.Timescale, lead.Timescale)
		to, ok2 := t.Stop.Rescale(t.Timescale, lead.Timescale)
		if ok1 && ok2 && to > start {
			first = min(first, max(from, start))
		}
	}
	return first
}

func plays(t *demux.Track, kind demux.Kind) bool {
	return t.Kind == kind && t.Refusal == nil && t.End > t.First
}

// originOf is when a film begins, on the clock of a track: recordings of live streams count from 1970. Less than a second is what
// encoders' reordering and priming leave.
func originOf(x *demux.Index, of *demux.Track) demux.Ticks {
	origin := of.Start
	for _, t := range x.Tracks {
		if start, ok := t.Start.Rescale(t.Timescale, of.Timescale); ok && (plays(t, demux.KindVideo) || plays(t, demux.KindAudio)) {
			origin = min(origin, start)
		}
	}
	if origin < demux.Ticks(of.Timescale) {
		return 0
	}
	return origin
}

// ticksOf is a time after the origin on a track's clock, not beyond its end.
func ticksOf(seconds float64, t *demux.Track, origin demux.Ticks) demux.Ticks {
	ticks := math.Floor(seconds*float64(t.Timescale) + 0.5)
	if ticks >= float64(t.Stop-origin) {
		return t.Stop
	}
	return origin + demux.Ticks(ticks)
}

// cutLead cuts the leading track, and gives the clip's times on its clock.
func cutLead(t *demux.Track, start, end demux.Ticks) (p part, zero, stop demux.Ticks) {
	if t.Kind == demux.KindAudio {
		p, _ = cutSound(t, max(start, t.Start), end)
		return p, p.zero, end
	}
	p = part{track: t, first: t.First, after: t.End}
	stop = t.Stop
	begun := false
	for cut := range t.Cuts() {
		if !begun || cut.Time <= start {
			p.first, zero, begun = cut.Sample, cut.Time, true
			continue
		}
		if cut.Time >= end {
			p.after, stop = cut.Sample, cut.Time
			break
		}
	}
	zero = max(zero, 0) // an edit list may hide frames after the first key frame
	p.zero, p.length = zero, max(stop-zero, 1)
	return p, zero, stop
}

// preroll is how many frames of sound are there before the first that is heard: decoders overlap them.
const preroll = 2

// cutSound takes the frames that are heard from zero to stop; ok is false where there are none.
func cutSound(t *demux.Track, zero, stop demux.Ticks) (p part, ok bool) {
	if t.Stop <= zero {
		return p, false // it has ended before
	}
	p = part{track: t, zero: zero, length: max(stop-zero, 1)}
	p.first = max(t.FirstFrom(zero+1)-1-preroll, t.First)
	p.after = t.FirstFrom(stop)
	return p, p.after > p.first
}

// place orders the chunks of all tracks as they lie in the source, and finds the extents.
func place(parts []part) *Media {
	m := &Media{}
	var all []*chunk
	for i := range parts {
		parts[i].read()
		for k := range parts[i].chunks {
			all = append(all, &parts[i].chunks[k])
		}
	}
	slices.SortStableFunc(all, func(a, b *chunk) int { return cmp.Compare(a.offset, b.offset) })
	at := int64(0)
	for _, k := range all {
		k.to = at
		at += k.size
		if n := len(m.extents); n > 0 && m.extents[n-1].Offset+m.extents[n-1].Size == k.offset {
			m.extents[n-1].Size += k.size
		} else if k.size > 0 {
			m.extents = append(m.extents, Extent{k.offset, k.size})
		}
	}
	m.extents = slices.Clip(m.extents)
	m.before = make([]int64, len(m.extents)+1)
	for i, e := range m.extents {
		m.before[i+1] = m.before[i] + e.Size
	}
	return m
}

// read walks a track's samples once: its chunks, and its tables.
func (p *part) read() {
	cursor := p.track.Samples.From(p.first)
	p.tables = newTables(p.after - p.first)
	for range p.after - p.first {
		s, ok := cursor.Next()
		if !ok {
			break
		}
		n := len(p.chunks)
		if n > 0 && p.chunks[n-1].offset+p.chunks[n-1].size == s.Offset && p.chunks[n-1].samples < maxChunk {
			p.chunks[n-1].size += int64(s.Size)
			p.chunks[n-1].samples++
		} else {
			p.chunks = append(p.chunks, chunk{offset: s.Offset, size: int64(s.Size), samples: 1})
		}
		p.tables.add(&s)
	}
}

// maxChunk bounds the samples of a chunk: readers hold one at a time.
const maxChunk = 1 << 12

// Size is the MP4's length in bytes.
func (c *Clip) Size() int64 { return int64(len(c.head)) + c.media.Size() }

// Head is what stands before the media. It is not to be changed.
func (c *Clip) Head() []byte { return c.head }

// Media is what follows it.
func (c *Clip) Media() *Media { return c.media }

// Bytes is what the clip keeps resident.
func (c *Clip) Bytes() int64 { return int64(cap(c.head)) + c.media.Bytes() }

// Size is the media's length in bytes.
func (m *Media) Size() int64 { return m.before[len(m.extents)] }

// Bytes is what it keeps resident: 24 for each run of bytes of the source.
func (m *Media) Bytes() int64 { return int64(16*cap(m.extents) + 8*cap(m.before)) }

// Span is the first byte of the source that the clip needs, and how many there are to the last.
func (m *Media) Span() (off, n int64) {
	off, end := int64(math.MaxInt64), int64(0)
	for _, e := range m.extents {
		off, end = min(off, e.Offset), max(end, e.Offset+e.Size)
	}
	return off, end - off
}

// At is where byte off of the media comes from in the source; n is how many bytes follow there, 0 at the end.
func (m *Media) At(off int64) (source, n int64) {
	i := sort.Search(len(m.extents), func(i int) bool { return m.before[i+1] > off })
	if i == len(m.extents) {
		return 0, 0
	}
	return m.extents[i].Offset + off - m.before[i], m.before[i+1] - off
}
