package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"unreel/handlers/signing"
	"unreel/handlers/tracing"
	"unreel/handlers/tracing/otlptest"
)

// A caller's trace, and its request within that, as W3C Trace Context §3.2 writes them: traced, and not.
const (
	callersTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan   = "00f067aa0ba902b7"
	tracedHeader  = "traceparent: 00-" + callersTrace + "-" + callersSpan + "-01"
	ignoredHeader = "traceparent: 00-" + callersTrace + "-" + callersSpan + "-00"
)

// uncounted is a tracing.Observer that nobody asks.
type uncounted struct{}

func (uncounted) SpansSent(int)                  {}
func (uncounted) SpansDropped(tracing.Loss, int) {}

// newTraced is a site that sends traces to a collector; flush closes the site and sends what waits.
func newTraced(t testing.TB, sample float64, change func(*Config)) (s *site, collector *otlptest.Server, flush func()) {
	t.Helper()
	collector = otlptest.Start(t)
	tracer, err := tracing.New(t.Context(), tracing.Config{Endpoint: collector.URL, Sample: sample, Version: "v9"}, uncounted{}, slog.New(slog.DiscardHandler))
	check(t, err)
	s = newSite(t, func(cfg *Config) {
		cfg.Tracer = tracer
		if change != nil {
			change(cfg)
		}
	})
	flush = func() {
		s.server.Close() // a request ends after its last byte has arrived, and so does what fills the cache
		check(t, s.packager.Close())
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		check(t, tracer.Shutdown(ctx))
	}
	t.Cleanup(flush)
	return s, collector, flush
}

// spansOf sorts a trace: the request's span, and those below it by name.
func spansOf(t testing.TB, spans []otlptest.Span, of string) (request otlptest.Span, stages map[string][]otlptest.Span) {
	t.Helper()
	stages = map[string][]otlptest.Span{}
	for _, span := range spans {
		if span.Trace == of && span.Kind.String() == "SPAN_KIND_SERVER" {
			request = span
		}
	}
	for _, span := range spans {
		if span.Trace != of || span.ID == request.ID {
			continue
		}
		if span.Parent != request.ID || span.Start.Before(request.Start) || span.End.Before(span.Start) {
			t.Errorf("%+v is no stage of %+v", span, request)
		}
		stages[span.Name] = append(stages[span.Name], span)
	}
	return request, stages
}

// traceOf is a traceparent of a trace of its own, by a small number.
func traceOf(n int) (trace, header string) {
	trace = fmt.Sprintf("%032x", n)
	return trace, "traceparent: 00-" + trace + "-" + callersSpan + "-01"
}

// Every request is a span below its caller's, with the stages that it went through below it.
func TestTraces(t *testing.T) {
	s, collector, flush := newTraced(t, 0, nil)
	plain, _, _ := newTraced(t, 0, nil) // another site tells the URLs, so that this one meets them all for the first time
	master, playlist, segments := plain.walk(t, "film")
	steps := []struct {
		path, name string
		stages     []string
		cache      string
	}{
		{master, "GET playlist", []string{"index", "timeline", "playlist"}, ""},
		{playlist, "GET playlist", []string{"playlist"}, ""},
		{segments[0], "GET segment", []string{"plan", "mux"}, "MISS"},
		{segments[0], "GET segment", []string{"plan", "mux"}, "MISS"}, // which the cache takes now
		{segments[0], "GET segment", nil, "HIT"},
		{infoPrefix + "film.json", "GET info", nil, ""},
	}
	for i, step := range steps {
		_, header := traceOf(i + 1)
		s.must(t, step.path, header)
	}
	flush()
	spans := collector.Spans()
	for i, step := range steps {
		trace, _ := traceOf(i + 1)
		request, stages := spansOf(t, spans, trace)
		if request.Name != step.name || request.Parent != callersSpan || request.Failed || request.Resource["service.name"] != "unreel" || request.Resource["service.version"] != "v9" {
			t.Errorf("%s: %+v", step.path, request)
		}
		about := request.Attributes
		if about["url.path"] != step.path || about["http.response.status_code"] != int64(200) || about["http.request.method"] != "GET" || about["http.response.body.size"].(int64) <= 0 {
			t.Errorf("%s: %v", step.path, about)
		}
		if got, _ := about["unreel.cache"].(string); got != step.cache {
			t.Errorf("%s: cache %q, want %q", step.path, got, step.cache)
		}
		for _, stage := range step.stages {
			if len(stages[stage]) == 0 {
				t.Errorf("%s, request %d, went through %v, but not %s", step.path, i, names(stages), stage)
			}
		}
		if len(step.stages) == 0 && len(stages) > 0 {
			t.Errorf("%s, request %d, went through %v", step.path, i, names(stages))
		}
		for _, mux := range stages["mux"] {
			if mux.Attributes["unreel.format"] != "ts" || mux.Attributes["unreel.bytes"] != about["http.response.body.size"] || mux.Attributes["unreel.cache_fill"] != (i == 3) {
				t.Errorf("request %d: %v", i, mux.Attributes)
			}
		}
	}
}

