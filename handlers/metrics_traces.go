package handlers

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"unreel/handlers/tracing"
)

// traceMetrics count spans by what became of them.
type traceMetrics struct {
	sent prometheus.Counter
	lost map[tracing.Loss]prometheus.Counter
}

var _ tracing.Observer = (*Metrics)(nil)

func newTraceMetrics(f promauto.Factory) traceMetrics {
	spans := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_trace_spans_total", Help: "Spans by what became of them: sent, or dropped since the queue was full, the collector refused them, or it was too late.",
	}, []string{"outcome"})
	m := traceMetrics{sent: spans.WithLabelValues("sent"), lost: map[tracing.Loss]prometheus.Counter{}}
	for _, why := range tracing.Losses() {
		m.lost[why] = spans.WithLabelValues(string(why))
	}
	return m
}

// SpansSent implements tracing.Observer.
func (m *Metrics) SpansSent(n int) { m.traces.sent.Add(float64(n)) }

// SpansDropped implements tracing.Observer.
func (m *Metrics) SpansDropped(why tracing.Loss, n int) {
	if lost, ok := m.traces.lost[why]; ok {
		lost.Add(float64(n))
	}
}
