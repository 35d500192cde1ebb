package packager

import (
	"encoding/hex"
	"strconv"
	"strings"

	"unreel/demux"
)

// ImagesRef is the playlist of a picture's thumbnails, below either prefix: <title>/<rendition>/<tracks>.images.m3u8.
type ImagesRef struct {
	Title, Rendition string
	Tracks           Tracks
}

// TileRef is a JPEG of thumbnails side by side: <title>/<rendition>/<version>/tiles/<tracks>-<milliseconds>-<number>.jpg, and -<zero>
// after the number where that isn't 0.
type TileRef struct {
	Title, Rendition string
	Version          Version
	Tracks           Tracks
	Every            uint32      // milliseconds of the film that each thumbnail stands for, not 0
	Number           int         // of the JPEG, from 0
	Zero             demux.Ticks // the time of the picture, in 1/1000 s, at which the first thumbnail of all stands
}

const (
	imagesExt = ".images.m3u8"
	tilesDir  = "tiles"
	tileExt   = ".jpg"
)

// AppendTo appends the path after the prefix, escaped.
func (r ImagesRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(append(appendEscaped(dst, r.Title), '/'))
}

// AppendLink appends the link to the playlist as it stands in its title's master.
func (r ImagesRef) AppendLink(dst []byte) []byte {
	dst = append(appendEscaped(dst, r.Rendition), '/')
	return append(r.Tracks.AppendTo(dst), imagesExt...)
}

// AppendTo appends the path after the prefix, escaped.
func (r TileRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(appendRendition(dst, r.Title, r.Rendition))
}

// AppendLink appends the link to the JPEG as it stands in its playlist.
func (r TileRef) AppendLink(dst []byte) []byte {
	dst = strconv.AppendInt(append(r.appendStem(dst), '-'), int64(r.Number), 10)
	return append(appendZero(dst, r.Zero), tileExt...)
}

// AppendTemplate appends the link to all JPEGs of the picture as a DASH manifest's template says it, from where playlists
// stand.
func (r TileRef) AppendTemplate(dst []byte) []byte {
	return append(appendZero(append(r.appendStem(dst), "-$Number$"...), r.Zero), tileExt...)
}

func (r TileRef) appendStem(dst []byte) []byte {
	dst = append(hex.AppendEncode(dst, r.Version[:]), "/"+tilesDir+"/"...)
	return strconv.AppendUint(append(r.Tracks.AppendTo(dst), '-'), uint64(r.Every), 10)
}

// String is the path after the prefix, escaped.
func (r ImagesRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r TileRef) String() string { return string(r.AppendTo(nil)) }

// TitleName is the title, not escaped.
func (r ImagesRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r TileRef) TitleName() string { return r.Title }

// parseImages reads the name of a playlist of thumbnails without its extension, and the path before it.
func parseImages(dir, name string) (Ref, bool) {
	r := ImagesRef{}
	r.Title, r.Rendition = cutLast(dir)
	var ok bool
	r.Tracks, ok = parsePicture(name)
	return r, ok && validTitle(r.Title) && validElement(r.Rendition)
}

// parseTile reads what stands in a folder of tiles; ok is false for all else.
func parseTile(dir, name string) (_ Ref, ok bool) {
	r := TileRef{}
	place, folder := cutLast(dir)
	rest, ok := strings.CutSuffix(name, tileExt)
	if !ok || folder != tilesDir || !parsePlace(place, &r.Title, &r.Rendition, &r.Version) {
		return nil, false
	}
	track, rest, _ := strings.Cut(rest, "-")
	every, number, _ := strings.Cut(rest, "-")
	number, zero, moved := strings.Cut(number, "-")
	if r.Zero, ok = parseZero(zero); moved != ok {
		return nil, false
	}
	r.Tracks, ok = parsePicture(track)
	millis, ok2 := parseNumber(every, maxMillis)
	n, ok3 := parseNumber(number, maxSamples)
	r.Every, r.Number = uint32(millis), int(n)
	return r, ok && ok2 && ok3 && millis > 0
}

// parsePicture reads v<id>.
func parsePicture(s string) (Tracks, bool) {
	t, ok := parseTracks(s)
	return t, ok && t.Video != 0 && t.Audio == 0
}
