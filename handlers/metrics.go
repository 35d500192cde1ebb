package handlers

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"unreel/packager"
)

// seconds are the buckets of all latencies: from a cached playlist to a segment for a slow client.
func seconds() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// classes are the label values of a status: its first digit.
const classes = 6

// Metrics are all of unreel's. It hears what the packager and its cache do, so that those need not know Prometheus.
type Metrics struct {
	requests  [kinds][3][classes]prometheus.Counter // by kind, method, class: GET, HEAD, other
	bytes     [kinds]prometheus.Counter
	duration  [kinds]prometheus.Observer
	firstByte [kinds]prometheus.Observer
	inflight  prometheus.Gauge
	panics    prometheus.Counter
	errors    *prometheus.CounterVec // by reason
	cut       *prometheus.CounterVec // by whose doing

	stages     map[packager.Stage]prometheus.Observer
	indexes    prometheus.Gauge
	indexBytes prometheus.Gauge
	lies       prometheus.Counter

	cache    cacheMetrics
	playback playbackMetrics
	traces   traceMetrics
}

// NewMetrics registers all metrics, with all their labels, so that what never happened reads 0.
func NewMetrics(registry prometheus.Registerer, version string) *Metrics {
	f := promauto.With(registry)
	m := &Metrics{stages: map[packager.Stage]prometheus.Observer{}}
	m.addRequests(f)
	m.addFailures(f)
	stages := f.NewHistogramVec(prometheus.HistogramOpts{
		Name: "unreel_stage_seconds", Help: "Time that one stage took of an index, a playlist or a segment.", Buckets: seconds(),
	}, []string{"stage"})
	for _, s := range packager.Stages() {
		m.stages[s] = stages.WithLabelValues(string(s))
	}
	m.indexes = f.NewGauge(prometheus.GaugeOpts{Name: "unreel_indexes", Help: "Indexes of files that are kept."})
	m.indexBytes = f.NewGauge(prometheus.GaugeOpts{Name: "unreel_index_bytes", Help: "Bytes that the kept indexes hold resident."})
	m.lies = f.NewCounter(prometheus.CounterOpts{
		Name: "unreel_nal_length_lies_total", Help: "NAL unit lengths that pointed past their sample and were passed through.",
	})
	m.cache = newCacheMetrics(f)
	m.playback = newPlaybackMetrics(f)
	m.traces = newTraceMetrics(f)
	f.NewGaugeVec(prometheus.GaugeOpts{Name: "unreel_build_info", Help: "1, labelled with what runs."},
		[]string{"version", "go_version"}).WithLabelValues(version, runtime.Version()).Set(1)
	return m
}

func (m *Metrics) addRequests(f promauto.Factory) {
	requests := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_http_requests_total", Help: "Requests by what they asked for, method and class of status.",
	}, []string{"kind", "method", "status"})
	bytes := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_http_response_bytes_total", Help: "Bytes of bodies sent.",
	}, []string{"kind"})
	duration := f.NewHistogramVec(prometheus.HistogramOpts{
		Name: "unreel_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer, at its client's pace.", Buckets: seconds(),
	}, []string{"kind"})
	first := f.NewHistogramVec(prometheus.HistogramOpts{
		Name: "unreel_http_time_to_first_byte_seconds", Help: "Time from a request's header to that of its answer.", Buckets: seconds(),
	}, []string{"kind"})
	for k := range kinds {
		for i, method := range [...]string{http.MethodGet, http.MethodHead, "other"} {
			for class := 1; class < classes; class++ {
				m.requests[k][i][class] = requests.WithLabelValues(k.String(), method, strconv.Itoa(class)+"xx")
			}
		}
		m.bytes[k] = bytes.WithLabelValues(k.String())
		m.duration[k] = duration.WithLabelValues(k.String())
		m.firstByte[k] = first.WithLabelValues(k.String())
	}
	m.inflight = f.NewGauge(prometheus.GaugeOpts{Name: "unreel_http_requests_in_flight", Help: "Requests that are being answered."})
}

func (m *Metrics) addFailures(f promauto.Factory) {
	m.panics = f.NewCounter(prometheus.CounterOpts{Name: "unreel_http_panics_total", Help: "Requests that ran into a bug."})
	m.errors = f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_http_errors_total", Help: "Requests that failed, by reason.",
	}, []string{"reason"})
	for _, one := range failures {
		m.errors.WithLabelValues(one.reason)
	}
	m.errors.WithLabelValues(internal.reason)
	m.errors.WithLabelValues(closing.reason)
	m.cut = f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_http_responses_cut_total", Help: "Answers that ended before their last byte, by who ended them.",
	}, []string{"by"})
	m.cut.WithLabelValues("client")
	m.cut.WithLabelValues("server")
}

// request counts one request.
func (m *Metrics) request(x *exchange, took time.Duration) {
	method := 2
	switch x.request.Method {
	case http.MethodGet:
		method = 0
	case http.MethodHead:
		method = 1
	}
	class := x.status / 100
	if class < 1 || class >= classes {
		class = http.StatusInternalServerError / 100
	}
	m.requests[x.kind][method][class].Inc()
	m.bytes[x.kind].Add(float64(x.bytes))
	m.duration[x.kind].Observe(took.Seconds())
	if !x.first.IsZero() {
		m.firstByte[x.kind].Observe(x.first.Sub(x.begin).Seconds())
	}
	if x.err == nil {
		return
	}
	m.errors.WithLabelValues(x.reason).Inc()
	switch {
	case x.status >= http.StatusMultipleChoices: // answered in words
	case x.left():
		m.cut.WithLabelValues("client").Inc()
	default:
		m.cut.WithLabelValues("server").Inc()
	}
}

// Stage implements packager.Observer.
func (m *Metrics) Stage(_ context.Context, stage packager.Stage, d time.Duration, _ error) {
	if o, ok := m.stages[stage]; ok {
		o.Observe(d.Seconds())
	}
}

// Muxed implements packager.Observer.
func (m *Metrics) Muxed(ctx context.Context, made packager.Muxing) {
	m.Stage(ctx, packager.StageRead, made.Read, made.Err)
	m.Stage(ctx, packager.StageMux, made.Mux, made.Err)
	m.Stage(ctx, packager.StageWrite, made.Write, made.Err)
}

// Indexes implements packager.Observer.
func (m *Metrics) Indexes(count int, bytes int64) {
	m.indexes.Set(float64(count))
	m.indexBytes.Set(float64(bytes))
}

// Lies implements packager.Observer.
func (m *Metrics) Lies(n int) { m.lies.Add(float64(n)) }
