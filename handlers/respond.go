package handlers

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"unreel/packager"
)

// segment is what HTTP needs of a segment that is laid out but not yet made. *packager.Segment is one, and a
// *packager.TrackFile many.
type segment interface {
	Size() int64
	ETag() string // quoted, strong
	ContentType() string
	Cached() bool // in the cache, or on its way there
	WriteCached(ctx context.Context, w io.Writer, off, n int64) (there bool, err error)
	WriteRange(ctx context.Context, w io.Writer, off, n int64) error
}

// content is a body about to be sent: its size and entity tag, and how to write a part of it.
type content struct {
	size  int64
	tag   string
	write func(off, n int64) error
}

// immutable is for what its URL describes completely (RFC 8246).
const immutable = "public, max-age=31536000, immutable"

// segment answers with a segment. A HEAD, a 304 and a 416 read no media.
func (x *exchange) segment(s segment) error {
	h := x.Header()
	h.Set("Content-Type", s.ContentType())
	h.Set("Cache-Control", immutable)
	x.cacheIs("MISS")
	if s.Cached() {
		x.cacheIs("HIT")
	}
	return x.send(content{s.Size(), s.ETag(), func(off, n int64) error {
		ctx := x.request.Context()
		if x.cache == "HIT" {
			if there, err := s.WriteCached(ctx, x, off, n); there {
				return err
			}
			x.cacheIs("MISS") // it has left since
		}
		if err := x.gate.enter(ctx); err != nil {
			return err
		}
		defer x.gate.leave()
		return s.WriteRange(ctx, x, off, n)
	}})
}

// cacheIs notes what the segment cache did for this request.
func (x *exchange) cacheIs(verdict string) {
	x.cache = verdict
	x.Header().Set("X-Cache", verdict)
}

// document answers with a small body, gzip'd for those who like it so. A range is one of the identity.
func (x *exchange) document(d *packager.Document) error {
	h := x.Header()
	h.Set("Content-Type", d.ContentType)
	h.Set("X-Content-Type-Options", "nosniff") // it may hold names of files and of tracks
	h.Set("Cache-Control", maxAge(d.MaxAge))
	if d.Immutable {
		h.Set("Cache-Control", immutable)
	}
	if !d.Immutable || d.Gzip != nil { // RFC 9110 §12.5.5: a cache must not give one client's coding to another
		h.Add("Vary", "Accept-Encoding")
	}
	body, tag := d.Body, d.ETag
	if d.Gzip != nil && x.request.Header["Range"] == nil && acceptsGzip(x.request.Header["Accept-Encoding"]) {
		body, tag = d.Gzip, d.GzipETag
		h.Set("Content-Encoding", "gzip")
	}
	return x.send(content{int64(len(body)), tag, func(off, n int64) error {
		_, err := x.Write(body[off : off+n])
		return err
	}})
}

// maxAge is a Cache-Control: what may not be kept must be asked for again, which its entity tag makes cheap.
func maxAge(d time.Duration) string {
	if d < time.Second {
		return "no-cache"
	}
	return "public, max-age=" + strconv.FormatInt(int64(d/time.Second), 10)
}

// send applies conditions and ranges, and writes what remains. The header leaves with the first byte, so that an error
// before it is still answered in words.
func (x *exchange) send(c content) error {
	h := x.Header()
	h.Set("ETag", c.tag)
	h.Set("Accept-Ranges", "bytes")
	notModified, err := conditions(x.request, c.tag)
	if err != nil {
		return err
	}
	if notModified {
		h.Del("Content-Type")
		h.Del("Content-Encoding")
		x.WriteHeader(http.StatusNotModified)
		return nil
	}
	part, partial, err := rangeOf(x.request, c.tag, c.size)
	if err != nil {
		h.Set("Content-Range", "bytes */"+strconv.FormatInt(c.size, 10))
		return err
	}
	x.pending = http.StatusOK
	if partial {
		x.pending = http.StatusPartialContent
		h.Set("Content-Range", contentRange(part, c.size))
	}
	h.Set("Content-Length", strconv.FormatInt(part.n, 10))
	if x.request.Method != http.MethodHead && part.n > 0 {
		if err = c.write(part.off, part.n); err != nil {
			h.Del("Content-Range") // where the header hasn't left yet
			return err
		}
	}
	x.sendHeader()
	return nil
}

func contentRange(s span, size int64) string {
	b := append(make([]byte, 0, 64), "bytes "...)
	b = append(strconv.AppendInt(b, s.off, 10), '-')
	b = append(strconv.AppendInt(b, s.off+s.n-1, 10), '/')
	return string(strconv.AppendInt(b, size, 10))
}
