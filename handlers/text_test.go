package handlers

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// Segments of text are gzip'd for those who like it so, and say so to caches in between, which keep them for a year.
func TestTextVaries(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "film.mp4"), testmedia.H264AAC(12).Bytes())
	var text strings.Builder
	text.WriteString("WEBVTT\n")
	for second := range 10 {
		fmt.Fprintf(&text, "\n00:0%d.000 --> 00:0%d.500\nThe same words again\n", second, second)
	}
	write(t, filepath.Join(dir, "film.en.vtt"), []byte(text.String()))
	s := openSite(t, dir, nil)
	list := "/hls/film/en.vtt/t1.m3u8"
	for _, path := range links(list, s.must(t, list).body) {
		plain, packed := s.get(t, path, "Accept-Encoding: identity"), s.get(t, path, "Accept-Encoding: gzip")
		if plain.Header.Get("Content-Encoding") != "" || packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %v, %v", path, plain.Header, packed.Header)
		}
		for _, a := range []answer{plain, packed} {
			if a.Header.Get("Vary") != "Accept-Encoding" || a.Header.Get("Cache-Control") != immutable {
				t.Errorf("%s: %v", path, a.Header)
			}
		}
	}
}
