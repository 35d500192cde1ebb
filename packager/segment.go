package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"unreel/cache"
	"unreel/demux"
)

// Segment is a segment that is laid out but not yet made: its size and name are known, and no media byte was read. It
// keeps nothing but the index of its file and, until it is made, its plan, and needs no release.
type Segment struct {
	packager *Packager
	key      segmentKey
	path     string
	stamp    demux.Stamp
	program  *program
	span     segmentSpan
	size     int64
	etag     string

	mu   sync.Mutex
	plan segmentPlan // for whoever makes it first; nil where it was made, or was in the cache
}

// segmentKey describes a segment's bytes completely, so nothing in a cache is ever invalidated.
type segmentKey struct {
	version    Version
	format     Format
	tracks     Tracks
	number     int // in TS, where tables count it
	first, end int // samples of the lead track
	counters   Counters
}

// Size is the body's length in bytes, exact.
func (s *Segment) Size() int64 { return s.size }

// ETag is strong: the URL says all that the bytes depend on.
func (s *Segment) ETag() string { return s.etag }

// ContentType is the segment's MIME type.
func (s *Segment) ContentType() string { return s.program.segmentType() }

// Cached tells whether the segment is in the cache or on its way there. It doesn't count as a request.
func (s *Segment) Cached() bool { return s.packager.cache.Peek(s.key) }

