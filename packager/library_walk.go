package packager

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
)

const (
	walkers = 8 // directories listed at once: on a network file system the time goes by waiting
	// maxHops bounds the links within one path, maxLinked the directories that are reached through links, and maxPath a
	// path's bytes: links can lead to the same directory in any number of ways, and back to where they stand.
	maxHops   = 4 // package os follows 8 at most
	maxLinked = 100_000
	maxPath   = 4096
	// maxNotices bounds what one sweep writes to the log.
	maxNotices = 100
)

// scanned is what a sweep leaves to the next one.
type scanned struct {
	folders map[string]*folder
	notices map[notice]bool // those that were logged, so that each is logged once while it stands
}

// notice is something that the operator of a library should know of one of its paths.
type notice struct{ path, problem, detail string }

// walk is one sweep's way through the directories, level by level, so that its result does not depend on who is quicker.
type walk struct {
	library *Library
	before  map[string]*folder
	folders map[string]*folder
	order   []*folder
	notices []notice
	linked  int
	changed bool
}

// place is a directory to be visited.
type place struct {
	path   string
	parent *place
	folder *folder // once visited
	err    error
	hops   int // links on the way
}

// sweep walks over the whole library, and replaces the catalogue if anything changed.
func (l *Library) sweep(ctx context.Context) error {
	w := walk{library: l, before: l.seen.folders, folders: make(map[string]*folder, len(l.seen.folders))}
	for level := []*place{{path: "."}}; len(level) > 0; {
		w.visit(ctx, level)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var next []*place
		for _, p := range level {
			if p.err != nil && p.path == "." {
				return fmt.Errorf("list the library: %w: %w", ErrStorage, p.err)
			}
			next = append(next, w.take(p)...)
		}
		level = next
	}
	if current := l.current.Load(); current == nil || w.changed || len(w.folders) != len(w.before) {
		l.current.Store(newCatalogue(w.order))
	}
	w.notices = append(w.notices, l.current.Load().notices...)
	l.seen = scanned{folders: w.folders, notices: l.report(ctx, w.notices)}
	return nil
}

// visit lists the directories of one level, some at a time.
func (w *walk) visit(ctx context.Context, level []*place) {
	work := make(chan *place)
	var all sync.WaitGroup
	for range min(walkers, len(level)) {
		all.Go(func() {
			for p := range work {
				if ctx.Err() == nil {
					p.folder, p.err = w.library.visit(p.path, w.before[p.path])
				}
			}
		})
	}
	for _, p := range level {
		work <- p
	}
	close(work)
	all.Wait()
}

// take keeps what was found in a directory, and says where to go on. A directory that can't be listed for now stays as it
// was: its films answer storage errors, which is the truth, and not that there are none.
func (w *walk) take(p *place) (next []*place) {
	f := p.folder
	before := w.before[p.path]
	if p.err != nil {
		if !missing(p.err) {
			w.note(p.path, "a directory can't be listed", p.err)
		}
		if before == nil || isGone(p.err) {
			w.changed = w.changed || before != nil
			return nil
		}
		f = before
		p.folder = before
	}
	w.changed = w.changed || before == nil || !f.sameClaims(before)
	w.folders[p.path] = f
	w.order = append(w.order, f)
	w.notices = append(w.notices, f.notices...)
	for _, name := range f.names.dirs {
		next = w.enter(next, &place{path: join(p.path, name), parent: p, hops: p.hops})
	}
	for _, link := range f.links {
		if link.kind == linkToDir && !w.circular(p, link) {
			next = w.enter(next, &place{path: join(p.path, link.name), parent: p, hops: p.hops + 1})
		}
	}
	return next
}

// enter adds a directory to the next level, within bounds.
func (w *walk) enter(next []*place, p *place) []*place {
	if p.hops > 0 {
		w.linked++
	}
	switch {
	case len(p.path) > maxPath:
		w.note(p.path, "a directory is left out", fmt.Errorf("its path is longer than %d bytes", maxPath))
	case p.hops > maxHops:
		w.note(p.path, "a directory is left out", fmt.Errorf("there are more than %d links on the way", maxHops))
	case w.linked == maxLinked+1:
		w.note(p.path, "directories are left out", fmt.Errorf("links lead to more than %d", maxLinked))
	case w.linked <= maxLinked || p.hops == 0:
		return append(next, p)
	}
	return next
}

// circular tells a link that leads to a directory which it stands in.
func (w *walk) circular(p *place, link link) bool {
	path := join(p.path, link.name)
	for ; p != nil; p = p.parent {
		if p.folder.stamp == link.stamp && link.stamp.Inode != 0 {
			w.note(path, "a link is left out", fmt.Errorf("it leads back to %q", p.path))
			return true
		}
	}
	return false
}

func (w *walk) note(path, problem string, err error) {
	w.notices = append(w.notices, notice{path, problem, err.Error()})
}

// report logs what the last sweep didn't find, and gives what is known now.
func (l *Library) report(ctx context.Context, notices []notice) map[notice]bool {
	known := make(map[notice]bool, len(notices))
	logged, left := 0, 0
	for _, n := range notices {
		if known[n] || l.seen.notices[n] {
			known[n] = true
			continue
		}
		known[n] = true
		if logged++; logged > maxNotices {
			left++
			continue
		}
		l.log.WarnContext(ctx, "library notice", slog.String("what", n.problem), slog.String("path", n.path), slog.String("why", n.detail))
	}
	if left > 0 {
		l.log.WarnContext(ctx, "more library notices", slog.Int("count", left))
	}
	return known
}

// join is a name's path within a directory.
func join(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// media are the directory's media files in order, links among them, and the sidecars.
func (f *folder) media() (media, sidecars []string) {
	media, sidecars = slices.Clone(f.names.files), slices.Clone(f.names.sidecars)
	for _, link := range f.links {
		switch _, ext := splitExt(link.name); {
		case link.kind != linkToFile:
		case mediaRank(ext) > 0:
			media = append(media, link.name)
		default:
			sidecars = append(sidecars, link.name)
		}
	}
	return media, sidecars
}

func isLink(entry fs.DirEntry) bool { return entry.Type()&fs.ModeSymlink != 0 }
