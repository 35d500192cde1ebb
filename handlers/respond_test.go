package handlers

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"unreel/packager"
)

// recorded is what one answer function says to one request.
func recorded(t *testing.T, r *http.Request, answer func(x *exchange) error) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	x := &exchange{ResponseWriter: rec, request: r}
	if err := answer(x); err != nil {
		x.fail(err)
	}
	return rec
}

// fixed is a segment of known bytes.
type fixed struct {
	body   []byte
	cached bool
	left   bool  // the cache, since Cached was asked
	err    error // after the first sent bytes
	sent   int64
	reads  int
}

func (s *fixed) Size() int64         { return int64(len(s.body)) }
func (s *fixed) ETag() string        { return tag }
func (s *fixed) ContentType() string { return packager.TypeTS }
func (s *fixed) Cached() bool        { return s.cached }

func (s *fixed) WriteCached(ctx context.Context, w io.Writer, off, n int64) (there bool, err error) {
	if !s.cached || s.left {
		return false, nil
	}
	return true, s.WriteRange(ctx, w, off, n)
}

func (s *fixed) WriteRange(_ context.Context, w io.Writer, off, n int64) error {
	s.reads++
	if s.err != nil {
		if s.sent > 0 {
			if _, err := w.Write(s.body[off : off+s.sent]); err != nil {
				return err
			}
		}
		return s.err
	}
	_, err := w.Write(s.body[off : off+n])
	return err
}

// TestConditionMatrix compares documents and segments with net/http's own answers, header for header.
func TestConditionMatrix(t *testing.T) {
	body := noise(1000)
	document := &packager.Document{Body: body, ContentType: packager.TypePlaylist, ETag: tag}
	ranges := []string{"", "bytes=0-0", "bytes=10-19", "bytes=990-", "bytes=-7", "bytes=0-5000", "bytes=1000-"}
	matching := []string{"", `"v1"`, `"v2"`, `W/"v1"`, "*", `"v2", "v1"`}
	held := []string{"", `"v1"`, `"v2"`, `W/"v1"`, "Sun, 06 Nov 1994 08:49:37 GMT"}
	for _, rng := range ranges {
		for _, ifNone := range matching {
			for _, ifMatch := range matching {
				for _, ifRange := range held {
					r := request()
					for name, value := range map[string]string{"Range": rng, "If-None-Match": ifNone, "If-Match": ifMatch, "If-Range": ifRange} {
						if value != "" {
							r.Header.Set(name, value)
						}
					}
					want := httptest.NewRecorder()
					want.Header().Set("ETag", tag)
					want.Header().Set("Content-Type", packager.TypePlaylist)
					http.ServeContent(want, r, "", time.Time{}, bytes.NewReader(body))
					compareAnswers(t, r, want, recorded(t, r, func(x *exchange) error { return x.document(document) }))
					compareAnswers(t, r, want, recorded(t, r, func(x *exchange) error { return x.segment(&fixed{body: body}) }))
				}
			}
		}
	}
}

// compareAnswers leaves out what net/http doesn't know of, and the words of errors.
func compareAnswers(t *testing.T, r *http.Request, want, got *httptest.ResponseRecorder) {
	t.Helper()
	if got.Code != want.Code {
		t.Errorf("%v: %d, want %d", r.Header, got.Code, want.Code)
		return
	}
	names := []string{"Content-Range"}
	if want.Code < http.StatusBadRequest {
		names = append(names, "Content-Length", "ETag")
		if !bytes.Equal(got.Body.Bytes(), want.Body.Bytes()) {
			t.Errorf("%v: other bytes than net/http's", r.Header)
		}
	}
	for _, name := range names {
		if g, w := got.Header().Get(name), want.Header().Get(name); g != w {
			t.Errorf("%v: %d %s %q, want %q", r.Header, got.Code, name, g, w)
		}
	}
}

