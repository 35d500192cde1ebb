package packager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"unreel/demux"
)

// Directory is what a Library reads names from. Names are slash-separated and relative to the root, which is ".". It is
// safe for concurrent use, and its errors for what is missing or forbidden are fs.ErrNotExist and fs.ErrPermission.
type Directory interface {
	// Name is the root's own base name.
	Name() string
	// ReadDir lists a directory, links as links. It must fail, and neither block nor change anything, on what is no
	// directory. A link given by name is followed, if that leads nowhere else than into the root.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Stat tells what stands under a name, links followed. A directory's stamp changes with its entries.
	Stat(name string) (demux.Stamp, error)
}

// File is one media file, and what its name says. Nothing is known of its content.
type File struct {
	Path string // relative to the library's root
	// Rendition is its name in URLs: the label in lower case, one path element, unique in its title. It is "" in a title
	// of one file whose name has no label; then any name stands for it, and its height should be taken once it is known.
	Rendition  string
	Height     int    // lines; 0 where the name doesn't say
	Bitrate    int    // kbit/s; 0 where the name doesn't say
	IsAudio    bool   // the label or the extension says that there is no picture
	Language   string // BCP 47; "" where the name doesn't say
	AudioTrack int    // as numbered by the name; 0 where it doesn't say
}

// Entry is one title: the files that are its renditions, pictures first, the highest first, and those beside them. It is
// shared: don't change it.
type Entry struct {
	Title      string
	Files      []File
	Subtitles  []Sidecar // by language
	Thumbnails string    // path of the WebVTT file that maps times to pictures; "" where there is none
}

// File finds the file that a rendition's name in a URL stands for.
func (e Entry) File(rendition string) (File, bool) {
	for _, f := range e.Files {
		if f.Rendition == rendition || f.Rendition == "" {
			return f, true
		}
	}
	return File{}, false
}

// Library knows which titles there are below a directory, from names alone: it opens no file. It relies on no
// notification, since libraries live on network file systems; Scan finds what changed. It is safe for concurrent use.
type Library struct {
	dir     Directory
	log     *slog.Logger
	current atomic.Pointer[catalogue] // nil before the first scan
	seen    scanned                   // of the sweep that runs, or the last one

	mu      sync.Mutex
	begun   int // sweeps so far
	running *sweep
	ended   time.Time     // of the last sweep
	took    time.Duration // the last sweep
	failed  error         // why the last sweep found nothing
}

// NewLibrary makes a library that is empty until its first Scan.
func NewLibrary(dir Directory, log *slog.Logger) *Library {
	return &Library{dir: dir, log: log}
}

const (
	// lookupPause is the least time between sweeps that unknown titles cause; lookupDuty times the last one's length if
	// that is more, so that however often they are asked for, the storage works on it for a small share of the time.
	lookupPause = time.Second
	lookupDuty  = 10
	// lookupWait is how long an unknown title waits for a sweep, if an older list of titles is there to go by.
	lookupWait = 3 * time.Second
)

// Lookup finds a title. One that isn't there is looked for on the disk, by a sweep that all who ask meanwhile share, and
// then is ErrNotFound; if the storage fails, ErrStorage, since nobody knows.
func (l *Library) Lookup(ctx context.Context, title string) (Entry, error) {
	if e, ok := l.find(title); ok {
		return e, nil
	}
	if err := l.Refresh(ctx); err != nil {
		return Entry{}, fmt.Errorf("title %q: %w", title, err)
	}
	if e, ok := l.find(title); ok {
		return e, nil
	}
	return Entry{}, fmt.Errorf("title %q: %w", title, ErrNotFound)
}

func (l *Library) find(title string) (Entry, bool) {
	c := l.current.Load()
	if c == nil {
		return Entry{}, false
	}
	i, ok := c.byTitle[title]
	if !ok {
		return Entry{}, false
	}
	return c.entries[i], true
}

// List gives the titles that hold query, without regard to case, in natural order: at most limit of them after the first
// offset, and how many there are in all.
func (l *Library) List(query string, offset, limit int) (page []Entry, total int) {
	c := l.current.Load()
	if c == nil {
		return nil, 0
	}
	offset, limit = max(offset, 0), max(limit, 0)
	if query == "" {
		rest := c.entries[min(offset, len(c.entries)):]
		return rest[:min(limit, len(rest)):min(limit, len(rest))], len(c.entries)
	}
	query = fold(query)
	folded := c.folded()
	for i := range c.entries {
		if !strings.Contains(folded[i], query) {
			continue
		}
		if total >= offset && len(page) < limit {
			page = append(page, c.entries[i])
		}
		total++
	}
	return page, total
}

// Run scans again and again, with a pause of every between scans, until ctx ends; where every is 0 it only waits for that.
// What goes wrong is logged once.
func (l *Library) Run(ctx context.Context, every time.Duration) {
	if every <= 0 {
		<-ctx.Done()
		return
	}
	timer := time.NewTimer(every)
	defer timer.Stop()
	trouble := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		err := l.Scan(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && trouble != "":
			l.log.InfoContext(ctx, "the library is readable again")
			trouble = ""
		case err != nil && err.Error() != trouble:
			trouble = err.Error()
			l.log.WarnContext(ctx, "the library can't be read; its last state stays", slog.Any("err", err))
		}
		timer.Reset(every)
	}
}

// isGone tells a directory that is no longer there, or not for us, from a storage that fails for now.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
