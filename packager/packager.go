package packager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"unreel/cache"
	"unreel/demux"
	"unreel/packager/routing"
	"unreel/packager/thumbnails"
)

// Config is what an operator may choose.
type Config struct {
	SegmentDuration    time.Duration // aimed at; real segments follow the key frames
	MaxSegmentDuration time.Duration // beyond it a film is refused: its key frames are too rare
	MaxSegmentBytes    int64         // beyond it a film is refused; 0 is no limit
	HEVCInTS           bool          // transport streams may carry HEVC, which Apple's players refuse
	Limits             demux.Limits
	IndexCacheBytes    int64      // of indexes and playlists
	Indexes            IndexStore // that outlives the process; nil for none
	Cache              cache.Config
	LargeBlocks        int               // of 752 KiB, that may be in use at a time for clients that are quick
	Thumbnails         *thumbnails.Maker // nil where none are made
	// Routes gives the rules that say where renditions are fetched from, another pointer each time they change; nil where there are none.
	Routes func() *routing.Rules
}

// minSegmentDuration is the least that may be aimed at.
const minSegmentDuration = 100 * time.Millisecond

// Validate reports all mistakes at once, by the flags' names.
func (c Config) Validate() error {
	var errs []error
	if c.SegmentDuration < minSegmentDuration {
		errs = append(errs, fmt.Errorf("segment-duration: %v is shorter than %v", c.SegmentDuration, minSegmentDuration))
	}
	if c.MaxSegmentDuration < 2*c.SegmentDuration {
		errs = append(errs, fmt.Errorf("max-segment-duration: %v is less than twice the segment-duration %v", c.MaxSegmentDuration, c.SegmentDuration))
	}
	if c.MaxSegmentBytes < 0 {
		errs = append(errs, fmt.Errorf("max-segment-bytes: %d is negative", c.MaxSegmentBytes))
	}
	if c.IndexCacheBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("index-cache-size: %d bytes is less than 1 MiB", c.IndexCacheBytes))
	}
	return errors.Join(errs...)
}

// bounded refuses a segment of more bytes than it may have.
func (c Config) bounded(size int64) error {
	if c.MaxSegmentBytes > 0 && size > c.MaxSegmentBytes {
		return fmt.Errorf("%d bytes (--max-segment-bytes): %w", size, ErrTooLarge)
	}
	return nil
}

// Packager answers paths with playlists and segments. It is safe for concurrent use.
type Packager struct {
	config   Config
	storage  Storage
	library  *Library
	observer Observer
	log      *slog.Logger
	shelf    *shelf
	cache    *cache.Cache[segmentKey]
	aheads   *aheads
	blocks   *blocks
	remakes  chan struct{} // holds one for each title that is being made for a segment duration of its own
	// remakesAsked holds one for each request that waits for that, or does it.
	remakesAsked chan struct{}
	remade       *lru.Cache[remadeKey, remade]
	drawn        *lru.Cache[tileKey, drawn]
	drawing      chan struct{} // holds one while thumbnails are made
	texts        chan struct{} // holds one for each text that is being made
	clips        *clips
}

// New makes a packager of a library's files. What it starts ends with Close.
func New(config Config, storage Storage, library *Library, observer Observer, cached cache.Observer, log *slog.Logger) *Packager {
	sheets, _ := lru.New[tileKey, drawn](maxTileSheets) // it fails where it may hold none
	made, _ := lru.New[remadeKey, remade](maxRemade)
	return &Packager{
		config: config, storage: storage, library: library, observer: observer, log: log,
		shelf:  newShelf(&config, storage, observer, log),
		cache:  cache.New[segmentKey](config.Cache, cached),
		aheads: newAheads(cached),
		blocks: newBlocks(config.LargeBlocks), remakes: make(chan struct{}, maxRemakes), remakesAsked: make(chan struct{}, maxRemakesAsked), remade: made,
		drawn: sheets, drawing: make(chan struct{}, 1), texts: make(chan struct{}, maxTextsMade), clips: newClips(),
	}
}

// segmentDuration is what segments aim at, on the grid's clock.
func (p *Packager) segmentDuration() time.Duration {
	return p.config.SegmentDuration.Truncate(time.Millisecond)
}

// Close ends what still fills the cache.
func (p *Packager) Close() error {
	p.aheads.close()
	return p.cache.Close()
}

// Answer is what a path names: one of the three is set.
type Answer struct {
	Document *Document
	Segment  *Segment
	Track    *TrackFile
}

