package handlers

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"unreel/handlers/signing"
	"unreel/packager"
)

const apiToken = "correct horse battery staple"

func testKeys(t testing.TB) signing.Keys {
	t.Helper()
	keys, err := signing.ParseKeys(fmt.Appendf(nil, "%x", bytes.Repeat([]byte{9}, 32)))
	check(t, err)
	return keys
}

func tokenFor(t testing.TB, title string, change func(*signing.Grant)) string {
	t.Helper()
	g := signing.Grant{Scope: ScopeOf(title), Expiry: time.Now().Add(time.Hour)}
	if change != nil {
		change(&g)
	}
	token, err := testKeys(t).Sign(g)
	check(t, err)
	return token
}

// TestSigned plays every title below a token, and nothing without one.
func TestSigned(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Access.Keys = testKeys(t) })
	for _, title := range titles {
		token := tokenFor(t, title, nil)
		master := hlsPrefix + packager.MasterRef{Title: title}.String()
		for _, playlist := range links(SignedPath(token, master), s.must(t, SignedPath(token, master)).body) {
			for _, segment := range links(playlist, s.must(t, playlist).body) {
				s.must(t, segment)
				_, bare, _ := cutToken(segment)
				if a := s.get(t, bare); a.StatusCode != http.StatusForbidden {
					t.Errorf("%s without a token: %s", bare, a.Status)
				}
			}
		}
		info := infoPrefix + strings.TrimSuffix(packager.MasterRef{Title: title}.String(), "/master.m3u8") + ".json"
		s.must(t, SignedPath(token, info))
		if a := s.get(t, info); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s without a token: %s", info, a.Status)
		}
	}
	for _, open := range []string{"/", "/healthz", "/readyz", "/metrics"} {
		s.must(t, open)
	}
	all := tokenFor(t, "", nil)
	for _, path := range []string{"/api/titles", "/info/film.json", "/hls/film/master.m3u8", "/"} {
		s.must(t, SignedPath(all, path))
	}
}

// TestForbidden refuses in one and the same words, whatever the reason, which only the log tells.
func TestForbidden(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Access.Keys = testKeys(t) })
	film := tokenFor(t, "film", nil)
	const master = "/hls/film/master.m3u8"
	broken := []byte(film)
	broken[len(broken)-1] ^= 1
	before := len(s.log.String())
	for name, path := range map[string]string{
		"no token":           master,
		"no such token":      SignedPath("x", master),
		"an empty token":     SignedPath("", master),
		"another MAC":        SignedPath(string(broken), master),
		"another title":      SignedPath(film, "/hls/film2/master.m3u8"),
		"another title's":    SignedPath(tokenFor(t, "film2", nil), master),
		"expired":            SignedPath(tokenFor(t, "film", func(g *signing.Grant) { g.Expiry = time.Now().Add(-time.Second) }), master),
		"another client":     SignedPath(tokenFor(t, "film", func(g *signing.Grant) { g.Clients = netip.MustParsePrefix("192.0.2.7/32") }), master),
		"the list of titles": SignedPath(film, "/api/titles"),
		"the same, bare":     "/api/titles",
		"one after another":  SignedPath(film, SignedPath(film, "/hls/film2/master.m3u8")),
		"out of its scope":   SignedPath(film, "/hls/film/..%2Ffilm2/master.m3u8"),
		"dots":               SignedPath(film, "/hls/film/../film2/master.m3u8"),
		"nothing":            SignedPath(film, "/hls/"),
		"a whole file":       "/mp4/film/1080p.mp4",
	} {
		a := s.get(t, path)
		want := http.StatusForbidden
		switch name {
		case "out of its scope", "dots": // signed as they stand, but nothing is there
			want = http.StatusNotFound
		}
		if a.StatusCode != want || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %v", name, a.Status, a.Header)
		}
		if want == http.StatusForbidden && !strings.Contains(string(a.body), `{"error":"not allowed"`) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	if a := s.do(t, http.MethodOptions, master); a.StatusCode != http.StatusNoContent {
		t.Errorf("a preflight, which browsers send without a token's knowledge: %s", a.Status)
	}
	log := s.log.String()[before:]
	for _, reason := range []string{"no token in front", "malformed", "signed for another", "expired"} {
		if !strings.Contains(log, reason) {
			t.Errorf("the log doesn't say %q", reason)
		}
	}
	if strings.Contains(log, film) || strings.Contains(log, film[:12]) {
		t.Errorf("the log holds a token:\n%s", log)
	}
}

