package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// observe counts and logs every request, also one whose connection is cut.
func (h *Handler) observe(c *gin.Context) {
	x := exchangeOf(c)
	if id := requestID(x.request); id != "" {
		x.Header().Set("X-Request-Id", id)
	}
	h.trace(x, c.FullPath())
	h.metrics.inflight.Inc()
	defer func() {
		took := time.Since(x.begin)
		h.metrics.inflight.Dec()
		h.metrics.request(x, took)
		h.logRequest(x, took)
		h.hear(x)
		h.traceEnd(x, c)
	}()
	c.Next()
}

// requestID is what a proxy in front calls the request; "" where it says nothing, or what doesn't belong into a log.
func requestID(r *http.Request) string {
	const most = 128
	id := r.Header.Get("X-Request-Id")
	ok := len(id) <= most && !strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' })
	if !ok {
		return ""
	}
	return id
}

// failed tells of what is our fault: a bug, or what a client that stayed got of us: a 5xx, or less than its header promised.
func (x *exchange) failed() bool {
	switch {
	case errors.Is(x.err, errNotReady):
		return false // it is what a balancer asks for, at each start and end of ours
	case x.reason == internal.reason:
		return true
	case x.err != nil && x.left():
		return false
	}
	return x.status >= http.StatusInternalServerError || x.err != nil && x.status < http.StatusMultipleChoices
}

// level is what a status deserves. Probes and scrapes are noise.
func (x *exchange) level() slog.Level {
	switch {
	case x.failed():
		return slog.LevelError
	case x.err != nil && x.left(), errors.Is(x.err, errNotReady):
		return slog.LevelInfo
	case x.status >= http.StatusBadRequest:
		return slog.LevelWarn
	case x.kind == kindOps:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}

// logRequest writes one line. Without an access log, failures of ours are still worth one.
func (h *Handler) logRequest(x *exchange, took time.Duration) {
	level := x.level()
	ctx := context.WithoutCancel(x.request.Context())
	if !h.cfg.AccessLog && level < slog.LevelError || !h.log.Enabled(ctx, level) {
		return
	}
	r := x.request
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	attrs := append(make([]slog.Attr, 0, 16),
		slog.String("method", r.Method), slog.String("path", hideTokens(r.URL.EscapedPath())), slog.Int("status", x.status),
		slog.Int64("bytes", x.bytes), slog.Duration("duration", took), slog.String("kind", x.kind.String()),
		slog.String("remote", remote), slog.String("user_agent", r.UserAgent()))
	for _, more := range [...]slog.Attr{
		slog.String("x_cache", x.cache), slog.String("range", r.Header.Get("Range")),
		slog.String("forwarded_for", r.Header.Get("X-Forwarded-For")), slog.String("request_id", x.Header().Get("X-Request-Id")),
	} {
		if more.Value.String() != "" {
			attrs = append(attrs, more)
		}
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("reason", x.reason), slog.String("title", hideTokens(x.title)), slog.String("err", hideTokens(x.err.Error())))
	}
	h.log.LogAttrs(ctx, level, "request", attrs...)
}
