package packager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"unreel/packager/routing"
	"unreel/packager/timeline"
)

// title is one film as its files stand on disk now. It is replaced, never changed, when one of them is.
type title struct {
	packager *Packager
	name     string
	media    []*media // one for each file of the entry; nil where the storage gave none
	errs     []error  // why a file gave none, or is refused
	bytes    int64    // kept beside the media's own; guarded by the shelf

	target     time.Duration // that segments aim at
	renditions []*rendition
	make       func(ctx context.Context) error // makes all below, once
	layouts    [formats]layout
	warnings   []warning
	closed     bool // every cut is closed
	zero       zero // when the film begins
	texts      []*text
	thumbs     *media // the WebVTT file of thumbnails; nil for none
	tiles      *tiles // thumbnails that are made; nil for none
	masters    [formats]document
	manifest   document // of segments
	onDemand   document // of virtual files
	info       func(ctx context.Context) (*Info, error)
	told       atomic.Pointer[Info] // info with what the files say of themselves; nil until all of it was read
	telling    chan struct{}        // holds one while that is read
}

// warning is what people must know of one of a title's files.
type warning struct{ file, reason string }

func (w warning) String() string { return fmt.Sprintf("%q %s", w.file, w.reason) }

// newTitle only notes what the title is made of. The work is done once, by whoever calls make first, outside of any lock.
func newTitle(p *Packager, entry Entry, target time.Duration, files []*media, errs []error, log *slog.Logger) *title {
	t := &title{
		packager: p, name: entry.Title, target: target.Truncate(time.Millisecond),
		media: files, errs: errs, bytes: titleBytes + fileBytes*int64(len(files)),
		telling: make(chan struct{}, 1),
	}
	made := once(func(ctx context.Context) (_ *title, err error) {
		begin := time.Now()
		defer func() { p.observer.Stage(ctx, StageTimeline, time.Since(begin), err) }()
		for i, file := range entry.Files {
			t.renditions = append(t.renditions, newRendition(file, files[i], errs[i]))
		}
		if err = t.build(); err == nil {
			t.zero = t.findZero()
			t.addTexts(entry.Subtitles, files[len(entry.Files):], errs[len(entry.Files):])
			t.addThumbnails(entry, files, errs)
			t.tiles = t.newTiles()
		}
		t.tell(log)
		for _, s := range t.streams() {
			t.keeps(s.bytes())
		}
		if t.target == p.segmentDuration() {
			t.keepCuts()
		}
		return t, err
	})
	t.make = func(ctx context.Context) error {
		_, err := made(ctx)
		return err
	}
	for format := range formats {
		t.masters[format] = t.routed(func(rules *routing.Rules) (*Document, error) { return t.writeMaster(format, rules) })
	}
	t.manifest = t.routed(func(rules *routing.Rules) (*Document, error) { return t.writeManifest(false, rules) })
	t.onDemand = t.routed(func(rules *routing.Rules) (*Document, error) { return t.writeManifest(true, rules) })
	t.info = once(func(ctx context.Context) (*Info, error) {
		info := t.describe(ctx)
		t.keeps(info.bytes())
		return info, nil
	})
	return t
}

// document is a Document that is made once.
type document func(ctx context.Context) (*Document, error)

// document is one that is counted when it is made.
func (t *title) document(write func() (*Document, error)) document {
	return once(func(ctx context.Context) (*Document, error) {
		begin := time.Now()
		d, err := write()
		t.packager.observer.Stage(ctx, StagePlaylist, time.Since(begin), err)
		if err == nil {
			t.keeps(d.bytes())
		}
		return d, err
	})
}

// errNotMade is what remains for the others where whoever was first ran into a panic.
var errNotMade = errors.New("it could not be made")

// once is sync.OnceValues for work that is observed: it gets the context of whoever asks first, to carry what observers look
// for, and must not heed its end, since others wait.
func once[T any](work func(ctx context.Context) (T, error)) func(ctx context.Context) (T, error) {
	var (
		done sync.Once
		v    T
		err  = errNotMade
	)
	return func(ctx context.Context) (T, error) {
		done.Do(func() { v, err = work(ctx) })
		return v, err
	}
}

// keeps counts bytes that the title keeps from now on.
func (t *title) keeps(bytes int64) { t.packager.shelf.charge(t, bytes) }

// build decides what plays, and where it is cut.
func (t *title) build() error {
	videos := t.videos()
	for _, r := range videos {
		if n := len(r.hidden); n > 0 {
			t.warn(r.file.Path, fmt.Sprintf("has %d pictures, of which track %d plays and track %d does not", n+1, r.video.ID, r.hidden[0].ID))
		}
	}
	if len(videos) == 0 {
		return t.buildAudio()
	}
	line, videos, err := t.align(t.leaveOutOddLengths(videos))
	if err != nil {
		return fmt.Errorf("title %q: %w", t.name, err)
	}
	t.closed = line.Closed
	for i, r := range videos {
		r.bounds, r.aligned = line.Renditions[i], line.Aligned[i]
		if !r.aligned {
			t.warn(r.file.Path, "is cut on its own: its key frames do not align with the title's")
		}
	}
	return t.arrangeAll(func(format Format) (layout, error) { return t.arrange(format, videos) })
}

