package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// queue collects spans into batches and exports them, one batch at a time. The SDK's own does the same, but tells nobody
// what it drops, and tells its failures to the whole process.
type queue struct {
	exporter sdktrace.SpanExporter
	observer Observer
	log      *slog.Logger
	failing  bool // the last batch was not taken; the loop's

	spans   chan sdktrace.ReadOnlySpan
	flushes chan chan struct{}
	cancel  context.CancelFunc // ends an export that is under way
	ending  chan struct{}      // closed when no more spans are taken
	ended   chan struct{}      // closed when the loop has returned
	once    sync.Once
}

func newQueue(exporter sdktrace.SpanExporter, observer Observer, log *slog.Logger) *queue {
	ctx, cancel := context.WithCancel(context.Background()) // no request's
	q := &queue{
		exporter: exporter, observer: observer, log: log, cancel: cancel,
		spans: make(chan sdktrace.ReadOnlySpan, queueSpans), flushes: make(chan chan struct{}),
		ending: make(chan struct{}), ended: make(chan struct{}),
	}
	go q.run(ctx)
	return q
}

// OnStart implements sdktrace.SpanProcessor.
func (q *queue) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor. It never waits.
func (q *queue) OnEnd(span sdktrace.ReadOnlySpan) {
	if !span.SpanContext().IsSampled() {
		return
	}
	select {
	case <-q.ending:
		q.observer.SpansDropped(LossLate, 1)
		return
	default:
	}
	select {
	case q.spans <- span:
	default:
		q.observer.SpansDropped(LossQueue, 1)
	}
}

// run sends a batch when it is full, and what there is from time to time.
func (q *queue) run(ctx context.Context) {
	defer close(q.ended)
	batch := make([]sdktrace.ReadOnlySpan, 0, batchSpans)
	tick := time.NewTicker(batchInterval)
	defer tick.Stop()
	for {
		select {
		case span := <-q.spans:
			if batch = append(batch, span); len(batch) == cap(batch) {
				batch = q.export(ctx, batch)
			}
		case <-tick.C:
			batch = q.export(ctx, batch)
		case done := <-q.flushes:
			batch = q.drain(ctx, batch)
			close(done)
		case <-q.ending:
			q.drain(ctx, batch)
			return
		}
	}
}

// drain sends all that waits.
func (q *queue) drain(ctx context.Context, batch []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	for {
		select {
		case span := <-q.spans:
			if batch = append(batch, span); len(batch) == cap(batch) {
				batch = q.export(ctx, batch)
			}
		default:
			return q.export(ctx, batch)
		}
	}
}

// export sends a batch, or drops it, and returns it empty.
func (q *queue) export(ctx context.Context, batch []sdktrace.ReadOnlySpan) []sdktrace.ReadOnlySpan {
	if len(batch) == 0 {
		return batch
	}
	one, cancel := context.WithTimeout(ctx, exportTimeout)
	defer cancel()
	err := q.exporter.ExportSpans(one, batch)
	if err == nil {
		q.observer.SpansSent(len(batch))
	} else {
		q.observer.SpansDropped(LossRefused, len(batch))
	}
	switch failing := err != nil; {
	case failing && !q.failing:
		q.log.WarnContext(ctx, "traces are dropped: the collector takes none", slog.Any("err", err))
		q.failing = true
	case !failing && q.failing:
		q.log.InfoContext(ctx, "the collector takes traces again")
		q.failing = false
	}
	clear(batch) // they hold what they are about
	return batch[:0]
}

// ForceFlush implements sdktrace.SpanProcessor.
func (q *queue) ForceFlush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case q.flushes <- done:
	case <-q.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Shutdown implements sdktrace.SpanProcessor: what waits is sent until ctx ends, and then dropped.
func (q *queue) Shutdown(ctx context.Context) error {
	q.once.Do(func() { close(q.ending) })
	var err error
	select {
	case <-q.ended:
	case <-ctx.Done():
		err = fmt.Errorf("send the last traces: %w", context.Cause(ctx))
		q.cancel()
		<-q.ended // what is under way ends with its context, and what follows it at once
	}
	q.cancel()
	return errors.Join(err, q.exporter.Shutdown(context.WithoutCancel(ctx)))
}
