package handlers

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"unreel/packager"
)

// cacheMetrics are those of the segment cache.
type cacheMetrics struct {
	hits, misses       prometheus.Counter
	filled, failed     prometheus.Counter
	filledBytes        prometheus.Counter
	fillSeconds        prometheus.Observer
	evictions, evicted prometheus.Counter
	bodies, bytes      prometheus.Gauge

	aheads, aheadsDropped, aheadsUsed, aheadsUnused prometheus.Counter

	keptHits, keptMisses, keptErrors prometheus.Counter
	keptWritten, keptFailed          prometheus.Counter
	keptFiles, keptBytes             prometheus.Gauge
}

var _ packager.Observer = (*Metrics)(nil)

func newCacheMetrics(f promauto.Factory) cacheMetrics {
	requests := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_cache_requests_total", Help: "Segments asked of the cache.",
	}, []string{"result"})
	fills := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_cache_fills_total", Help: "Segments made for the cache.",
	}, []string{"result"})
	aheads := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_prefetch_segments_total", Help: "Segments made before they were asked for, and what became of them: dropped ones were not begun, since there was no time or room.",
	}, []string{"result"})
	reads := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_index_store_reads_total", Help: "Indexes asked of the directory that keeps them.",
	}, []string{"result"})
	writes := f.NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_index_store_writes_total", Help: "Indexes to be kept in the directory.",
	}, []string{"result"})
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return f.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	return cacheMetrics{
		hits: requests.WithLabelValues("hit"), misses: requests.WithLabelValues("miss"),
		filled: fills.WithLabelValues("ok"), failed: fills.WithLabelValues("error"),
		filledBytes: counter("unreel_cache_filled_bytes_total", "Bytes made for the cache."),
		fillSeconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: "unreel_cache_fill_seconds", Help: "Time to make one segment for the cache.", Buckets: seconds(),
		}),
		evictions: counter("unreel_cache_evictions_total", "Segments that made room for others."),
		evicted:   counter("unreel_cache_evicted_bytes_total", "Bytes of segments that made room for others."),
		bodies:    gauge("unreel_cache_segments", "Segments in the cache, those being made included."),
		bytes:     gauge("unreel_cache_bytes", "Bytes that the cache counts itself as, overhead included."),

		aheads: aheads.WithLabelValues("started"), aheadsDropped: aheads.WithLabelValues("dropped"),
		aheadsUsed: aheads.WithLabelValues("used"), aheadsUnused: aheads.WithLabelValues("unused"),

		keptHits: reads.WithLabelValues("hit"), keptMisses: reads.WithLabelValues("miss"), keptErrors: reads.WithLabelValues("error"),
		keptWritten: writes.WithLabelValues("ok"), keptFailed: writes.WithLabelValues("error"),
		keptFiles: gauge("unreel_index_store_files", "Kept indexes that the last sweep of the directory left."),
		keptBytes: gauge("unreel_index_store_bytes", "Bytes that they take."),
	}
}

// CacheOpened implements cache.Observer.
func (m *Metrics) CacheOpened(hit bool) {
	if hit {
		m.cache.hits.Inc()
	} else {
		m.cache.misses.Inc()
	}
}

// CacheFilled implements cache.Observer.
func (m *Metrics) CacheFilled(size int64, d time.Duration, err error) {
	m.cache.fillSeconds.Observe(d.Seconds())
	if err != nil {
		m.cache.failed.Inc()
		return
	}
	m.cache.filled.Inc()
	m.cache.filledBytes.Add(float64(size))
}

// CacheEvicted implements cache.Observer.
func (m *Metrics) CacheEvicted(size int64) {
	m.cache.evictions.Inc()
	m.cache.evicted.Add(float64(size))
}

// CacheResized implements cache.Observer.
func (m *Metrics) CacheResized(bodies int, bytes int64) {
	m.cache.bodies.Set(float64(bodies))
	m.cache.bytes.Set(float64(bytes))
}

// CacheAhead implements cache.Observer.
func (m *Metrics) CacheAhead(started bool) {
	if started {
		m.cache.aheads.Inc()
	} else {
		m.cache.aheadsDropped.Inc()
	}
}

// CacheAheadUsed implements cache.Observer.
func (m *Metrics) CacheAheadUsed(used bool) {
	if used {
		m.cache.aheadsUsed.Inc()
	} else {
		m.cache.aheadsUnused.Inc()
	}
}

// DiskRead implements disk.Observer.
func (m *Metrics) DiskRead(hit bool, err error) {
	switch {
	case err != nil:
		m.cache.keptErrors.Inc()
	case hit:
		m.cache.keptHits.Inc()
	default:
		m.cache.keptMisses.Inc()
	}
}

// DiskWritten implements disk.Observer.
func (m *Metrics) DiskWritten(err error) {
	if err != nil {
		m.cache.keptFailed.Inc()
	} else {
		m.cache.keptWritten.Inc()
	}
}

// DiskSwept implements disk.Observer.
func (m *Metrics) DiskSwept(files int, bytes int64) {
	m.cache.keptFiles.Set(float64(files))
	m.cache.keptBytes.Set(float64(bytes))
}
