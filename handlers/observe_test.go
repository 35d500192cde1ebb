package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	dto "github.com/prometheus/client_model/go"

	"unreel/packager"
)

// quiet waits until no request is under way and all are logged.
func (s *site) quiet(t testing.TB) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for s.metric(t, "unreel_http_requests_in_flight") != 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("a request doesn't end")
		}
	}
}

// metric is the sum of a metric's series that have the given labels, as "name=value".
func (s *site) metric(t testing.TB, name string, labels ...string) (sum float64) {
	t.Helper()
	families, err := s.registry.Gather()
	check(t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			if hasLabels(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
		return sum
	}
	t.Errorf("there is no metric %s", name)
	return 0
}

func hasLabels(m *dto.Metric, labels []string) bool {
	var all strings.Builder
	for _, l := range m.GetLabel() {
		fmt.Fprintf(&all, " %s=%s ", l.GetName(), l.GetValue())
	}
	for _, l := range labels {
		if !strings.Contains(all.String(), " "+l+" ") {
			return false
		}
	}
	return true
}

func TestMetrics(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "film")
	for range 3 {
		s.must(t, segments[0])
	}
	s.do(t, http.MethodHead, segments[0])
	s.get(t, "/hls/broken/master.m3u8")
	s.get(t, "/hls/nothing")
	s.do(t, http.MethodPost, "/")
	s.must(t, "/info/film.json")
	s.quiet(t)
	size := float64(s.do(t, http.MethodHead, segments[0]).ContentLength)
	f := func(want float64, name string, labels ...string) {
		t.Helper()
		if got := s.metric(t, name, labels...); got != want {
			t.Errorf("%s%v: %v, want %v", name, labels, got, want)
		}
	}
	f(3, "unreel_http_requests_total", "kind=segment", "method=GET", "status=2xx")
	f(2, "unreel_http_requests_total", "kind=segment", "method=HEAD", "status=2xx")
	f(1, "unreel_http_requests_total", "kind=playlist", "status=4xx")
	f(2, "unreel_http_requests_total", "kind=other", "status=4xx")
	f(1, "unreel_http_requests_total", "kind=other", "method=other")
	f(1, "unreel_http_requests_total", "kind=info", "status=2xx")
	f(3*size, "unreel_http_response_bytes_total", "kind=segment")
	f(5, "unreel_http_request_duration_seconds", "kind=segment")
	f(5, "unreel_http_time_to_first_byte_seconds", "kind=segment")
	f(1, "unreel_http_errors_total", "reason=corrupt")
	f(1, "unreel_http_errors_total", "reason=not_found")
	f(0, "unreel_http_responses_cut_total")
	f(1, "unreel_cache_requests_total", "result=hit")
	f(2, "unreel_cache_requests_total", "result=miss")
	f(1, "unreel_cache_fills_total", "result=ok")
	f(size, "unreel_cache_filled_bytes_total")
	f(1, "unreel_cache_segments")
	f(1, "unreel_build_info", "version=test")
	for _, stage := range packager.Stages() {
		if stage == packager.StageThumbnails {
			continue // nothing makes any here
		}
		if s.metric(t, "unreel_stage_seconds", "stage="+string(stage)) == 0 {
			t.Errorf("stage %s was never seen", stage)
		}
	}
	if got := s.metric(t, "unreel_indexes"); got < 1 {
		t.Errorf("%v indexes", got)
	}
	if got := s.metric(t, "unreel_cache_bytes"); got < size {
		t.Errorf("the cache counts %v bytes for a segment of %v", got, size)
	}
}

