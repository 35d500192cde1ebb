package packager

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"unreel/cache"
	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

// memory is a Storage of films in memory, which tests put, replace and take away. Each file is a source.Faulty: its reads
// are counted, and broken in chosen ways.
type memory struct {
	mu     sync.Mutex
	files  map[string]*memoryFile
	inodes uint64
	open   int // files that were opened and not closed
	opened func(name string)
	failed map[string]error // what Open answers for a name
}

type memoryFile struct {
	*source.Faulty
	stamp demux.Stamp
}

// newMemory is a Storage of films under the names that they bring.
func newMemory(films ...testmedia.File) *memory {
	m := &memory{files: map[string]*memoryFile{}, failed: map[string]error{}}
	for _, film := range films {
		m.put(film.Name, film.Movie)
	}
	return m
}

// put writes a new file.
func (m *memory) put(name string, film testmedia.Movie) *memoryFile {
	return m.putSource(name, film.Source())
}

func (m *memory) putSource(name string, src demux.Source) *memoryFile {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inodes++
	f := &memoryFile{stamp: demux.Stamp{Size: src.Size(), ModTime: 1, Inode: m.inodes}}
	f.Faulty = &source.Faulty{Source: src, Restamp: func(context.Context) (demux.Stamp, error) { return m.Stat(name) }}
	m.files[name] = f
	return f
}

// file is the file that stands under a name now.
func (m *memory) file(name string) *memoryFile {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files[name]
}

func (m *memory) remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
}

// touch gives a file another time and leaves its bytes alone.
func (m *memory) touch(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name].stamp.ModTime++
}

// fail makes every later Open of a name fail; nil ends that.
func (m *memory) fail(name string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failed[name] = err
}

// reads is how often files were read so far.
func (m *memory) reads() (n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.files {
		n += f.Reads.Load()
	}
	return n
}

func (m *memory) Name() string { return "library" }

func (m *memory) Stat(name string) (demux.Stamp, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.files[name]; ok {
		return f.stamp, nil
	}
	if _, err := m.tree().Stat(name); err != nil {
		return demux.Stamp{}, err
	}
	return demux.Stamp{ModTime: int64(m.inodes), Size: int64(len(m.files))}, nil
}

func (m *memory) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tree().ReadDir(name)
}

// tree is the names alone; m.mu is held.
func (m *memory) tree() fstest.MapFS {
	tree := fstest.MapFS{}
	for name := range m.files {
		tree[name] = &fstest.MapFile{}
	}
	return tree
}

func (m *memory) Open(ctx context.Context, name string) (Source, error) {
	m.mu.Lock()
	f, ok := m.files[name]
	err, hook := m.failed[name], m.opened
	if ok && err == nil {
		m.open++
	}
	m.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	if hook != nil {
		hook(name)
	}
	return &openFile{memoryFile: f, memory: m}, nil
}

type openFile struct {
	*memoryFile
	memory *memory
}

func (f *openFile) Close() error {
	f.memory.mu.Lock()
	defer f.memory.mu.Unlock()
	f.memory.open--
	return nil
}

// watcher is an Observer that remembers what is resident.
type watcher struct {
	mu      sync.Mutex
	indexes int
	bytes   int64
	stages  map[Stage]int
}

func (w *watcher) Stage(_ context.Context, stage Stage, _ time.Duration, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stages == nil {
		w.stages = map[Stage]int{}
	}
	w.stages[stage]++
}

func (w *watcher) Muxed(ctx context.Context, m Muxing) {
	w.Stage(ctx, StageMux, m.Mux, m.Err)
}

func (w *watcher) Indexes(count int, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.indexes, w.bytes = count, bytes
}

func (w *watcher) Lies(int) {}

// origin is a Packager under test with what stands around it.
type origin struct {
	*Packager
	t      testing.TB
	memory *memory
	seen   *watcher
	logs   *lines
}

// lines are what was logged.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take gives the lines so far, and forgets them.
func (l *lines) take() (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return strings.Split(strings.TrimSuffix(l.b.String(), "\n"), "\n")
}

// testConfig is the program's own, but that no segment is cached.
func testConfig() Config {
	return Config{
		SegmentDuration: 6 * time.Second, MaxSegmentDuration: time.Minute, Limits: demux.DefaultLimits(), IndexCacheBytes: 256 << 20,
	}
}

// serve packages what is in memory.
func serve(t testing.TB, m *memory, change ...func(*Config)) *origin {
	t.Helper()
	config := testConfig()
	for _, c := range change {
		c(&config)
	}
	o := &origin{t: t, memory: m, seen: &watcher{}, logs: &lines{}}
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	log := slog.New(slog.NewTextHandler(o.logs, &slog.HandlerOptions{ReplaceAttr: plain}))
	o.Packager = New(config, m, scan(t, m), o.seen, cache.Silent{}, log)
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		if m.open != 0 {
			t.Errorf("%d files are still open", m.open)
		}
	})
	return o
}

// cmafPrefix is how a path from below /hls/ leads to what is below /cmaf/.
const cmafPrefix = "../cmaf/"

// below is the format that a path is of, and the path in it.
func below(path string) (Format, string) {
	if rest, ok := strings.CutPrefix(path, cmafPrefix); ok {
		return CMAF, rest
	}
	return TS, path
}

// HLS answers what lies below /hls/, or next to it.
func (o *origin) HLS(ctx context.Context, path string) (Answer, error) {
	format, path := below(path)
	return o.Answer(ctx, format, path)
}

// text is the playlist that a path names.
func (o *origin) text(path string) string {
	o.t.Helper()
	a, err := o.HLS(o.t.Context(), path)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(a.Document.Body)
}

// body is the segment, or init section, that a path names.
func (o *origin) body(path string) []byte {
	o.t.Helper()
	a, err := o.HLS(o.t.Context(), path)
	if err != nil {
		o.t.Fatal(err)
	}
	if a.Document != nil {
		return a.Document.Body
	}
	var made interface {
		Size() int64
		WriteRange(ctx context.Context, w io.Writer, off, n int64) error
	} = a.Segment
	if a.Track != nil {
		made = a.Track
	}
	var body bytes.Buffer
	if err = made.WriteRange(o.t.Context(), &body, 0, made.Size()); err != nil {
		o.t.Fatal(err)
	}
	if int64(body.Len()) != made.Size() {
		o.t.Errorf("%s: %d bytes, planned %d", path, body.Len(), made.Size())
	}
	return body.Bytes()
}

// links are the URIs of a playlist, on lines of their own and in attributes, as paths from where the playlist stands.
func links(from, text string) (all []string) {
	dir := from[:strings.LastIndexByte(from, '/')+1]
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if _, rest, ok := strings.Cut(line, `URI="`); ok {
			uri, _, _ := strings.Cut(rest, `"`)
			all = append(all, path.Join(dir, uri))
		} else if line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, path.Join(dir, line))
		}
	}
	return all
}

// silent is an io.Writer that counts.
type silent struct{ n int64 }

func (s *silent) Write(p []byte) (int, error) {
	s.n += int64(len(p))
	return len(p), nil
}

var _ io.Writer = (*silent)(nil)
