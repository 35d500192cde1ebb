package handlers

import (
	"net/http"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	const ours, theirs = "https://player.example.org", "https://evil.example.net"
	f := func(origins []string, origin, wantOrigin, wantVary string) {
		t.Helper()
		s := newSite(t, func(cfg *Config) { cfg.CORSOrigins = origins })
		for path, status := range map[string]int{"/hls/film/master.m3u8": 200, "/api/titles": 200, "/info/film.json": 200, "/hls/nothing": 404, "/nothing": 404} {
			a := s.get(t, path, "Origin: "+origin)
			h := a.Header
			if a.StatusCode != status || h.Get("Access-Control-Allow-Origin") != wantOrigin || h.Get("Timing-Allow-Origin") != wantOrigin {
				t.Errorf("%v, %s asks %s: %s %v", origins, origin, path, a.Status, h)
			}
			if vary := strings.Join(h.Values("Vary"), ", "); strings.Contains(vary, "Origin") != (wantVary != "") {
				t.Errorf("%v: Vary %q", origins, vary)
			}
			if exposed := h.Get("Access-Control-Expose-Headers"); (exposed != "") != (wantOrigin != "") {
				t.Errorf("%v, %s: exposes %q", origins, origin, exposed)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
		}
	}
	f([]string{"*"}, theirs, "*", "")
	f([]string{ours}, ours, ours, "Origin")
	f([]string{ours}, theirs, "", "Origin")
	f([]string{"https://other.example.org", ours}, ours, ours, "Origin")
	f([]string{ours}, "null", "", "Origin")
	f(nil, theirs, "", "")
}

func TestPreflight(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/hls/film/master.m3u8", "/hls/no/such/film", "/info/film.json", "/api/titles"} {
		a := s.do(t, http.MethodOptions, path, "Origin: https://example.org", "Access-Control-Request-Method: GET",
			"Access-Control-Request-Headers: range, cmcd-request")
		if a.StatusCode != http.StatusNoContent || len(a.body) > 0 {
			t.Errorf("%s: %s, %d bytes", path, a.Status, len(a.body))
		}
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": methods, "Access-Control-Max-Age": "86400", "Allow": methods,
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		allowed := strings.ToLower(a.Header.Get("Access-Control-Allow-Headers"))
		for _, name := range []string{"range", "if-none-match", "if-range", "cmcd-object", "cmcd-request", "cmcd-session", "cmcd-status"} {
			if !strings.Contains(allowed, name) {
				t.Errorf("%s may not be sent", name)
			}
		}
	}
	plain := s.do(t, http.MethodOptions, "/hls/film/master.m3u8")
	if plain.StatusCode != http.StatusNoContent || plain.Header.Get("Allow") != methods || plain.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("OPTIONS that is no preflight: %s %v", plain.Status, plain.Header)
	}
	errorOf(t, s.do(t, http.MethodOptions, "/nothing"), http.StatusNotFound)

	closed := newSite(t, func(cfg *Config) { cfg.CORSOrigins = []string{"https://example.org"} })
	a := closed.do(t, http.MethodOptions, "/api/titles", "Origin: https://evil.example.net", "Access-Control-Request-Method: GET")
	if a.Header.Get("Access-Control-Allow-Methods") != "" || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a strange origin is told %v", a.Header)
	}
}