func names(stages map[string][]otlptest.Span) (all []string) {
	for name := range stages {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// A caller decides; where none does, the share does. Probes are never traced.
func TestTracesAreSampled(t *testing.T) {
	for sample, want := range map[float64]int{0: 1, 1: 3} { // of four requests to one path, of which one is a caller's that traces, one of one that doesn't
		s, collector, flush := newTraced(t, sample, nil)
		for _, headers := range [][]string{{tracedHeader}, {ignoredHeader}, nil, {"traceparent: 00-nonsense"}} {
			s.must(t, titlesPath, headers...)
		}
		for _, probe := range []string{"/healthz", "/readyz", "/metrics"} {
			s.must(t, probe, tracedHeader)
		}
		flush()
		roots := 0
		for _, span := range collector.Spans() {
			if span.Name != "GET titles" {
				t.Errorf("%+v", span)
			}
			if span.Parent == "" {
				roots++
			}
		}
		if n := len(collector.Spans()); n != want || roots != want-1 {
			t.Errorf("of %v: %d spans, %d of them roots, want %d", sample, n, roots, want)
		}
	}
}

// What fails by our fault is a failed span; what fails otherwise is none, and says why.
func TestTracesOfFailures(t *testing.T) {
	s, collector, flush := newTraced(t, 0, nil)
	_, _, segments := s.walk(t, "film")
	ask := func(n int, path string, status int) {
		t.Helper()
		if _, header := traceOf(n); s.get(t, path, header).StatusCode != status {
			t.Errorf("%s: not %d", path, status)
		}
	}
	ask(1, "/hls/nothing/master.m3u8", http.StatusNotFound)
	ask(2, "/hls/broken/master.m3u8", http.StatusUnprocessableEntity)
	s.storage.fail(func(context.Context, int64, int) error { return errors.New("secret-mount: input/output error") })
	ask(3, segments[0], http.StatusBadGateway)
	s.storage.fail(nil)
	ask(4, "/signed-oops", http.StatusNotFound)
	flush()
	for n, want := range map[int]struct {
		status         int64
		reason, failed string // the stage that failed
		fault          bool
	}{
		1: {404, "not_found", "", false}, 2: {422, "corrupt", "index", false}, 3: {502, "storage", "mux", true}, 4: {404, "not_found", "", false},
	} {
		trace, _ := traceOf(n)
		request, stages := spansOf(t, collector.Spans(), trace)
		if request.Attributes["http.response.status_code"] != want.status || request.Attributes["error.type"] != want.reason || request.Failed != want.fault {
			t.Errorf("%d: %+v", n, request)
		}
		if want.failed != "" && (len(stages[want.failed]) != 1 || !stages[want.failed][0].Failed) {
			t.Errorf("%d: %+v", n, stages)
		}
		if corrupt := stages["index"]; len(corrupt) > 0 && !strings.Contains(corrupt[0].Message, "moov") {
			t.Errorf("%+v doesn't say what is wrong with the file", corrupt[0])
		}
	}
	if all := fmt.Sprint(collector.Spans()); strings.Contains(all, "secret") || strings.Contains(all, "oops") {
		t.Errorf("a span tells too much: %s", all)
	}
}

// No span knows a token, a query, or a viewer.
func TestTracesAreDiscreet(t *testing.T) {
	s, collector, flush := newTraced(t, 1, func(cfg *Config) { cfg.Access.Keys = testKeys(t) })
	token := tokenFor(t, "film", func(g *signing.Grant) {})
	s.must(t, SignedPath(token, hlsPrefix+"film/master.m3u8?mine=4711"), "Cookie: crumbs", "baggage: user=4711", "User-Agent: crumbs")
	s.get(t, "/api/sessions/4711?userId=4711")
	everything := tokenFor(t, "", func(g *signing.Grant) {})
	for _, before := range []string{"/vod", "/hls", "/cmaf/film", "/mp4", "/info"} {
		for _, path := range []string{before + SignedPath(token, "/film/master.m3u8"), before + SignedPath(token, "/1080p.mp4")} {
			a := s.get(t, SignedPath(everything, path))
			if a.StatusCode != http.StatusNotFound || strings.Contains(string(a.body), token) {
				t.Errorf("%s answers %s: %s", path, a.Status, a.body)
			}
		}
	}
	s.get(t, SignedPath("4711", "")+"?4711")
	flush()
	all := fmt.Sprint(collector.Spans())
	if len(collector.Spans()) < 3 || !strings.Contains(all, "film/master.m3u8") {
		t.Fatalf("too little is traced: %s", all)
	}
	for _, secret := range []string{token, token[:16], "4711", "crumbs"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is told: %s", secret, all)
		}
	}
}

// Lines of the log say which trace they belong to.
func TestLogsNameTraces(t *testing.T) {
	s, collector, flush := newTraced(t, 0, nil)
	s.must(t, titlesPath, tracedHeader)
	s.get(t, "/hls/broken/master.m3u8", ignoredHeader)
	flush()
	var told []string
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "msg=request") {
			told = append(told, line)
		}
	}
	if len(told) != 2 || !strings.Contains(told[0], "trace_id="+callersTrace+" span_id="+collector.Spans()[0].ID) || !strings.Contains(told[1], "trace_id="+callersTrace) {
		t.Errorf("%v\n%+v", told, collector.Spans())
	}
}

