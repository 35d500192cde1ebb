package handlers

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"unreel/handlers/openapi"
	"unreel/handlers/webhook"
	"unreel/packager"
	"unreel/packager/routing"
)

// Routes tells where renditions are fetched from. *routing.Table does.
type Routes interface {
	Report() routing.Report
}

var (
	_ Routes           = (*routing.Table)(nil)
	_ routing.Observer = (*RoutesMetrics)(nil)
)

const (
	routesPath  = "/api/routes"
	openapiPath = "/api/openapi.json"
)

// routesRoutes are the URLs of what machines read about routes, and about the API itself.
func (h *Handler) routesRoutes(open *gin.RouterGroup) {
	described := packager.NewDocument(packager.TypeJSON, openapi.Document(), time.Hour)
	h.get(open, openapiPath, h.handle(kindInfo, func(x *exchange) error { return x.document(described) }))
	open.OPTIONS(openapiPath, h.handle(kindOther, h.cors.preflight))
	if h.cfg.Routes == nil {
		return
	}
	h.get(open, routesPath, h.handle(kindInfo, func(x *exchange) error { return x.json(h.cfg.Routes.Report()) }))
	open.OPTIONS(routesPath, h.handle(kindOther, h.cors.preflight))
}

// RoutesMetrics count rules of routes.
type RoutesMetrics struct {
	rules  prometheus.Gauge
	stale  prometheus.Gauge
	failed prometheus.Counter
}

// NewRoutesMetrics registers them.
func NewRoutesMetrics(registry prometheus.Registerer) *RoutesMetrics {
	f := promauto.With(registry)
	return &RoutesMetrics{
		rules: f.NewGauge(prometheus.GaugeOpts{Name: "unreel_routes_rules", Help: "Rules of routes that hold."}),
		stale: f.NewGauge(prometheus.GaugeOpts{Name: "unreel_routes_stale", Help: "1 while the file of rules can't be read, or is wrong, and older ones hold on."}),
		failed: f.NewCounter(prometheus.CounterOpts{
			Name: "unreel_routes_reload_failures_total", Help: "Changes of the file of rules that could not be read, or were wrong.",
		}),
	}
}

// Routes tells how many rules hold, and whether what was read last is what holds.
func (m *RoutesMetrics) Routes(rules int, ok bool) {
	m.rules.Set(float64(rules))
	m.stale.Set(0)
	if !ok {
		m.stale.Set(1)
		m.failed.Inc()
	}
}

// WebhookMetric counts what became of new titles that another server is to be told of.
func WebhookMetric(registry prometheus.Registerer) func(webhook.Result) {
	titles := promauto.With(registry).NewCounterVec(prometheus.CounterOpts{
		Name: "unreel_webhook_titles_total", Help: "New titles, by whether --on-title was told of them. put_off are told later.",
	}, []string{"result"})
	for _, r := range webhook.Results() {
		titles.WithLabelValues(string(r))
	}
	return func(r webhook.Result) { titles.WithLabelValues(string(r)).Inc() }
}

// policy is what the page may load: its own, and what rules have films fetched from.
func (h *Handler) policy() string {
	if h.cfg.Routes == nil {
		return policy
	}
	var origins []string
	for _, rule := range h.cfg.Routes.Report().Rules {
		u, err := url.Parse(rule.Base)
		if err != nil || u.Host == "" || strings.ContainsAny(u.Host, ",;") { // which would end a policy
			continue
		}
		if origin := " " + u.Scheme + "://" + u.Host; !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	more := strings.Join(origins, "")
	return strings.NewReplacer("media-src 'self'", "media-src 'self'"+more, "connect-src 'self'", "connect-src 'self'"+more).Replace(policy)
}
