package packager

import (
	"encoding/hex"
	"strconv"
	"strings"

	"unreel/demux"
)

// TextRef is a segment of subtitles, of either format: <title>/<rendition>/<version>/<tracks>-<number>-<start>-<stop>.vtt, and
// -<zero> after the stop where that isn't 0. The rendition is a sidecar's, whose one track is t1, or that of the file that holds the track.
type TextRef struct {
	Title, Rendition string
	Version          Version
	Tracks           Tracks
	Number           int         // of the segment in its playlist, from 0
	Start, Stop      demux.Ticks // of its time, in 1/90000 s. 0 <= Start < Stop
	Zero             demux.Ticks // the time, in 1/90000 s, that a sidecar counts from. 0 <= Zero <= Start
}

// TextFileRef is subtitles in one piece, as WebVTT: <title>/<rendition>/<version>/<tracks>.vtt, and -<zero> after the tracks where
// that isn't 0.
type TextFileRef struct {
	Title, Rendition string
	Version          Version
	Tracks           Tracks
	Zero             demux.Ticks // the time of the track, in 1/1000 s, that its cues are counted from
}

// ThumbnailsRef is the WebVTT file below /cmaf/ that maps a title's times to pictures: <title>/thumbs.vtt.
type ThumbnailsRef struct{ Title string }

// PictureRef is one of those pictures: <title>/thumbs/<version>/<name>. The version is that of its bytes.
type PictureRef struct {
	Title   string
	Version Version
	Name    string // of a file beside the WebVTT file, with its extension
}

const (
	textExt    = ".vtt"
	thumbsName = "thumbs.vtt"
	thumbsDir  = "thumbs"
	maxCue     = 1<<53 - 1 // 1/90000 s: 3,000 years
)

// AppendTo appends the path after the prefix, escaped.
func (r TextRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(appendRendition(dst, r.Title, r.Rendition))
}

// AppendLink appends the link to the segment as it stands in its playlist.
func (r TextRef) AppendLink(dst []byte) []byte {
	dst = append(hex.AppendEncode(dst, r.Version[:]), '/')
	dst = r.Tracks.AppendTo(dst)
	for _, n := range [...]int64{int64(r.Number), int64(r.Start), int64(r.Stop)} {
		dst = strconv.AppendInt(append(dst, '-'), n, 10)
	}
	return append(appendZero(dst, r.Zero), textExt...)
}

// AppendTo appends the path after the prefix, escaped.
func (r TextFileRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(append(appendEscaped(dst, r.Title), '/'))
}

// AppendLink appends the link to the file from where the title's master stands.
func (r TextFileRef) AppendLink(dst []byte) []byte {
	dst = append(appendEscaped(dst, r.Rendition), '/')
	dst = append(hex.AppendEncode(dst, r.Version[:]), '/')
	return append(appendZero(r.Tracks.AppendTo(dst), r.Zero), textExt...)
}

// appendZero appends what a URL says of a title's zero: nothing where it is 0, as that of nearly all films.
func appendZero(dst []byte, zero demux.Ticks) []byte {
	if zero == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, '-'), int64(zero), 10)
}

// parseZero reads it, without the hyphen.
func parseZero(s string) (demux.Ticks, bool) {
	n, ok := parseNumber(s, maxCue)
	return demux.Ticks(n), ok && n > 0
}

// AppendTo appends the path after the prefix, escaped.
func (r ThumbnailsRef) AppendTo(dst []byte) []byte {
	return append(append(appendEscaped(dst, r.Title), '/'), thumbsName...)
}

// AppendTo appends the path after the prefix, escaped.
func (r PictureRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(append(appendEscaped(dst, r.Title), '/'))
}

// AppendLink appends the link to the picture as the WebVTT file has it.
func (r PictureRef) AppendLink(dst []byte) []byte {
	dst = hex.AppendEncode(append(dst, thumbsDir+"/"...), r.Version[:])
	return appendEscaped(append(dst, '/'), r.Name)
}

// String is the path after the prefix, escaped.
func (r TextRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r TextFileRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r ThumbnailsRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r PictureRef) String() string { return string(r.AppendTo(nil)) }

// TitleName is the title, not escaped.
func (r TextRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r TextFileRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r ThumbnailsRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r PictureRef) TitleName() string { return r.Title }

// parseText reads what ends as subtitles and pictures do; ok is false for all else.
func parseText(format Format, dir, name string) (_ Ref, ok bool) {
	if format == CMAF && name == thumbsName {
		return ThumbnailsRef{Title: dir}, validTitle(dir)
	}
	if format == CMAF && pictureType(name) != "" {
		r := PictureRef{Name: name}
		place, last := cutLast(dir)
		title, folder := cutLast(place)
		r.Title = title
		return r, folder == thumbsDir && validTitle(title) && validElement(name) && parseVersion(&r.Version, last)
	}
	rest, ok := strings.CutSuffix(name, textExt)
	r := TextRef{}
	if !ok || !parsePlace(dir, &r.Title, &r.Rendition, &r.Version) {
		return nil, false
	}
	track, rest, segment := strings.Cut(rest, "-")
	if r.Tracks, ok = parseTracks(track); !ok || r.Tracks.Text == 0 {
		return nil, false
	}
	if !segment {
		return TextFileRef{Title: r.Title, Rendition: r.Rendition, Version: r.Version, Tracks: r.Tracks}, true
	}
	fields := strings.Split(rest, "-")
	if n := len(fields); n == 1 || n == 4 {
		if r.Zero, ok = parseZero(fields[n-1]); !ok {
			return nil, false
		}
	}
	switch len(fields) {
	case 1:
		return TextFileRef{Title: r.Title, Rendition: r.Rendition, Version: r.Version, Tracks: r.Tracks, Zero: r.Zero}, true
	case 3, 4:
	default:
		return nil, false
	}
	number, ok := parseNumber(fields[0], maxSamples)
	start, ok2 := parseNumber(fields[1], maxCue)
	stop, ok3 := parseNumber(fields[2], maxCue)
	r.Number, r.Start, r.Stop = int(number), demux.Ticks(start), demux.Ticks(stop)
	return r, ok && ok2 && ok3 && r.Zero <= r.Start && r.Start < r.Stop
}

// pictureType is the MIME type of a picture by its extension; "" for what is none.
func pictureType(name string) string {
	switch _, ext := splitExt(name); strings.ToLower(ext) {
	case "jpg", "jpeg":
		return "image/jpeg"
	case "png":
		return "image/png"
	case "webp":
		return "image/webp"
	}
	return ""
}