// Answer answers the escaped path after a format's prefix: /hls/ for TS, /cmaf/ for CMAF.
func (p *Packager) Answer(ctx context.Context, format Format, escaped string) (a Answer, err error) {
	ref, err := Parse(format, escaped)
	if err != nil {
		return a, err
	}
	switch ref := ref.(type) {
	case SegmentRef:
		a.Segment, err = p.segment(ctx, ref)
	case FragmentRef:
		if ref.Tracks.Text != 0 {
			a.Document, err = p.textFragment(ctx, ref)
		} else {
			a.Segment, err = p.fragment(ctx, ref)
		}
	case InitRef:
		a.Document, err = p.initSection(ctx, ref)
	case ThumbnailsRef:
		a.Document, err = p.thumbnails(ctx, ref)
	case ImagesRef:
		a.Document, err = p.imagesOf(ctx, ref)
	case TileRef:
		a.Document, err = p.tile(ctx, ref)
	case PictureRef:
		a.Document, err = p.picture(ctx, ref)
	case TextRef:
		a.Document, err = p.textSegment(ctx, format, ref)
	case TextFileRef:
		a.Document, err = p.textFile(ctx, ref)
	case PlaylistRef:
		a.Document, err = p.playlist(ctx, format, ref)
	case TrackRef:
		a.Track, err = p.trackFile(ctx, ref)
	case ManifestRef:
		a.Document, err = p.whole(ctx, ref.Title, func(t *title) document {
			if ref.OnDemand {
				return t.onDemand
			}
			return t.manifest
		})
	default:
		a.Document, err = p.whole(ctx, ref.TitleName(), func(t *title) document { return t.masters[format] })
	}
	return a, err
}

// whole is a document of a whole title.
func (p *Packager) whole(ctx context.Context, name string, which func(*title) document) (*Document, error) {
	t, err := p.title(ctx, name)
	if err != nil {
		return nil, err
	}
	return which(t)(ctx)
}

func (p *Packager) playlist(ctx context.Context, format Format, ref PlaylistRef) (*Document, error) {
	t, err := p.title(ctx, ref.Title)
	if err != nil {
		return nil, err
	}
	list, err := t.list(format, ref)
	if isMissing(err) && p.library.Refresh(ctx) == nil { // another replica's master may know a file that is new to us
		if t, err = p.title(ctx, ref.Title); err != nil {
			return nil, err
		}
		list, err = t.list(format, ref)
	}
	if err != nil {
		return nil, err
	}
	return list(ctx)
}

func (p *Packager) initSection(ctx context.Context, ref InitRef) (*Document, error) {
	if ref.Tracks.Text != 0 {
		return p.textInit(ctx, ref)
	}
	_, program, err := p.programOf(ctx, CMAF, ref.Title, ref.Rendition, ref.Version, ref.Tracks)
	if err != nil {
		return nil, err
	}
	return program.init, nil
}

// title gives a title as its files stand now; its indexes are read side by side.
func (p *Packager) title(ctx context.Context, name string) (*title, error) {
	t, err := p.look(ctx, name)
	if err != nil {
		return nil, err
	}
	if err = t.make(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// look is title without a judgement on what it holds. Where a file of it is gone, the library is asked to look again.
func (p *Packager) look(ctx context.Context, name string) (*title, error) {
	entry, err := p.library.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	files, errs, err := p.gather(ctx, entry)
	if slices.ContainsFunc(errs, isMissing) && p.library.Refresh(ctx) == nil {
		if entry, err = p.library.Lookup(ctx, name); err != nil {
			return nil, err
		}
		files, errs, err = p.gather(ctx, entry)
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(errs[:len(entry.Files)], func(err error) bool { return !isMissing(err) }) {
		return nil, fmt.Errorf("title %q: %w", name, errs[0])
	}
	return p.shelf.title(name, files, errs, func() *title { return newTitle(p, entry, p.config.SegmentDuration, files, errs, p.log) }), nil
}

// gather reads the indexes of a title's files and what is beside them, side by side. err is why not all could be asked for: a
// title that lacked them for that would be another film.
func (p *Packager) gather(ctx context.Context, entry Entry) (files []*media, errs []error, err error) {
	paths := entry.paths()
	files, errs = make([]*media, len(paths)), make([]error, len(paths))
	if len(files) == 1 {
		files[0], errs[0] = p.shelf.get(ctx, paths[0])
	} else {
		var all sync.WaitGroup
		turns := make(chan struct{}, maxLoads) // nobody takes more of the queue than can be read at once
		for i, path := range paths {
			turns <- struct{}{}
			all.Go(func() {
				files[i], errs[i] = p.shelf.get(ctx, path)
				<-turns
			})
		}
		all.Wait()
	}
	if ctx.Err() != nil {
		return files, errs, context.Cause(ctx)
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return errors.Is(err, ErrBusy) }); i >= 0 {
		return files, errs, errs[i]
	}
	return files, errs, nil
}

// mediaOf gives the one file that a segment's URL names. Where it is gone, or unknown, the library is asked to look again.
func (p *Packager) mediaOf(ctx context.Context, name, rendition string) (*media, error) {
	entry, err := p.library.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	m, err := p.mediaIn(ctx, entry, rendition)
	if isMissing(err) && p.library.Refresh(ctx) == nil {
		if entry, err = p.library.Lookup(ctx, name); err != nil {
			return nil, err
		}
		m, err = p.mediaIn(ctx, entry, rendition)
	}
	return m, err
}

func (p *Packager) mediaIn(ctx context.Context, entry Entry, rendition string) (*media, error) {
	file, ok := entry.File(rendition)
	if !ok {
		return nil, fmt.Errorf("title %q has no rendition %q: %w", entry.Title, rendition, ErrNotFound)
	}
	m, err := p.shelf.get(ctx, file.Path)
	if err == nil && file.Rendition == "" && m.ownName() != rendition {
		return nil, fmt.Errorf("title %q has no rendition %q: %w", entry.Title, rendition, ErrNotFound)
	}
	return m, err
}

func isMissing(err error) bool { return errors.Is(err, ErrNotFound) }
