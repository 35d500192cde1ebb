package packager

import (
	"context"
	"fmt"
	"io"
	"sort"
	"time"

	"unreel/demux"
	"unreel/packager/fmp4"
	"unreel/packager/timeline"
)

// TrackFile is the virtual single file of a track: its init section, an index (sidx) and all its segments. None of it is made
// before it is read, and it is never held as a whole: what is read goes through the segments, and through their cache. It
// keeps the index of its MP4 and the places of the segments, and needs no release.
type TrackFile struct {
	packager *Packager
	media    *media
	program  *program
	tracks   Tracks
	bounds   []timeline.Boundary
	places   *places
	etag     string
}

// places are where the parts of a virtual file stand. They are immutable and shared.
type places struct {
	head []byte  // init section and index
	ends []int64 // of each segment, bytes from the file's start
}

func (l *places) bytes() int64 { return int64(cap(l.head)) + 8*int64(cap(l.ends)) + 64 }

// Size is the body's length in bytes, exact.
func (f *TrackFile) Size() int64 { return f.places.ends[len(f.places.ends)-1] }

// ETag is strong: the URL says all that the bytes depend on.
func (f *TrackFile) ETag() string { return f.etag }

// ContentType is the file's MIME type.
func (f *TrackFile) ContentType() string { return f.program.fileType() }

// Cached is false: its segments may be in the cache, but the file never is.
func (f *TrackFile) Cached() bool { return false }

// WriteCached writes nothing, since the file is never in the cache.
func (f *TrackFile) WriteCached(context.Context, io.Writer, int64, int64) (there bool, err error) {
	return false, nil
}

// file lays out what a URL names.
func (p *Packager) trackFile(ctx context.Context, ref TrackRef) (*TrackFile, error) {
	m, program, err := p.programOf(ctx, CMAF, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	key := cutKey{ref.Tracks, ref.Cuts}
	bounds, err := p.findCuts(ctx, m, ref.Title, ref.Rendition, key)
	if err != nil {
		return nil, err
	}
	l, err := p.placesOf(ctx, m, program, key, bounds)
	if err != nil {
		return nil, err
	}
	return &TrackFile{packager: p, media: m, program: program, tracks: ref.Tracks, bounds: bounds, places: l, etag: quoted(ref)}, nil
}

// placesOf finds where the parts of a virtual file stand; it plans every segment, once.
func (p *Packager) placesOf(ctx context.Context, m *media, program *program, key cutKey, bounds []timeline.Boundary) (_ *places, err error) {
	if l, ok := m.placesOf(key); ok {
		return l, nil
	}
	begin := time.Now()
	defer func() { p.observer.Stage(ctx, StagePlaylist, time.Since(begin), err) }()
	sizes := make([]int64, len(bounds)-1)
	for i := range sizes {
		span, failed := program.span(i, rangeOf(bounds, i), Counters{}, p.config.MaxSegmentDuration)
		if failed != nil {
			return nil, failed
		}
		plan := program.plan(span)
		sizes[i] = plan.Size()
		plan.Release()
	}
	head, _, err := fileHead(program, bounds, sizes)
	if err != nil {
		return nil, err
	}
	l := &places{head: head, ends: make([]int64, len(sizes))}
	at := int64(len(head))
	for i, size := range sizes {
		at += size
		l.ends[i] = at
	}
	p.shelf.grow(m, m.keepPlaces(key, l))
	return l, nil
}

// rangeOf is the samples of segment i.
func rangeOf(bounds []timeline.Boundary, i int) demux.Range {
	return demux.Range{First: bounds[i].Sample, End: bounds[i+1].Sample}
}

// fileHead is what stands before the segments of a virtual file: the init section, whose size it gives, and the index.
func fileHead(p *program, bounds []timeline.Boundary, sizes []int64) (head []byte, init int64, _ error) {
	parts := make([]fmp4.Subsegment, len(sizes))
	for i, size := range sizes {
		parts[i] = fmp4.Subsegment{
			Size: size, Duration: shownFrom(bounds[i+1].Time) - shownFrom(bounds[i].Time),
			Closed: p.video == nil || closedCut(p.video, bounds[i].Sample),
		}
	}
	section := p.cmaf.Init()
	head = append(make([]byte, 0, len(section)+64+12*len(parts)), section...)
	head, err := p.cmaf.AppendIndex(head, bounds[0].Time, parts)
	return head, int64(len(section)), err
}

// WriteRange writes bytes [off, off+n) of the body to w. ErrChanged means what it means of a Segment.
func (f *TrackFile) WriteRange(ctx context.Context, w io.Writer, off, n int64) error {
	if off < 0 || n < 0 || off > f.Size()-n {
		return fmt.Errorf("bytes %d to %d of a file of %d", off, off+n, f.Size())
	}
	if head := f.places.head; off < int64(len(head)) && n > 0 {
		written, err := w.Write(head[off:min(off+n, int64(len(head)))])
		if err != nil {
			return err
		}
		off, n = off+int64(written), n-int64(written)
	}
	ends := f.places.ends
	for i := sort.Search(len(ends), func(i int) bool { return ends[i] > off }); n > 0; i++ {
		span, err := f.program.span(i, rangeOf(f.bounds, i), Counters{}, f.packager.config.MaxSegmentDuration)
		if err != nil {
			return err
		}
		s := f.packager.layOut(ctx, f.media, f.program, f.tracks, span)
		part := min(n, ends[i]-off)
		if err = s.WriteRange(ctx, w, off-(ends[i]-s.size), part); err != nil {
			return err
		}
		off, n = off+part, n-part
	}
	return nil
}