// Without keys a token in front means nothing.
func TestUnsigned(t *testing.T) {
	s := newSite(t, nil)
	s.must(t, "/hls/film/master.m3u8")
	s.must(t, SignedPath(tokenFor(t, "film", nil), "/hls/film/master.m3u8")) // signing may be turned off under running players
}

// TestMadeUpToken: what a proxy closes by its path stays closed with something made up in front, that no proxy's rule knows.
func TestMadeUpToken(t *testing.T) {
	operation := []string{"/metrics", "/healthz", "/readyz", "/auth", "/%6detrics", "/m%65trics", "//metrics", "/./metrics", "/metrics/"}
	for name, site := range map[string]struct {
		change func(*Config)
		closed []string
	}{
		"without keys": {nil, append([]string{"/api/titles", "/api/sessions", "/api/progress?userId=ann", "/info/film.json", "/%61pi/titles", "//api/titles"}, operation...)},
		"with keys":    {func(c *Config) { c.Access.Keys = testKeys(t) }, operation},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, site.change)
			for _, path := range site.closed {
				for _, token := range []string{"x", "", tokenFor(t, "film", nil), tokenFor(t, "", nil), "x/signed-y"} {
					if a := s.get(t, SignedPath(token, path)); a.StatusCode != http.StatusNotFound {
						t.Errorf("%s behind %q: %s", path, token, a.Status)
					}
				}
			}
		})
	}
}

// TestClientAddress believes X-Forwarded-For as far as our own proxies wrote it.
func TestClientAddress(t *testing.T) {
	a := Access{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	f := func(remote, want string, forwarded ...string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = forwarded
		if got := a.client(r); got.String() != want {
			t.Errorf("%s, %q: %s, want %s", remote, forwarded, got, want)
		}
	}
	f("192.0.2.1:1", "192.0.2.1")
	f("192.0.2.1:1", "192.0.2.1", "192.0.2.7")
	f("10.1.1.1:1", "192.0.2.7", "192.0.2.7")
	f("[::ffff:10.1.1.1]:1", "192.0.2.7", "192.0.2.7")
	f("[::1]:1", "2001:db8::7", "192.0.2.9, 2001:db8::7")
	f("10.1.1.1:1", "192.0.2.7", "1.1.1.1, 192.0.2.7, 10.2.2.2")
	f("10.1.1.1:1", "192.0.2.7", "1.1.1.1", "192.0.2.7", "10.2.2.2")
	f("10.1.1.1:1", "10.2.2.2", "1.1.1.1, rubbish, 10.2.2.2")
	f("10.1.1.1:1", "10.1.1.1", "")
	f("rubbish", "invalid IP", "1.1.1.1")
}

func TestClientBoundToken(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.Access.Keys = testKeys(t)
		c.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	bound := SignedPath(tokenFor(t, "film", func(g *signing.Grant) { g.Clients = netip.MustParsePrefix("192.0.2.7/32") }), "/hls/film/master.m3u8")
	s.must(t, bound, "X-Forwarded-For: 192.0.2.7")
	for _, other := range []string{"192.0.2.8", "192.0.2.7, 192.0.2.8", ""} {
		if a := s.get(t, bound, "X-Forwarded-For: "+other); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", other, a.Status)
		}
	}
}

