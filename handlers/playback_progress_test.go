package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"unreel/playback"
	"unreel/playback/progress"
)

func newProgressSite(t *testing.T, store progress.Store) *site {
	t.Helper()
	return newSite(t, func(c *Config) { c.Playback.Progress = progress.NewKeeper(store, time.Now) })
}

func TestProgress(t *testing.T) {
	s := newProgressSite(t, progress.NewMemory())
	now := time.Now()
	put := func(method, body string, wantPosition float64, wantApplied bool) {
		t.Helper()
		a := s.send(t, method, "/api/progress", body, "Content-Type: text/plain") // as navigator.sendBeacon does
		var got progressBody
		check(t, json.Unmarshal(a.body, &got))
		if a.StatusCode != http.StatusOK || *got.Timestamp != wantPosition || *got.Applied != wantApplied {
			t.Errorf("%s %s: %s %s", method, body, a.Status, a.body)
		}
		if a.Header.Get("Cache-Control") != "private, no-store" || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%v", a.Header)
		}
	}
	at := func(position float64, after time.Duration) string {
		return fmt.Sprintf(`{"videoId":"a/b c","userId":"ann","deviceId":"tv","timestamp":%v,"duration":5400,"updatedAt":%d}`, position, now.Add(after).UnixMilli())
	}
	put("PUT", at(10, -time.Hour), 10, true)
	put("PUT", at(10, -time.Hour), 10, true)
	put("POST", at(20.5, -time.Minute), 20.5, true)
	put("PUT", at(15, -2*time.Minute), 20.5, false)
	put("PUT", fmt.Sprintf(`{"videoId":"x","userId":"ann","deviceId":"tv","timestamp":1,"updatedAt":%q}`, now.Add(-time.Second).Format(time.RFC3339Nano)), 1, true)
	put("PUT", `{"videoId":"a/b c","userId":"ann","deviceId":"phone","timestamp":30,"unknown":{}}`, 30, true)
	put("PUT", `{"videoId":"y","deviceId":"box","timestamp":0}`, 0, true)

	get := func(query string, want ...string) {
		t.Helper()
		a := s.must(t, "/api/progress?"+query)
		for _, part := range want {
			if !strings.Contains(string(a.body), part) {
				t.Errorf("%s: no %s in %s", query, part, a.body)
			}
		}
	}
	get("videoId=a/b%20c&userId=ann", `"deviceId":"phone","timestamp":30,`)
	get("videoId=a/b+c&userId=ann&deviceId=tv", `"timestamp":20.5,"duration":5400,"updatedAt":`+fmt.Sprint(now.Add(-time.Minute).UnixMilli()))
	get("videoId=y&deviceId=box", `"timestamp":0,`)
	get("userId=ann", `"items":[{"videoId":"a/b c","userId":"ann","deviceId":"phone"`, `"total":2}`)
	get("userId=ann&limit=0", `"items":[],"total":2`)
	get("deviceId=box", `"items":[{"videoId":"y"`)
	get("userId=nobody", `"items":[],"total":0`)
	if a := s.do(t, http.MethodHead, "/api/progress?userId=ann"); a.StatusCode != http.StatusOK || len(a.body) > 0 || a.ContentLength <= 0 {
		t.Errorf("HEAD: %s, %d bytes", a.Status, a.ContentLength)
	}
	errorOf(t, s.get(t, "/api/progress?videoId=z&userId=ann"), http.StatusNotFound)

	if a := s.do(t, http.MethodDelete, "/api/progress?videoId=a/b%20c&userId=ann"); a.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE: %s %s", a.Status, a.body)
	}
	errorOf(t, s.get(t, "/api/progress?videoId=a/b%20c&userId=ann"), http.StatusNotFound)
	get("userId=ann", `"items":[{"videoId":"x"`)
}

