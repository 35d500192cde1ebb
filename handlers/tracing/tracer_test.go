package tracing

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"unreel/handlers/tracing/otlptest"
	"unreel/packager"
)

// counts is an Observer that adds up.
type counts struct {
	mu   sync.Mutex
	sent int
	lost map[Loss]int
}

func (c *counts) SpansSent(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent += n
}

func (c *counts) SpansDropped(why Loss, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost == nil {
		c.lost = map[Loss]int{}
	}
	c.lost[why] += n
}

func (c *counts) of(why Loss) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost[why]
}

// all is how many spans there were, whatever became of them.
func (c *counts) all() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.sent
	for _, lost := range c.lost {
		n += lost
	}
	return n
}

func start(t *testing.T, endpoint string) (*Tracer, *counts, *bytes.Buffer) {
	t.Helper()
	counted, log := &counts{}, &bytes.Buffer{} // which the queue alone writes
	tracer, err := New(t.Context(), Config{Endpoint: endpoint, Sample: 1}, counted, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return tracer, counted, log
}

// request traces one request, with a stage.
func request(tracer *Tracer) {
	r := tracer.Begin(httptest.NewRequest(http.MethodGet, "/x", nil), time.Now())
	tracer.Beside(silent{}).Stage(r.Context(), packager.StagePlan, time.Millisecond, nil)
	tracer.End(r, Request{Kind: "segment", Status: 200})
}

// silent is a packager.Observer that nobody asks.
type silent struct{}

func (silent) Stage(context.Context, packager.Stage, time.Duration, error) {}
func (silent) Muxed(context.Context, packager.Muxing)                      {}
func (silent) Indexes(int, int64)                                          {}
func (silent) Lies(int)                                                    {}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), d)
	t.Cleanup(cancel)
	return ctx
}

// What waits when the program ends is sent, in full batches and in what remains; what comes after that is late.
func TestShutdownFlushes(t *testing.T) {
	collector := otlptest.Start(t)
	tracer, counted, _ := start(t, collector.URL)
	const requests = batchSpans/2 + 7
	for range requests {
		request(tracer)
	}
	if err := tracer.Shutdown(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(collector.Spans()); n != 2*requests || counted.sent != n {
		t.Errorf("%d spans arrived, %d are counted, want %d", n, counted.sent, 2*requests)
	}
	if err := tracer.Shutdown(within(t, time.Minute)); err != nil {
		t.Error(err)
	}
	request(tracer)
}

// A batch is sent without waiting for the end.
func TestBatchesAreSent(t *testing.T) {
	collector := otlptest.Start(t)
	tracer, _, _ := start(t, collector.URL)
	request(tracer)
	collector.Wait(t, func(spans []otlptest.Span) bool { return len(spans) == 2 })
	if err := tracer.Shutdown(within(t, time.Minute)); err != nil {
		t.Error(err)
	}
}

// A collector that never answers delays nobody: what finds no room is counted, and the end comes when it is due.
func TestStuckCollector(t *testing.T) {
	collector := otlptest.Start(t)
	collector.Hold()
	tracer, counted, _ := start(t, collector.URL)
	const requests = queueSpans + batchSpans // two spans each
	for range requests {
		request(tracer)
	}
	if n := counted.of(LossQueue); n < 2*requests-queueSpans-2*batchSpans || n > 2*requests-queueSpans {
		t.Errorf("%d of %d are dropped, but %d may wait", n, 2*requests, queueSpans)
	}
	ctx := within(t, 50*time.Millisecond)
	if err := tracer.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if n := counted.all(); n != 2*requests {
		t.Errorf("%d spans are counted, of %d", n, 2*requests)
	}
}

// A collector that is down, or refuses, is told of once in the log, and so is its return.
func TestRefusingCollector(t *testing.T) {
	collector := otlptest.Start(t)
	collector.Refuse(http.StatusBadRequest) // which is no reason to try again
	tracer, counted, log := start(t, collector.URL)
	flush := func() {
		t.Helper()
		request(tracer)
		if err := tracer.provider.ForceFlush(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	flush()
	if n := counted.of(LossRefused); n != 4 {
		t.Errorf("%d are dropped, want 4", n)
	}
	collector.Refuse(0)
	flush()
	if err := tracer.Shutdown(within(t, time.Minute)); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Count(text, "level=WARN") != 1 || strings.Count(text, "takes traces again") != 1 || len(collector.Spans()) != 2 {
		t.Errorf("%d spans, and the log says %s", len(collector.Spans()), text)
	}
}

// A collector that isn't there at all keeps neither the start nor the end.
func TestDeadCollector(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	tracer, counted, _ := start(t, "http://"+ln.Addr().String())
	request(tracer)
	_ = tracer.Shutdown(within(t, 50*time.Millisecond)) // an error if it was still trying
	if n := counted.of(LossRefused); n != 2 {
		t.Errorf("%d are dropped, want 2", n)
	}
}

func TestConfig(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://host:4318": "http://host:4318/v1/traces", "https://host/": "https://host/v1/traces", "http://[::1]:1/a/b": "http://[::1]:1/a/b",
		"host:4318": "", "ftp://host": "", "http://": "", "http://user:secret@host": "", "http://host?x": "", "\x00": "",
	} {
		u, err := Config{Endpoint: endpoint}.url()
		switch {
		case (err == nil) != (want != ""):
			t.Errorf("%q: %v", endpoint, err)
		case err == nil && u.String() != want:
			t.Errorf("%q is %s, want %s", endpoint, u, want)
		}
	}
	if err := (Config{Endpoint: "x", Sample: math.NaN()}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("%v", err)
	}
	if err := (Config{Sample: 1}).Validate(); err != nil {
		t.Error(err)
	}
}

// A nil Tracer is none.
func TestNoTracer(t *testing.T) {
	var none *Tracer
	below := slog.DiscardHandler
	if none.Log(below) != below || none.Beside(silent{}) != packager.Observer(silent{}) || none.Shutdown(t.Context()) != nil {
		t.Error("a nil Tracer does something")
	}
}

// Attributes and groups of a logger stay, with the trace beside them.
func TestLog(t *testing.T) {
	tracer, _, _ := start(t, "http://127.0.0.1:1")
	var text bytes.Buffer
	log := slog.New(tracer.Log(slog.NewTextHandler(&text, nil))).With(slog.Int("a", 1)).WithGroup("g")
	log.InfoContext(t.Context(), "plain")
	r := tracer.Begin(httptest.NewRequest("BREW", "/", nil), time.Now())
	log.InfoContext(r.Context(), "traced", slog.Int("b", 2))
	_ = tracer.Shutdown(within(t, 50*time.Millisecond))
	lines := strings.Split(text.String(), "\n")
	if strings.Contains(lines[0], "trace_id") || !strings.Contains(lines[1], "a=1 g.b=2 g.trace_id=") {
		t.Errorf("%q", lines)
	}
}
