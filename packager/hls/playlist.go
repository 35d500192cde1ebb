package hls

import (
	"slices"
	"strconv"
)

// Playlist is a media playlist of a whole title (EXT-X-PLAYLIST-TYPE:VOD with EXT-X-ENDLIST).
type Playlist struct {
	TargetDuration int  // EXT-X-TARGETDURATION, seconds: see TargetDuration
	Independent    bool // EXT-X-INDEPENDENT-SEGMENTS
	// Map is the URI of EXT-X-MAP, percent-encoded: the media initialization section of all segments. It is "" with
	// transport streams: what stands before the first I-frame's range, PAT and PMT, is taken for the section there
	// (RFC 8216 §4.3.3.6).
	Map string
	// IFramesOnly is EXT-X-I-FRAMES-ONLY: each segment is one I-frame by its byte range, and lasts until the next.
	IFramesOnly bool
	Segments    []Segment
}

// Segment is a media segment.
type Segment struct {
	Duration     Duration // EXTINF
	URI          string   // percent-encoded
	Offset, Size int64    // EXT-X-BYTERANGE, where Size is not 0: bytes of the resource
}

// AppendTo appends the playlist's text to dst.
func (p *Playlist) AppendTo(dst []byte) []byte {
	dst = slices.Grow(dst, p.estimate())
	dst = append(dst, "#EXTM3U\n#EXT-X-VERSION:"...)
	dst = strconv.AppendInt(dst, int64(p.version()), 10)
	dst = append(dst, "\n#EXT-X-TARGETDURATION:"...)
	dst = strconv.AppendInt(dst, int64(p.TargetDuration), 10)
	dst = append(dst, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"...)
	if p.Independent {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	if p.IFramesOnly {
		dst = append(dst, "#EXT-X-I-FRAMES-ONLY\n"...)
	}
	if p.Map != "" {
		dst = append(dst, `#EXT-X-MAP:URI="`...)
		dst = appendURI(dst, p.Map)
		dst = append(dst, "\"\n"...)
	}
	var c clock
	for i := range p.Segments {
		s := &p.Segments[i]
		dst = append(dst, "#EXTINF:"...)
		dst = appendSeconds(dst, c.next(s.Duration))
		dst = append(dst, ",\n"...)
		if s.Size > 0 {
			dst = append(dst, "#EXT-X-BYTERANGE:"...)
			dst = strconv.AppendInt(dst, s.Size, 10)
			dst = append(dst, '@')
			dst = strconv.AppendInt(dst, s.Offset, 10)
			dst = append(dst, '\n')
		}
		dst = appendURI(dst, s.URI)
		dst = append(dst, '\n')
	}
	return append(dst, "#EXT-X-ENDLIST\n"...)
}

// version is the least that suffices (bis §8): 3 for EXTINF with decimals, 4 for EXT-X-BYTERANGE or EXT-X-I-FRAMES-ONLY,
// 6 for EXT-X-MAP, of which 5 will do where there are I-frames only.
func (p *Playlist) version() int {
	switch {
	case p.Map != "" && p.IFramesOnly:
		return 5
	case p.Map != "":
		return 6
	}
	if p.IFramesOnly || slices.ContainsFunc(p.Segments, func(s Segment) bool { return s.Size > 0 }) {
		return 4
	}
	return 3
}

// estimate is at least the text's length where URIs need no escaping, so that dst grows once.
func (p *Playlist) estimate() int {
	n := 256
	for i := range p.Segments {
		n += len("#EXTINF:00000.000000,\n\n") + len(p.Segments[i].URI)
		if p.Segments[i].Size > 0 {
			n += len("#EXT-X-BYTERANGE:0000000000@0000000000\n")
		}
	}
	return n
}
