package conformance

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

// container reads segments of one format, one after the other. It carries over what runs on from one to the next.
type container interface {
	// segment reads one to its end and keeps its facts; the error is of r.
	segment(r io.Reader, f *facts) error
	// reset forgets what was carried over, at a discontinuity.
	reset()
}

var _ container = (*tsReader)(nil)

// byteRange is one EXT-X-BYTERANGE of some playlist.
type byteRange struct{ offset, size int64 }

// measure fetches the segments of all streams, Options.Concurrency streams at a time.
func (w *walk) measure(ctx context.Context, p *presentation) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	wanted := p.ranges()
	gate := make(chan struct{}, w.opts.Concurrency)
	var tasks sync.WaitGroup
	for _, s := range p.streams {
		if len(s.list.segments) == 0 {
			continue
		}
		gate <- struct{}{}
		tasks.Go(func() {
			defer func() { <-gate }()
			if err := w.measureStream(ctx, s, wanted); err != nil {
				cancel(err)
			}
		})
	}
	tasks.Wait()
	for _, s := range p.streams {
		p.segments += len(s.measured)
		for i := range s.measured {
			p.bytes += s.measured[i].get.size
		}
	}
	return context.Cause(ctx)
}

// ranges lists, for each URL, the ranges of it that playlists give.
func (p *presentation) ranges() map[string][]byteRange {
	out := map[string][]byteRange{}
	for _, s := range p.streams {
		for i := range s.list.segments {
			if seg := &s.list.segments[i]; seg.size > 0 {
				out[seg.url] = append(out[seg.url], byteRange{seg.offset, seg.size})
			}
		}
	}
	return out
}

// measureStream fetches the segments of one stream in their order.
func (w *walk) measureStream(ctx context.Context, s *stream, wanted map[string][]byteRange) error {
	readers := newReaders(s)
	s.measured = make([]measured, len(s.list.segments))
	for i := range s.list.segments {
		seg, m := &s.list.segments[i], &s.measured[i]
		reader, err := w.reader(ctx, readers, i, m)
		if err != nil {
			return err
		}
		if err = w.segment(ctx, m, seg, reader, wanted[seg.url]); err != nil {
			return err
		}
		if !m.get.ok() {
			readers.reset() // so that the next is not blamed for what it does not follow
		}
		if seg.size == 0 {
			if m.head, err = w.fetch.do(ctx, http.MethodHead, seg.url, nil, discard); err != nil {
				return err
			}
		} else if i == 0 || i == len(s.list.segments)/2 || i == len(s.list.segments)-1 {
			if err = w.probe(ctx, m, seg); err != nil {
				return err
			}
		}
	}
	return nil
}

// readers are what reads the segments of one stream.
type readers struct {
	stream *stream
	ts     *tsReader
	mp4    *mp4Reader
	text   vttReader
}

func newReaders(s *stream) *readers {
	r := &readers{stream: s, ts: newTSReader(&s.formats), mp4: newMP4Reader(&s.formats)}
	r.mp4.partial = s.list.iframesOnly
	return r
}

func (r *readers) reset() {
	r.ts.reset()
	r.mp4.reset()
}

// reader prepares what reads segment i, nil where nothing of ours can: then m tells why.
func (w *walk) reader(ctx context.Context, r *readers, i int, m *measured) (container, error) {
	list := r.stream.list
	seg := &list.segments[i]
	if m.unread = unread(seg, list); m.unread != "" {
		return nil, nil
	}
	if seg.discontinuity || list.iframesOnly {
		r.reset()
	}
	switch {
	case seg.initURL != "":
		in, err := w.initial(ctx, r.stream, seg)
		if err != nil {
			return nil, err
		}
		if in.parsed == nil {
			m.unread = noInit
			return nil, nil
		}
		r.mp4.begin(in.parsed)
		return r.mp4, nil
	case isText(seg.url):
		return r.text, nil
	case isImage(seg.url):
		return imageReader{}, nil
	}
	if list.iframesOnly && (i == 0 || list.segments[i-1].url != seg.url) {
		r.ts = newTSReader(&r.stream.formats)
		if err := w.prologue(ctx, r.ts, seg); err != nil {
			return nil, err
		}
		r.ts.reset()
	}
	return r.ts, nil
}

// noInit is why segments are unread that another rule speaks of.
const noInit = "its initialization section is missing"

// initial is one initialization section as it was fetched.
type initial struct {
	get, head exchange
	size      int64 // EXT-X-MAP's BYTERANGE, 0 where it has none
	offset    int64
	parsed    *mp4Init // nil where it didn't come
}

// initial fetches an initialization section, once for each that a stream names.
func (w *walk) initial(ctx context.Context, s *stream, seg *segment) (*initial, error) {
	for _, in := range s.inits {
		if in.get.url == seg.initURL && in.offset == seg.initOffset && in.size == seg.initSize {
			return in, nil
		}
	}
	in := &initial{offset: seg.initOffset, size: seg.initSize}
	s.inits = append(s.inits, in)
	var h fields
	if in.size > 0 {
		h = rangeOf(in.offset, in.size)
	}
	var body []byte
	var err error
	if in.get, body, err = w.fetch.whole(ctx, seg.initURL, maxBox, h); err != nil {
		return in, err
	}
	if in.get.ok() && (in.size == 0 || in.get.size == in.size) {
		in.parsed = parseInit(body)
	}
	if in.size == 0 {
		in.head, err = w.fetch.do(ctx, http.MethodHead, seg.initURL, nil, discard)
	}
	return in, err
}

