package handlers

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"unreel/handlers/signing"
)

// signedPrefix begins the element in front of a path that holds a token: /signed-<token>/hls/Film/master.m3u8. Relative
// links carry it along. SignedPath writes it.
const signedPrefix = "/signed-"

const (
	apiPrefix = "/api/"
	// authPath is where a proxy asks whether a request may pass, before it looks into its cache.
	authPath = "/auth"
	// askedHeader tells authPath what was asked for: the request's target as it came, with its query.
	askedHeader = "X-Original-URI"
)

// SignedPath puts a token in front of a path that begins with a slash.
func SignedPath(token, path string) string { return signedPrefix + token + path }

// Access is who may fetch what. Its zero value lets everybody fetch everything.
type Access struct {
	Keys    signing.Keys   // that sign /hls/, /cmaf/, /mp4/, /info/ and /api/; none where nothing is signed
	Skew    time.Duration  // by which signers' clocks may differ from ours
	Bearers []Bearer       // that may use /api/ and /info/, beside those whom a signed path lets; none for all
	Proxies []netip.Prefix // whose X-Forwarded-For is believed
}

// Bearer is a token that lets programs use the API. Only its digest is kept.
type Bearer [sha256.Size]byte

// NewBearer takes a token's text.
func NewBearer(token string) Bearer { return sha256.Sum256([]byte(token)) }

// unsign takes the token off a request's path, so that routes, logs and cache keys see the path that it stands in front of.
// In front of what no token opens it stays, and nothing is found there: a proxy that closes /metrics, or /api/ where nothing is
// signed, knows those paths as they are, and would let pass whatever has something made up in front.
func (x *exchange) unsign(access *Access) {
	token, path, ok := cutToken(x.request.URL.EscapedPath())
	for more := ok; more; {
		var next string
		if next, path, more = cutToken(path); more { // the last one counts, and none of them is for the log
			token = next
		}
	}
	if !ok || ofOperators(path) || access.Keys.None() && ofAPI(path) {
		return
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return // net/http has unescaped it before
	}
	x.token = token
	r, u := *x.request, *x.request.URL
	u.Path, u.RawPath = plain, path
	r.URL = &u
	x.request = &r
}

// hideTokens takes out of what is logged whatever looks like a signed path that was cut off, or that a proxy has put something
// in front of: those are no tokens to us, but they may be good ones. Who escapes more than need be has them told no more.
func hideTokens(text string) string {
	const mark = "igned-" // of signedPrefix, in either case
	if !strings.Contains(text, mark) && !strings.Contains(text, "%") {
		return text
	}
	for at := 0; at < len(text); at++ {
		begin, matched := at, 0
		for matched < len(mark) && begin < len(text) {
			c, n := unescaped(text[begin:])
			if c != mark[matched] {
				break
			}
			begin += n
			matched++
		}
		if matched < len(mark) {
			continue
		}
		end, length := begin, 0
		for end < len(text) {
			c, n := unescaped(text[end:])
			if !inToken(c) {
				break
			}
			end += n
			length++
		}
		if length >= signing.TokenLength {
			text, end = text[:begin]+"…"+text[end:], begin
		}
		at = end - 1
	}
	return text
}

// unescaped is the first character of a text that isn't empty, percent-decoded, and how many bytes it takes.
func unescaped(text string) (c byte, n int) {
	if text[0] != '%' || len(text) < 3 {
		return text[0], 1
	}
	v, err := strconv.ParseUint(text[1:3], 16, 8)
	if err != nil {
		return text[0], 1
	}
	return byte(v), 3
}

