package handlers

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"unreel/packager"
	"unreel/playback"
)

// mp4Prefix is what whole files are below.
const mp4Prefix = "/mp4/"

// file is what HTTP needs of a body that is sent in parts.
type file interface {
	Size() int64
	ETag() string // quoted, strong
	ContentType() string
	WriteRange(ctx context.Context, w io.Writer, off, n int64) error
}

// mp4 answers /mp4/<title>/<rendition>.mp4.
func (h *Handler) mp4(x *exchange) error {
	ref, err := packager.ParseMP4(strings.TrimPrefix(x.request.URL.EscapedPath(), mp4Prefix))
	if err != nil {
		return err
	}
	x.title = ref.Title
	if namesPart(x.request.URL.RawQuery) {
		query, failed := x.query()
		if failed != nil {
			return failed
		}
		if query.Has("start") || query.Has("end") {
			return h.clip(x, ref, query)
		}
	}
	f, err := h.packager.Progressive(x.request.Context(), ref)
	if err != nil {
		return err
	}
	return x.file(f)
}

// namesPart tells whether a query may be about a part of a file. All else in a query is ignored, and so is its form.
func namesPart(query string) bool {
	for one := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, _, ok := strings.Cut(one, "=")
		if plain, err := url.QueryUnescape(key); ok && err == nil && (plain == "start" || plain == "end") {
			return true
		}
	}
	return false
}

// clip answers ?start=&end=: that part of the file, in seconds, from a key frame to a key frame, as an MP4 of its own.
func (h *Handler) clip(x *exchange, ref packager.FileRef, query url.Values) error {
	start, err := secondsOf(query, "start", 0)
	if err != nil {
		return err
	}
	end, err := secondsOf(query, "end", math.Inf(1))
	if err != nil {
		return err
	}
	c, err := h.packager.Clip(x.request.Context(), ref, start, end)
	if err != nil {
		return err
	}
	return x.file(c)
}

// secondsOf is a query's time in a film.
func secondsOf(query url.Values, name string, otherwise float64) (float64, error) {
	text := query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || playback.CheckSeconds(name, n) != nil {
		return 0, playback.Invalid(name, "%.40q is no time in seconds", text)
	}
	return n, nil
}

// file answers with a file, or with any parts of it. Its URL doesn't say which of its versions is meant, so a cache asks
// each time whether it still holds the right one.
func (x *exchange) file(f file) error {
	h := x.Header()
	h.Set("Content-Type", f.ContentType())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", maxAge(0))
	admitted := false
	defer func() {
		if admitted {
			x.gate.leave()
		}
	}()
	admit := func() error {
		if admitted {
			return nil
		}
		if err := x.gate.enter(x.request.Context()); err != nil {
			return err
		}
		admitted = true
		return nil
	}
	write := func(off, n int64) error {
		if err := admit(); err != nil {
			return err
		}
		return f.WriteRange(x.request.Context(), x, off, n)
	}
	whole := content{f.Size(), f.ETag(), write}
	if notModified, err := conditions(x.request, whole.tag); err != nil || notModified {
		return x.send(whole) // says so
	}
	parts, err := partsOf(x.request, whole.tag, whole.size)
	if err != nil {
		h.Set("Content-Range", "bytes */"+strconv.FormatInt(whole.size, 10))
		return err
	}
	if len(parts) == 0 {
		return x.send(whole)
	}
	h.Set("ETag", whole.tag)
	h.Set("Accept-Ranges", "bytes")
	x.pending = http.StatusPartialContent
	if len(parts) == 1 {
		h.Set("Content-Range", contentRange(parts[0], whole.size))
		h.Set("Content-Length", strconv.FormatInt(parts[0].n, 10))
		if err = write(parts[0].off, parts[0].n); err != nil {
			h.Del("Content-Range") // where the header hasn't left yet
		}
		return err
	}
	body := newByteRanges(f.ContentType(), whole, parts)
	h.Set("Content-Type", "multipart/byteranges; boundary="+body.boundary)
	h.Set("Content-Length", strconv.FormatInt(body.size(), 10))
	if err = admit(); err != nil { // before the first part's own header leaves
		return err
	}
	return body.writeTo(x)
}

// maxParts bounds the ranges that one request may name: players that send several want an index or two and a piece of film.
const maxParts = 32

// partsOf is what parts of a body a GET asks for, where it names several, if only one of them lies inside; nil where it names one or none, which send
// answers, and for what can't be read. What lies outside is left out; the error is errRange if nothing is left. A set that
// overlaps or repeats itself beyond the body's size is no range at all (RFC 9110 §14.2, §17.15).
func partsOf(r *http.Request, tag string, size int64) (parts []span, err error) {
	lines := r.Header["Range"]
	if r.Method != http.MethodGet || len(lines) != 1 || strings.Count(lines[0], ",") > 2*maxParts {
		return nil, nil
	}
	if held := r.Header["If-Range"]; len(held) > 0 && (len(held) > 1 || held[0] != tag) {
		return nil, nil // §13.1.5
	}
	unit, set, ok := strings.Cut(lines[0], "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil, nil
	}
	total, named := int64(0), 0
	for one := range strings.SplitSeq(set, ",") {
		one = strings.Trim(one, " \t")
		if one == "" {
			continue // a list may have empty elements, §5.6.1
		}
		s, valid, inside := oneRange(one, size)
		if !valid {
			return nil, nil
		}
		if named++; inside && total <= size { // more is too much already, and must not overflow
			parts = append(parts, s)
			total += s.n
		}
	}
	if named < 2 || len(parts) > maxParts || total > size {
		return nil, nil
	}
	if len(parts) == 0 {
		return nil, errRange
	}
	return parts, nil
}
