package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"unreel/cache"
	"unreel/demux/source"
	"unreel/packager"
)

// inspectCommand explains a file or a directory: as text, or as the JSON that /info/ answers, an array of them for a
// directory. What doesn't play makes it exit 1, once all is told.
func inspectCommand(ctx context.Context, args []string, stdout, stderr io.Writer, env lookupEnv) error {
	cfg := defaultConfig()
	rest, done, err := begin(&cfg, inspectHead, inspectFlags(&cfg), args, stdout, env)
	if done || err != nil {
		return err
	}
	path, err := only(rest, "path", "unreel inspect PATH explains a file or a directory")
	if err != nil {
		return err
	}
	found, err := os.Stat(path)
	if err != nil {
		return pathError(path, err)
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if found.IsDir() {
		return inspectDirectory(ctx, &cfg, path, stdout, log)
	}
	return inspectFile(ctx, &cfg, path, stdout, log)
}

// inspectFile takes one file as a title of its own.
func inspectFile(ctx context.Context, cfg *Config, path string, stdout io.Writer, log *slog.Logger) error {
	target, err := filepath.EvalSymlinks(path) // a link may lead anywhere: here it's the user who follows it
	if err != nil {
		return pathError(path, err)
	}
	dir, err := source.OpenDir(filepath.Dir(target))
	if err != nil {
		return pathError(path, err)
	}
	defer dir.Close()
	p := newInspector(cfg, dir, log)
	defer p.close()
	info, err := p.Inspect(ctx, packager.Entry{Title: filepath.Base(path), Files: []packager.File{{Path: filepath.Base(target)}}})
	if err != nil {
		return err
	}
	if cfg.JSON {
		err = writeJSON(stdout, info)
	} else {
		err = writeText(stdout, info)
	}
	if err != nil {
		return err
	}
	if info.Error != "" {
		return fmt.Errorf("%s does not play", path)
	}
	return nil
}

// inspectDirectory takes a directory as a library, one title after the other.
func inspectDirectory(ctx context.Context, cfg *Config, path string, stdout io.Writer, log *slog.Logger) error {
	dir, err := source.OpenDir(path)
	if err != nil {
		return pathError(path, err)
	}
	defer dir.Close()
	p := newInspector(cfg, dir, log)
	defer p.close()
	if err = p.library.Scan(ctx); err != nil {
		return pathError(path, err)
	}
	const all = int(^uint(0) >> 1)
	entries, total := p.library.List("", 0, all)
	if total == 0 && !cfg.JSON {
		return fmt.Errorf("no films in %s: names end in .mp4, .m4v, .mov or .m4a", path)
	}
	out := inspection{w: stdout, json: cfg.JSON}
	for _, entry := range entries {
		var info *packager.Info
		if info, err = p.Inspect(ctx, entry); err != nil {
			return err
		}
		if err = out.add(info); err != nil {
			return err
		}
	}
	if err = out.end(); err != nil {
		return err
	}
	if out.silent > 0 {
		return fmt.Errorf("%d of %d titles do not play", out.silent, total)
	}
	return nil
}

// inspector is a packager that nobody watches.
type inspector struct {
	*packager.Packager
	library *packager.Library
}

func newInspector(cfg *Config, dir *source.Dir, log *slog.Logger) *inspector {
	storage := directory{dir}
	library := packager.NewLibrary(storage, log)
	return &inspector{
		Packager: packager.New(cfg.packager(0), storage, library, unobserved{}, cache.Silent{}, log),
		library:  library,
	}
}

// close ends the packager; its cache holds nothing, so there is nothing to fail.
func (p *inspector) close() { _ = p.Close() }

// inspection writes titles as they come: a directory may hold many.
type inspection struct {
	w    io.Writer
	json bool

	n, silent int // titles so far, and those of them that don't play
}

func (o *inspection) add(info *packager.Info) error {
	if info.Error != "" {
		o.silent++
	}
	between := "\n"
	if o.json {
		between = ","
		if o.n == 0 {
			between = "["
		}
	}
	if o.n++; o.json || o.n > 1 {
		if _, err := io.WriteString(o.w, between); err != nil {
			return err
		}
	}
	if o.json {
		return writeJSON(o.w, info)
	}
	return writeText(o.w, info)
}

func (o *inspection) end() error {
	text := ""
	switch {
	case o.json && o.n == 0:
		text = "[]\n"
	case o.json:
		text = "]\n"
	}
	_, err := io.WriteString(o.w, text)
	return err
}

func writeJSON(w io.Writer, info *packager.Info) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(info)
}

// pathError says in one line what is wrong with a path that was given.
func pathError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such file or directory", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: we may not read it: %w", path, err)
	default:
		return err
	}
}
