package tracing

import (
	"context"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Observer hears what becomes of spans. Its methods must be quick and safe for concurrent use.
type Observer interface {
	// SpansSent counts spans that the collector has taken.
	SpansSent(n int)
	// SpansDropped counts spans that nobody will see.
	SpansDropped(why Loss, n int)
}

// Loss is why spans were dropped.
type Loss string

// Losses.
const (
	LossQueue   Loss = "queue_full" // the collector takes less than there is
	LossRefused Loss = "refused"    // it didn't take them, or couldn't be reached
	LossLate    Loss = "late"       // they ended after the program had said goodbye
)

// Losses lists every Loss, so that whoever counts can create its labels up front.
func Losses() []Loss { return []Loss{LossQueue, LossRefused, LossLate} }

// Tracer traces requests. A nil one traces nothing. It is safe for concurrent use.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	incoming propagation.TraceContext // W3C traceparent and tracestate; no baggage, which is for nobody here
}

// New makes a Tracer of a valid Config. OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME add to what is said of the program,
// and OTEL_EXPORTER_OTLP_HEADERS to what is sent, as the OpenTelemetry specification has it. It starts without the collector.
// Shutdown ends it.
func New(ctx context.Context, cfg Config, observer Observer, log *slog.Logger) (*Tracer, error) {
	u, err := cfg.url()
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "unreel"), attribute.String("service.version", cfg.Version)),
		resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if about == nil {
		return nil, fmt.Errorf("describe this program to %s: %w", u.Redacted(), err) // with some of it missing it is still worth tracing
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression), otlptracehttp.WithTimeout(exportTimeout),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: firstRetry, MaxInterval: longestRetry, MaxElapsedTime: exportTimeout,
		}))
	if err != nil {
		return nil, fmt.Errorf("trace to %s: %w", u.Redacted(), err)
	}
	limits := sdktrace.NewSpanLimits()
	limits.AttributeCountLimit, limits.AttributeValueLengthLimit = mostAttributes, mostText
	t := &Tracer{provider: sdktrace.NewTracerProvider(
		sdktrace.WithResource(about),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(cfg.Sample))),
		sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithSpanProcessor(newQueue(exporter, observer, log)),
	)}
	t.tracer = t.provider.Tracer("unreel", trace.WithInstrumentationVersion(cfg.Version))
	return t, nil
}

// Shutdown sends what waits, until ctx ends.
func (t *Tracer) Shutdown(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
