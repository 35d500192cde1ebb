package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"unreel/packager"
)

// oracle is net/http's answer to the same request about the same body.
func oracle(body io.ReadSeeker, contentType, tag string, headers ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("ETag", tag)
	http.ServeContent(w, request(headers...), "", time.Time{}, body)
	return w
}

// parts takes a multipart answer apart: "Content-Range: bytes" of each part.
func parts(t *testing.T, contentType string, body []byte) (all []string) {
	t.Helper()
	typ, params, err := mime.ParseMediaType(contentType)
	if err != nil || typ != "multipart/byteranges" {
		t.Fatalf("%q: %v", contentType, err)
	}
	for r := multipart.NewReader(bytes.NewReader(body), params["boundary"]); ; {
		part, failed := r.NextPart()
		if errors.Is(failed, io.EOF) {
			return all
		}
		check(t, failed)
		data, failed := io.ReadAll(part)
		check(t, failed)
		all = append(all, fmt.Sprintf("%s %s: %x", part.Header.Get("Content-Type"), part.Header.Get("Content-Range"), data))
	}
}

// A file answers ranges, conditions and HEAD as net/http would.
func TestFileLikeNetHTTP(t *testing.T) {
	s := newSite(t, nil)
	path := mp4Prefix + packager.FileRef{Title: "100% sure? #1", Rendition: "1080p"}.String()
	body, err := os.ReadFile(filepath.Join(s.dir, "100% sure? #1", "1080p.mp4"))
	check(t, err)
	whole := s.must(t, path)
	tag := whole.Header.Get("ETag")
	if !bytes.Equal(whole.body, body) || whole.Header.Get("Content-Type") != "video/mp4" || whole.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("%d bytes of %d, %v", len(whole.body), len(body), whole.Header)
	}
	size := len(body)
	for _, headers := range [][]string{
		{"Range: bytes=0-0"},
		{"Range: bytes=-1"},
		{"Range: bytes=100-"},
		{fmt.Sprintf("Range: bytes=%d-%d", size-10, size+10)},
		{fmt.Sprintf("Range: bytes=%d-", size)},
		{"Range: bytes=0-9,20-29"},
		{"Range: bytes=20-29, 0-9 ,, -5"},
		{fmt.Sprintf("Range: bytes=0-9,%d-", size)},
		{fmt.Sprintf("Range: bytes=%d-,%d-", size, size+1)},
		{fmt.Sprintf("Range: bytes=0-%d,1-%d", size-2, size-1)},
		{"Range: bytes=0-9,20-29", "If-Range: " + tag},
		{"Range: bytes=0-9,20-29", `If-Range: "other"`},
		{"Range: bytes=0-9", `If-Range: "other"`},
		{"Range: bytes=0-9,20-29", "If-None-Match: " + tag},
		{"Range: bytes=0-9", `If-Match: "other"`},
		{"If-None-Match: W/" + tag},
	} {
		got, want := s.get(t, path, headers...), oracle(bytes.NewReader(body), "video/mp4", tag, headers...)
		if got.StatusCode != want.Code {
			t.Errorf("%q: %d, net/http %d", headers, got.StatusCode, want.Code)
			continue
		}
		if got.StatusCode >= http.StatusBadRequest || got.StatusCode == http.StatusNotModified {
			continue // in our words
		}
		if a, b := got.Header.Get("Content-Range"), want.Header().Get("Content-Range"); a != b {
			t.Errorf("%q: Content-Range %q, net/http %q", headers, a, b)
		}
		if int(got.ContentLength) != len(got.body) {
			t.Errorf("%q: Content-Length %d, %d bytes", headers, got.ContentLength, len(got.body))
		}
		if strings.HasPrefix(want.Header().Get("Content-Type"), "multipart/") {
			ours, theirs := parts(t, got.Header.Get("Content-Type"), got.body), parts(t, want.Header().Get("Content-Type"), want.Body.Bytes())
			if fmt.Sprint(ours) != fmt.Sprint(theirs) {
				t.Errorf("%q:\n%q\nnet/http\n%q", headers, ours, theirs)
			}
		} else if !bytes.Equal(got.body, want.Body.Bytes()) {
			t.Errorf("%q: %d bytes, net/http %d, or others", headers, len(got.body), want.Body.Len())
		}
	}
	if many := s.get(t, path, "Range: bytes="+strings.Repeat("0-0,", 1000)); many.StatusCode != http.StatusOK || len(many.body) != size {
		t.Errorf("a thousand ranges: %s, %d bytes", many.Status, len(many.body))
	}
	if head := s.do(t, http.MethodHead, path); head.ContentLength != int64(size) || head.Header.Get("ETag") != tag {
		t.Errorf("HEAD: %d bytes, %v", head.ContentLength, head.Header)
	}
}

// lastNone finds the last 0 bytes, which are never inside (RFC 9110 §14.1.2). net/http answers them beside others, as a part
// that ends before it begins.
var lastNone = regexp.MustCompile(`[=,][ \t]*-0+[ \t]*(,|$)`)

