package packager

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Parse reads the escaped path after a format's prefix: /hls/ for TS, /cmaf/ for CMAF. It is the inverse of a Ref's String: what a Ref prints parses to that Ref,
// and apart from escapes that need not be there, a Ref has one spelling. Everything else is ErrNotFound.
//
// Escapes are decoded before the path is cut at its slashes, so it makes no difference whether a proxy in front decoded
// %2F; a title and a rendition can hold no other slashes than those that separate. Paths are read from their right end,
// where each form has its own fixed tail. So whatever a title is called, it is not taken for another form.
func Parse(format Format, escaped string) (Ref, error) {
	if path, err := url.PathUnescape(escaped); err == nil {
		if ref, ok := parsePath(format, path); ok {
			return ref, nil
		}
	}
	return nil, notFound(escaped)
}

// ParseInfo reads the escaped path after /info/, and is the inverse of InfoPath. What it doesn't know is ErrNotFound.
func ParseInfo(escaped string) (title string, err error) {
	path, err := url.PathUnescape(escaped)
	title, ok := strings.CutSuffix(path, infoExt)
	if err != nil || !ok || !validTitle(title) {
		return "", notFound(escaped)
	}
	return title, nil
}

func notFound(escaped string) error {
	return fmt.Errorf("path %q: %w", escaped, ErrNotFound)
}

func parsePath(format Format, path string) (Ref, bool) {
	dir, name := cutLast(path)
	if name == masterName {
		return MasterRef{Title: dir}, validTitle(dir)
	}
	if rest, ok := strings.CutSuffix(name, imagesExt); ok {
		return parseImages(dir, rest)
	}
	if strings.HasSuffix(name, playlistExt) {
		return parsePlaylist(dir, name)
	}
	if ref, ok := parseTile(dir, name); ok {
		return ref, ok
	}
	if ref, ok := parseText(format, dir, name); ok {
		return ref, ok
	}
	if format == CMAF {
		return parseCMAF(dir, name)
	}
	rest, ok := strings.CutSuffix(name, segmentExt)
	if !ok {
		return nil, false
	}
	return parseSegment(dir, rest)
}

// parsePlaylist reads a media playlist's name, and the path before it.
func parsePlaylist(dir, name string) (Ref, bool) {
	r := PlaylistRef{}
	rest, ok := strings.CutSuffix(name, iframesExt)
	if r.IFrames = ok; !ok {
		rest = strings.TrimSuffix(name, playlistExt)
	}
	r.Title, r.Rendition = cutLast(dir)
	r.Tracks, ok = parseTracks(rest)
	return r, ok && validTitle(r.Title) && validElement(r.Rendition)
}

// parseSegment reads a segment's name without its extension, and the path before it.
func parseSegment(dir, name string) (Ref, bool) {
	var r SegmentRef
	dir, version := cutLast(dir)
	r.Title, r.Rendition = cutLast(dir)
	if !validTitle(r.Title) || !validElement(r.Rendition) || !parseVersion(&r.Version, version) {
		return nil, false
	}
	tracks, name, _ := strings.Cut(name, "-")
	var known bool
	r.Tracks, known = parseTracks(tracks)
	for _, field := range [...]*int{&r.Number, &r.First, &r.End} {
		var digits string
		digits, name, _ = strings.Cut(name, "-")
		n, ok := parseNumber(digits, maxSamples)
		if !ok {
			return nil, false
		}
		*field = int(n)
	}
	if !known || r.Tracks.Text != 0 || r.First >= r.End || len(name) != 2 {
		return nil, false
	}
	video, audio := strings.IndexByte(hexDigits, name[0]), strings.IndexByte(hexDigits, name[1])
	r.Counters = Counters{Video: uint8(video), Audio: uint8(audio)}
	return r, video >= 0 && audio >= 0
}

func parseVersion(v *Version, s string) bool {
	if len(s) != versionDigits || s != strings.ToLower(s) {
		return false
	}
	_, err := hex.Decode(v[:], []byte(s))
	return err == nil
}

// parseTracks reads v<id>, a<id>, v<id>a<id> or t<id>.
func parseTracks(s string) (t Tracks, ok bool) {
	if rest, text := strings.CutPrefix(s, "t"); text {
		t.Text, ok = parseID(rest)
		return t, ok
	}
	if rest, video := strings.CutPrefix(s, "v"); video {
		digits, after, both := strings.Cut(rest, "a")
		if t.Video, ok = parseID(digits); !ok || !both {
			return t, ok
		}
		s = "a" + after
	}
	rest, audio := strings.CutPrefix(s, "a")
	if t.Audio, ok = parseID(rest); !ok || !audio {
		return Tracks{}, false
	}
	return t, true
}

// parseID reads a track_ID, which is never 0 (ISO/IEC 14496-12 §8.3.2.3).
func parseID(s string) (uint32, bool) {
	id, ok := parseNumber(s, 1<<32-1)
	return uint32(id), ok && id != 0
}

// parseNumber reads what strconv prints and nothing else: no signs, no leading zeros.
func parseNumber(s string, most uint64) (uint64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || s[0] == '0' && s != "0" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil && n <= most
}

// cutLast cuts a path before its last element.
func cutLast(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}
