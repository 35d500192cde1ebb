package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"unreel/packager"
)

// Packager is what HTTP asks for. *packager.Packager is one. Its errors are of the kinds in packager, or a context's.
type Packager interface {
	Answer(ctx context.Context, format packager.Format, escaped string) (packager.Answer, error)
	Info(ctx context.Context, title string) (*packager.Info, error)
	Titles(query string, offset, limit int) (page []packager.Summary, total int)
	Progressive(ctx context.Context, ref packager.FileRef) (*packager.Progressive, error)
	Clip(ctx context.Context, ref packager.FileRef, start, end float64) (*packager.Clip, error)
}

// Registry is where the metrics are kept and read from. *prometheus.Registry is one.
type Registry interface {
	prometheus.Registerer
	prometheus.Gatherer
}

// Handler answers all of unreel's URLs.
type Handler struct {
	cfg      Config
	packager Packager
	metrics  *Metrics
	registry Registry
	log      *slog.Logger
	cors     *cors
	gate     *gate
	draining atomic.Bool
	engine   *gin.Engine
	writes   map[string][]string // methods that change something, by path
}

var (
	_ Packager     = (*packager.Packager)(nil)
	_ segment      = (*packager.Segment)(nil)
	_ segment      = (*packager.TrackFile)(nil)
	_ http.Handler = (*Handler)(nil)
)

// New makes the handler of a valid Config. The metrics are those that the packager and its cache report to.
func New(cfg Config, p Packager, metrics *Metrics, registry Registry, log *slog.Logger) (*Handler, error) {
	h := &Handler{cfg: cfg, packager: p, metrics: metrics, registry: registry, log: log, cors: newCORS(cfg.CORSOrigins), gate: newGate(cfg.MaxInflight), writes: map[string][]string{}}
	gin.SetMode(gin.ReleaseMode) // debug mode prints
	h.engine = gin.New()
	if err := h.engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("trust no proxies: %w", err)
	}
	if err := h.routes(); err != nil {
		return nil, err
	}
	if cfg.Playback.Sessions != nil {
		if err := registry.Register(newAudienceMetric(cfg.Playback.Sessions)); err != nil {
			return nil, fmt.Errorf("count sessions: %w", err)
		}
	}
	return h, nil
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w, request: r, begin: time.Now(), gate: h.gate}
	x.unsign(&h.cfg.Access)
	switch {
	case r.ContentLength == 0:
	case h.takesBody(x.request):
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyPatience))
	default:
		// Nothing else takes a body. net/http would read on for it after the answer, without end if it trickles.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // not every test's writer has one
		w.Header().Set("Connection", "close")
	}
	h.engine.ServeHTTP(x, x.request)
}

// Metrics answers a scrape, for a listener of its own.
func (h *Handler) Metrics() http.Handler {
	return promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{})
}

// Drain makes /readyz say no from now on.
func (h *Handler) Drain() { h.draining.Store(true) }

// handle is the one place where a handler's answer, or error, becomes a response.
func (h *Handler) handle(k kind, answer func(x *exchange) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		x := exchangeOf(c)
		x.kind = k
		err := answer(x)
		if err == nil && x.status == 0 {
			err = errSilent
		}
		if err != nil {
			x.fail(err)
		}
		c.Writer.WriteHeaderNow() // gin must know that all is said; the exchange takes only the first header
	}
}
