package main

import (
	"context"
	"log/slog"
	"time"

	"unreel/handlers/tracing"
)

// tracing is what the flags say of traces.
func (c *Config) tracing() tracing.Config {
	return tracing.Config{Endpoint: c.OTLPEndpoint, Sample: c.TraceSample, Version: version()}
}

// tracer is nil where nothing is traced.
func (c *Config) tracer(observer tracing.Observer, log *slog.Logger) (*tracing.Tracer, error) {
	if c.OTLPEndpoint == "" {
		return nil, nil
	}
	return tracing.New(context.Background(), c.tracing(), observer, log)
}

const (
	lastSpans      = 5 * time.Second // that the end waits at most for the collector
	lastSpansLeast = time.Second     // also where the requests have taken all the time that there was to drain
)

// flush sends the last spans before draining must be over. That they can't be sent is no failure of ours.
func (s *server) flush() {
	now := time.Now()
	began := now
	if at := s.drained.Load(); at != 0 {
		began = time.Unix(0, at)
	}
	left := began.Add(s.cfg.DrainDelay + s.cfg.DrainTimeout).Sub(now)
	ctx, cancel := context.WithTimeout(context.Background(), max(lastSpansLeast, min(lastSpans, left)))
	defer cancel()
	if err := s.tracer.Shutdown(ctx); err != nil {
		s.log.Warn("the last traces are lost", slog.Any("err", err))
	}
}
