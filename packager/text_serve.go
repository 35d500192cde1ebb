package packager

import (
	"context"
	"fmt"

	"unreel/demux"
	"unreel/packager/fmp4"
	"unreel/packager/subtitles"
)

// TypeText is the MIME type of WebVTT.
const TypeText = "text/vtt" // W3C WebVTT §11

// zeroOf is the MPEG-2 timestamp of the presentation's time 0, which WebVTT segments name: that of the transport stream, or
// 0, where the media timestamps of fragmented MP4 begin. (RFC 8216 §3.5 has the latter for segments that name none; with the transport
// stream's, subtitles of fMP4 come 10 s late: jellyfin/jellyfin#16647.)
func (f Format) zeroOf() int64 {
	if f == TS {
		return tsZero
	}
	return 0
}

// tsZero is 10 s, as packager/mpegts begins.
const tsZero = 900_000

// textOf finds the file with subtitles that a URL names, and the track where they are in a film.
func (p *Packager) textOf(ctx context.Context, title, rendition string, version Version, tracks Tracks) (m *media, track *demux.Track, err error) {
	if m, err = p.textIn(ctx, title, rendition); isMissing(err) && p.library.Refresh(ctx) == nil {
		m, err = p.textIn(ctx, title, rendition)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case m.version != version:
		return nil, nil, fmt.Errorf("%q is at version %v, not %v: %w", m.path, m.version, version, ErrStale)
	case m.beside != nil && (tracks.Text != sidecarTrack || m.beside.text == nil):
		return nil, nil, fmt.Errorf("%q has no track %v: %w", m.path, tracks, ErrNotFound)
	case m.beside == nil:
		track, err = m.track(tracks.Text, demux.KindText)
	}
	return m, track, err
}

func (p *Packager) textIn(ctx context.Context, title, rendition string) (*media, error) {
	entry, err := p.library.Lookup(ctx, title)
	if err != nil {
		return nil, err
	}
	if s, ok := entry.Sidecar(rendition); ok {
		return p.shelf.get(ctx, s.Path)
	}
	return p.mediaIn(ctx, entry, rendition)
}

// cuesIn gives the cues that show during a span: of a sidecar all that it has, of a track what is read now, from so many
// samples at most.
func (p *Packager) cuesIn(ctx context.Context, m *media, track *demux.Track, span subtitles.Span, most int) (text *subtitles.Track, err error) {
	if m.beside != nil {
		return m.beside.text, nil
	}
	d, err := subtitles.NewDecoder(track)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", m.path, err)
	}
	err = p.readText(ctx, m, func(source Source) (failed error) {
		r := textReader{source: source, track: track, decoder: d, most: most}
		text, failed = r.cues(ctx, span)
		return failed
	})
	return text, err
}