// TestMetricsAreThereFromTheStart: a query for what never happened must read 0.
func TestMetricsAreThereFromTheStart(t *testing.T) {
	s := newSite(t, nil)
	text := string(s.must(t, "/metrics").body)
	for _, want := range []string{
		`unreel_http_requests_total{kind="segment",method="GET",status="5xx"} 0`, `unreel_http_errors_total{reason="storage"} 0`,
		`unreel_http_responses_cut_total{by="server"} 0`, `unreel_cache_fills_total{result="error"} 0`, `unreel_stage_seconds_count{stage="mux"} 0`,
		`unreel_http_panics_total 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestAccessLog(t *testing.T) {
	s := newSite(t, nil)
	_, _, segments := s.walk(t, "100% sure? #1")
	before := len(s.log.String())
	s.must(t, segments[0]+"?secret=token", "User-Agent: player/1.0", "X-Forwarded-For: 203.0.113.9", "X-Request-Id: abc-123", "Range: bytes=0-9")
	s.quiet(t)
	line := s.log.String()[before:]
	if strings.Count(line, "\n") != 1 {
		t.Errorf("not one line:\n%s", line)
	}
	for _, want := range []string{
		"level=INFO", "msg=request", "method=GET", "path=/hls/100%25%20sure%3F%20%231/", "status=206", "bytes=10", "duration=", "kind=segment",
		"remote=127.0.0.1", "user_agent=player/1.0", "x_cache=MISS", "range=\"bytes=0-9\"", "forwarded_for=203.0.113.9", "request_id=abc-123",
	} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in %s", want, line)
		}
	}
	if strings.Contains(line, "secret") {
		t.Errorf("a query, which may hold a token, is in the log: %s", line)
	}
}

func TestRequestID(t *testing.T) {
	s := newSite(t, nil)
	f := func(sent, want string) {
		t.Helper()
		if got := s.get(t, "/healthz", "X-Request-Id: "+sent).Header.Get("X-Request-Id"); got != want {
			t.Errorf("%q comes back as %q, want %q", sent, got, want)
		}
	}
	f("abc-123", "abc-123")
	f("", "")
	f("two words", "")
	f(strings.Repeat("x", 129), "")
	f("ünïcode", "")
}

func TestWithoutAccessLog(t *testing.T) {
	s := newSite(t, func(cfg *Config) { cfg.AccessLog = false })
	_, _, segments := s.walk(t, "film")
	s.get(t, "/nothing")
	if log := s.log.String(); strings.Contains(log, "msg=request") {
		t.Errorf("logged all the same:\n%s", log)
	}
	s.storage.fail(func(context.Context, int64, int) error { return errors.New("disk on fire") })
	s.get(t, segments[0])
	s.quiet(t)
	if log := s.log.String(); strings.Count(log, "msg=request") != 1 || !strings.Contains(log, "disk on fire") {
		t.Errorf("a failure of ours isn't logged:\n%s", log)
	}
}

func TestPanics(t *testing.T) {
	s := newSite(t, nil)
	bug := func(write bool) gin.HandlerFunc {
		return s.handle(kindOther, func(x *exchange) error {
			if write {
				x.Header().Set("Content-Length", "1000000")
				_, err := x.Write(noise(100_000)) // more than net/http keeps back
				check(t, err)
			}
			var nobody *site
			return nobody.storage.Close()
		})
	}
	s.engine.GET("/bug/early", bug(false))
	s.engine.GET("/bug/late", bug(true))
	s.engine.GET("/bug/silent", s.handle(kindOther, func(*exchange) error { return nil }))

	body := errorOf(t, s.get(t, "/bug/early"), http.StatusInternalServerError)
	if strings.Contains(body.Error, "nil pointer") {
		t.Errorf("%+v", body)
	}
	errorOf(t, s.get(t, "/bug/silent"), http.StatusInternalServerError)
	if a := s.get(t, "/bug/late"); a.err == nil {
		t.Errorf("a body that broke off passes for whole: %d bytes", len(a.body))
	}
	s.quiet(t)
	if n := s.metric(t, "unreel_http_panics_total"); n != 2 {
		t.Errorf("%v panics were counted", n)
	}
	if log := s.log.String(); strings.Count(log, "nil pointer") != 2 || strings.Count(log, "observe_test.go") < 2 {
		t.Errorf("the log tells neither what nor where:\n%s", log)
	}
}

func TestLevels(t *testing.T) {
	f := func(want string, x exchange) {
		t.Helper()
		if x.request == nil {
			x.request = request()
		}
		if got := x.level().String(); got != want {
			t.Errorf("%d %v: %s, want %s", x.status, x.err, got, want)
		}
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	f("INFO", exchange{status: 200})
	f("INFO", exchange{status: 304})
	f("DEBUG", exchange{status: 200, kind: kindOps})
	f("INFO", exchange{status: 503, kind: kindOps, err: fmt.Errorf("%w: shutting down", errNotReady)})
	f("WARN", exchange{status: 404, err: packager.ErrNotFound})
	f("WARN", exchange{status: 416, err: errRange})
	f("ERROR", exchange{status: 502, err: packager.ErrStorage})
	f("ERROR", exchange{status: 200, err: packager.ErrStorage})
	f("INFO", exchange{status: 499, err: context.Canceled, request: request().WithContext(left)})
	f("INFO", exchange{status: 200, err: context.Canceled, request: request().WithContext(left)})
	f("INFO", exchange{status: 200, err: errors.New("broken pipe"), writeErr: errors.New("broken pipe")})
	f("ERROR", exchange{status: 500, err: errPanic, reason: internal.reason, request: request().WithContext(left)})
}

// TestNothingIsLeftBehind looks for goroutines of ours after a site was used and closed.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Run("use", func(t *testing.T) {
		s := newSite(t, nil)
		_, _, segments := s.walk(t, "film")
		for range 3 {
			s.must(t, segments[0])
		}
		s.storage.fail(func(ctx context.Context, _ int64, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		})
		for range 3 { // streams, fills, follows; all leave
			ctx, leave := context.WithTimeout(t.Context(), 20*time.Millisecond)
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+segments[1], nil)
			check(t, err)
			if response, failed := plainClient().Do(r); failed == nil {
				_ = response.Body.Close()
			}
			leave()
		}
	})
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		left := ours()
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still running:\n%s", strings.Join(left, "\n\n"))
		}
	}
}

// ours are the goroutines that run our code, tests aside.
func ours() (stacks []string) {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "unreel/") && !strings.Contains(stack, "testing.tRunner") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}

func TestExchangeWithoutOurWriter(t *testing.T) {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = request()
	if x := exchangeOf(c); x == nil || x.request != c.Request {
		t.Errorf("%+v", x)
	}
}
