package packager

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// MIME types of what the packager makes.
const (
	TypePlaylist = "application/vnd.apple.mpegurl" // RFC 8216 §10
	TypeManifest = "application/dash+xml"          // ISO/IEC 23009-1 §C.2
	TypeTS       = "video/mp2t"                    // RFC 3555
	TypeSegment  = "video/iso.segment"             // ISO/IEC 23009-1 §C.3, of sound too
	TypeVideo    = "video/mp4"                     // RFC 4337
	TypeAudio    = "audio/mp4"
	TypeJSON     = "application/json"
)

// playlistAge is how long a playlist may be kept: long enough for a CDN to collapse a crowd, short enough that a replaced
// file is seen soon.
const playlistAge = 5 * time.Second

// immutableAge is how long what its URL describes completely may be kept: a year, which is for ever.
const immutableAge = 365 * 24 * time.Hour

// Document is a small body that is made whole: a playlist, an init section or metadata. It is immutable and shared.
type Document struct {
	Body        []byte
	Gzip        []byte // the same, gzip'd; nil where that is no shorter
	ContentType string
	ETag        string        // of Body, quoted, strong
	GzipETag    string        // of Gzip
	MaxAge      time.Duration // how long a cache may keep it
	Immutable   bool          // the URL says all that the body depends on
}

// newImmutable makes a document of bytes that never change under their URL.
func newImmutable(contentType string, body []byte) *Document {
	sum := sha256.Sum256(body)
	return &Document{
		Body: body, ContentType: contentType, ETag: `"` + hex.EncodeToString(sum[:8]) + `"`, MaxAge: immutableAge, Immutable: true,
	}
}

// zippers are scratch: each is 800 kB, which a small answer would take longer to make than to zip.
var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// NewDocument makes a document of a body: its validators, and its gzip form.
func NewDocument(contentType string, body []byte, maxAge time.Duration) *Document {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:8])
	d := &Document{Body: body, ContentType: contentType, ETag: `"` + tag + `"`, GzipETag: `"` + tag + `-gzip"`, MaxAge: maxAge}
	var packed bytes.Buffer
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	w.Reset(&packed)
	if _, err := w.Write(body); err == nil && w.Close() == nil && packed.Len() < len(body) {
		d.Gzip = bytes.Clone(packed.Bytes())
	}
	return d
}
