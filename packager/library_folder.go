package packager

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"

	"unreel/demux"
)

// A directory whose stamp is still the same need not be listed again, if that stamp was old enough when it was: two
// changes within the tick of a file system's clock leave one stamp. What counts is how long we have known the stamp, by
// our own clock, since a file server's may be off. Some network and union file systems change no stamp at all, so no
// listing is trusted for long.
const (
	settled = 3 * time.Second // FAT's clock, the slowest, ticks every 2 s
	relist  = 5 * time.Minute
)

// folder is one directory as a sweep found it. It isn't changed afterwards.
type folder struct {
	path    string
	stamp   demux.Stamp
	since   time.Time // when the stamp was first seen
	listed  time.Time // when names were read
	names   names
	links   []link // in the order of names.links
	claims  []claim
	notices []notice
}

// names are a directory's entries, sorted.
type names struct {
	files    []string // regular media files
	sidecars []string // regular files of subtitles
	dirs     []string
	links    []string // symbolic links of any name
}

// link is where a symbolic link leads.
type link struct {
	name  string
	kind  linkKind
	stamp demux.Stamp // of what it leads to
}

type linkKind uint8

const (
	linkToNothing linkKind = iota // refused, dangling, or to what is no media
	linkToFile
	linkToDir
)

// visit lists one directory. before is what the last sweep found there, or nil.
func (l *Library) visit(path string, before *folder) (*folder, error) {
	stamp, err := l.dir.Stat(path)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	f := &folder{path: path, stamp: stamp, since: now, listed: now}
	if before != nil && before.stamp == stamp {
		f.since = before.since
	}
	if before != nil && before.holds(stamp, now) {
		f.listed, f.names = before.listed, before.names
	} else {
		var entries []fs.DirEntry
		if entries, err = l.dir.ReadDir(path); err != nil {
			return nil, err
		}
		f.names = sortNames(entries)
	}
	for _, name := range f.names.links {
		f.links = append(f.links, l.follow(f, name, before))
	}
	if before != nil && f.sameMedia(before) {
		f.names, f.claims = before.names, before.claims
		return f, nil
	}
	media, sidecars := f.media()
	f.claims = claimsOf(path, l.dir.Name(), media, sidecars)
	return f, nil
}

// holds tells that a directory of this stamp need not be listed again.
func (f *folder) holds(stamp demux.Stamp, now time.Time) bool {
	return f.stamp == stamp && f.listed.Sub(f.since) >= settled && now.Sub(f.listed) < relist
}

// sortNames keeps what may matter of a directory's entries. Dot-files are invisible.
func sortNames(entries []fs.DirEntry) (n names) {
	for _, entry := range entries {
		name := entry.Name()
		_, ext := splitExt(name)
		switch {
		case strings.HasPrefix(name, ".") || !validElement(name):
		case entry.IsDir():
			n.dirs = append(n.dirs, name)
		case isLink(entry):
			n.links = append(n.links, name)
		case entry.Type().IsRegular() && mediaRank(ext) > 0:
			n.files = append(n.files, name)
		case entry.Type().IsRegular() && sidecarFormat(ext) != "":
			n.sidecars = append(n.sidecars, name)
		}
	}
	slices.Sort(n.files)
	slices.Sort(n.sidecars)
	slices.Sort(n.dirs)
	slices.Sort(n.links)
	return n
}

// follow finds out where a link leads. That may change at any time, without a trace in the directory where it stands; what
// kind of thing is there is only asked for when its stamp is new.
func (l *Library) follow(f *folder, name string, before *folder) link {
	path := join(f.path, name)
	stamp, err := l.dir.Stat(path)
	if err != nil {
		f.notices = append(f.notices, notice{path, "a link is refused", err.Error()})
		return link{name: name}
	}
	if before != nil {
		i, ok := slices.BinarySearchFunc(before.links, name, func(l link, name string) int { return strings.Compare(l.name, name) })
		if ok && before.links[i].stamp == stamp && before.links[i].kind != linkToNothing {
			return before.links[i]
		}
	}
	_, ext := splitExt(name)
	switch {
	case l.isDir(path):
		return link{name: name, kind: linkToDir, stamp: stamp}
	case mediaRank(ext) > 0 || sidecarFormat(ext) != "":
		return link{name: name, kind: linkToFile, stamp: stamp}
	}
	return link{name: name, stamp: stamp}
}

// isDir tells what kind of thing a link leads to without opening it, since it might be a pipe or a device: only below a
// directory can something be, be missing, or be forbidden. A path through a file is missing too, and says why.
func (l *Library) isDir(path string) bool {
	_, err := l.dir.Stat(path + "/x")
	return err == nil || isGone(err) && !errors.Is(err, syscall.ENOTDIR)
}

// sameMedia tells that two states of a directory hold the same media and lead to the same places.
func (f *folder) sameMedia(g *folder) bool {
	return slices.Equal(f.names.files, g.names.files) && slices.Equal(f.names.sidecars, g.names.sidecars) &&
		slices.Equal(f.names.dirs, g.names.dirs) &&
		slices.EqualFunc(f.links, g.links, func(a, b link) bool { return a.name == b.name && a.kind == b.kind })
}

// sameClaims tells that nothing of one directory's media has changed: claims are made once for each state.
func (f *folder) sameClaims(g *folder) bool {
	return len(f.claims) == len(g.claims) && (len(f.claims) == 0 || &f.claims[0] == &g.claims[0])
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
