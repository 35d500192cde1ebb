package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"unreel/packager"
)

// errorOf is the body of an error, and complains about one that is not as it should be.
func errorOf(t *testing.T, a answer, status int) (body errorBody) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("%s %s: %s %s, want %d", a.Request.Method, a.Request.URL.EscapedPath(), a.Status, a.body, status)
	}
	if err := json.Unmarshal(a.body, &body); err != nil || body.Error == "" {
		t.Errorf("%s %s: %q is no error for people: %v", a.Request.Method, a.Request.URL.EscapedPath(), a.body, err)
	}
	if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %v", a.Request.URL.EscapedPath(), a.Header)
	}
	return body
}

func TestEveryTitlePlays(t *testing.T) {
	s := newSite(t, nil)
	for _, title := range titles {
		master, playlist, segments := s.walk(t, title)
		for _, path := range append(segments, master, playlist, infoPrefix+packager.InfoPath(title)) {
			if a := s.must(t, path); len(a.body) == 0 || a.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: %d bytes, %v", path, len(a.body), a.Header)
			}
		}
		var info packager.Info
		check(t, json.Unmarshal(s.must(t, infoPrefix+packager.InfoPath(title)).body, &info))
		if info.Title != title {
			t.Errorf("info of %q is titled %q", title, info.Title)
		}
	}
}

// TestEscapes asks for one thing in the ways that clients and proxies spell it, and in ways that only look so.
func TestEscapes(t *testing.T) {
	s := newSite(t, nil)
	same := func(want string, paths ...string) {
		t.Helper()
		body := s.must(t, want).body
		for _, path := range paths {
			if a := s.get(t, path); a.StatusCode != http.StatusOK || !bytes.Equal(a.body, body) {
				t.Errorf("%s: %s, not as %s", path, a.Status, want)
			}
		}
	}
	same("/hls/a/b%20c/master.m3u8", "/hls/a%2Fb%20c/master.m3u8", "/hls/a%2fb%20c%2Fmaster.m3u8", "/hls/%61/b%20c/m%61ster.m3u8",
		"/hls/a/b%20c/master.m3u8?token=x&CMCD=%22&y", "/hls/a/b%20c/master.m3u8?")
	same("/hls/%252F/master.m3u8", "/hls/%252f/master.m3u8"[:9]+"F/master.m3u8")
	same("/hls/x+y&z;=@:,$!'()*/master.m3u8", "/hls/x%2By%26z%3B%3D%40%3A%2C%24%21%27%28%29%2A/master.m3u8")
	same("/hls/master.m3u8/master.m3u8")
	same("/info/a/b%20c.json", "/info/a%2Fb%20c%2Ejson")

	for _, path := range []string{
		"/hls", "/hls/", "/hls//", "//hls/film/master.m3u8", "/hls//film/master.m3u8", "/hls/film//master.m3u8", "/hls/film/master.m3u8/",
		"/hls/./film/master.m3u8", "/hls/a/../film/master.m3u8", "/hls/film/../../etc/passwd", "/hls/%2e%2e/master.m3u8", "/hls%2Ffilm/master.m3u8",
		"/hls/film%00/master.m3u8", "/HLS/film/master.m3u8", "/hls/film/MASTER.m3u8", "/hls/master.m3u8", "/hls/no%20such/master.m3u8",
		"/hls/%252F/%2e%2e/master.m3u8", "/hls/film/1080p/0000000000000000/v1a2-0-0-1-00.ts/x", "/hls/film/../film/master.m3u8",
		"/info", "/info/", "/info/film", "/info/film.json/", "/info/.json", "/info/../film.json", "/nothing", "/index.html", "/assets/", "/assets",
		"/api", "/api/", "/api/nothing", "/metrics/", "/healthz/", "/hls/film/1080p/v1a2.m3u8%3F", "/hls/film%2F/master.m3u8", "/" + strings.Repeat("x/", 3000),
	} {
		a := s.get(t, path)
		if a.StatusCode/100 == 3 || a.Header.Get("Location") != "" {
			t.Errorf("%s redirects", path)
		}
		errorOf(t, a, http.StatusNotFound)
	}
}

// TestMalformedEscapes reach us only past net/http's own client.
func TestMalformedEscapes(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/hls/%/master.m3u8", "/hls/%zz/master.m3u8", "/hls/film/master.m3u8%"} {
		status, _ := raw(t, s.url, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if status != "HTTP/1.1 400 Bad Request" { // net/http's
			t.Errorf("%s: %q", path, status)
		}
	}
}

func TestMethods(t *testing.T) {
	s := newSite(t, nil)
	_, playlist, segments := s.walk(t, "film")
	for _, path := range []string{playlist, segments[0], "/info/film.json", "/api/titles", "/", "/metrics", "/healthz"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, "PROPFIND"} {
			a := s.do(t, method, path)
			errorOf(t, a, http.StatusMethodNotAllowed)
			if a.Header.Get("Allow") != methods {
				t.Errorf("%s %s: Allow %q", method, path, a.Header.Get("Allow"))
			}
		}
		get, head := s.get(t, path), s.do(t, http.MethodHead, path)
		if head.StatusCode != get.StatusCode || len(head.body) > 0 {
			t.Errorf("HEAD %s: %s, %d bytes", path, head.Status, len(head.body))
		}
		for name := range get.Header {
			// What is measured anew each time, or depends on how many asked before.
			if g, h := get.Header.Get(name), head.Header.Get(name); g != h && name != "Date" && name != "X-Cache" && path != "/metrics" {
				t.Errorf("%s: %s is %q by GET, %q by HEAD", path, name, g, h)
			}
		}
	}
	errorOf(t, s.do(t, http.MethodPost, "/nothing"), http.StatusNotFound)
}

