package tracing

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Request is what is told of a request once it is answered. Its texts are few and known, but for Path.
type Request struct {
	Route  string // as it is registered
	Path   string // without query, and without a token; "" where it could name a viewer
	Kind   string // of what was asked for
	Format string // of what was asked for; "" for neither
	Cache  string // X-Cache; "" for none
	Status int
	Bytes  int64  // of the body
	Reason string // why it failed; "" if it didn't
	Failed bool   // and it was our fault
}

// Begin begins the span of a request that arrived at begin, as the child of what its traceparent names, and gives the request
// that carries it. The caller's word on whether to trace counts (W3C Trace Context §3.2.2.5).
func (t *Tracer) Begin(r *http.Request, begin time.Time) *http.Request {
	ctx := t.incoming.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, _ = t.tracer.Start(ctx, method(r.Method), trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(begin))
	return r.WithContext(ctx)
}

// End ends the span that Begin began. Attributes are named by OpenTelemetry's semantic conventions for HTTP, and else by us.
func (t *Tracer) End(r *http.Request, about Request) {
	span := trace.SpanFromContext(r.Context())
	defer span.End()
	if !span.IsRecording() {
		return
	}
	span.SetName(method(r.Method) + " " + about.Kind)
	set := append(make([]attribute.KeyValue, 0, 12),
		attribute.String("http.request.method", method(r.Method)),
		attribute.String("http.route", about.Route),
		attribute.Int("http.response.status_code", about.Status),
		attribute.Int64("http.response.body.size", about.Bytes),
		attribute.String("url.scheme", scheme(r)),
		attribute.String("network.protocol.version", protocol(r)),
		attribute.String("unreel.kind", about.Kind))
	for _, more := range [...]struct{ key, value string }{
		{"url.path", about.Path}, {"unreel.format", about.Format}, {"unreel.cache", about.Cache}, {"error.type", about.Reason},
	} {
		if more.value != "" {
			set = append(set, attribute.String(more.key, more.value))
		}
	}
	span.SetAttributes(set...)
	if about.Failed {
		span.SetStatus(codes.Error, about.Reason)
	}
}

// method is a request's, if it is one of those that are known; "HTTP" stands for all others, as the conventions have it.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return name
	}
	return "HTTP"
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func protocol(r *http.Request) string {
	if r.ProtoMajor == 1 && r.ProtoMinor == 0 {
		return "1.0"
	}
	return "1.1"
}

// sampled tells whether the work that ctx belongs to is traced, also where it outlives its request.
func sampled(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsSampled() }
