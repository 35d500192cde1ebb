package main

import (
	"context"
	"time"

	"unreel/demux/source"
	"unreel/packager"
)

var (
	_ packager.Storage = directory{}
	_ packager.Source  = (*source.File)(nil)

	_ packager.Observer = unobserved{}
)

// directory is a source.Dir as the packager wants it: what Open gives is an interface there.
type directory struct{ *source.Dir }

// Open opens a regular file.
func (d directory) Open(ctx context.Context, name string) (packager.Source, error) {
	f, err := d.Dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// unobserved is a packager.Observer that nobody asks.
type unobserved struct{}

// Stage does nothing.
func (unobserved) Stage(context.Context, packager.Stage, time.Duration, error) {}

// Muxed does nothing.
func (unobserved) Muxed(context.Context, packager.Muxing) {}

// Indexes does nothing.
func (unobserved) Indexes(int, int64) {}

// Lies does nothing.
func (unobserved) Lies(int) {}
