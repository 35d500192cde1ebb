package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hot tells whether a segment is in the cache, which a HEAD doesn't change.
func (s *site) hot(t *testing.T, path string) bool {
	t.Helper()
	a := s.do(t, http.MethodHead, path)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("HEAD %s: %s", path, a.Status)
	}
	return a.Header.Get("X-Cache") == "HIT"
}

// untilHot waits for a segment that is made ahead.
func (s *site) untilHot(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !s.hot(t, path); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s was not made ahead", path)
		}
	}
}

func (s *site) wantAheads(t *testing.T, want map[string]float64) {
	t.Helper()
	for _, result := range []string{"started", "dropped", "used", "unused"} {
		if n := s.metric(t, "unreel_prefetch_segments_total", "result="+result); n != want[result] {
			t.Errorf("%v %s, want %v", n, result, want[result])
		}
	}
}

// TestPrefetch: the segment after one that is watched is a hit when it is asked for the first time.
func TestPrefetch(t *testing.T) {
	s := newSite(t, nil)
	s.cfg.Ahead = s.packager.Ahead
	_, _, segments := s.walk(t, "film")
	for _, path := range segments {
		s.must(t, path)
		s.do(t, http.MethodHead, path)
	}
	s.wantAheads(t, nil)
	s.must(t, segments[0])
	s.untilHot(t, segments[1])
	s.must(t, segments[0])
	s.wantAheads(t, map[string]float64{"started": 1})
	if a := s.must(t, segments[1]); a.Header.Get("X-Cache") != "HIT" {
		t.Errorf("X-Cache: %s", a.Header.Get("X-Cache"))
	}
	s.wantAheads(t, map[string]float64{"started": 1, "used": 1})
}

// TestPrefetchAtAFullDoor: what clients may want is not taken for what they may want later.
func TestPrefetchAtAFullDoor(t *testing.T) {
	s := newSite(t, func(c *Config) { c.MaxInflight = 1 })
	_, _, segments := s.walk(t, "film")
	for range 2 {
		s.must(t, segments[0])
	}
	s.cfg.Ahead = s.packager.Ahead
	s.gate.slots <- struct{}{}
	for range 3 {
		s.must(t, segments[0])
	}
	<-s.gate.slots
	s.gate.queue <- struct{}{}
	s.must(t, segments[0])
	<-s.gate.queue
	s.wantAheads(t, map[string]float64{"dropped": 4})
	if s.hot(t, segments[1]) {
		t.Error("it was made all the same")
	}
	s.must(t, segments[0])
	s.untilHot(t, segments[1])
}

// TestPrefetchHint: a player's word for what comes next reaches the packager as a path; what can't be one is none.
func TestPrefetchHint(t *testing.T) {
	f := func(name, query string, header http.Header, want string) {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/hls/film/720p/x.ts?"+query, nil)
			for field, values := range header {
				r.Header[field] = values
			}
			if got := nextObject(r); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	query := func(text string) string { return "session=1&CMCD=" + url.QueryEscape(text) }
	f("none", "", nil, "")
	f("no nor", query(`bl=2000,br=3000`), nil, "")
	f("a name", query(`bl=2000,nor="next.ts",sid="x"`), nil, "next.ts")
	f("encoded", query(`nor="..%2F480p%2Fa%2520b.ts"`), nil, "../480p/a%20b.ts")
	f("plus stays", query(`nor="a%2Bb+c.ts"`), nil, "a+b+c.ts")
	f("a header", "", http.Header{"Cmcd-Request": {`bl=2000,nor="next.ts"`}}, "next.ts")
	f("a list", query(`nor=("a.ts";r="0-100" "b.ts")`), nil, "a.ts")
	f("a list with room", query(`nor=(  "a.ts")`), nil, "a.ts")
	f("empty", query(`nor=""`), nil, "")
	f("endless", query(`nor="abc`), nil, "")
	f("bad escapes", query(`nor="%zz"`), nil, "")
	f("bare", query(`nor`), nil, "true")
	f("broken query", `CMCD=%zz`, nil, "")
}

// TestPrefetchHostileHints: whatever a client says comes next, at most the next segment is made.
func TestPrefetchHostileHints(t *testing.T) {
	s := newSite(t, nil)
	s.cfg.Ahead = s.packager.Ahead
	_, _, segments := s.walk(t, "film")
	s.must(t, segments[0])
	for _, nor := range []string{
		`"../../../../../../../etc/passwd"`, `"%2e%2e/%2e%2e/secret"`, `"http://127.0.0.1:1/x.ts"`, `"//127.0.0.1:1/x.ts"`, `"\\..\\..\\x"`,
		`"` + strings.Repeat("../", 3000) + `"`, `"%00"`, `"?"`, `"#"`, `""`, `"/hls/film/master.m3u8"`, `(((((`, `"../../broken/720p/x.ts"`,
	} {
		s.must(t, segments[0], "CMCD-Request: nor="+nor)
		s.untilHot(t, segments[1])
	}
	s.wantAheads(t, map[string]float64{"started": 1})
}
