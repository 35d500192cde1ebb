package packager

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"unreel/demux"
	"unreel/packager/subtitles"
)

// What is read of a text track at most, for one segment and for a whole file. A film speaks some thirty times a minute.
const (
	maxTextSamples = 4096
	maxFileSamples = 1 << 16
	maxTextBytes   = 8 << 20
	maxTextJoin    = 64 // samples before or after that a cue of the segment goes on in
)

// textReader reads cues from an opened file's text track.
type textReader struct {
	source  demux.Source
	track   *demux.Track
	decoder *subtitles.Decoder
	most    int // samples
	bytes   int // read so far
}

// textSpan is the samples of a track that show during a span, in 1/90000 s; the range may be empty.
func textSpan(t *demux.Track, span subtitles.Span) (r demux.Range) {
	at := func(time demux.Ticks) demux.Ticks {
		ticks, ok := time.Rescale(subtitles.SegmentClock, t.Timescale)
		if !ok {
			return t.Stop
		}
		return ticks - t.Shift
	}
	// One more on either side: clocks round.
	r.First = max(t.Samples.FromDecodeTime(at(span.Start))-2, t.First)
	r.End = max(min(t.Samples.FromDecodeTime(at(span.Stop))+1, t.End), r.First)
	return r
}

// cues reads the cues that show during a span. One that is split over several samples is made whole, so that it is the
// same in every segment.
func (r *textReader) cues(ctx context.Context, span subtitles.Span) (*subtitles.Track, error) {
	samples := textSpan(r.track, span)
	if n := samples.End - samples.First; n > r.most {
		return nil, fmt.Errorf("track %d has %d samples of text in %v, limit %d: %w",
			r.track.ID, n, duration(span.Stop-span.Start, subtitles.SegmentClock), r.most, ErrTooLarge)
	}
	var all []subtitles.Cue
	for i := samples.First; i < samples.End; i++ {
		cues, err := r.sample(ctx, i)
		if err != nil {
			return nil, err
		}
		all = append(all, cues...)
	}
	if r.track.Codec != demux.TimedText { // there, a sample is a cue
		var err error
		if all, err = r.extend(ctx, all, samples); err != nil {
			return nil, err
		}
	}
	return &subtitles.Track{Header: r.decoder.Header(), Cues: all}, nil
}

// extend adds the samples before and after in which a cue goes on.
func (r *textReader) extend(ctx context.Context, cues []subtitles.Cue, samples demux.Range) ([]subtitles.Cue, error) {
	goesOn := func(a, b []subtitles.Cue) bool {
		return slices.ContainsFunc(a, func(c subtitles.Cue) bool {
			return slices.ContainsFunc(b, func(d subtitles.Cue) bool {
				return c.End == d.Start && c.Text == d.Text && c.ID == d.ID && c.Settings == d.Settings
			})
		})
	}
	for i := samples.First - 1; i >= max(r.track.First, samples.First-maxTextJoin); i-- {
		before, err := r.sample(ctx, i)
		if err != nil {
			return nil, err
		}
		if !goesOn(before, cues) {
			break
		}
		cues = append(before, cues...)
	}
	for i := samples.End; i < min(r.track.End, samples.End+maxTextJoin); i++ {
		after, err := r.sample(ctx, i)
		if err != nil {
			return nil, err
		}
		if !goesOn(cues, after) {
			break
		}
		cues = append(cues, after...)
	}
	return subtitles.Join(cues), nil
}

// sample reads one sample's cues. Of one that is broken nothing is shown: a film has others. Info tells of it.
func (r *textReader) sample(ctx context.Context, i int) ([]subtitles.Cue, error) {
	cues, err := r.decode(ctx, i)
	if err != nil && !errors.Is(err, subtitles.ErrSyntax) {
		return nil, err
	}
	return cues, nil
}

// decode reads one sample's cues. The error of one that is broken wraps subtitles.ErrSyntax.
func (r *textReader) decode(ctx context.Context, i int) ([]subtitles.Cue, error) {
	s := r.track.Samples.At(i)
	if s.Size > subtitles.MaxSampleBytes {
		return nil, fmt.Errorf("a text sample of %d bytes, limit %d: %w", s.Size, subtitles.MaxSampleBytes, subtitles.ErrSyntax)
	}
	if r.bytes += int(s.Size); r.bytes > maxTextBytes {
		return nil, fmt.Errorf("track %d has more than %d bytes of text to read at once: %w", r.track.ID, maxTextBytes, ErrTooLarge)
	}
	body := make([]byte, s.Size)
	if err := readAt(ctx, r.source, body, s.Offset); err != nil {
		return nil, err
	}
	start, end := textTimes(r.track, &s)
	return r.decoder.Append(nil, body, start, end)
}

// textTimes is when a sample of text is shown, in 1/1000 s. demux.Open has proved that it fits.
func textTimes(t *demux.Track, s *demux.Sample) (start, end demux.Ticks) {
	at := t.PresentationTime(s)
	start, _ = at.Rescale(t.Timescale, subtitles.Clock)
	end, _ = (at + s.Duration).Rescale(t.Timescale, subtitles.Clock)
	return max(start, 0), end
}

// readText opens a file and reads from it, if it is still the one that was indexed, before and after.
func (p *Packager) readText(ctx context.Context, m *media, read func(Source) error) error {
	failed := func(doing string, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("%q ends early: %w", m.path, ErrChanged)
		case errors.Is(err, ErrTooLarge), errors.Is(err, ErrUnsupported), errors.Is(err, ErrCorrupt):
			return fmt.Errorf("%q: %w", m.path, err)
		}
		return storageError(doing, m.path, err)
	}
	source, err := p.storage.Open(ctx, m.path)
	if err != nil {
		return failed("open", err)
	}
	defer source.Close()
	for _, step := range [...]func() error{func() error { return nil }, func() error { return read(source) }} {
		if err = step(); err != nil {
			return failed("read", err)
		}
		stamp, unknown := source.Stamp(ctx)
		if unknown != nil {
			return failed("stat", unknown)
		}
		if stamp != m.stamp {
			return fmt.Errorf("%q: %w", m.path, ErrChanged)
		}
	}
	return nil
}