// textSegment makes a WebVTT segment.
func (p *Packager) textSegment(ctx context.Context, format Format, ref TextRef) (*Document, error) {
	m, track, err := p.textOf(ctx, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	if ref.Zero != 0 && track != nil {
		return nil, notFound(ref.String()) // its times are the film's own
	}
	span := subtitles.Span{Start: ref.Start - ref.Zero, Stop: ref.Stop - ref.Zero}
	if err = p.allowed(span); err != nil {
		return nil, err
	}
	text, err := p.cuesIn(ctx, m, track, span, maxTextSamples)
	if err != nil {
		return nil, err
	}
	leave, err := p.enterText(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	body := text.AppendSegment(nil, span, format.zeroOf()+int64(ref.Zero))
	if len(body) > maxTextSegment {
		return nil, tooMuchText(m)
	}
	return newText(body), nil
}

const (
	// maxTextSegment bounds the bytes of one segment of text, which is made in memory: six seconds of subtitles have a kilobyte or two.
	maxTextSegment = 1 << 20
	// maxTextsMade bounds how many texts are made at once. The others wait.
	maxTextsMade = 4
)

func tooMuchText(m *media) error {
	return fmt.Errorf("%q has more than %d bytes of text in one segment: %w", m.path, maxTextSegment, ErrTooLarge)
}

// enterText waits until a text may be made; leave must follow.
func (p *Packager) enterText(ctx context.Context) (leave func(), err error) {
	select {
	case p.texts <- struct{}{}:
		return func() { <-p.texts }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// allowed bounds what one segment may ask for: sound may begin before the picture and outlast it.
func (p *Packager) allowed(span subtitles.Span) error {
	if length := duration(span.Stop-span.Start, subtitles.SegmentClock); length > 3*p.config.MaxSegmentDuration {
		return fmt.Errorf("a segment of %v of text: %w", length, ErrNotFound)
	}
	return nil
}

// newText makes a document of WebVTT that never changes under its URL.
func newText(body []byte) *Document {
	d := NewDocument(TypeText, body, immutableAge)
	d.Immutable = true
	return d
}

// textFile makes a WebVTT file of all of the subtitles.
func (p *Packager) textFile(ctx context.Context, ref TextFileRef) (*Document, error) {
	m, track, err := p.textOf(ctx, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	if ref.Zero != 0 && track == nil {
		return nil, notFound(ref.String()) // it counts from the film's start as it is
	}
	whole := subtitles.Span{Stop: maxCue}
	if track != nil {
		whole.Stop, _ = track.Stop.Rescale(track.Timescale, subtitles.SegmentClock)
	}
	text, err := p.cuesIn(ctx, m, track, whole, maxFileSamples)
	if err != nil {
		return nil, err
	}
	leave, err := p.enterText(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return newText(text.Since(ref.Zero).AppendFile(nil)), nil
}

// textInit makes the init section of a text track in CMAF.
func (p *Packager) textInit(ctx context.Context, ref InitRef) (*Document, error) {
	m, track, err := p.textOf(ctx, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	k := fmp4.TextTrack{Timescale: subtitles.SegmentClock}
	text := &subtitles.Track{}
	if track == nil {
		text = m.beside.text
	} else {
		d, failed := subtitles.NewDecoder(track)
		if failed != nil {
			return nil, fmt.Errorf("%q: %w", m.path, failed)
		}
		text.Header, k.Language, k.Name = d.Header(), track.Language, track.Name
	}
	k.Entry = fmp4.WebVTTEntry(text.Config())
	if passedThrough(track) {
		k.Entry = track.Entry
	}
	body, err := k.Init()
	if err != nil {
		return nil, err
	}
	return newImmutable(TypeTimedText, body), nil
}

// TypeTimedText is the MIME type of text in MP4 (RFC 4337).
const TypeTimedText = "application/mp4"

// passedThrough tells a track of TTML, whose documents are sent as they are: their times are those of the track, so they need
// the same clock.
func passedThrough(t *demux.Track) bool { return t != nil && t.Codec == demux.TTML && t.Shift == 0 }

// textFragment makes a CMAF segment of text. All of it is in memory: it has some kilobytes.
func (p *Packager) textFragment(ctx context.Context, ref FragmentRef) (*Document, error) {
	m, track, err := p.textOf(ctx, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	bounds, err := p.findCuts(ctx, m, ref.Title, ref.Rendition, cutKey{ref.Tracks, ref.Cuts})
	if err != nil {
		return nil, err
	}
	if ref.Number >= len(bounds)-1 || ref.Time != bounds[ref.Number].Time {
		return nil, fmt.Errorf("no segment %d at %d: %w", ref.Number, ref.Time, ErrNotFound)
	}
	span := subtitles.Span{Start: bounds[ref.Number].Time, Stop: bounds[ref.Number+1].Time}
	var samples []subtitles.Sample
	if passedThrough(track) {
		err = p.readText(ctx, m, func(source Source) (failed error) {
			samples, failed = ttmlSamples(ctx, source, track, span)
			return failed
		})
	} else {
		var text *subtitles.Track
		if text, err = p.cuesIn(ctx, m, track, span, maxTextSamples); err == nil {
			if samples, err = p.textSamples(ctx, m, text, span); err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		return nil, err
	}
	parts := make([]fmp4.TextSample, len(samples))
	for i, s := range samples {
		parts[i] = fmp4.TextSample{Duration: uint32(s.Duration), Data: s.Data}
	}
	body, err := fmp4.AppendTextSegment(nil, ref.Number, span.Start, parts)
	if err != nil {
		return nil, err
	}
	return newImmutable(TypeTimedText, body), nil
}

// textSamples are the cues of a span as samples.
func (p *Packager) textSamples(ctx context.Context, m *media, text *subtitles.Track, span subtitles.Span) ([]subtitles.Sample, error) {
	leave, err := p.enterText(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	samples, ok := text.Samples(span, maxTextSegment)
	if !ok {
		return nil, tooMuchText(m)
	}
	return samples, nil
}

// emptyTTML shows nothing.
const emptyTTML = `<tt xmlns="http://www.w3.org/ns/ttml" xml:lang=""/>`

// ttmlSamples are the documents that are active during a span, each for its part of it; where none is, an empty one.
func ttmlSamples(ctx context.Context, source demux.Source, t *demux.Track, span subtitles.Span) (samples []subtitles.Sample, _ error) {
	at, total := span.Start, 0
	fill := func(to demux.Ticks) {
		if to > at {
			samples = append(samples, subtitles.Sample{Duration: to - at, Data: []byte(emptyTTML)})
			at = to
		}
	}
	r := textSpan(t, span)
	if n := r.End - r.First; n > maxTextSamples {
		return nil, fmt.Errorf("track %d has %d samples of text in one segment, limit %d: %w", t.ID, n, maxTextSamples, ErrTooLarge)
	}
	for i := r.First; i < r.End; i++ {
		s := t.Samples.At(i)
		shown := t.PresentationTime(&s)
		start, _ := shown.Rescale(t.Timescale, subtitles.SegmentClock) // demux.Open has proved that it fits
		stop, _ := (shown + s.Duration).Rescale(t.Timescale, subtitles.SegmentClock)
		start, stop = max(start, at), min(stop, span.Stop)
		if start >= stop || s.Size == 0 {
			continue
		}
		if total += int(min(s.Size, maxTextBytes+1)); total > maxTextBytes {
			return nil, fmt.Errorf("track %d has more than %d bytes of text in one segment: %w", t.ID, maxTextBytes, ErrTooLarge)
		}
		body := make([]byte, s.Size)
		if err := readAt(ctx, source, body, s.Offset); err != nil {
			return nil, err
		}
		fill(start)
		samples = append(samples, subtitles.Sample{Duration: stop - at, Data: body})
		at = stop
	}
	fill(span.Stop)
	return samples, nil
}
