package packager

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unicode/utf8"

	"unreel/demux/source"
)

// disk is a real directory whose calls are counted, and may be held up or made to fail.
type disk struct {
	*source.Dir
	path string

	mu    sync.Mutex
	logs  bytes.Buffer
	lists map[string]int // calls of ReadDir
	hook  func(name string) error
}

func newDisk(t testing.TB, paths ...string) *disk {
	t.Helper()
	d := &disk{path: filepath.Join(t.TempDir(), "ROOT"), lists: map[string]int{}}
	if err := os.Mkdir(d.path, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		d.write(t, path)
	}
	dir, err := source.OpenDir(d.path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	d.Dir = dir
	return d
}

func (d *disk) write(t testing.TB, path string) {
	t.Helper()
	path = filepath.Join(d.path, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (d *disk) ReadDir(name string) ([]fs.DirEntry, error) {
	d.mu.Lock()
	d.lists[name]++
	hook := d.hook
	d.mu.Unlock()
	if hook != nil {
		if err := hook(name); err != nil {
			return nil, err
		}
	}
	return d.Dir.ReadDir(name)
}

func (d *disk) setHook(hook func(name string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hook = hook
}

// listed is how often a directory was listed since it was last asked.
func (d *disk) listed(name string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer delete(d.lists, name)
	return d.lists[name]
}

// logged are the lines of the log since it was last asked, without their times.
func (d *disk) logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.logs.Reset()
	return d.logs.String()
}

// Write is for the log.
func (d *disk) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.logs.Write(line)
}

func (d *disk) library() *Library {
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return NewLibrary(d, slog.New(slog.NewTextHandler(d, &slog.HandlerOptions{ReplaceAttr: plain})))
}

func rescan(t *testing.T, l *Library) {
	t.Helper()
	if err := l.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantTitles(t *testing.T, l *Library, want ...string) {
	t.Helper()
	if got := strings.TrimSuffix(titles(l), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// TestOddNamesOnDisk goes from a name on the disk to a URL and back to the file.
func TestOddNamesOnDisk(t *testing.T) {
	names := []string{`"quoted" & 'quoted'`, "tab\tnewline\n\r", "\x7f\x01", "e\u0301 é", "\u202egnp.4pm", "~", "a;b"}
	for _, name := range append(names, oddTitles...) {
		if utf8.ValidString(name) && !strings.Contains(name, "\x00") {
			t.Run(name, func(t *testing.T) { checkOnDisk(t, name) })
		}
	}
}

// TestBytesOnDisk is the same with names that are no UTF-8.
func TestBytesOnDisk(t *testing.T) {
	for _, name := range []string{"\xff\xc3(", "Am\xe9lie", "\xed\xa0\x80"} {
		t.Run(strconv.Quote(name), func(t *testing.T) { checkOnDisk(t, name) })
	}
}

func checkOnDisk(t *testing.T, name string) {
	t.Helper()
	title := "d/<" + strings.ReplaceAll(name, "/", ">/<") + ">" // no dot-files, nothing that is trimmed
	path := title + "_1080p.mp4"
	d := newDisk(t, path)
	l := d.library()
	rescan(t, l)
	if logs := d.logged(); logs != "" {
		t.Errorf("logged: %s", logs)
	}
	ref, err := Parse(TS, PlaylistRef{title, "1080p", Tracks{Video: 1}, false}.String())
	if err != nil {
		t.Fatal(err)
	}
	entry, err := l.Lookup(t.Context(), ref.TitleName())
	if err != nil {
		t.Fatal(err)
	}
	if file, ok := entry.File(ref.(PlaylistRef).Rendition); !ok || file.Path != path {
		t.Errorf("%q leads to %q, want %q", ref, file.Path, path)
	}
	f, err := d.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err = f.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnreadableDirectory(t *testing.T) {
	d := newDisk(t, "a/film.mp4", "b/film.mp4", "c/film.mp4", "c/d/film.mp4")
	l := d.library()
	rescan(t, l)
	all := titles(l)

	fail := func(err error) func(string) error {
		return func(name string) error {
			if strings.HasPrefix(name, "c") {
				return &fs.PathError{Op: "open", Path: name, Err: err}
			}
			return nil
		}
	}
	for range 2 {
		d.setHook(fail(syscall.EIO))
		rescan(t, l)
		if got := titles(l); got != all {
			t.Errorf("while the storage fails: %s", got)
		}
	}
	if logs := d.logged(); strings.Count(logs, "can't be listed") != 2 {
		t.Errorf("logged: %s", logs)
	}
	d.setHook(fail(syscall.EACCES))
	for range 2 {
		rescan(t, l)
		wantTitles(t, l, "a/film: =a/film.mp4", "b/film: =b/film.mp4")
	}
	if logs := d.logged(); strings.Count(logs, "can't be listed") != 1 || !strings.Contains(logs, "path=c ") {
		t.Errorf("logged: %s", logs)
	}
	d.setHook(nil)
	rescan(t, l)
	if got := titles(l); got != all {
		t.Errorf("after all: %s", got)
	}
}

func TestRootGone(t *testing.T) {
	d := newDisk(t, "a/film.mp4")
	l := d.library()
	d.setHook(func(string) error { return syscall.EIO })
	if err := l.Scan(t.Context()); !errors.Is(err, ErrStorage) || !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v", err)
	}
	if _, err := l.Lookup(t.Context(), "a/film"); !errors.Is(err, ErrStorage) || errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrStorage: nobody knows", err)
	}
	d.setHook(nil)
	rescan(t, l)
	d.setHook(func(string) error { return syscall.EIO })
	if err := l.Scan(t.Context()); !errors.Is(err, ErrStorage) {
		t.Errorf("got %v", err)
	}
	wantTitles(t, l, "a/film: =a/film.mp4")
}

func TestScanIsCancelled(t *testing.T) {
	d := newDisk(t, "a/film.mp4")
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	d.setHook(func(string) error {
		cancel(reason)
		return nil
	})
	l := d.library()
	if err := l.Scan(ctx); !errors.Is(err, reason) {
		t.Errorf("got %v, want the cause", err)
	}
	d.setHook(nil)
	if _, err := l.Lookup(t.Context(), "a/film"); err != nil {
		t.Errorf("a sweep that everybody left must not be the last: %v", err)
	}
}

var _ Directory = (*source.Dir)(nil)
