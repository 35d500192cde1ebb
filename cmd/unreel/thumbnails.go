package main

import (
	"log/slog"

	"unreel/packager/thumbnails"
)

// thumbnails finds what makes them, where they are wanted. Without it, all else works.
func (c *Config) thumbnails(log *slog.Logger) *thumbnails.Maker {
	if !c.Thumbnails {
		return nil
	}
	maker, err := thumbnails.Find()
	if err != nil {
		log.Warn("no thumbnails are made; all else works", slog.Any("error", err), slog.String("hint", "install ffmpeg, or leave --thumbnails out"))
		return nil
	}
	return maker
}
