package handlers

import (
	"fmt"
	"strings"

	"github.com/gin-gonic/gin"

	"unreel/packager"
)

// Below the prefixes are paths that packager reads, escaped as the client sent them.
const (
	hlsPrefix  = "/hls/"
	cmafPrefix = "/cmaf/"
	infoPrefix = "/info/"
	titlesPath = "/api/titles"
)

// methods are those that are answered; Allow says so.
const methods = "GET, HEAD, OPTIONS"

// routes is the whole URL space. Paths are matched as they are escaped, so that an escaped slash is no slash, and are
// never cleaned or redirected.
func (h *Handler) routes() error {
	e := h.engine
	e.UseEscapedPath, e.UnescapePathValues = true, false
	e.RedirectTrailingSlash, e.RedirectFixedPath, e.RemoveExtraSlash = false, false, false
	e.HandleMethodNotAllowed = true
	e.Use(h.observe, h.recover)

	open := e.Group("/", h.cors.middleware, h.guard)
	h.get(open, hlsPrefix+"*path", h.handle(kindPlaylist, h.below(hlsPrefix, packager.TS)))
	h.get(open, cmafPrefix+"*path", h.handle(kindPlaylist, h.below(cmafPrefix, packager.CMAF)))
	h.get(open, infoPrefix+"*path", h.handle(kindInfo, h.info))
	h.get(open, titlesPath, h.handle(kindTitles, h.titles))
	for _, path := range []string{hlsPrefix + "*path", cmafPrefix + "*path", infoPrefix + "*path", titlesPath} {
		open.OPTIONS(path, h.handle(kindOther, h.cors.preflight))
	}

	h.playbackRoutes(open)

	h.get(e, authPath, h.handle(kindOps, h.auth))
	h.get(e, "/healthz", h.handle(kindOps, h.healthz))
	h.get(e, "/readyz", h.handle(kindOps, h.readyz))
	if !h.cfg.HideMetrics {
		scrape := h.Metrics()
		h.get(e.Group("/", buffered()), "/metrics", h.handle(kindOps, func(x *exchange) error {
			scrape.ServeHTTP(x, x.request)
			return nil
		}))
	}
	page, err := loadPage(h.cfg.Page)
	if err != nil {
		return err
	}
	for _, f := range page {
		h.get(e, f.path, h.handle(kindPage, h.page(f)))
	}

	e.NoRoute(h.cors.middleware, h.handle(kindOther, noRoute))
	e.NoMethod(h.cors.middleware, h.handle(kindOther, h.noMethod))
	return nil
}

// get routes GET, and HEAD, which is GET without the body.
func (h *Handler) get(group gin.IRoutes, path string, f gin.HandlerFunc) {
	group.GET(path, f)
	group.HEAD(path, f)
}

func noRoute(x *exchange) error {
	return fmt.Errorf("path %q: %w", x.request.URL.EscapedPath(), packager.ErrNotFound)
}

func (h *Handler) noMethod(x *exchange) error {
	x.Header().Set("Allow", h.allowed(x.request.URL.EscapedPath()))
	return fmt.Errorf("method %s: %w", x.request.Method, errMethod)
}

// below answers what lies below a format's prefix.
func (h *Handler) below(prefix string, format packager.Format) func(x *exchange) error {
	return func(x *exchange) error {
		path := strings.TrimPrefix(x.request.URL.EscapedPath(), prefix)
		answer, err := h.packager.Answer(x.request.Context(), format, path)
		if err != nil {
			x.named(format, path)
			return err
		}
		switch {
		case answer.Segment != nil:
			x.kind = kindSegment
			err = h.segment(x, format, path, answer.Segment)
		case answer.Track != nil:
			x.kind = kindTrack
			err = x.segment(answer.Track)
		default:
			x.kind = kindOfDocument(answer.Document)
			return x.document(answer.Document)
		}
		if err != nil {
			x.named(format, path)
		}
		return err
	}
}

// named notes what a path that failed is about.
func (x *exchange) named(format packager.Format, path string) {
	ref, err := packager.Parse(format, path)
	if err != nil {
		x.kind = kindOther
		return
	}
	x.kind, x.title = kindOf(ref), ref.TitleName()
}
