package handlers

import (
	"strings"

	"unreel/packager"
)

// kind is what sort of thing a request asks for: the one label of all HTTP metrics.
type kind uint8

const (
	kindOther kind = iota // no such path
	kindSegment
	kindPlaylist
	kindInit
	kindTrack   // a virtual single file
	kindText    // subtitles
	kindPicture // of thumbnails
	kindInfo
	kindTitles
	kindPage
	kindOps      // health, readiness, metrics
	kindFile     // a file as it lies in the library, or a clip of it
	kindProgress // where viewers stopped
	kindSessions // who is watching
	kindEvents   // what players report
	kinds
)

func (k kind) String() string {
	return [kinds]string{"other", "segment", "playlist", "init", "track", "text", "picture", "info", "titles", "page", "ops", "file", "progress", "sessions", "events"}[k]
}

// kindOfDocument is the kind of a document by what it is.
func kindOfDocument(d *packager.Document) kind {
	switch {
	case d.ContentType == packager.TypeText, d.ContentType == packager.TypeTimedText:
		return kindText
	case strings.HasPrefix(d.ContentType, "image/"):
		return kindPicture
	case d.Immutable:
		return kindInit
	}
	return kindPlaylist
}

// kindOf is the kind of a path below /hls/ or /cmaf/.
func kindOf(ref packager.Ref) kind {
	switch ref := ref.(type) {
	case packager.SegmentRef:
		return kindSegment
	case packager.FragmentRef:
		if ref.Tracks.Text != 0 {
			return kindText
		}
		return kindSegment
	case packager.TextRef, packager.TextFileRef, packager.ThumbnailsRef:
		return kindText
	case packager.PictureRef, packager.TileRef:
		return kindPicture
	case packager.InitRef:
		return kindInit
	case packager.TrackRef:
		return kindTrack
	default:
		return kindPlaylist
	}
}
