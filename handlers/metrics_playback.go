package handlers

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"unreel/playback/events"
	"unreel/playback/sessions"
)

// playbackMetrics are those of what players report. What a film, a user or a session is called is no label.
type playbackMetrics struct {
	received map[events.Kind]prometheus.Counter
	dropped  map[events.Drop]prometheus.Counter
	outcomes map[events.Outcome]prometheus.Counter
	flags    map[events.Flag]prometheus.Counter
	startup  prometheus.Histogram
	ratio    prometheus.Histogram
	switches prometheus.Histogram
	bitrate  prometheus.Histogram
	played   prometheus.Counter
	stalled  prometheus.Counter
}

var _ events.Observer = (*Metrics)(nil)

func newPlaybackMetrics(f promauto.Factory) playbackMetrics {
	m := playbackMetrics{
		received: map[events.Kind]prometheus.Counter{}, dropped: map[events.Drop]prometheus.Counter{},
		outcomes: map[events.Outcome]prometheus.Counter{}, flags: map[events.Flag]prometheus.Counter{},
	}
	received := f.NewCounterVec(prometheus.CounterOpts{Name: "unreel_events_total", Help: "Reports of players, by what happened."}, []string{"event"})
	for _, kind := range events.Kinds() {
		m.received[kind] = received.WithLabelValues(string(kind))
	}
	dropped := f.NewCounterVec(prometheus.CounterOpts{Name: "unreel_events_dropped_total", Help: "Reports of players that were dropped, by why."}, []string{"reason"})
	for _, why := range events.Drops() {
		m.dropped[why] = dropped.WithLabelValues(string(why))
	}
	outcomes := f.NewCounterVec(prometheus.CounterOpts{Name: "unreel_qoe_sessions_total", Help: "Sessions that ended, by how they went."}, []string{"outcome"})
	for _, outcome := range events.Outcomes() {
		m.outcomes[outcome] = outcomes.WithLabelValues(string(outcome))
	}
	flags := f.NewCounterVec(prometheus.CounterOpts{Name: "unreel_qoe_flagged_sessions_total", Help: "Sessions beyond a threshold of quality, by which."}, []string{"flag"})
	for _, flag := range events.Flags() {
		m.flags[flag] = flags.WithLabelValues(string(flag))
	}
	m.startup = f.NewHistogram(prometheus.HistogramOpts{
		Name: "unreel_qoe_startup_seconds", Help: "Time from the wish to play to the first frame, a session.", Buckets: []float64{.1, .25, .5, .75, 1, 1.5, 2, 3, 5, 10, 30},
	})
	m.ratio = f.NewHistogram(prometheus.HistogramOpts{
		Name: "unreel_qoe_rebuffer_ratio", Help: "Part of a session's time that its film stood still.", Buckets: []float64{0, .001, .005, .01, .02, .05, .1, .2, .5},
	})
	m.switches = f.NewHistogram(prometheus.HistogramOpts{
		Name: "unreel_qoe_switches", Help: "Changes of the bit rate, a session.", Buckets: []float64{0, 1, 2, 5, 10, 20, 50},
	})
	m.bitrate = f.NewHistogram(prometheus.HistogramOpts{
		Name: "unreel_qoe_average_bytes_per_second", Help: "Average rate of what was seen, a session: a byte is eight bits of bit rate.", Buckets: prometheus.ExponentialBuckets(31_250, 2, 8),
	})
	m.played = f.NewCounter(prometheus.CounterOpts{Name: "unreel_qoe_play_seconds_total", Help: "Time that films played in sessions that ended."})
	m.stalled = f.NewCounter(prometheus.CounterOpts{Name: "unreel_qoe_stall_seconds_total", Help: "Time that films stood still in sessions that ended."})
	return m
}

// Received implements events.Observer.
func (m *Metrics) Received(kind events.Kind, n int) {
	if c, ok := m.playback.received[kind]; ok {
		c.Add(float64(n))
	}
}

// Dropped implements events.Observer.
func (m *Metrics) Dropped(why events.Drop, n int) {
	if c, ok := m.playback.dropped[why]; ok {
		c.Add(float64(n))
	}
}

// Measured implements events.Observer.
func (m *Metrics) Measured(s *events.Summary) {
	p := &m.playback
	if c, ok := p.outcomes[s.Outcome]; ok {
		c.Inc()
	}
	for _, flag := range s.Flags {
		if c, ok := p.flags[flag]; ok {
			c.Inc()
		}
	}
	if s.StartupMS != nil {
		p.startup.Observe(float64(*s.StartupMS) / 1000)
	}
	if s.RebufferRatio != nil {
		p.ratio.Observe(*s.RebufferRatio)
		p.switches.Observe(float64(s.Switches))
	}
	if s.AvgBitrate != nil {
		p.bitrate.Observe(float64(*s.AvgBitrate) / 8)
	}
	p.played.Add(float64(s.PlayMS) / 1000)
	p.stalled.Add(float64(s.StallMS) / 1000)
}

// audienceMetric counts who watches when it is asked for. With a shared store every replica tells the same of all.
type audienceMetric struct {
	sessions Sessions
	desc     *prometheus.Desc
}

// scrapePatience is how long a scrape waits for the store; without an answer it has no such metric.
const scrapePatience = time.Second

func newAudienceMetric(s Sessions) audienceMetric {
	return audienceMetric{s, prometheus.NewDesc("unreel_sessions_active", "Sessions that are watching now, by state; of all replicas where they share a store.", []string{"state"}, nil)}
}

// Describe implements prometheus.Collector.
func (a audienceMetric) Describe(to chan<- *prometheus.Desc) { to <- a.desc }

// Collect implements prometheus.Collector.
func (a audienceMetric) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	l, err := a.sessions.List(ctx, "", 0)
	if err != nil {
		return
	}
	for _, state := range sessions.Active() {
		to <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, float64(l.States[state]), string(state))
	}
}
