package packager

import (
	"encoding/hex"
	"strconv"
	"strings"

	"unreel/demux"
)

// ManifestRef is a title's DASH manifest: <title>/manifest.mpd, of the same segments that the playlists name, or
// <title>/ondemand.mpd, of virtual single files.
type ManifestRef struct {
	Title    string
	OnDemand bool
}

// InitRef is a track's init section: <title>/<rendition>/<version>/<tracks>-init.mp4. Tracks is one track, here and below:
// CMAF forbids muxing (ISO/IEC 23000-19 §7.3.2.1).
type InitRef struct {
	Title, Rendition string
	Version          Version
	Tracks           Tracks
}

// FragmentRef is a CMAF segment: <title>/<rendition>/<version>/<cuts>/<tracks>-<number>-<time>.m4s. All but the last two
// numbers is the same for a whole track, so a SegmentTemplate can say it (ISO/IEC 23009-1 §5.3.9.4.4).
type FragmentRef struct {
	Title, Rendition string
	Version          Version
	Cuts             Cuts
	Tracks           Tracks
	Number           int         // of the segment in its playlist, from 0
	Time             demux.Ticks // when it is first presented, in the track's Timescale
}

// TrackRef is the virtual single file of a track, its init section, index and segments:
// <title>/<rendition>/<version>/<cuts>/<tracks>.mp4.
type TrackRef struct {
	Title, Rendition string
	Version          Version
	Cuts             Cuts
	Tracks           Tracks
}

// Cuts name where a track is cut: the segment duration that was aimed at, and a digest of the samples at which segments
// begin and end. From the duration a replica that never saw the playlist finds the cuts again; the digest tells whether
// they are the same. Printed <milliseconds>-<8 hexadecimal digits>.
type Cuts struct {
	Millis uint32
	Digest [4]byte
}

const (
	manifestName = "manifest.mpd"
	onDemandName = "ondemand.mpd"
	initExt      = "-init.mp4"
	fragmentExt  = ".m4s"
	trackExt     = ".mp4"
	cutsDigits   = 2 * len(Cuts{}.Digest)
	maxMillis    = 1<<31 - 1 // of a segment duration: 24 days
	maxTime      = 1<<63 - 1
)

// AppendTo appends the path after the prefix, escaped.
func (r ManifestRef) AppendTo(dst []byte) []byte {
	dst = append(appendEscaped(dst, r.Title), '/')
	if r.OnDemand {
		return append(dst, onDemandName...)
	}
	return append(dst, manifestName...)
}

// AppendTo appends the path after the prefix, escaped.
func (r InitRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(appendRendition(dst, r.Title, r.Rendition))
}

// AppendLink appends the link to the section as it stands in the track's media playlists.
func (r InitRef) AppendLink(dst []byte) []byte {
	dst = append(hex.AppendEncode(dst, r.Version[:]), '/')
	return append(r.Tracks.AppendTo(dst), initExt...)
}

// AppendTo appends the path after the prefix, escaped.
func (r FragmentRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(appendRendition(dst, r.Title, r.Rendition))
}

// AppendLink appends the link to the segment as it stands in its media and I-frame playlists.
func (r FragmentRef) AppendLink(dst []byte) []byte {
	dst = r.appendStem(dst)
	dst = strconv.AppendInt(append(dst, '-'), int64(r.Number), 10)
	dst = strconv.AppendInt(append(dst, '-'), int64(r.Time), 10)
	return append(dst, fragmentExt...)
}

// AppendTemplate appends the link to all segments of the track as a DASH manifest's template says it, from where playlists
// stand.
func (r FragmentRef) AppendTemplate(dst []byte) []byte {
	return append(r.appendStem(dst), "-$Number$-$Time$"+fragmentExt...)
}

func (r FragmentRef) appendStem(dst []byte) []byte {
	dst = append(hex.AppendEncode(dst, r.Version[:]), '/')
	return r.Tracks.AppendTo(append(r.Cuts.AppendTo(dst), '/'))
}