func TestDocumentCodings(t *testing.T) {
	text := bytes.Repeat([]byte("#EXTINF:6.00000,\nsegment.ts\n"), 100)
	d := packager.NewDocument(packager.TypePlaylist, text, 5*time.Second)
	ask := func(headers ...string) *httptest.ResponseRecorder {
		return recorded(t, request(headers...), func(x *exchange) error { return x.document(d) })
	}
	plain, packed := ask(), ask("Accept-Encoding: br, gzip")
	if plain.Header().Get("Content-Encoding") != "" || !bytes.Equal(plain.Body.Bytes(), text) {
		t.Errorf("without Accept-Encoding: %v", plain.Header())
	}
	unpacked, err := gzip.NewReader(packed.Body)
	check(t, err)
	got, err := io.ReadAll(unpacked)
	check(t, err)
	if packed.Header().Get("Content-Encoding") != "gzip" || !bytes.Equal(got, text) {
		t.Errorf("with gzip accepted: %v, %d bytes", packed.Header(), len(got))
	}
	if a, b := plain.Header().Get("ETag"), packed.Header().Get("ETag"); a == b || a == "" || b == "" {
		t.Errorf("entity tags of identity %s and of gzip %s", a, b)
	}
	for _, a := range []*httptest.ResponseRecorder{plain, packed} {
		if vary, age := a.Header().Get("Vary"), a.Header().Get("Cache-Control"); vary != "Accept-Encoding" || age != "public, max-age=5" {
			t.Errorf("Vary %q, Cache-Control %q", vary, age)
		}
	}
	part := ask("Accept-Encoding: gzip", "Range: bytes=3-9")
	if part.Code != http.StatusPartialContent || part.Header().Get("Content-Encoding") != "" || !bytes.Equal(part.Body.Bytes(), text[3:10]) {
		t.Errorf("a range with gzip accepted: %d %v", part.Code, part.Header())
	}
	same := ask("Accept-Encoding: gzip", "If-None-Match: "+packed.Header().Get("ETag"))
	if same.Code != http.StatusNotModified || same.Header().Get("Content-Encoding") != "" || same.Header().Get("Vary") != "Accept-Encoding" ||
		same.Header().Get("ETag") != packed.Header().Get("ETag") || same.Header().Get("Cache-Control") == "" || same.Body.Len() > 0 {
		t.Errorf("a 304 of gzip: %d %v", same.Code, same.Header())
	}
	if other := ask("Accept-Encoding: gzip", "If-None-Match: "+plain.Header().Get("ETag")); other.Code != http.StatusOK {
		t.Errorf("the identity's tag, with gzip selected: %d", other.Code)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	d := packager.NewDocument(packager.TypePlaylist, bytes.Repeat([]byte("#EXTM3U\n"), 100), 5*time.Second)
	s := &fixed{body: noise(1000), cached: true}
	f := func(name string, answer func(x *exchange) error, headers ...string) {
		t.Helper()
		get := recorded(t, request(headers...), answer)
		r := request(headers...)
		r.Method = http.MethodHead
		before := s.reads
		head := recorded(t, r, answer)
		if head.Code != get.Code || !maps.EqualFunc(head.Header(), get.Header(), slices.Equal) {
			t.Errorf("%s: HEAD %d %v, GET %d %v", name, head.Code, head.Header(), get.Code, get.Header())
		}
		if head.Body.Len() > 0 || s.reads > before {
			t.Errorf("%s: HEAD wrote %d bytes, read media %d times", name, head.Body.Len(), s.reads-before)
		}
	}
	document := func(x *exchange) error { return x.document(d) }
	segment := func(x *exchange) error { return x.segment(s) }
	f("document", document)
	f("document, gzip", document, "Accept-Encoding: gzip")
	f("document, not modified", document, "If-None-Match: "+d.ETag)
	f("segment", segment)
	f("segment, not modified", segment, "If-None-Match: "+tag)
}

func TestSegmentHeaders(t *testing.T) {
	f := func(cached bool, want string) {
		t.Helper()
		s := &fixed{body: noise(1000), cached: cached}
		h := recorded(t, request(), func(x *exchange) error { return x.segment(s) }).Header()
		for name, value := range map[string]string{
			"X-Cache": want, "Content-Type": "video/mp2t", "Cache-Control": "public, max-age=31536000, immutable",
			"Content-Length": "1000", "Accept-Ranges": "bytes", "ETag": tag, "Vary": "",
		} {
			if h.Get(name) != value {
				t.Errorf("%s: %q, want %q", name, h.Get(name), value)
			}
		}
	}
	f(false, "MISS")
	f(true, "HIT")
}

// What is in the cache needs no place among what is made; what has left it meanwhile does.
func TestSegmentsLeaveTheCache(t *testing.T) {
	f := func(name string, s *fixed, full bool, want int, cache string) {
		t.Helper()
		gate := newGate(1)
		if full {
			gate.slots <- struct{}{}
			gate.queue <- struct{}{}
		}
		s.body = noise(1000)
		rec := recorded(t, request(), func(x *exchange) error {
			x.gate = gate
			return x.segment(s)
		})
		if rec.Code != want || rec.Header().Get("X-Cache") != cache || want == http.StatusOK && !bytes.Equal(rec.Body.Bytes(), s.body) {
			t.Errorf("%s: %d, X-Cache %q, %d bytes; want %d, %q", name, rec.Code, rec.Header().Get("X-Cache"), rec.Body.Len(), want, cache)
		}
	}
	f("there", &fixed{cached: true}, true, http.StatusOK, "HIT")
	f("left, and there is room", &fixed{cached: true, left: true}, false, http.StatusOK, "MISS")
	f("left, and all is full", &fixed{cached: true, left: true}, true, http.StatusServiceUnavailable, "")
}

func TestNoMediaIsReadInVain(t *testing.T) {
	s := &fixed{body: noise(1000)}
	for _, headers := range [][]string{{"If-None-Match: *"}, {"Range: bytes=1000-"}, {`If-Match: "v2"`}} {
		recorded(t, request(headers...), func(x *exchange) error { return x.segment(s) })
	}
	if s.reads > 0 {
		t.Errorf("media was read %d times for answers that hold none", s.reads)
	}
}