func TestTitlesAPI(t *testing.T) {
	s := newSite(t, nil)
	f := func(query string, wantTotal, wantHere, wantLimit int) titlePage {
		t.Helper()
		var page titlePage
		a := s.must(t, "/api/titles"+query)
		check(t, json.Unmarshal(a.body, &page))
		if page.Total != wantTotal || len(page.Titles) != wantHere || page.Limit != wantLimit {
			t.Errorf("%s: %d of %d titles, limit %d; want %d of %d, %d", query, len(page.Titles), page.Total, page.Limit, wantHere, wantTotal, wantLimit)
		}
		return page
	}
	all := len(titles) + 1 // the broken one
	f("", all, all, defaultTitles)
	f("?limit=2", all, 2, 2)
	f("?limit=2&offset=1", all, 2, 2)
	f("?offset=100000", all, 0, defaultTitles)
	f("?limit=0", all, 0, 0)
	f("?limit=999999", all, all, maxTitles)
	f("?q=no+such+title", 0, 0, defaultTitles)
	f("?q=&unknown=1", all, all, defaultTitles)
	film := f("?q="+url.QueryEscape("100% sure"), 1, 1, defaultTitles).Titles[0]
	if film.Title != "100% sure? #1" {
		t.Errorf("%+v", film)
	}
	s.must(t, "/"+film.Master)
	s.must(t, "/"+film.Info)
	for _, query := range []string{"?limit=-1", "?limit=x", "?offset=1.5", "?offset=99999999999999999999", "?q=%zz", "?limit=1;offset=2"} {
		errorOf(t, s.get(t, "/api/titles"+query), http.StatusBadRequest)
	}
	if body := string(s.must(t, "/api/titles?q=no+such+title").body); !strings.Contains(body, `"titles":[]`) {
		t.Errorf("no titles are %s", body)
	}
}

func TestErrorsNameTheTitle(t *testing.T) {
	s := newSite(t, nil)
	body := errorOf(t, s.get(t, "/hls/broken/master.m3u8"), http.StatusUnprocessableEntity)
	if body.Title != "broken" || !strings.Contains(body.Error, "box") {
		t.Errorf("%+v", body)
	}
	if body = errorOf(t, s.get(t, "/hls/no/such%20film/master.m3u8"), http.StatusNotFound); body.Title != "no/such film" {
		t.Errorf("%+v", body)
	}
	if body = errorOf(t, s.get(t, "/info/no/such%20film.json"), http.StatusNotFound); body.Title != "no/such film" {
		t.Errorf("%+v", body)
	}
}

func TestHealth(t *testing.T) {
	why := errors.New("the library isn't listed yet")
	var ready atomic.Bool
	s := newSite(t, func(cfg *Config) {
		cfg.Ready = func() error {
			if !ready.Load() {
				return why
			}
			return nil
		}
	})
	s.must(t, "/healthz")
	if body := errorOf(t, s.get(t, "/readyz"), http.StatusServiceUnavailable); !strings.Contains(body.Error, why.Error()) {
		t.Errorf("%+v", body)
	}
	ready.Store(true)
	s.must(t, "/readyz")
	s.Drain()
	errorOf(t, s.get(t, "/readyz"), http.StatusServiceUnavailable)
	s.must(t, "/healthz")
}

func TestPage(t *testing.T) {
	s := newSite(t, nil)
	page := s.must(t, "/")
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Content-Security-Policy": policy, "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "",
	} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	script := s.must(t, "/assets/main.js", "Accept-Encoding: gzip")
	if script.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || script.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%v", script.Header)
	}
	if again := s.get(t, "/assets/main.js", "Accept-Encoding: gzip", "If-None-Match: "+script.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %s", again.Status)
	}
	if strings.Contains(policy, "http") {
		t.Error("the policy lets the page load from elsewhere")
	}
}

func TestOwnPageIsEmbedded(t *testing.T) {
	s := newSite(t, func(cfg *Config) { cfg.Page = DefaultConfig().Page })
	page := string(s.must(t, "/").body)
	for part := range strings.SplitSeq(page, `"`) {
		if strings.HasPrefix(part, "assets/") {
			s.must(t, "/"+part)
		}
	}
	if !strings.Contains(page, "assets/") {
		t.Error("the page has no assets")
	}
}

func TestConfigNamesEverything(t *testing.T) {
	f := func(want string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v doesn't name %s", err, want)
		}
	}
	for _, origin := range []string{"example.org", "https://example.org/", "https://", "null", "https://example.org/path", "http://a b"} {
		f(fmt.Sprintf("cors-origin: %q", origin), Config{CORSOrigins: []string{origin}}.Validate())
	}
	bad := ServerConfig{DrainDelay: -1}.Validate()
	f("write-timeout", bad)
	f("drain-delay", bad)
	f("drain-timeout", bad)
	check(t, DefaultConfig().Validate())
	check(t, DefaultServerConfig().Validate())
	check(t, Config{CORSOrigins: []string{"https://example.org:8443", "http://localhost"}}.Validate())
}
