package main

import (
	"fmt"
	"log/slog"

	"unreel/cache/disk"
	"unreel/packager"
)

// indexDir is the part of the directory that keeps indexes, if there is to be one.
func (c *Config) indexDir() disk.Config {
	return disk.Config{Path: c.IndexDir, MaxBytes: int64(c.IndexDirSize)}
}

// openIndexes opens what keeps indexes beyond our end; the store is nil where nothing does. close must follow the packager's.
func (c *Config) openIndexes(observer disk.Observer, log *slog.Logger) (store packager.IndexStore, closeStore func() error, err error) {
	if c.IndexDir == "" {
		return nil, func() error { return nil }, nil
	}
	dir, err := disk.Open(c.indexDir(), observer, log)
	if err != nil {
		return nil, nil, fmt.Errorf("index-dir: %w", err)
	}
	return dir, dir.Close, nil
}
