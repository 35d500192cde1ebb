package handlers

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// discard is a ResponseWriter that costs nothing itself.
type discard struct {
	header http.Header
	n      int64
}

func (d *discard) Header() http.Header { return d.header }
func (d *discard) WriteHeader(int)     {}
func (d *discard) Write(p []byte) (int, error) {
	d.n += int64(len(p))
	return len(p), nil
}

// benchmark sends the same request again and again, without a network.
func benchmark(b *testing.B, h http.Handler, r *http.Request) {
	b.Helper()
	b.ReportAllocs()
	var size int64
	for b.Loop() {
		w := &discard{header: make(http.Header, 16)}
		h.ServeHTTP(w, r)
		size = w.n
	}
	b.SetBytes(size)
}

// BenchmarkWarmSegment is a segment from the cache, from route to last byte, without a network.
func BenchmarkWarmSegment(b *testing.B) {
	for name, accessLog := range map[string]bool{"log": true, "quiet": false} {
		b.Run(name, func(b *testing.B) {
			s := newSite(b, func(cfg *Config) { cfg.AccessLog = accessLog })
			s.Handler.log = slog.New(slog.NewJSONHandler(writerOnly{io.Discard}, nil)) // which writes lines, as slog.DiscardHandler does not
			_, _, segments := s.walk(b, "film")
			for range 3 {
				s.must(b, segments[0])
			}
			benchmark(b, s.Handler, httptest.NewRequest(http.MethodGet, segments[0], nil))
		})
	}
}

// BenchmarkHTTPLayer is the same without packager and cache: what handlers alone cost.
func BenchmarkHTTPLayer(b *testing.B) {
	cfg := DefaultConfig()
	cfg.AccessLog = false
	registry := prometheus.NewRegistry()
	h, err := New(cfg, nil, NewMetrics(registry, "bench"), registry, slog.New(slog.DiscardHandler))
	check(b, err)
	s := &fixed{body: noise(1 << 20), cached: true}
	h.engine.GET("/segment", h.cors.middleware, h.handle(kindSegment, func(x *exchange) error { return x.segment(s) }))
	benchmark(b, h, httptest.NewRequest(http.MethodGet, "/segment", nil))
}

// BenchmarkPlaylist is a media playlist that is made already.
func BenchmarkPlaylist(b *testing.B) {
	s := newSite(b, func(cfg *Config) { cfg.AccessLog = false })
	_, playlist, _ := s.walk(b, "film")
	r := httptest.NewRequest(http.MethodGet, playlist, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	benchmark(b, s.Handler, r)
}

// BenchmarkSocket is a warm segment to a client on this machine, over a listener as unreel opens it.
func BenchmarkSocket(b *testing.B) {
	s := newSite(b, func(cfg *Config) { cfg.AccessLog = false })
	_, _, segments := s.walk(b, "film")
	for range 3 {
		s.must(b, segments[0])
	}
	ln, err := Listen(b.Context(), "127.0.0.1:0")
	check(b, err)
	server := httptest.NewUnstartedServer(s.Handler)
	check(b, server.Listener.Close())
	server.Listener = progressListener{ln, DefaultServerConfig().WriteTimeout, &wides{most: 100}}
	server.Start()
	defer server.Close()
	conn, err := net.Dial("tcp", ln.Addr().String())
	check(b, err)
	defer func() { _ = conn.Close() }()
	request := []byte("GET " + segments[0] + " HTTP/1.1\r\nHost: x\r\n\r\n")
	size := s.do(b, http.MethodHead, segments[0]).ContentLength
	block := make([]byte, 256<<10)
	b.ReportAllocs()
	b.SetBytes(size)
	for b.Loop() {
		_, err = conn.Write(request)
		check(b, err)
		for left := size; left > 0; { // the header is a few hundred bytes more, which the next round reads
			n, failed := conn.Read(block)
			check(b, failed)
			left -= int64(n)
		}
	}
}