// segment lays out the MPEG-TS segment that a URL names.
func (p *Packager) segment(ctx context.Context, ref SegmentRef) (*Segment, error) {
	m, program, err := p.programOf(ctx, TS, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	span, err := program.span(ref.Number, demux.Range{First: ref.First, End: ref.End}, ref.Counters, p.config.MaxSegmentDuration)
	if err != nil {
		return nil, err
	}
	s := p.layOut(ctx, m, program, ref.Tracks, span)
	s.etag = quoted(ref)
	return s, p.config.bounded(s.size)
}

// fragment lays out the CMAF segment that a URL names.
func (p *Packager) fragment(ctx context.Context, ref FragmentRef) (*Segment, error) {
	m, program, err := p.programOf(ctx, CMAF, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	bounds, err := p.findCuts(ctx, m, ref.Title, ref.Rendition, cutKey{ref.Tracks, ref.Cuts})
	if err != nil {
		return nil, err
	}
	if ref.Number >= len(bounds)-1 || ref.Time != shownFrom(bounds[ref.Number].Time) {
		return nil, fmt.Errorf("no segment %d at %d: %w", ref.Number, ref.Time, ErrNotFound)
	}
	span, err := program.span(ref.Number, rangeOf(bounds, ref.Number), Counters{}, p.config.MaxSegmentDuration)
	if err != nil {
		return nil, err
	}
	s := p.layOut(ctx, m, program, ref.Tracks, span)
	s.etag = quoted(ref)
	return s, p.config.bounded(s.size)
}

// shownFrom is when a segment is first presented: what stands before time 0 is decoded and not shown.
func shownFrom(t demux.Ticks) demux.Ticks { return max(t, 0) }

// programOf finds what a URL's tracks make, if the file is still of the URL's version.
func (p *Packager) programOf(ctx context.Context, format Format, title, rendition string, version Version, tracks Tracks) (*media, *program, error) {
	m, err := p.mediaOf(ctx, title, rendition)
	if err != nil {
		return nil, nil, err
	}
	if m.version != version {
		return nil, nil, fmt.Errorf("%q is at version %v, not %v: %w", m.path, m.version, version, ErrStale)
	}
	program, err := m.program(format, tracks)
	return m, program, err
}

// layOut plans a segment, for its size; one that is in the cache has it already.
func (p *Packager) layOut(ctx context.Context, m *media, program *program, tracks Tracks, span segmentSpan) *Segment {
	key := keyOf(m, program, tracks, &span)
	s := &Segment{packager: p, key: key, path: m.path, stamp: m.stamp, program: program, span: span}
	var ok bool
	if s.size, ok = p.cache.Size(key); !ok {
		begin := time.Now()
		s.plan = program.plan(span)
		s.size = s.plan.Size()
		p.observer.Stage(ctx, StagePlan, time.Since(begin), nil)
	}
	return s
}

// takePlan gives the plan that the segment was laid out by, once, and later another one. It must be released.
func (s *Segment) takePlan() (plan segmentPlan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if plan, s.plan = s.plan, nil; plan == nil {
		plan = s.program.plan(s.span)
	}
	return plan
}

func keyOf(m *media, program *program, tracks Tracks, span *segmentSpan) segmentKey {
	leading := span.leading()
	key := segmentKey{m.version, program.format, tracks, span.number, leading.First, leading.End, span.counters}
	if program.format == CMAF {
		key.number = 0
	}
	return key
}

// quoted is the entity tag of what a link describes completely.
func quoted[R interface{ AppendLink(dst []byte) []byte }](ref R) string {
	etag := append(make([]byte, 0, maxLink+2), '"')
	return string(append(ref.AppendLink(etag), '"'))
}

// WriteCached is WriteRange for a segment that is in the cache, or on its way there. there is false where it isn't any more: w
// got nothing.
func (s *Segment) WriteCached(ctx context.Context, w io.Writer, off, n int64) (there bool, err error) {
	body, ok := s.packager.cache.Find(s.key)
	if !ok {
		return false, nil
	}
	if err = body.WriteRange(ctx, w, off, n); errors.Is(err, cache.ErrGone) {
		return false, nil
	}
	return true, err
}

// WriteRange writes bytes [off, off+n) of the body to w, from the cache or muxed now. ErrChanged means that the file was
// replaced since the segment was laid out: what was written, if anything, is not to be trusted, and is never followed by
// the last block.
func (s *Segment) WriteRange(ctx context.Context, w io.Writer, off, n int64) error {
	if off < 0 || n < 0 || off > s.size-n {
		return fmt.Errorf("bytes %d to %d of a segment of %d", off, off+n, s.size)
	}
	body, _ := s.packager.cache.Open(s.key, s.size, func(fill context.Context, w io.Writer) error {
		return s.mux(fill, ctx, true, w, 0, s.size)
	})
	if body != nil {
		if err := body.WriteRange(ctx, w, off, n); !errors.Is(err, cache.ErrGone) {
			return err
		}
	}
	return s.mux(ctx, ctx, false, w, off, n)
}

// mux reads the source and writes bytes [off, off+n) of the body, block by block. asked is the context of who asked, which a
// fill outlives.
func (s *Segment) mux(ctx, asked context.Context, fill bool, w io.Writer, off, n int64) error {
	begin := time.Now()
	source, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	plan := s.takePlan()
	defer plan.Release()
	at, length := plan.Extent()
	reader, err := source.ReadRange(ctx, at, length)
	if err != nil {
		return s.storageError(ctx, "read", err)
	}
	defer reader.Close()
	muxer := plan.muxer(off)
	defer muxer.Release()

	timed := timedReader{reader: reader}
	var stages stageTimes
	err = s.stream(ctx, source, &timed, muxer, w, n, &stages)
	if kernel, ok := source.(interface{ WillNeed(off, n int64) }); ok && err == nil {
		kernel.WillNeed(at+length, length) // for whoever plays on: the next segment's media follow these
	}
	s.packager.observer.Muxed(asked, Muxing{
		Format: s.key.format, Fill: fill, Bytes: n, Begin: begin, Read: timed.spent, Mux: stages.mux - timed.spent, Write: stages.write, Err: err,
	})
	if liar, ok := muxer.(interface{ Lies() int }); ok && liar.Lies() > 0 {
		s.packager.observer.Lies(liar.Lies())
	}
	return err
}

// open opens the file, and makes sure that it is still the one that was indexed.
func (s *Segment) open(ctx context.Context) (Source, error) {
	source, err := s.packager.storage.Open(ctx, s.path)
	if err != nil {
		return nil, s.storageError(ctx, "open", err)
	}
	if err = s.unchanged(ctx, source); err != nil {
		source.Close()
		return nil, err
	}
	return source, nil
}

func (s *Segment) unchanged(ctx context.Context, source Source) error {
	stamp, err := source.Stamp(ctx)
	if err != nil {
		return s.storageError(ctx, "stat", err)
	}
	if stamp != s.stamp {
		return fmt.Errorf("%q: %w", s.path, ErrChanged)
	}
	return nil
}

type stageTimes struct{ mux, write time.Duration }

// stream writes n bytes from where muxer stands. The stamp is checked again after the last byte was read and before the last
// block is written, so that a client never takes a mixture or a stump for a segment.
func (s *Segment) stream(ctx context.Context, source Source, r *timedReader, m segmentMuxer, w io.Writer, n int64, t *stageTimes) (err error) {
	t.write, err = s.packager.blocks.relay(w, n, func(p []byte) (int, error) {
		got, failed := s.read(ctx, r, m, p, t)
		if failed != nil {
			return 0, s.readError(ctx, failed)
		}
		return got, nil
	}, func() error { return s.unchanged(ctx, source) })
	return err
}

// read makes the next bytes, or some of them.
func (s *Segment) read(ctx context.Context, r *timedReader, m segmentMuxer, block []byte, t *stageTimes) (got int, err error) {
	s.packager.aheads.working.Add(1)
	defer s.packager.aheads.working.Add(-1)
	begin := time.Now()
	got, err = m.Read(ctx, r, block)
	t.mux += time.Since(begin)
	return got, err
}

// readError says what a failed read means: a client that left, a file that ended early, or a storage that failed.
func (s *Segment) readError(ctx context.Context, err error) error {
	if ctx.Err() == nil && isShort(err) {
		return fmt.Errorf("%q ends early: %w", s.path, ErrChanged)
	}
	return s.storageError(ctx, "read", err)
}

// isShort tells of a file that has fewer bytes than it had.
func isShort(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) }

// storageError tells a client that left from a storage that failed.
func (s *Segment) storageError(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return storageError(doing, s.path, err)
}

// timedReader adds up the time that its reads take.
type timedReader struct {
	reader demux.Reader
	spent  time.Duration
}

// ReadAt is the reader's.
func (r *timedReader) ReadAt(ctx context.Context, p []byte, off int64) error {
	begin := time.Now()
	err := r.reader.ReadAt(ctx, p, off)
	r.spent += time.Since(begin)
	return err
}

// Close is the reader's.
func (r *timedReader) Close() error { return r.reader.Close() }
