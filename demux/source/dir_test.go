package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"unreel/demux/source"
)

// library makes a directory with files good and bad, and one outside of it.
func library(t *testing.T) (*source.Dir, string) {
	t.Helper()
	top := t.TempDir()
	root := filepath.Join(top, "films")
	for _, name := range []string{"a/film.mp4", "a/.hidden.mp4", ".trash/film.mp4", "what? 100% #1.mp4", "ü/日本.mp4"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(top, "secret.mp4"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"out.mp4": "../secret.mp4", "absolute.mp4": filepath.Join(top, "secret.mp4"),
		"in.mp4": "a/film.mp4", "dangling.mp4": "nothing.mp4", "circle.mp4": "circle.mp4", "up": "..",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	dir, err := source.OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir, root
}

func TestDirOpen(t *testing.T) {
	dir, _ := library(t)
	if dir.Name() != "films" {
		t.Errorf("name %q", dir.Name())
	}
	for _, test := range []struct {
		name string
		want error
	}{
		{"a/film.mp4", nil},
		{"what? 100% #1.mp4", nil},
		{"ü/日本.mp4", nil},
		{"in.mp4", nil},
		{"missing.mp4", fs.ErrNotExist},
		{"a/film.mp4/x", fs.ErrNotExist},
		{"dangling.mp4", fs.ErrNotExist},
		{strings.Repeat("long", 100) + ".mp4", fs.ErrNotExist},
		{"circle.mp4", source.ErrRefused},
		{"a", source.ErrRefused},
		{".", source.ErrRefused},
		{"../secret.mp4", source.ErrRefused},
		{"/etc/passwd", source.ErrRefused},
		{"a/../a/film.mp4", source.ErrRefused},
		{"a//film.mp4", source.ErrRefused},
		{"", source.ErrRefused},
		{"a\x00b", source.ErrRefused},
		{"out.mp4", source.ErrRefused},
		{"absolute.mp4", source.ErrRefused},
		{"up/secret.mp4", source.ErrRefused},
		{"a/.hidden.mp4", source.ErrRefused},
		{".trash/film.mp4", source.ErrRefused},
	} {
		f, err := dir.Open(t.Context(), test.name)
		if !errors.Is(err, test.want) {
			t.Errorf("open %q: %v, want %v", test.name, err, test.want)
		}
		if errors.Is(test.want, source.ErrRefused) && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("open %q: %v is no fs.ErrPermission", test.name, err)
		}
		if err == nil {
			_ = f.Close()
		}
	}
}

func TestDirReadDir(t *testing.T) {
	dir, _ := library(t)
	entries, err := dir.ReadDir("a")
	if err != nil || len(entries) != 1 || entries[0].Name() != "film.mp4" {
		t.Errorf("%v, %v", entries, err)
	}
	entries, err = dir.ReadDir(".")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil || !slices.Contains(names, "a") || slices.Contains(names, ".trash") {
		t.Errorf("%v, %v", names, err)
	}
	if _, err = dir.ReadDir("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err = dir.ReadDir("up"); !errors.Is(err, source.ErrRefused) {
		t.Errorf("a link out of the directory: %v", err)
	}
}

func TestStamp(t *testing.T) {
	dir, root := library(t)
	path := filepath.Join(root, "a", "film.mp4")
	f, err := dir.Open(t.Context(), "a/film.mp4")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	first, err := f.Stamp(t.Context())
	if again, _ := f.Stamp(t.Context()); err != nil || first != again || first.Size != f.Size() {
		t.Fatalf("%+v then %+v: %v", first, again, err)
	}
	later := time.Now().Add(time.Hour)
	if err = os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if touched, _ := f.Stamp(t.Context()); touched == first {
		t.Error("a touched file has the same stamp")
	}
	if err = errors.Join(os.WriteFile(path+".new", []byte("a/film.mp4"), 0o600), os.Chtimes(path+".new", later, later),
		os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
	if renamed, _ := f.Stamp(t.Context()); renamed.Inode == first.Inode {
		t.Error("a file renamed over it has the same inode")
	}
	if err = os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err = f.Stamp(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

func TestReader(t *testing.T) {
	dir, root := library(t)
	media := bytes.Repeat([]byte("0123456789abcdef"), 60_000)
	path := filepath.Join(root, "big.mp4")
	if err := os.WriteFile(path, media, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := dir.Open(t.Context(), "big.mp4")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := f.ReadRange(t.Context(), 0, f.Size())
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 700_001)
	if err = r.ReadAt(t.Context(), p, 100_003); err != nil || !bytes.Equal(p, media[100_003:800_004]) {
		t.Errorf("other bytes: %v", err)
	}
	if err = r.ReadAt(t.Context(), p[:10], f.Size()-10); err != nil {
		t.Errorf("the last bytes: %v", err)
	}
	if err = r.ReadAt(t.Context(), p[:11], f.Size()-10); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("past the end: %v", err)
	}
	gone, cancel := context.WithCancelCause(t.Context())
	left := errors.New("client left")
	cancel(left)
	if err = r.ReadAt(gone, p, 0); !errors.Is(err, left) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err = f.ReadRange(t.Context(), -1, 10); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("negative: %v", err)
	}
	if err = os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	if err = r.ReadAt(t.Context(), p[:2000], 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("truncated under way: %v", err)
	}
}

func TestOpenDirRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if dir, err := source.OpenDir(file); err == nil {
		_ = dir.Close()
		t.Error("a file is no directory")
	}
	if _, err := source.OpenDir(file + "-missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}