// prologue reads what of a resource stands before its first I-frame, where a client looks for PAT and PMT (RFC 8216 §4.3.3.6).
func (w *walk) prologue(ctx context.Context, ts *tsReader, seg *segment) error {
	if seg.offset == 0 {
		return nil
	}
	var scratch facts
	kept := ts.formats
	ts.formats = &formats{} // what stands there is none of the playlist's
	defer func() { ts.formats = kept }()
	_, err := w.fetch.do(ctx, http.MethodGet, seg.url, rangeOf(0, seg.offset), func(x *exchange, r io.Reader) error {
		if x.status != http.StatusPartialContent {
			return nil
		}
		return ts.segment(r, &scratch)
	})
	return err
}

func rangeOf(offset, size int64) fields {
	return fields{"Range", fmt.Sprintf("bytes=%d-%d", offset, offset+size-1)}
}

// segment fetches one segment and has it read.
func (w *walk) segment(ctx context.Context, m *measured, seg *segment, reader container, wanted []byteRange) (err error) {
	var h fields
	if seg.size > 0 {
		h, wanted = rangeOf(seg.offset, seg.size), []byteRange{{0, seg.size}}
	}
	m.get, err = w.fetch.do(ctx, http.MethodGet, seg.url, h, func(x *exchange, r io.Reader) error {
		want := http.StatusOK
		if seg.size > 0 {
			want = http.StatusPartialContent
		}
		if x.status != want {
			return discard(x, io.LimitReader(r, 1<<20))
		}
		hashes := newSlicer(wanted)
		r = io.TeeReader(r, hashes)
		if reader != nil {
			if err = reader.segment(r, &m.media); err != nil {
				return err
			}
		}
		if err = discard(x, r); err != nil {
			return err
		}
		m.slices = hashes.sums()
		return nil
	})
	return err
}

// unread tells why a segment can't be read by us.
func unread(seg *segment, list *playlist) string {
	if slices.ContainsFunc(list.lines, func(l line) bool { return l.tag == "#EXT-X-KEY" && l.attrs.text("METHOD") != "NONE" }) {
		return "encrypted"
	}
	name := path.Ext(withoutQuery(seg.url))
	if seg.initURL == "" && !isText(seg.url) && !isImage(seg.url) && name != ".ts" && name != ".mpegts" {
		return "neither a transport stream nor WebVTT by its name, and without #EXT-X-MAP no fragmented MP4"
	}
	return ""
}

// isText tells WebVTT by its name.
func isText(url string) bool {
	return slices.Contains([]string{".vtt", ".webvtt"}, path.Ext(withoutQuery(url)))
}

// isImage tells a picture by its name.
func isImage(url string) bool {
	return slices.Contains([]string{".jpg", ".jpeg"}, path.Ext(withoutQuery(url)))
}

func withoutQuery(url string) string {
	name, _, _ := strings.Cut(url, "?")
	return name
}

// slicer hashes ranges of a body as it passes.
type slicer struct {
	ranges []byteRange
	hashes []hash.Hash
	at     int64
}

func newSlicer(ranges []byteRange) *slicer {
	s := &slicer{ranges: ranges}
	for range ranges {
		s.hashes = append(s.hashes, sha256.New())
	}
	return s
}

func (s *slicer) Write(p []byte) (int, error) {
	end := s.at + int64(len(p))
	for i, r := range s.ranges {
		from, to := max(r.offset, s.at), min(r.offset+r.size, end)
		if from < to {
			_, _ = s.hashes[i].Write(p[from-s.at : to-s.at]) // a hash never fails
		}
	}
	s.at = end
	return len(p), nil
}

func (s *slicer) sums() []slice {
	var out []slice
	for i, r := range s.ranges {
		if r.offset+r.size <= s.at {
			out = append(out, slice{offset: r.offset, size: r.size, sum: [32]byte(s.hashes[i].Sum(nil))})
		}
	}
	return out
}

// probe asks for a range under conditions, as a client does that resumes (RFC 9110 §13.1.5, §14).
func (w *walk) probe(ctx context.Context, m *measured, seg *segment) error {
	first := rangeOf(seg.offset, min(seg.size, packetSize))
	if m.get.tag != "" {
		x, err := w.fetch.do(ctx, http.MethodGet, seg.url, append(slices.Clone(first), "If-Range", m.get.tag), discard)
		if err != nil {
			return err
		}
		if x.status != http.StatusPartialContent {
			m.probe = fmt.Sprintf("If-Range with the ETag just given answered %d", x.status)
		}
	}
	x, err := w.fetch.do(ctx, http.MethodGet, seg.url, append(slices.Clone(first), "If-Range", `"another"`), discard)
	if err != nil {
		return err
	}
	if x.status != http.StatusOK {
		m.probe = fmt.Sprintf("If-Range with another ETag answered %d", x.status)
	}
	several := fields{"Range", fmt.Sprintf("bytes=%d-%d,%d-%d", seg.offset, seg.offset+3, seg.offset+8, seg.offset+9)}
	if x, err = w.fetch.do(ctx, http.MethodGet, seg.url, several, discard); err != nil {
		return err
	}
	if x.status != http.StatusOK && x.status != http.StatusPartialContent && x.status != http.StatusRequestedRangeNotSatisfiable {
		m.probe = fmt.Sprintf("two ranges at once answered %d", x.status)
	}
	return nil
}
