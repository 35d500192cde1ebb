package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"unreel/packager"
)

// cmafOf is the path of a title's master below /cmaf/.
func cmafOf(title string) string { return cmafPrefix + packager.MasterRef{Title: title}.String() }

// TestCMAF walks from a master to all that is below it, and looks at what caches and players are told.
func TestCMAF(t *testing.T) {
	s := newSite(t, nil)
	master := cmafOf("film")
	manifest := strings.TrimSuffix(master, "master.m3u8") + "manifest.mpd"
	for path, contentType := range map[string]string{
		master: packager.TypePlaylist, manifest: packager.TypeManifest, strings.Replace(manifest, "manifest", "ondemand", 1): packager.TypeManifest,
	} {
		a := s.must(t, path)
		if a.Header.Get("Content-Type") != contentType || a.Header.Get("Cache-Control") != "public, max-age=5" || a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v", path, a.Header)
		}
		if again := s.get(t, path, "If-None-Match: "+a.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %s to its own ETag", path, again.Status)
		}
	}
	for _, list := range links(master, s.must(t, master).body) {
		text := s.must(t, list).body
		_, uri, _ := bytes.Cut(text, []byte(`#EXT-X-MAP:URI="`))
		uri, _, _ = bytes.Cut(uri, []byte(`"`))
		init := list[:strings.LastIndexByte(list, '/')+1] + string(uri)
		s.checkImmutable(t, init, packager.TypeVideo, "")
		segments := links(list, text)
		for _, segment := range segments {
			s.checkImmutable(t, segment, packager.TypeSegment, "MISS")
		}
		whole := segments[0][:strings.LastIndexByte(segments[0], '/')+1] + "v1.mp4"
		s.checkImmutable(t, whole, packager.TypeVideo, "MISS")
		want := s.must(t, init).body
		if got := s.get(t, whole, fmt.Sprintf("Range: bytes=0-%d", len(want)-1)); got.StatusCode != http.StatusPartialContent || !bytes.Equal(got.body, want) {
			t.Errorf("%s does not begin with its init section: %s", whole, got.Status)
		}
	}
}

// checkImmutable: HEAD promises what GET gives, for a year.
func (s *site) checkImmutable(t *testing.T, path, contentType, cached string) {
	t.Helper()
	head, whole := s.do(t, http.MethodHead, path), s.must(t, path)
	if n := fmt.Sprint(len(whole.body)); head.Header.Get("Content-Length") != n || whole.Header.Get("Content-Length") != n || len(whole.body) == 0 {
		t.Errorf("%s: HEAD promises %s bytes, GET gives %s", path, head.Header.Get("Content-Length"), n)
	}
	for name, want := range map[string]string{
		"Content-Type": contentType, "Cache-Control": immutable, "X-Cache": cached, "Accept-Ranges": "bytes", "Content-Encoding": "", "Access-Control-Allow-Origin": "*",
	} {
		if got := head.Header.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", path, name, got, want)
		}
	}
	part := s.get(t, path, "Range: bytes=3-9", "If-Range: "+whole.Header.Get("ETag"))
	if part.StatusCode != http.StatusPartialContent || !bytes.Equal(part.body, whole.body[3:10]) {
		t.Errorf("%s: %s and %d bytes for a range", path, part.Status, len(part.body))
	}
}

// TestCMAFErrors are of the kinds that those below /hls/ are.
func TestCMAFErrors(t *testing.T) {
	s := newSite(t, nil)
	master := cmafOf("film")
	list := links(master, s.must(t, master).body)[0]
	segment := links(list, s.must(t, list).body)[0]
	for _, path := range []string{
		cmafPrefix, cmafPrefix + "film/", cmafPrefix + "none/master.m3u8", cmafPrefix + "none/manifest.mpd", strings.Replace(list, "v1.", "v9.", 1),
		strings.Replace(segment, "v1-0-0", "v1-0-1", 1), strings.Replace(segment, "-0-0.m4s", "-init.mp4", 1),
		strings.Replace(segment, "/6000-", "/1-", 1), // no such segments are ever made
	} {
		errorOf(t, s.get(t, path), http.StatusNotFound)
	}
	stale := s.get(t, staleCuts(segment))
	errorOf(t, stale, http.StatusNotFound)
	if stale.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("what is stale may be kept: %q", stale.Header.Get("Cache-Control"))
	}
	if a := s.do(t, http.MethodPost, master); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", a.Status)
	}
}

// staleCuts is a segment's path with the digest of other cuts.
func staleCuts(segment string) string {
	i := strings.Index(segment, "/6000-") + len("/6000-")
	return segment[:i] + "00000000" + segment[i+8:]
}