// arrangeAll lays the title out in both formats. The error is why neither has anything.
func (t *title) arrangeAll(arrange func(Format) (layout, error)) error {
	var errs [formats]error
	for format := range formats {
		l, err := arrange(format)
		if err != nil {
			l, errs[format] = layout{err: err}, err
		}
		l.target = l.longest()
		t.layouts[format] = l
	}
	switch {
	case errs[TS] == nil || errs[CMAF] == nil:
		return nil
	case errs[TS].Error() == errs[CMAF].Error():
		return errs[TS]
	}
	return errors.Join(errs[:]...)
}

// streams are all playlists of both formats.
func (t *title) streams() (all []*stream) {
	for i := range t.layouts {
		all = append(all, t.layouts[i].streams()...)
	}
	return all
}

// align finds the title's timeline, and who shares in it. A rendition whose key frames are too rare for any is left out
// where there are others.
func (t *title) align(videos []*rendition) (timeline.Timeline, []*rendition, error) {
	inputs := make([]timeline.Rendition, len(videos))
	for i, r := range videos {
		inputs[i] = r.timelineInput(maxCuts)
	}
	config := timeline.Config{Target: t.target, Max: t.packager.config.MaxSegmentDuration}
	for {
		line, err := timeline.Align(inputs, config)
		var gap *timeline.GapError
		if !errors.As(err, &gap) || len(videos) == 1 {
			return line, videos, err
		}
		t.leaveOut(videos[gap.Rendition], gap.Error())
		videos = slices.Delete(slices.Clone(videos), gap.Rendition, gap.Rendition+1)
		inputs = slices.Delete(inputs, gap.Rendition, gap.Rendition+1)
	}
}

// videos are the renditions that have a picture, in the entry's order.
func (t *title) videos() (videos []*rendition) {
	for _, r := range t.renditions {
		if r.err == nil && r.video != nil {
			videos = append(videos, r)
		}
	}
	return videos
}

// leaveOutOddLengths keeps the renditions of the commonest length, within one segment; ties go to the first in order.
// The rest are other films, or broken copies, and switching to one would jump.
func (t *title) leaveOutOddLengths(videos []*rendition) (kept []*rendition) {
	length := func(r *rendition) time.Duration { return lasting(r.video) }
	alike := func(a, b *rendition) bool {
		return (length(a) - length(b)).Abs() <= t.target
	}
	var most []*rendition
	for _, r := range videos {
		group := slices.DeleteFunc(slices.Clone(videos), func(other *rendition) bool { return !alike(r, other) })
		if len(group) > len(most) {
			most = group
		}
	}
	for _, r := range videos {
		if !slices.Contains(most, r) {
			t.leaveOut(r, fmt.Sprintf("it lasts %v, the title %v", length(r).Round(time.Millisecond), length(most[0]).Round(time.Millisecond)))
		}
	}
	return most
}

// buildAudio is build for a title without pictures: audio can be cut at any frame, so the grid itself is the timeline.
func (t *title) buildAudio() error {
	var audios []*rendition
	for _, r := range t.renditions {
		if r.err == nil {
			audios = append(audios, r)
		}
	}
	if len(audios) == 0 {
		return t.nothing()
	}
	t.closed = true
	return t.arrangeAll(func(format Format) (layout, error) { return t.arrangeAudio(format, audios) })
}

// nothing says why a title plays nothing: what its first file is refused for, since most have but one.
func (t *title) nothing() error {
	var errs []error
	for _, r := range t.renditions {
		errs = append(errs, r.err)
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return fmt.Errorf("none of %d files plays: %w", len(errs), errors.Join(errs...))
}

// leaveOut keeps a sound file out of the title's playlists.
func (t *title) leaveOut(r *rendition, reason string) {
	r.leftOut = reason
	t.warn(r.file.Path, "is left out: "+reason)
}

// tell logs for an operator what does not play, or not as it should. It does so once for each time that the title is made,
// and leaves a film of which nothing could be read to the request's own log.
func (t *title) tell(log *slog.Logger) {
	tell := func(file, reason string) {
		log.Warn("a file does not play as it should",
			slog.String("title", t.name), slog.String("file", file), slog.String("reason", reason))
	}
	if !slices.ContainsFunc(t.media, func(m *media) bool { return m != nil }) {
		return
	}
	for _, r := range t.renditions {
		switch {
		case r.media == nil:
			tell(r.file.Path, "can't be read: "+r.err.Error())
			continue
		case r.err != nil:
			tell(r.file.Path, "is refused: "+r.err.Error())
			continue
		}
		for _, refusal := range r.refusals {
			tell(r.file.Path, "has a track that is refused: "+refusal.Error())
		}
	}
	for _, w := range t.warnings {
		tell(w.file, w.reason)
	}
}

// warn notes what people must know of one of the title's files, once: both formats may have the same to say.
func (t *title) warn(file, reason string) {
	if w := (warning{file, reason}); !slices.Contains(t.warnings, w) {
		t.warnings = append(t.warnings, w)
	}
}

// stream finds the stream that a playlist's URL names. The master's are found, and no others: what else a file's tracks
// could make has no timeline.
func (t *title) stream(format Format, ref PlaylistRef) (*stream, error) {
	for _, s := range t.layouts[format].streams() {
		if s.rendition.name == ref.Rendition && s.tracks == ref.Tracks {
			return s, nil
		}
	}
	return nil, fmt.Errorf("title %q has no rendition %s/%v: %w", t.name, ref.Rendition, ref.Tracks, ErrNotFound)
}
