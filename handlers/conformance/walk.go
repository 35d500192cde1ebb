package conformance

import (
	"context"
	"fmt"
	"slices"
)

// presentation is what the rules judge: every playlist, and the facts of every segment.
type presentation struct {
	opts      Options
	master    *document // nil where the walk began at a media playlist, and of DASH
	mpd       *manifest // nil of HLS
	documents []*document
	streams   []*stream // one for each URL of a media playlist, in the order of their first mention
	segments  int
	bytes     int64
}

// stream is one media playlist and what the master says of it.
type stream struct {
	doc        *document
	list       *playlist
	variants   []*variant   // EXT-X-STREAM-INF that point here
	iframes    []*variant   // EXT-X-I-FRAME-STREAM-INF
	images     []*variant   // EXT-X-IMAGE-STREAM-INF
	renditions []*rendition // EXT-X-MEDIA

	formats  formats         // that its segments have
	inits    []*initial      // initialization sections, in the order of their first use
	rep      *representation // of DASH
	index    *theIndex       // of indexed addressing
	measured []measured      // one for each segment of the playlist; none where segments are left alone
}

// ofType tells whether the stream holds a rendition of an EXT-X-MEDIA TYPE.
func (s *stream) ofType(typ string) bool {
	return slices.ContainsFunc(s.renditions, func(r *rendition) bool { return r.attrs.text("TYPE") == typ })
}

// plain tells a stream of audio or video segments from I-frame playlists, images and subtitles.
func (s *stream) plain() bool {
	return !s.list.iframesOnly && !s.list.imagesOnly && len(s.images) == 0 && !s.ofType("SUBTITLES")
}

// walk fetches a presentation.
type walk struct {
	fetch fetcher
	opts  Options
}

// presentation fetches everything that the rules need.
func (w *walk) presentation(ctx context.Context, masterURL string) (*presentation, error) {
	p := &presentation{opts: w.opts}
	first, err := w.document(ctx, p, masterURL)
	if err != nil {
		return nil, err
	}
	if !first.get.ok() {
		return nil, fmt.Errorf("answered %d %s", first.get.status, first.get.failed)
	}
	if first.list.isMaster() {
		p.master = first
		if err = w.children(ctx, p); err != nil {
			return nil, err
		}
	} else {
		p.streams = []*stream{{doc: first, list: first.list}}
	}
	if !w.opts.PlaylistsOnly {
		if err = w.measure(ctx, p); err != nil {
			return nil, err
		}
	}
	for _, d := range p.documents { // last of all, so that what changes with time has had its time
		if err = w.fetch.revisit(ctx, d, w.opts.MaxPlaylist); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// document fetches and parses one playlist.
func (w *walk) document(ctx context.Context, p *presentation, url string) (*document, error) {
	d, err := w.fetch.document(ctx, url, w.opts.MaxPlaylist)
	if err != nil {
		return nil, err
	}
	d.list = &playlist{url: url, version: 1}
	if d.get.ok() {
		d.list = parsePlaylist(url, d.text)
	}
	p.documents = append(p.documents, d)
	return d, nil
}

// children fetches the media playlists of the master.
func (w *walk) children(ctx context.Context, p *presentation) error {
	list := p.master.list
	for i := range list.variants {
		s, err := w.stream(ctx, p, list.variants[i].url)
		if err != nil {
			return err
		}
		s.variants = append(s.variants, &list.variants[i])
	}
	for i := range list.media {
		if list.media[i].url == "" {
			continue
		}
		s, err := w.stream(ctx, p, list.media[i].url)
		if err != nil {
			return err
		}
		s.renditions = append(s.renditions, &list.media[i])
	}
	for i := range list.iframes {
		s, err := w.stream(ctx, p, list.iframes[i].url)
		if err != nil {
			return err
		}
		s.iframes = append(s.iframes, &list.iframes[i])
	}
	for i := range list.images {
		s, err := w.stream(ctx, p, list.images[i].url)
		if err != nil {
			return err
		}
		s.images = append(s.images, &list.images[i])
	}
	return nil
}

// stream gives the one stream of a media playlist's URL.
func (w *walk) stream(ctx context.Context, p *presentation, url string) (*stream, error) {
	if i := slices.IndexFunc(p.streams, func(s *stream) bool { return s.doc.get.url == url }); i >= 0 {
		return p.streams[i], nil
	}
	d, err := w.document(ctx, p, url)
	if err != nil {
		return nil, err
	}
	s := &stream{doc: d, list: d.list}
	p.streams = append(p.streams, s)
	return s, nil
}

// find gives the stream of a URL, nil where there is none.
func (p *presentation) find(url string) *stream {
	i := slices.IndexFunc(p.streams, func(s *stream) bool { return s.doc.get.url == url })
	if i < 0 {
		return nil
	}
	return p.streams[i]
}
