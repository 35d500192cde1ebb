package conformance

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"
)

// site is a presentation as a server holds it: what is under each path, and how it answers.
type site struct {
	files map[string][]byte
	wrap  func(http.Handler) http.Handler // what a broken server does, nil for a good one
}

// edit replaces text of one file; the text must be there.
func (s *site) edit(t *testing.T, name, from, to string) {
	t.Helper()
	text := string(s.files[name])
	if !strings.Contains(text, from) {
		t.Fatalf("%s does not hold %q:\n%s", name, from, text)
	}
	s.files[name] = []byte(strings.ReplaceAll(text, from, to))
}

var mediaTypes = map[string]string{
	".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t", ".mpd": "application/dash+xml",
	".m4s": "video/iso.segment", ".mp4": "video/mp4", ".vtt": "text/vtt", ".jpg": "image/jpeg",
}

// ServeHTTP is a sound origin: media types, ETag and conditional requests, ranges, gzip for playlists.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaTypes[path.Ext(r.URL.Path)])
	h.Set("Cache-Control", "public, max-age=5")
	tag := fmt.Sprintf("%x", crc32.ChecksumIEEE(body))
	if ext := path.Ext(r.URL.Path); ext == ".m3u8" || ext == ".mpd" {
		h.Set("Vary", "Accept-Encoding")
		if r.Header.Get("Accept-Encoding") == "gzip" {
			h.Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(body) // to memory
			_ = z.Close()
			body, tag = b.Bytes(), tag+"-gzip"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// check runs the checker on the site.
func (s *site) check(t *testing.T, opts Options) Report {
	t.Helper()
	var handler http.Handler = s
	if s.wrap != nil {
		handler = s.wrap(s)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	report, err := Check(t.Context(), server.Client(), server.URL+"/master.m3u8", opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}
