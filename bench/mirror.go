package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mirror cuts segments beforehand: it writes what an origin answers to files under the same paths, for Nginx to serve.
type mirror struct {
	link *link
	root string
}

func newMirror(origin *url.URL, root string) *mirror {
	return &mirror{newLink(origin, &options{timeout: time.Minute}, func(int64) {}), root}
}

// text gets a document.
func (m *mirror) text(ctx context.Context, path string) ([]byte, error) {
	a, err := m.link.get(ctx, path, true)
	if err == nil && a.status/100 != 2 {
		err = fmt.Errorf("%s: %w", path, &statusError{a.status})
	}
	return a.body, err
}

// segments are the paths of the segments of a title's first variant: of its picture, and of the sound where that is within.
func (m *mirror) segments(ctx context.Context, master string) (list string, paths []string, err error) {
	text, err := m.text(ctx, master)
	if err != nil {
		return "", nil, err
	}
	variants, err := readMaster(master, text)
	if err != nil {
		return "", nil, err
	}
	list = variants[0].lists[0]
	if text, err = m.text(ctx, list); err != nil {
		return "", nil, err
	}
	read, err := readPlaylist(list, text)
	if err != nil {
		return "", nil, err
	}
	for _, one := range read.pieces {
		paths = append(paths, one.path)
	}
	return list, paths, nil
}

// sample is n of all, always the same ones, the last among them.
func sample(all []string, n int) []string {
	order := rand.New(rand.NewPCG(7, 7)).Perm(len(all) - 1)
	chosen := []string{all[len(all)-1]}
	for _, i := range order[:min(n-1, len(order))] {
		chosen = append(chosen, all[i])
	}
	slices.Sort(chosen)
	return chosen
}

// write gets paths into files.
func (m *mirror) write(ctx context.Context, paths []string) error {
	for _, path := range paths {
		clean, err := url.PathUnescape(path)
		if err != nil {
			return err
		}
		file := filepath.Join(m.root, filepath.FromSlash(clean))
		if !strings.HasPrefix(file, m.root+string(filepath.Separator)) {
			return fmt.Errorf("path %q leads out of %s", path, m.root)
		}
		body, err := m.text(ctx, path)
		if err != nil {
			return err
		}
		if err = os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err = os.WriteFile(file, body, 0o644); err != nil {
			return err
		}
	}
	return nil
}
