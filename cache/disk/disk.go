package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// maxQueued bounds the bodies that wait to be written. A disk that takes no more costs nobody else anything: what comes
// meanwhile isn't kept.
const maxQueued = 256

// Config is what an operator may choose.
type Config struct {
	Path     string // of the directory, which is made where it is missing
	MaxBytes int64  // of all files in it; what was used longest ago leaves
}

// Validate reports all mistakes at once, by the flags' names.
func (c Config) Validate() error {
	if c.MaxBytes < 1<<20 {
		return fmt.Errorf("index-dir-size: %d bytes is less than 1 MiB", c.MaxBytes)
	}
	return nil
}

// Dir is an open directory of bodies. It is safe for concurrent use.
type Dir struct {
	cfg      Config
	observer Observer
	log      *slog.Logger

	stop    chan struct{}
	workers sync.WaitGroup
	sweeps  chan struct{} // asks for one

	mu      sync.Mutex
	closed  bool
	queue   chan task
	written int64 // bytes since a sweep was asked for

	troubles troubles
}

// task is a body to be written.
type task struct {
	key  string
	body func(dst []byte) []byte
}

// Open opens the directory, and makes it where it is missing. What it starts ends with Close.
func Open(cfg Config, observer Observer, log *slog.Logger) (*Dir, error) {
	if err := os.MkdirAll(cfg.Path, dirMode); err != nil {
		return nil, err
	}
	d := &Dir{
		cfg: cfg, observer: observer, log: log, stop: make(chan struct{}),
		sweeps: make(chan struct{}, 1), queue: make(chan task, maxQueued),
		troubles: troubles{told: map[string]bool{}},
	}
	d.workers.Go(d.write)
	d.workers.Go(d.sweep)
	d.askForSweep() // the bound may be another than last time
	return d, nil
}

// Close writes what waits, and returns when nothing of d's runs any more.
func (d *Dir) Close() error {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.queue)
		close(d.stop)
	}
	d.mu.Unlock()
	d.workers.Wait()
	return nil
}

// Put has a key's body written, soon and on a goroutine of d's, which calls body to append it. Where too many wait it isn't.
func (d *Dir) Put(key string, body func(dst []byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	select {
	case d.queue <- task{key, body}:
	default:
		d.observer.DiskWritten(ErrDropped)
	}
}

// Get reads a key's body, if it is there and whole. The body is the caller's.
func (d *Dir) Get(key string) (body []byte, ok bool) {
	path := d.path(key)
	body, err := d.read(path, key)
	if errors.Is(err, fs.ErrNotExist) {
		d.observer.DiskRead(false, nil)
		return nil, false
	}
	d.observer.DiskRead(err == nil, err)
	switch {
	case err == nil:
		d.use(path)
	case errors.Is(err, ErrBroken):
		d.tell(path, "one is broken, and is made again", err)
	default:
		d.tell("", "they can't be read", err)
	}
	return body, err == nil
}

func (d *Dir) read(path, key string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > d.cfg.MaxBytes:
		return nil, fmt.Errorf("%s, %d bytes: %w", info.Mode(), info.Size(), ErrBroken)
	}
	whole := make([]byte, info.Size())
	if _, err = io.ReadFull(f, whole); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			err = fmt.Errorf("it ends early: %w", ErrBroken)
		}
		return nil, err
	}
	return open(whole, key)
}

// usedEvery is how much later than the last one a use is noted.
const usedEvery = time.Hour

// use notes that a file was used: its time of change says since when it may leave. Who may not write there notes nothing.
func (d *Dir) use(path string) {
	now := time.Now()
	if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > usedEvery {
		_ = os.Chtimes(path, now, now)
	}
}

// tell warns once of one file, or of all that has no name.
func (d *Dir) tell(path, what string, err error) {
	if d.troubles.isNew(path + "\x00" + what) {
		d.log.Warn("kept indexes", slog.String("trouble", what), slog.String("path", cmp.Or(path, d.cfg.Path)), slog.Any("err", err))
	}
}

// troubles are those that were told of.
type troubles struct {
	mu   sync.Mutex
	told map[string]bool
}

// mostTold bounds what is remembered, and told.
const mostTold = 1000

func (t *troubles) isNew(what string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told[what] || len(t.told) >= mostTold {
		return false
	}
	t.told[what] = true
	return true
}
