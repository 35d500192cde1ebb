package packager

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"unreel/cache"
)

const (
	// maxAheads is how many segments are made ahead at once.
	maxAheads = 2
	// maxHint bounds what is read of a player's word for what it asks for next, in bytes.
	maxHint = 2 << 10
)

// aheads are the segments that are being made before anybody asks for them.
type aheads struct {
	slots   chan struct{} // holds one for each
	working atomic.Int32  // how many segments' blocks are being made, for clients or for the cache
	cached  cache.Observer

	mu      sync.Mutex
	closed  bool
	looking sync.WaitGroup
}

func newAheads(cached cache.Observer) *aheads {
	return &aheads{slots: make(chan struct{}, maxAheads), cached: cached}
}

// enter is true where a segment may be made ahead now: few are, and a core has nothing else to do. leave must follow then.
func (a *aheads) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || int(a.working.Load()) >= runtime.GOMAXPROCS(0) {
		return false
	}
	select {
	case a.slots <- struct{}{}:
		a.looking.Add(1)
		return true
	default:
		return false
	}
}

func (a *aheads) leave() { <-a.slots }

// close lets nothing more in, and waits for those who look what is next.
func (a *aheads) close() {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.looking.Wait()
}

// Ahead is told that a client takes a segment that others have taken too: the escaped path after a format's prefix. The one
// that follows it is made ahead into the cache, on another goroutine, if there is time and room for it; or the one that hint
// names, the path of what the client says it asks for next, relative to that of the segment, if that follows it in another
// rendition. Any other hint is none.
func (p *Packager) Ahead(ctx context.Context, format Format, taken, hint string) {
	if !p.aheads.enter() {
		p.aheads.cached.CacheAhead(false)
		return
	}
	ctx = context.WithoutCancel(ctx)
	go func() {
		defer p.aheads.looking.Done()
		begun := false
		defer func() {
			if r := recover(); r != nil {
				p.log.ErrorContext(ctx, "a segment could not be made ahead", slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
			}
			if !begun {
				p.aheads.leave()
			}
		}()
		next := p.following(ctx, format, taken, hint)
		begun = next != nil && p.cache.Ahead(next.key, next.size, func(fill context.Context, w io.Writer) error {
			defer p.aheads.leave()
			return next.mux(fill, ctx, true, w, 0, next.size)
		})
	}()
}

// following lays out the segment that is to be made ahead; nil for none. What is asked of a title that is not in memory, or of
// a playlist of other days, is not worth it.
func (p *Packager) following(ctx context.Context, format Format, taken, hint string) *Segment {
	ref, err := Parse(format, taken)
	if err != nil {
		return nil
	}
	t := p.shelf.shelved(ref.TitleName())
	if t == nil || t.make(ctx) != nil {
		return nil
	}
	s, i := t.listed(format, ref)
	if s == nil {
		return nil
	}
	list, err := s.table()
	if err != nil {
		return nil
	}
	if p.config.Cache.AdmitFirst && (i == 0 || !p.cache.Peek(keyOf(s.rendition.media, s.program, s.tracks, &list.segments[i-1].span))) {
		return nil // it may be the only one that is ever asked for: nobody plays here in order
	}
	i++
	if named, ok := hinted(format, taken, hint); ok && named.TitleName() == t.name {
		if other, k := t.listed(format, named); other != nil && k == i {
			s = other
		}
	}
	if list, err = s.table(); err != nil || i >= len(list.segments) {
		return nil
	}
	next := p.layOut(ctx, s.rendition.media, s.program, s.tracks, list.segments[i].span)
	if p.config.bounded(next.size) != nil {
		return nil
	}
	return next
}

// shelved is a title as it was made last, without a look at its files; nil where it is not kept.
func (x *shelf) shelved(name string) *title {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.titles[name]
}

// listed finds the playlist that lists a segment, and its place there; nil where none does as it stands now.
func (t *title) listed(format Format, ref Ref) (*stream, int) {
	var rendition string
	var tracks Tracks
	var number int
	switch ref := ref.(type) {
	case SegmentRef:
		rendition, tracks, number = ref.Rendition, ref.Tracks, ref.Number
	case FragmentRef:
		rendition, tracks, number = ref.Rendition, ref.Tracks, ref.Number
	default:
		return nil, 0
	}
	s, err := t.stream(format, PlaylistRef{Rendition: rendition, Tracks: tracks})
	if err != nil {
		return nil, 0
	}
	list, err := s.table()
	if err != nil || number >= len(list.segments) || s.refOf(t.name, &list.segments[number]) != ref {
		return nil, 0
	}
	return s, number
}

// refOf is the URL of a segment.
func (s *stream) refOf(title string, segment *tableSegment) Ref {
	if s.program.format == CMAF {
		ref := s.fragmentRef(segment.span.number, segment.start)
		ref.Title, ref.Rendition = title, s.rendition.name
		return ref
	}
	ref := s.segmentRef(segment.span)
	ref.Title, ref.Rendition = title, s.rendition.name
	return ref
}

// hinted reads a path relative to that of a segment. ok is false where it leads out of what is below the format's prefix.
func hinted(format Format, taken, hint string) (ref Ref, ok bool) {
	const root = "/all/"
	if hint == "" || len(hint) > maxHint {
		return nil, false
	}
	base, err := url.Parse(root + taken)
	if err != nil {
		return nil, false
	}
	to, err := url.Parse(hint)
	if err != nil || to.Scheme != "" || to.Host != "" || to.User != nil || to.Opaque != "" || strings.HasPrefix(to.Path, "/") {
		return nil, false
	}
	path, below := strings.CutPrefix(base.ResolveReference(to).EscapedPath(), root)
	if !below {
		return nil, false
	}
	ref, err = Parse(format, path)
	return ref, err == nil
}
