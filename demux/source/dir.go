package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"unreel/demux"
)

// ErrRefused is a name that leads out of the directory, to a dot-file, or to what is no regular file. It is an
// fs.ErrPermission, as a file is that we may not read.
var ErrRefused = fmt.Errorf("refused: %w", fs.ErrPermission)

// Dir is a directory of media. Names are slash-separated and relative to it, "." is the directory itself; they reach the
// disk only through an os.Root, so neither ".." nor a link leads out. It is safe for concurrent use.
type Dir struct {
	root *os.Root
	name string
}

// OpenDir opens the directory at path.
func OpenDir(path string) (*Dir, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open directory %q: %w", path, err)
	}
	if target, failed := filepath.EvalSymlinks(absolute); failed == nil {
		absolute = target // so that "." and a link are named by what they stand for
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open directory %q: %w", path, err)
	}
	return &Dir{root: root, name: filepath.Base(absolute)}, nil
}

// Name is the directory's own base name.
func (d *Dir) Name() string { return d.name }

// Close gives the directory back. Files opened from it stay open.
func (d *Dir) Close() error { return d.root.Close() }

// Open opens a regular file. The error of a missing one satisfies errors.Is(err, fs.ErrNotExist), that of any other name
// which is not served ErrRefused.
func (d *Dir) Open(ctx context.Context, name string) (*File, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	// A pipe must not block us, nor must a name be swapped for one between a look and the open.
	f, err := withDescriptor(ctx, func() (*os.File, error) { return d.openFile(name) })
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: not a regular file", ErrRefused)
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", name, errors.Join(err, f.Close()))
	}
	return &File{dir: d, name: name, file: f, size: info.Size()}, nil
}

func (d *Dir) openFile(name string) (*os.File, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|nonBlocking, 0)
	return f, classify(err)
}

// Stat tells what stands under name now, links followed.
func (d *Dir) Stat(name string) (demux.Stamp, error) {
	if err := check(name); err != nil {
		return demux.Stamp{}, fmt.Errorf("stat %q: %w", name, err)
	}
	// The directories above are opened for it.
	info, err := withDescriptor(context.Background(), func() (fs.FileInfo, error) { return d.root.Stat(filepath.FromSlash(name)) })
	if err != nil {
		return demux.Stamp{}, fmt.Errorf("stat %q: %w", name, classify(err))
	}
	return stamp(info), nil
}

// ReadDir lists a directory by name, dot-files left out. Links are listed as links: Open and Stat tell where they lead.
func (d *Dir) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := check(name); err != nil {
		return nil, fmt.Errorf("list %q: %w", name, err)
	}
	all, err := d.list(name)
	visible := all[:0]
	for _, entry := range all {
		if !strings.HasPrefix(entry.Name(), ".") {
			visible = append(visible, entry)
		}
	}
	if err != nil {
		return visible, fmt.Errorf("list %q: %w", name, classify(err))
	}
	return visible, nil
}

// list gives all entries of a directory by name. The open must not wait where a pipe stands in its place.
func (d *Dir) list(name string) ([]fs.DirEntry, error) {
	f, err := withDescriptor(context.Background(), func() (*os.File, error) {
		return d.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|nonBlocking, 0)
	})
	if err != nil {
		return nil, err
	}
	all, err := f.ReadDir(-1)
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, errors.Join(err, f.Close())
}

// check refuses names that are not plain, and dot-files. Names are bytes: io/fs wants UTF-8, disks don't.
func check(name string) error {
	if path.Clean(name) != name || !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%w: not a plain relative name", ErrRefused)
	}
	if name == "." {
		return nil
	}
	for rest := name; rest != "."; rest = path.Dir(rest) {
		if strings.HasPrefix(path.Base(rest), ".") {
			return fmt.Errorf("%w: dot-files are not served", ErrRefused)
		}
	}
	return nil
}

// classify sorts what the system answers. A path through a file, and a name longer than any can be, are missing names; a
// link in a circle is refused, as is one that leads out of the root, which package os has no error value for: it is what is
// no Errno.
func classify(err error) error {
	var pathError *fs.PathError
	var system syscall.Errno
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrClosed):
		return err
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case errors.Is(err, syscall.ELOOP), errors.As(err, &pathError) && !errors.As(err, &system):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	default:
		return err
	}
}
