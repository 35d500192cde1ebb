package conformance

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestLoneMediaPlaylist(t *testing.T) {
	s := muxedFilm().build()
	s.files["/master.m3u8"] = s.files["/hi.m3u8"]
	report := s.check(t, Options{})
	if len(report.Findings) > 0 || report.Playlists != 1 || report.Segments != 3 {
		t.Error(report.String())
	}
}

func TestNoPresentation(t *testing.T) {
	server := httptest.NewServer(&site{})
	t.Cleanup(server.Close)
	if _, err := Check(t.Context(), server.Client(), server.URL+"/master.m3u8", Options{}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a missing master gives %v", err)
	}
	if _, err := Check(t.Context(), server.Client(), "http://%zz/", Options{}); err == nil {
		t.Error("no URL gives no error")
	}
}

// A walk that is cancelled ends with the reason, at whichever request it is.
func TestCancelled(t *testing.T) {
	reason := errors.New("enough")
	good := muxedFilm().build()
	for _, last := range []string{"/master.m3u8", "/hi.m3u8", "/hi-1.ts"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == last {
				cancel(reason)
			}
			good.ServeHTTP(w, r)
		}))
		if _, err := Check(ctx, server.Client(), server.URL+"/master.m3u8", Options{}); !errors.Is(err, reason) {
			t.Errorf("cancelled at %s: %v", last, err)
		}
		server.Close()
	}
}

// What a rule finds too often is counted rather than listed.
func TestReportIsBounded(t *testing.T) {
	s := newFilm().build()
	s.wrap = header(func(_ *http.Request, h http.Header) { h.Del("Cache-Control") })
	report := s.check(t, Options{MaxPerRule: 3})
	if len(report.Findings) != 3 || len(report.Omitted) != 1 || report.Omitted[0].Count != report.Playlists+report.Segments-3 {
		t.Errorf("%d findings, omitted %v", len(report.Findings), report.Omitted)
	}
	text := report.String()
	if strings.Count(text, "warning http-validators http://") != 3 || !strings.Contains(text, "0 errors, 3 warnings in 7 playlists") {
		t.Errorf("printed as\n%s", text)
	}
}
