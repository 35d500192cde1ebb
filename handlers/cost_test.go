package handlers

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// A warm segment costs a constant number of allocations from route to last byte, logged and counted, in the cache or muxed,
// short or long.
func TestSegmentRequestAllocations(t *testing.T) {
	const most = 40
	if !pooled {
		t.Skip("the race detector drops what pools hold")
	}
	s := newSite(t, nil)
	s.Handler.log = slog.New(slog.NewJSONHandler(writerOnly{io.Discard}, nil))
	_, _, segments := s.walk(t, "film")
	least := most
	for _, path := range segments {
		for range 3 { // the last ones find it in the cache
			s.must(t, path)
		}
		r := httptest.NewRequest(http.MethodGet, path, nil)
		n := int(testing.AllocsPerRun(50, func() {
			s.ServeHTTP(&discard{header: make(http.Header, 16)}, r)
		}))
		if least = min(least, n); n > most || n > least+2 {
			t.Errorf("%s: %d allocations, want at most %d, and as many as any other: %d", path, n, most, least)
		}
	}
}

// BenchmarkBareHTTP is what BenchmarkHTTPLayer is compared with: the same headers and body from net/http alone.
func BenchmarkBareHTTP(b *testing.B) {
	body := noise(1 << 20)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "video/mp2t")
		h.Set("Cache-Control", immutable)
		h.Set("ETag", `"x"`)
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
	benchmark(b, h, httptest.NewRequest(http.MethodGet, "/segment", nil))
}