func TestLastNoneIsNoPart(t *testing.T) {
	got, err := partsOf(request("Range: bytes=0-0,-0,1-"), tag, 10)
	if want := []span{{0, 1}, {1, 9}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// FuzzParts holds several ranges against net/http's own opinion.
func FuzzParts(f *testing.F) {
	for _, seed := range []string{"bytes=0-0,5-", "bytes=-5,1-2", "bytes=1-2,3-4,", "bytes=90-,1-1", "bytes= 1-2,,4-5", "bytes=0-99,0-99", "bytes=00-0,-0,1-"} {
		f.Add(seed, uint16(10))
	}
	f.Fuzz(func(t *testing.T, header string, n uint16) {
		body := noise(int(n))
		got, err := partsOf(request("Range: "+header), tag, int64(n))
		if err != nil && len(got) > 0 || len(got) > maxParts {
			t.Fatalf("%q: %d parts, %v", header, len(got), err)
		}
		if len(got) < 2 || !strings.HasPrefix(header, "bytes=") || beyondInt64(header) || lastNone.MatchString(header) {
			return
		}
		m := newByteRanges("video/mp4", content{size: int64(n), tag: tag}, got)
		var ours bytes.Buffer
		m.whole.write = func(off, n int64) error { return second(ours.Write(body[off : off+n])) }
		check(t, m.writeTo(&ours))
		if int64(ours.Len()) != m.size() {
			t.Fatalf("%q: %d bytes, %d said", header, ours.Len(), m.size())
		}
		want := oracle(bytes.NewReader(body), "video/mp4", tag, "Range: "+header)
		a := parts(t, "multipart/byteranges; boundary="+m.boundary, ours.Bytes())
		b := parts(t, want.Header().Get("Content-Type"), want.Body.Bytes())
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("%q of %d bytes:\n%q\nnet/http\n%q", header, n, a, b)
		}
	})
}

func TestFileNames(t *testing.T) {
	s := newSite(t, nil)
	for _, title := range titles {
		s.must(t, mp4Prefix+packager.FileRef{Title: title, Rendition: "1080p"}.String())
	}
	if a := s.must(t, "/mp4/broken/720p.mp4"); len(a.body) != 24 {
		t.Errorf("a broken file is %d bytes", len(a.body)) // it can't be played, but it can be fetched
	}
	for _, path := range []string{
		"/mp4", "/mp4/", "/mp4/film.mp4", "/mp4/film/1080p", "/mp4/film/1080p.mov", "/mp4/film/2160p.mp4", "/mp4/nothing/1080p.mp4",
		"/mp4/film/../film/1080p.mp4", "/mp4//film/1080p.mp4", "/mp4/film/%2e%2e.mp4/", "/mp4/film/1080p.mp4/",
	} {
		errorOf(t, s.get(t, path), http.StatusNotFound)
	}
}

// A file that is replaced while it is sent cuts the connection, wherever its reader is.
func TestFileReplacedMidWay(t *testing.T) {
	for _, replaceAt := range []int64{0, 1 << 20, 30 << 20} {
		dir := t.TempDir()
		name := filepath.Join(dir, "film", "720p.mp4")
		write(t, name, nil)
		check(t, os.Truncate(name, 32<<20))
		s := openSite(t, dir, nil)
		done := false
		s.storage.fail(func(_ context.Context, off int64, _ int) error {
			if off >= replaceAt && !done {
				done = true
				write(t, name+".new", []byte("another"))
				return os.Rename(name+".new", name)
			}
			return nil
		})
		if a := s.get(t, "/mp4/film/720p.mp4"); a.err == nil && a.StatusCode == http.StatusOK {
			t.Errorf("replaced at %d: a whole answer of %d bytes", replaceAt, len(a.body))
		}
	}
}

func second(_ int, err error) error { return err }

// TestOddQueries: what isn't about a part is ignored here as it is everywhere, whatever form it has.
func TestOddQueries(t *testing.T) {
	s := newSite(t, nil)
	const film = "/mp4/film/1080p.mp4"
	whole := s.must(t, film)
	for _, query := range []string{"?x=1;y=2", "?utm=100%", "?CMCD=bl%3D1&x=%zz", "?restart=%", "?x=;"} {
		if a := s.get(t, film+query); a.StatusCode != http.StatusOK || a.Header.Get("ETag") != whole.Header.Get("ETag") {
			t.Errorf("%s: %s", query, a.Status)
		}
	}
	for _, query := range []string{"?start=1;end=2", "?start=%zz", "?x=%zz&end=4", "?x=1;start=2"} {
		if a := s.get(t, film+query); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", query, a.Status)
		}
	}
}

// TestFailedRange: an error says nothing of the range that was to be sent.
func TestFailedRange(t *testing.T) {
	s := newSite(t, nil)
	s.storage.fail(func(context.Context, int64, int) error { return errors.New("input/output error") })
	for _, headers := range [][]string{{"Range: bytes=5-6"}, {"Range: bytes=5-6,"}, {"Range: bytes=0-1,99999999999-"}, nil} {
		a := s.get(t, "/mp4/film/1080p.mp4", headers...)
		if a.StatusCode != http.StatusBadGateway || a.Header.Get("Content-Range") != "" || a.Header.Get("Content-Type") != packager.TypeJSON {
			t.Errorf("%q: %s %v", headers, a.Status, a.Header)
		}
	}
}
