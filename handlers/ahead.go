package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"unreel/packager"
	"unreel/playback/events"
)

// segment answers with a segment, and has the one after it made ahead where this one is worth a place in the cache: while a hit
// is sent, which costs next to nothing, or else afterwards.
func (h *Handler) segment(x *exchange, format packager.Format, path string, s segment) error {
	watched := h.cfg.Ahead != nil && x.request.Method == http.MethodGet
	hit := watched && s.Cached()
	if hit {
		h.ahead(x, format, path)
	}
	err := x.segment(s)
	if watched && !hit && err == nil && s.Cached() {
		h.ahead(x, format, path)
	}
	return err
}

// ahead has a segment made before it is asked for, if no client wants the room.
func (h *Handler) ahead(x *exchange, format packager.Format, path string) {
	if !h.gate.idle() {
		h.metrics.CacheAhead(false)
		return
	}
	h.cfg.Ahead(x.request.Context(), format, path, nextObject(x.request))
}

// nextObject is the path that a player says it asks for next, relative to that of its request and escaped as a path is; ""
// where it says none, or not so that it can be read. CMCD's nor (CTA-5004) is a string that is percent-encoded once more; in
// version 2 it is a list of such strings, of which the first counts.
func nextObject(r *http.Request) string {
	said := events.Request(r.URL.RawQuery, r.Header)
	nor, ok := said["nor"]
	if !ok {
		return ""
	}
	first := events.CMCD{"nor": strings.TrimLeft(strings.TrimPrefix(nor, "("), " ")}
	path, err := url.PathUnescape(first.Text("nor"))
	if err != nil {
		return ""
	}
	return path
}
