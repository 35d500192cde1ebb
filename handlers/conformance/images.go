package conformance

import (
	"fmt"
	"image/jpeg"
	"io"
	"strconv"
	"strings"
)

// picturePart is what an image segment is.
type picturePart struct {
	read          bool
	width, height int
	wrong         string // why it is no JPEG, "" where it is one
}

// imageReader reads JPEGs: only as far as their size.
type imageReader struct{}

var _ container = imageReader{}

func (imageReader) reset() {}

// segment reads one image to its end. The error is of r.
func (imageReader) segment(r io.Reader, f *facts) error {
	f.image.read = true
	if c, err := jpeg.DecodeConfig(r); err != nil {
		f.image.wrong = err.Error()
	} else {
		f.image.width, f.image.height = c.Width, c.Height
	}
	return discard(nil, r)
}

// checkImages: an image playlist says how many tiles of which size each image has and how long each is shown, and the images are so.
func checkImages(p *presentation, r *reporter) {
	for _, s := range p.streams {
		if len(s.images) == 0 || !s.doc.get.ok() {
			continue
		}
		if !s.list.imagesOnly {
			r.errorf(s.list.url, "an image playlist without #EXT-X-IMAGES-ONLY")
		}
		for i := range s.measured {
			if wrong := s.tiles(i); wrong != "" {
				r.errorf(s.list.segments[i].url, "image %d: %s", i, wrong)
			}
		}
	}
}

// tiles tells what is wrong with one image of an image playlist.
func (s *stream) tiles(i int) string {
	seg, m := &s.list.segments[i], &s.measured[i]
	width, height, ok1 := parseResolution(seg.tiles.text("RESOLUTION"))
	columns, rows, ok2 := parseResolution(seg.tiles.text("LAYOUT"))
	each, err := parseSeconds(seg.tiles.text("DURATION"))
	is := &m.media.image
	switch {
	case !ok1 || !ok2 || err != nil || columns*rows == 0:
		return "no #EXT-X-TILES with RESOLUTION, LAYOUT and DURATION"
	case !m.get.ok() || !is.read:
		return ""
	case is.wrong != "":
		return is.wrong
	case is.width != columns*width || is.height != rows*height:
		return fmt.Sprintf("%dx%d, not %dx%d tiles of %dx%d", is.width, is.height, columns, rows, width, height)
	case float64(seg.duration) > float64(each)*float64(columns*rows)*1.001:
		return fmt.Sprintf("%d tiles of %v are no %v", columns*rows, each, seg.duration)
	case s.images[0].attrs.text("RESOLUTION") != seg.tiles.text("RESOLUTION"):
		return fmt.Sprintf("tiles of %s, the master says %s", seg.tiles.text("RESOLUTION"), s.images[0].attrs.text("RESOLUTION"))
	}
	return ""
}

// checkTileSets: images of a set of thumbnails are as large as is said, and are cut into whole tiles.
func checkTileSets(p *presentation, r *reporter) {
	p.mpd.each(func(rep *representation) {
		if rep.attr("contentType") != "image" {
			return
		}
		columns, rows := 0, 0
		for _, name := range []string{"EssentialProperty", "SupplementalProperty"} {
			for _, d := range rep.descriptors(name) {
				if strings.HasSuffix(d.attr("schemeIdUri"), "thumbnail_tile") {
					columns, rows, _ = parseResolution(d.attr("value"))
				}
			}
		}
		width, _ := strconv.Atoi(rep.attr("width"))   // 0 where it is none
		height, _ := strconv.Atoi(rep.attr("height")) // as above
		if columns*rows == 0 || width == 0 || height == 0 || width%columns != 0 || height%rows != 0 {
			r.errorf(p.mpdURL(), "representation %q: %dx%d in %dx%d tiles", rep.id, width, height, columns, rows)
			return
		}
		if rep.stream == nil {
			return
		}
		for i := range rep.stream.measured {
			m := &rep.stream.measured[i]
			is := &m.media.image
			switch {
			case !m.get.ok() || !is.read:
			case is.wrong != "":
				r.errorf(m.get.url, "image %d: %s", i, is.wrong)
			case is.width != width || is.height != height:
				r.errorf(m.get.url, "image %d is %dx%d, the MPD says %dx%d", i, is.width, is.height, width, height)
			}
		}
	})
}
