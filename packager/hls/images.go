package hls

import (
	"slices"
	"strconv"

	"unreel/demux"
)

// Images is a playlist of thumbnails, several side by side in each picture ("HLS Image Media Playlist", Roku and
// Disney Streaming, 2020). Players that don't know it leave it alone: nothing but EXT-X-IMAGE-STREAM-INF leads to it.
type Images struct {
	Width, Height int // pixels of one thumbnail
	Columns, Rows int
	Every         Duration // from one thumbnail to the next
	Count         int      // thumbnails; the last picture may have fewer than there is room for
	URIs          []string // of the pictures, percent-encoded
}

// AppendTo appends the playlist's text to dst.
func (p *Images) AppendTo(dst []byte) []byte {
	cells := p.Columns * p.Rows
	long := Duration{Ticks: p.Every.Ticks * demux.Ticks(cells), Timescale: p.Every.Timescale}
	target := TargetDuration([]Segment{{Duration: long}})
	dst = slices.Grow(dst, 256+len(p.URIs)*128)
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, int64(target), 10)
	dst = append(dst, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-IMAGES-ONLY\n"...)
	var c, each clock
	step := each.next(p.Every)
	for i, uri := range p.URIs {
		here := min(cells, p.Count-i*cells)
		dst = append(dst, "#EXTINF:"...)
		dst = appendSeconds(dst, c.next(Duration{Ticks: p.Every.Ticks * demux.Ticks(here), Timescale: p.Every.Timescale}))
		dst = append(dst, ",\n#EXT-X-TILES:RESOLUTION="...)
		dst = appendSize(dst, p.Width, p.Height)
		dst = append(dst, ",LAYOUT="...)
		dst = appendSize(dst, p.Columns, p.Rows)
		dst = append(dst, ",DURATION="...)
		dst = appendSeconds(dst, step)
		dst = append(dst, '\n')
		dst = appendURI(dst, uri)
		dst = append(dst, '\n')
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// ImageStream is an EXT-X-IMAGE-STREAM-INF: thumbnails that a player may show while the viewer looks for a scene.
type ImageStream struct {
	Bandwidth     int64 // bits per second
	Width, Height int   // pixels of one thumbnail
	URI           string
}

func (s *ImageStream) appendTo(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH="...), s.Bandwidth, 10)
	dst = appendSize(append(dst, ",RESOLUTION="...), s.Width, s.Height)
	dst = append(dst, `,CODECS="jpeg",URI="`...)
	return append(appendURI(dst, s.URI), "\"\n"...)
}

func appendSize(dst []byte, width, height int) []byte {
	dst = append(strconv.AppendInt(dst, int64(width), 10), 'x')
	return strconv.AppendInt(dst, int64(height), 10)
}