// TestBearers keeps the API for those who know a token, and caches from sharing what they got.
func TestBearers(t *testing.T) {
	s := newSite(t, func(c *Config) { c.Access.Bearers = []Bearer{NewBearer("another"), NewBearer(apiToken)} })
	for _, path := range []string{"/api/titles", "/info/film.json"} {
		for _, given := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + apiToken, apiToken, "Bearer " + apiToken + "x"} {
			a := s.get(t, path, "Authorization: "+given)
			if a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s with %q: %s %v", path, given, a.Status, a.Header)
			}
		}
		for _, scheme := range []string{"Bearer ", "bearer "} {
			a := s.must(t, path, "Authorization: "+scheme+apiToken)
			if got := a.Header.Get("Cache-Control"); got != "private, no-cache" {
				t.Errorf("%s: Cache-Control %q", path, got)
			}
		}
	}
	s.walk(t, "film") // media are for all
	if strings.Contains(s.log.String(), apiToken) {
		t.Error("the log holds a bearer token")
	}
}

// TestAuth is what Nginx asks before it looks into its cache.
func TestAuth(t *testing.T) {
	s := newSite(t, func(c *Config) {
		c.Access.Keys, c.Access.Bearers = testKeys(t), []Bearer{NewBearer(apiToken)}
	})
	film := tokenFor(t, "film", nil)
	f := func(want int, asked string, headers ...string) {
		t.Helper()
		a := s.get(t, "/auth", append(headers, "X-Original-URI: "+asked)...)
		if a.StatusCode != want || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %s %v", asked, a.Status, a.Header)
		}
	}
	f(http.StatusNoContent, SignedPath(film, "/hls/film/master.m3u8"))
	f(http.StatusNoContent, SignedPath(film, "/hls/film/master.m3u8?a=b/../?"))
	f(http.StatusNoContent, SignedPath(film, "/mp4/film/1080p.mp4"))
	f(http.StatusNoContent, "/api/titles", "Authorization: Bearer "+apiToken)
	f(http.StatusUnauthorized, "/api/titles")
	f(http.StatusForbidden, "/hls/film/master.m3u8")
	f(http.StatusForbidden, SignedPath(film, "/hls/other/master.m3u8"))
	f(http.StatusForbidden, SignedPath(film, "/hls/fil%zz/master.m3u8"))
	f(http.StatusForbidden, SignedPath(film, "//hls/film/master.m3u8"))
	f(http.StatusForbidden, SignedPath(film, "/%68ls/film/master.m3u8"))
	f(http.StatusForbidden, "")
	f(http.StatusForbidden, "/")
	f(http.StatusForbidden, "http://x/hls/film/master.m3u8")
}

func TestHiddenMetrics(t *testing.T) {
	s := newSite(t, func(c *Config) { c.HideMetrics = true })
	if a := s.get(t, "/metrics"); a.StatusCode != http.StatusNotFound {
		t.Errorf("%s", a.Status)
	}
	rec := httptest.NewRecorder()
	s.Metrics().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if !strings.Contains(rec.Body.String(), "unreel_build_info") {
		t.Error("no metrics")
	}
}

func TestHideTokens(t *testing.T) {
	token := tokenFor(t, "film", nil)
	for text, want := range map[string]string{
		"/hls/signed-off/master.m3u8":                              "/hls/signed-off/master.m3u8",
		"/signed-" + token:                                         "/signed-…",
		`path "/vod/Signed-` + token + `/signed-` + token[1:]:      `path "/vod/Signed-…/signed-` + token[1:],
		"/%73igned-" + token + "x/signed-" + token + "/":           "/%73igned-…/signed-…/",
		"/vod/signed%2d" + token + "/hls/":                         "/vod/signed%2d…/hls/",
		"/vod/s%69gned%2D" + strings.ReplaceAll(token, "A", "%41"): "/vod/s%69gned%2D…",
		"/vod/signed-" + token[:20] + "%zz" + token[20:]:           "/vod/signed-" + token[:20] + "%zz" + token[20:],
		"/signed-signed-" + token + "%4":                           "/signed-…%4",
		"signed-":                                                  "signed-", "signed%2": "signed%2", "%": "%", "": "",
	} {
		if got := hideTokens(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
