package packager

import (
	"encoding/hex"
	"strconv"
)

// Ref is what a path below /hls/ or /cmaf/ names. Both have a MasterRef and PlaylistRefs; below /hls/ a SegmentRef is an
// MPEG-TS segment; below /cmaf/ are a ManifestRef, InitRefs, FragmentRefs and TrackRefs, and what thumbnails are made of. Both have TextRefs. Refs are comparable; equal Refs
// below one prefix name the same bytes, as long as the Version of what they name stays.
//
// A title may hold any bytes, but none of its elements between slashes is empty, "." or "..": whatever way they were
// escaped, clients and proxies would remove them. The same goes for a rendition, which is one element.
type Ref interface {
	// AppendTo appends the whole path after the prefix, escaped.
	AppendTo(dst []byte) []byte
	// String is the same path.
	String() string
	// TitleName is the title that the path belongs to, not escaped.
	TitleName() string
}

// MasterRef is a title's HLS multivariant playlist, of either format: <title>/master.m3u8.
type MasterRef struct{ Title string }

// PlaylistRef is a media playlist, of either format: <title>/<rendition>/<tracks>.m3u8, or .iframes.m3u8.
type PlaylistRef struct {
	Title, Rendition string
	Tracks           Tracks
	IFrames          bool // the I-frame playlist
}

// SegmentRef is an MPEG-TS segment: <title>/<rendition>/<version>/<tracks>-<number>-<first>-<end>-<cc>.ts.
type SegmentRef struct {
	Title, Rendition string
	Version          Version
	Tracks           Tracks
	Number           int // of the segment in its playlist, from 0
	First, End       int // samples of the video; of the audio where there is no video. First < End
	Counters         Counters
}

// Tracks are the MP4 track IDs of what is muxed into one stream; 0 where there is none, but not all. Printed v1a2. Text is never
// muxed: t3.
type Tracks struct{ Video, Audio, Text uint32 }

// Counters are the continuity counters (ISO/IEC 13818-1 §2.4.3.3), 0 to 15, of the first packets of a segment.
// Printed as two hexadecimal digits.
type Counters struct{ Video, Audio uint8 }

// plus is the counters after as many packets as took others from 0.
func (c Counters) plus(moved Counters) Counters {
	return Counters{(c.Video + moved.Video) & 15, (c.Audio + moved.Audio) & 15}
}

// Version is what remains of a file's fingerprint and of the packager's revision in a URL: 16 hexadecimal digits.
type Version [8]byte

// String is the version as it stands in a URL.
func (v Version) String() string { return hex.EncodeToString(v[:]) }

const (
	masterName    = "master.m3u8"
	playlistExt   = ".m3u8"
	iframesExt    = ".iframes.m3u8"
	segmentExt    = ".ts"
	infoExt       = ".json"
	maxSamples    = 1<<31 - 1 // sample and segment numbers fit an int on any machine
	versionDigits = 2 * len(Version{})
	maxLink       = 96 // bytes of a link to a segment: three numbers of 10 digits or cuts and two of up to 19, two track IDs, a version, and what is between
)

// AppendTo appends the path after the prefix, escaped.
func (r MasterRef) AppendTo(dst []byte) []byte {
	return append(append(appendEscaped(dst, r.Title), '/'), masterName...)
}

// AppendTo appends the path after the prefix, escaped.
func (r PlaylistRef) AppendTo(dst []byte) []byte {
	return r.AppendLink(append(appendEscaped(dst, r.Title), '/'))
}

// AppendLink appends the link to the playlist as it stands in its title's master.
func (r PlaylistRef) AppendLink(dst []byte) []byte {
	dst = append(appendEscaped(dst, r.Rendition), '/')
	dst = r.Tracks.AppendTo(dst)
	if r.IFrames {
		return append(dst, iframesExt...)
	}
	return append(dst, playlistExt...)
}

// AppendTo appends the path after the prefix, escaped.
func (r SegmentRef) AppendTo(dst []byte) []byte {
	dst = append(appendEscaped(dst, r.Title), '/')
	dst = append(appendEscaped(dst, r.Rendition), '/')
	return r.AppendLink(dst)
}

// AppendLink appends the link to the segment as it stands in its media and I-frame playlists.
func (r SegmentRef) AppendLink(dst []byte) []byte {
	dst = append(hex.AppendEncode(dst, r.Version[:]), '/')
	dst = r.Tracks.AppendTo(dst)
	for _, n := range [...]int{r.Number, r.First, r.End} {
		dst = strconv.AppendInt(append(dst, '-'), int64(n), 10)
	}
	dst = append(dst, '-', hexDigits[r.Counters.Video&15], hexDigits[r.Counters.Audio&15])
	return append(dst, segmentExt...)
}

// AppendTo appends the tracks as they stand in a URL: v1, a2, v1a2 or t3.
func (t Tracks) AppendTo(dst []byte) []byte {
	if t.Video != 0 {
		dst = strconv.AppendUint(append(dst, 'v'), uint64(t.Video), 10)
	}
	if t.Audio != 0 {
		dst = strconv.AppendUint(append(dst, 'a'), uint64(t.Audio), 10)
	}
	if t.Text != 0 {
		dst = strconv.AppendUint(append(dst, 't'), uint64(t.Text), 10)
	}
	return dst
}

// String is the path after the prefix, escaped.
func (r MasterRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r PlaylistRef) String() string { return string(r.AppendTo(nil)) }

// String is the path after the prefix, escaped.
func (r SegmentRef) String() string { return string(r.AppendTo(nil)) }

// String is the tracks as they stand in a URL.
func (t Tracks) String() string { return string(t.AppendTo(nil)) }

// TitleName is the title, not escaped.
func (r MasterRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r PlaylistRef) TitleName() string { return r.Title }

// TitleName is the title, not escaped.
func (r SegmentRef) TitleName() string { return r.Title }

// InfoPath is the path after /info/ of a title's metadata: <title>.json, escaped.
func InfoPath(title string) string {
	return string(append(appendEscaped(nil, title), infoExt...))
}