// A warm segment costs no more where nothing is traced, little more where this one isn't, and a bounded lot where it is.
func TestTracedSegmentAllocations(t *testing.T) {
	if !pooled {
		t.Skip("the race detector drops what pools hold")
	}
	cost := func(s *site, headers ...string) int {
		s.Handler.log = slog.New(slog.NewJSONHandler(writerOnly{io.Discard}, nil))
		_, _, segments := s.walk(t, "film")
		for range 3 {
			s.must(t, segments[0])
		}
		r := httptest.NewRequest(http.MethodGet, segments[0], nil)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		return int(testing.AllocsPerRun(50, func() {
			s.ServeHTTP(&discard{header: make(http.Header, 16)}, r)
		}))
	}
	off := cost(newSite(t, nil))
	on, _, _ := newTraced(t, 0, nil)
	ignored, traced := cost(on), cost(on, tracedHeader)
	t.Logf("%d allocations, %d where another request is traced, %d where this one is", off, ignored, traced)
	if ignored > off+10 || traced > off+40 {
		t.Errorf("%d allocations, %d where another request is traced, %d where this one is", off, ignored, traced)
	}
}

// What becomes of spans is counted, and so is what never happened.
func TestTraceMetrics(t *testing.T) {
	s := newSite(t, nil)
	s.metrics.SpansSent(3)
	s.metrics.SpansDropped(tracing.LossQueue, 2)
	text := string(s.must(t, "/metrics").body)
	for outcome, want := range map[string]int{"sent": 3, "queue_full": 2, "refused": 0, "late": 0} {
		if line := fmt.Sprintf("unreel_trace_spans_total{outcome=%q} %d\n", outcome, want); !strings.Contains(text, line) {
			t.Errorf("no %s", line)
		}
	}
}
