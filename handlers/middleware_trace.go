package handlers

import (
	"strings"

	"github.com/gin-gonic/gin"

	"unreel/handlers/tracing"
	"unreel/packager"
)

// trace begins the span of a request whose route is found. Probes, scrapes and a proxy's questions are noise.
func (h *Handler) trace(x *exchange, route string) {
	switch route {
	case "/healthz", "/readyz", "/metrics", authPath:
		return
	}
	if h.cfg.Tracer != nil {
		x.request = h.cfg.Tracer.Begin(x.request, x.begin)
		x.traced = true
	}
}

// traceEnd ends it. Only paths of films are told: others may name a viewer's session, or be a token that is misspelt. In those, too, a token
// may stand where none belongs.
func (h *Handler) traceEnd(x *exchange, c *gin.Context) {
	if !x.traced {
		return
	}
	about := tracing.Request{
		Route: c.FullPath(), Kind: x.kind.String(), Cache: x.cache, Status: x.status, Bytes: x.bytes, Failed: x.failed(),
	}
	if x.err != nil {
		about.Reason = x.reason
	}
	path := x.request.URL.EscapedPath()
	switch x.kind {
	case kindSegment, kindPlaylist, kindInit, kindTrack, kindText, kindPicture, kindInfo, kindFile:
		about.Path = hideTokens(path)
	}
	switch {
	case strings.HasPrefix(path, hlsPrefix):
		about.Format = packager.TS.String()
	case strings.HasPrefix(path, cmafPrefix):
		about.Format = packager.CMAF.String()
	}
	h.cfg.Tracer.End(x.request, about)
}
