package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

// variant is one choice of a master: the playlists that are played together.
type variant struct{ lists []string }

// playlist is what a player keeps of a media playlist.
type playlist struct{ pieces []piece }

// piece is a segment, or an init section.
type piece struct {
	path   string
	off, n int64   // of the resource; n is 0 where it is the whole
	start  float64 // in the film, in seconds
	length float64
	init   string // path of its init section; "" where it has none
}

// end is when the last piece ends, in seconds.
func (l *playlist) end() float64 {
	if len(l.pieces) == 0 {
		return 0
	}
	last := l.pieces[len(l.pieces)-1]
	return last.start + last.length
}

// at is the piece that a moment lies in.
func (l *playlist) at(seconds float64) int {
	low, high := 0, len(l.pieces)
	for low < high {
		middle := (low + high) / 2
		if l.pieces[middle].start+l.pieces[middle].length > seconds {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// readMaster reads the variants of a master that came from path.
func readMaster(path string, text []byte) ([]variant, error) {
	read, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), false)
	if err != nil {
		return nil, fmt.Errorf("master %s: %w", path, err)
	}
	master, ok := read.(*m3u8.MasterPlaylist)
	if !ok || kind != m3u8.MASTER {
		return nil, fmt.Errorf("master %s is none", path)
	}
	var all []variant
	for _, v := range master.Variants {
		if v.Iframe {
			continue
		}
		links := []string{v.URI}
		if sound := soundOf(v); sound != "" && sound != v.URI {
			links = append(links, sound)
		}
		one := variant{lists: make([]string, len(links))}
		for i, link := range links {
			if one.lists[i], err = resolve(path, link); err != nil {
				return nil, err
			}
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("master %s has no variants", path)
	}
	return all, nil
}

// soundOf is the playlist of a variant's sound: the default of its group, else the first; "" where it is within the picture.
func soundOf(v *m3u8.Variant) string {
	first := ""
	for _, a := range v.Alternatives {
		if a.Type != "AUDIO" || a.GroupId != v.Audio {
			continue
		}
		if a.Default {
			return a.URI
		}
		if first == "" {
			first = a.URI
		}
	}
	return first
}

// readPlaylist reads a media playlist that came from path.
func readPlaylist(path string, text []byte) (*playlist, error) {
	read, kind, err := m3u8.DecodeFrom(bytes.NewReader(text), false)
	if err != nil {
		return nil, fmt.Errorf("playlist %s: %w", path, err)
	}
	media, ok := read.(*m3u8.MediaPlaylist)
	if !ok || kind != m3u8.MEDIA {
		return nil, fmt.Errorf("playlist %s is none", path)
	}
	list, at, section := &playlist{}, 0.0, media.Map
	for _, s := range media.GetAllSegments() {
		one := piece{off: s.Offset, n: s.Limit, start: at, length: s.Duration}
		if one.path, err = resolve(path, s.URI); err != nil {
			return nil, err
		}
		if s.Map != nil {
			section = s.Map
		}
		if section != nil && section.Limit == 0 {
			if one.init, err = resolve(path, section.URI); err != nil {
				return nil, err
			}
		}
		list.pieces = append(list.pieces, one)
		at += s.Duration
	}
	if len(list.pieces) == 0 {
		return nil, fmt.Errorf("playlist %s has no segments", path)
	}
	return list, nil
}

// errElsewhere is a link that leaves the origin under test.
var errElsewhere = errors.New("link leads to another host")

// resolve is the path, with query, that a link on a page at path leads to.
func resolve(path, link string) (string, error) {
	base, err := url.Parse(path)
	if err != nil {
		return "", err
	}
	to, err := base.Parse(link)
	if err != nil {
		return "", err
	}
	if to.Host != "" {
		return "", fmt.Errorf("%w: %s", errElsewhere, link)
	}
	return to.RequestURI(), nil
}