// inToken tells the characters of base64url (RFC 4648 §5).
func inToken(c byte) bool {
	return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// cutToken parts an escaped path from the token in front of it.
func cutToken(escaped string) (token, path string, ok bool) {
	rest, ok := strings.CutPrefix(escaped, signedPrefix)
	if !ok {
		return "", escaped, false
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 {
		return "", escaped, false
	}
	return rest[:slash], rest[slash:], true
}

// guard lets a request pass that may, and answers the others. Preflights ask for nothing.
func (h *Handler) guard(c *gin.Context) {
	x := exchangeOf(c)
	if x.request.Method == http.MethodOptions {
		return
	}
	path := x.request.URL.EscapedPath()
	x.unshared = len(h.cfg.Access.Bearers) > 0 && ofAPI(path)
	if err := h.cfg.Access.allow(x.request, x.token, path); err != nil {
		x.refuse(err)
		c.Writer.WriteHeaderNow()
		c.Abort()
	}
}

func (x *exchange) refuse(err error) {
	if errors.Is(err, errUnauthorized) {
		x.Header().Set("WWW-Authenticate", `Bearer realm="unreel"`) // RFC 6750 §3
	}
	x.fail(err)
}

// auth answers a proxy that asks whether a request may pass. It knows no other status than 204, 401 and 403, since Nginx'
// auth_request makes 500 of all others. What isn't guarded doesn't pass either: there is nothing to ask about it.
func (h *Handler) auth(x *exchange) error {
	asked, _, _ := strings.Cut(x.request.Header.Get(askedHeader), "?")
	token, path, _ := cutToken(asked)
	_, media := mediaPath(path)
	err := fmt.Errorf("%w: %s names nothing that is guarded", errForbidden, askedHeader)
	if media || ofAPI(path) {
		err = h.cfg.Access.allow(x.request, token, path)
	}
	if err != nil {
		x.refuse(err)
		return nil
	}
	x.Header().Set("Cache-Control", "no-store")
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// signs tells whether a path is one that tokens open.
func signs(path string) bool {
	_, media := mediaPath(path)
	return media || ofAPI(path)
}

// allow tells whether a request may have a path. The error is errForbidden or errUnauthorized, with a reason for the log.
func (a *Access) allow(r *http.Request, token, path string) error {
	signed := !a.Keys.None() && signs(path)
	if ofAPI(path) && len(a.Bearers) > 0 {
		err := a.bearer(r)
		if err == nil || !signed || token == "" {
			return err
		}
	} else if !signed {
		return nil
	}
	if token == "" {
		return fmt.Errorf("%w: no token in front of the path", errForbidden)
	}
	read, err := signing.Parse(token)
	if err != nil {
		return fmt.Errorf("%w: %w", errForbidden, err)
	}
	scope, err := scopeOf(r.Method, path, read.Elements())
	if err == nil {
		err = a.Keys.Verify(read, scope, a.client(r), time.Now(), a.Skew)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errForbidden, err)
	}
	return nil
}

// ofOperators tells what is for those who run unreel, and for what stands in front of it.
func ofOperators(path string) bool {
	switch path {
	case authPath, "/healthz", "/readyz", "/metrics":
		return true
	default:
		return false
	}
}

func ofAPI(path string) bool {
	return strings.HasPrefix(path, apiPrefix) || strings.HasPrefix(path, infoPrefix)
}

// mediaPath is what follows the prefix of a title's URL.
func mediaPath(path string) (below string, ok bool) {
	for _, prefix := range [...]string{hlsPrefix, cmafPrefix, mp4Prefix} {
		if below, ok = strings.CutPrefix(path, prefix); ok {
			return below, true
		}
	}
	return "", false
}

// viewersScope stands for what viewers' players tell of themselves, and ask of what they told. No title holds a NUL.
const viewersScope = "\x00api"

// ViewersScope is the scope of a token that opens viewers' data and no film: who has it may tell and ask of positions, begin
// and change sessions whose ID it knows, and report. It opens no list of sessions.
func ViewersScope() signing.Scope { return signing.Scope{viewersScope} }

// ofViewers tells whether a request is one that a viewer's own player sends about itself.
func ofViewers(method, path string) bool {
	return path == progressPath || path == eventsPath || path == sessionsPath && method == http.MethodPost ||
		strings.HasPrefix(path, sessionsPath+"/")
}

// scopeOf gives the first n elements, decoded, of what is below the prefix of an escaped path. What is about no title, and
// isn't of viewers, has none, so that only a token for everything opens it.
func scopeOf(method, escaped string, n int) ([]string, error) {
	if n == 0 {
		return nil, nil
	}
	if ofViewers(method, escaped) {
		return ViewersScope(), nil
	}
	below, ok := mediaPath(escaped)
	if !ok {
		if below, ok = strings.CutPrefix(escaped, infoPrefix); !ok {
			return nil, nil
		}
		below = strings.TrimSuffix(below, ".json")
	}
	elements := strings.SplitN(below, "/", n+1)
	for i, element := range elements[:min(n, len(elements))] {
		plain, err := url.PathUnescape(element)
		if err != nil {
			return nil, err
		}
		elements[i] = plain
	}
	return elements, nil
}

// bearer tells whether a request has a token of those that are allowed; each is compared, in constant time.
func (a *Access) bearer(r *http.Request) error {
	const scheme = "bearer "
	given := r.Header.Get("Authorization")
	if len(given) < len(scheme) || !strings.EqualFold(given[:len(scheme)], scheme) {
		return errUnauthorized
	}
	digest := NewBearer(strings.TrimSpace(given[len(scheme):]))
	found := 0
	for _, one := range a.Bearers {
		found |= subtle.ConstantTimeCompare(digest[:], one[:])
	}
	if found == 0 {
		return fmt.Errorf("%w that is known", errUnauthorized)
	}
	return nil
}

// client is the address that a request comes from: the last that our own proxies have not put there themselves.
func (a *Access) client(r *http.Request) netip.Addr {
	socket, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := socket.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusts(address); i-- {
		hop, bad := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if bad != nil {
			break
		}
		address = hop.Unmap()
	}
	return address
}

func (a *Access) trusts(address netip.Addr) bool {
	for _, p := range a.Proxies {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// ScopeOf reads the scope of a title, or of a directory of titles, as a person writes it: its name, slashes within.
func ScopeOf(title string) signing.Scope {
	if title == "" {
		return nil
	}
	return strings.Split(title, "/")
}

// EscapeTitle is a title as URLs have it.
func EscapeTitle(title string) string {
	elements := strings.Split(title, "/")
	for i, element := range elements {
		elements[i] = url.PathEscape(element)
	}
	return strings.Join(elements, "/")
}
