package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// What scripts of other origins may send and see beyond what the Fetch Standard always lets them. The CMCD headers are
// those of CTA-5004.
const (
	corsRequestHeaders = "Authorization, Content-Type, Range, If-Range, If-Match, If-None-Match, If-Modified-Since, Cache-Control, X-Request-Id, " +
		"CMCD-Request, CMCD-Object, CMCD-Session, CMCD-Status"
	corsResponseHeaders = "Accept-Ranges, Age, Content-Encoding, Content-Length, Content-Range, Date, ETag, Retry-After, X-Cache, X-Request-Id"
	corsMaxAge          = "86400" // seconds; browsers cap it at two hours or a day
)

// cors tells browsers which other origins' pages may read us.
type cors struct {
	any     bool
	origins []string
}

func newCORS(origins []string) *cors {
	return &cors{any: slices.Contains(origins, "*"), origins: origins}
}

// allowed is the origin to name to a browser; "" for none.
func (p *cors) allowed(r *http.Request) string {
	if p.any {
		return "*"
	}
	origin := r.Header.Get("Origin")
	for _, o := range p.origins {
		if strings.EqualFold(o, origin) {
			return origin
		}
	}
	return ""
}

// middleware says on every answer, errors included, who may read it.
func (p *cors) middleware(c *gin.Context) {
	x := exchangeOf(c)
	h := x.Header()
	if !p.any && len(p.origins) > 0 {
		h.Add("Vary", "Origin")
	}
	if origin := p.allowed(x.request); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", corsResponseHeaders)
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Timing-Allow-Origin", origin)
	}
	c.Next()
}

// preflight answers OPTIONS, a browser's question before a request that isn't simple among them.
func (p *cors) preflight(x *exchange) error { return p.answer(x, methods) }

// answer is preflight for what answers other methods.
func (p *cors) answer(x *exchange, methods string) error {
	h := x.Header()
	h.Set("Allow", methods)
	if x.request.Header.Get("Access-Control-Request-Method") != "" && p.allowed(x.request) != "" {
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", corsRequestHeaders)
		h.Set("Access-Control-Max-Age", corsMaxAge)
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}
