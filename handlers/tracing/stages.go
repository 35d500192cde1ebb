package tracing

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"unreel/packager"
)

// Beside gives an observer that traces what it passes on to another. Beside a nil Tracer there is the other alone.
func (t *Tracer) Beside(other packager.Observer) packager.Observer {
	if t == nil {
		return other
	}
	return stages{other, t}
}

type stages struct {
	packager.Observer
	tracer *Tracer
}

// Stage implements packager.Observer: a span within the request's.
func (s stages) Stage(ctx context.Context, stage packager.Stage, d time.Duration, err error) {
	s.Observer.Stage(ctx, stage, d, err)
	if !sampled(ctx) {
		return
	}
	now := time.Now()
	_, span := s.tracer.tracer.Start(ctx, string(stage), trace.WithTimestamp(now.Add(-d)))
	fail(span, err)
	span.End(trace.WithTimestamp(now))
}

// Muxed implements packager.Observer: one span for reading, muxing and writing, which take turns, with what each took.
func (s stages) Muxed(ctx context.Context, m packager.Muxing) {
	s.Observer.Muxed(ctx, m)
	if !sampled(ctx) {
		return
	}
	_, span := s.tracer.tracer.Start(ctx, string(packager.StageMux), trace.WithTimestamp(m.Begin), trace.WithAttributes(
		attribute.String("unreel.format", m.Format.String()),
		attribute.Int64("unreel.bytes", m.Bytes),
		attribute.Bool("unreel.cache_fill", m.Fill),
		attribute.Float64("unreel.read_seconds", m.Read.Seconds()),
		attribute.Float64("unreel.mux_seconds", m.Mux.Seconds()),
		attribute.Float64("unreel.write_seconds", m.Write.Seconds())))
	fail(span, m.Err)
	span.End()
}

// fail notes why a stage failed. What is wrong with a file is safe to show; an error of the storage may name more than it
// should, so its kind must do, and the log has the words.
func fail(span trace.Span, err error) {
	if err == nil {
		return
	}
	kind, text := "canceled", ""
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, packager.ErrCorrupt), errors.Is(err, packager.ErrUnsupported), errors.Is(err, packager.ErrTooLarge):
		kind, text = "file", err.Error()
	case errors.Is(err, packager.ErrChanged):
		kind = "changed"
	default:
		kind = "failed"
	}
	span.SetAttributes(attribute.String("error.type", kind))
	span.SetStatus(codes.Error, text[:min(len(text), mostText)])
}