// AppendTo appends the path after the prefix, escaped.
func (r TrackRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(appendRendition(dst, r.Title, r.Rendition))
}

// AppendLink appends the link to the file from where playlists stand.
func (r TrackRef) AppendLink(dst []byte) []byte {
	dst = append(hex.AppendEncode(dst, r.Version[:]), '/')
	return append(r.Tracks.AppendTo(append(r.Cuts.AppendTo(dst), '/')), trackExt...)
}

// AppendTo appends the cuts as they stand in a URL.
func (c Cuts) AppendTo(dst []byte) []byte {
	return hex.AppendEncode(append(strconv.AppendUint(dst, uint64(c.Millis), 10), '-'), c.Digest[:])
}

func appendRendition(dst []byte, title, rendition string) []byte {
	dst = append(appendEscaped(dst, title), '/')
	return append(appendEscaped(dst, rendition), '/')
}

// String is the path after the prefix, escaped.
func (r ManifestRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r InitRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r FragmentRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r TrackRef) String() string { return string(r.AppendTo(nil)) }

// String is the cuts as they stand in a URL.
func (c Cuts) String() string { return string(c.AppendTo(nil)) }

// TitleName is the title, not escaped.
func (r ManifestRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r InitRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r FragmentRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r TrackRef) TitleName() string { return r.Title }

// parseCMAF reads what lies below /cmaf/ but the playlists: a name, and the path before it.
func parseCMAF(dir, name string) (Ref, bool) {
	if name == manifestName || name == onDemandName {
		return ManifestRef{Title: dir, OnDemand: name == onDemandName}, validTitle(dir)
	}
	if rest, ok := strings.CutSuffix(name, initExt); ok {
		r := InitRef{}
		ok = parsePlace(dir, &r.Title, &r.Rendition, &r.Version)
		r.Tracks, ok = parseTrack(rest, ok)
		return r, ok
	}
	dir, cuts := cutLast(dir)
	r := TrackRef{}
	ok := parseCuts(&r.Cuts, cuts) && parsePlace(dir, &r.Title, &r.Rendition, &r.Version)
	if rest, whole := strings.CutSuffix(name, trackExt); whole {
		r.Tracks, ok = parseTrack(rest, ok)
		return r, ok
	}
	rest, fragment := strings.CutSuffix(name, fragmentExt)
	track, rest, _ := strings.Cut(rest, "-")
	r.Tracks, ok = parseTrack(track, ok && fragment)
	first, second, _ := strings.Cut(rest, "-")
	number, known := parseNumber(first, maxSamples)
	time, known2 := parseNumber(second, maxTime)
	return FragmentRef{
		Title: r.Title, Rendition: r.Rendition, Version: r.Version, Cuts: r.Cuts, Tracks: r.Tracks,
		Number: int(number), Time: demux.Ticks(time),
	}, ok && known && known2
}

// parsePlace reads <title>/<rendition>/<version>.
func parsePlace(dir string, title, rendition *string, version *Version) bool {
	dir, last := cutLast(dir)
	*title, *rendition = cutLast(dir)
	return validTitle(*title) && validElement(*rendition) && parseVersion(version, last)
}

// parseTrack reads v<id> or a<id>.
func parseTrack(s string, before bool) (Tracks, bool) {
	t, ok := parseTracks(s)
	return t, before && ok && (t.Video == 0 || t.Audio == 0)
}

func parseCuts(c *Cuts, s string) bool {
	digits, digest, _ := strings.Cut(s, "-")
	millis, ok := parseNumber(digits, maxMillis)
	if !ok || len(digest) != cutsDigits || digest != strings.ToLower(digest) {
		return false
	}
	c.Millis = uint32(millis)
	_, err := hex.Decode(c.Digest[:], []byte(digest))
	return err == nil
}