func TestProgressRefuses(t *testing.T) {
	s := newProgressSite(t, progress.NewMemory())
	f := func(body string, status int, words string) {
		t.Helper()
		if e := errorOf(t, s.send(t, http.MethodPut, "/api/progress", body), status); !strings.Contains(e.Error, words) {
			t.Errorf("%.60s: %q doesn't tell of %q", body, e.Error, words)
		}
	}
	f(`{"videoId":"a","deviceId":"tv"}`, 400, "timestamp: is missing")
	f(`{"videoId":"a","timestamp":1}`, 400, "deviceId: is missing")
	f(`{"deviceId":"tv","timestamp":1}`, 400, "videoId: is missing")
	f(`{"videoId":7,"deviceId":"tv","timestamp":1}`, 400, "videoId: is a JSON number where a string is expected")
	f(`{"videoId":"a","deviceId":"tv","timestamp":"1"}`, 400, "timestamp: is a JSON string where a number is expected")
	f(`{"videoId":"a","deviceId":"tv","timestamp":-1}`, 400, "timestamp: -1 is not from 0")
	f(`{"videoId":"a","deviceId":"tv","timestamp":1,"updatedAt":"yesterday"}`, 400, "updatedAt: ")
	f(`{"videoId":"a","deviceId":"tv","timestamp":1,"updatedAt":-5}`, 400, "updatedAt: ")
	f(`{"videoId":"a","deviceId":"tv","timestamp":1,"updatedAt":"0001-01-01T00:00:00Z"}`, 400, "updatedAt: ")
	f(`{"videoId":"a\u0000","deviceId":"tv","timestamp":1}`, 400, "videoId: holds a control")
	f(`[]`, 400, "an object is expected")
	f(`{"videoId":`, 400, "no JSON")
	f(``, 400, "no JSON")
	f(`{"videoId":"`+strings.Repeat("x", maxBody)+`"}`, 413, "too large")
	errorOf(t, s.get(t, "/api/progress"), http.StatusBadRequest)
	errorOf(t, s.get(t, "/api/progress?videoId=a"), http.StatusBadRequest)
	errorOf(t, s.do(t, http.MethodDelete, "/api/progress?videoId=a"), http.StatusBadRequest)
	a := s.do(t, http.MethodPatch, "/api/progress")
	if errorOf(t, a, http.StatusMethodNotAllowed); a.Header.Get("Allow") != "GET, HEAD, OPTIONS, PUT, POST, DELETE" {
		t.Errorf("Allow: %s", a.Header.Get("Allow"))
	}
	a = s.do(t, http.MethodOptions, "/api/progress", "Origin: https://example.org", "Access-Control-Request-Method: PUT")
	if a.StatusCode != http.StatusNoContent || !strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "PUT") ||
		!strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("preflight: %s %v", a.Status, a.Header)
	}
}

// What a viewer deletes is not brought back by a report that was under way.
func TestProgressStaysDeleted(t *testing.T) {
	s := newProgressSite(t, progress.NewMemory())
	const report = `{"videoId":"film","userId":"ann","deviceId":"tv","timestamp":7,"updatedAt":1700000000000}`
	s.send(t, http.MethodPut, "/api/progress", report)
	if a := s.do(t, http.MethodDelete, "/api/progress?userId=ann"); a.StatusCode != http.StatusNoContent {
		t.Errorf("%s %s", a.Status, a.body)
	}
	if a := s.send(t, http.MethodPut, "/api/progress", report); a.StatusCode != http.StatusOK || !strings.Contains(string(a.body), `"applied":false`) {
		t.Errorf("%s %s", a.Status, a.body)
	}
	errorOf(t, s.get(t, "/api/progress?userId=ann&videoId=film"), http.StatusNotFound)
}

// Where nothing is kept there are no such URLs.
func TestProgressIsOptional(t *testing.T) {
	s := newSite(t, nil)
	errorOf(t, s.get(t, "/api/progress?userId=a"), http.StatusNotFound)
}

// broken is a store that is down.
type broken struct{ progress.Store }

func (broken) Put(ctx context.Context, _ progress.Report, _ time.Time) (progress.Report, error) {
	return progress.Report{}, playback.Unavailable(ctx, "write", errors.New("connection refused to secret-host"))
}

// A store that is down is said to be, without its secrets.
func TestProgressStoreDown(t *testing.T) {
	s := newProgressSite(t, broken{})
	a := s.send(t, http.MethodPut, "/api/progress", `{"videoId":"a","deviceId":"tv","timestamp":1}`)
	if e := errorOf(t, a, http.StatusServiceUnavailable); a.Header.Get("Retry-After") == "" || strings.Contains(e.Error, "secret") {
		t.Errorf("%v %q", a.Header, e.Error)
	}
	s.must(t, "/hls/film/master.m3u8")
}
