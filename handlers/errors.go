package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"unreel/packager"
	"unreel/playback"
)

// Errors of HTTP itself.
var (
	errBadRequest   = errors.New("bad request")
	errMethod       = errors.New("not answered here: Allow says which methods are")
	errPrecondition = errors.New("the If-Match condition doesn't hold")
	errRange        = errors.New("the range is outside of the body")
	errNotReady     = errors.New("not ready")
	errForbidden    = errors.New("not allowed")
	errUnauthorized = errors.New("no bearer token")
	errSilent       = errors.New("a handler answered nothing")
)

// statusClientClosed is nginx's status for a client that left before it was answered: only log and metrics see it.
const statusClientClosed = 499

// failure is how one kind of error is answered.
type failure struct {
	err    error
	status int
	reason string // label in metrics
	words  string // what the client is told; "" where the error's own text is safe to show and says more
	retry  int    // Retry-After in seconds; 0 for none
}

// failures is searched from the top: what tells most of the cause comes first.
var failures = [...]failure{
	{context.Canceled, statusClientClosed, "canceled", "the client left", 0},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, "deadline", "the storage is too slow; try again later", 0},
	{packager.ErrStale, http.StatusNotFound, "stale", "the file was replaced: load the playlist again", 0},
	{packager.ErrChanged, http.StatusServiceUnavailable, "changed", "the file changed while it was read: load the playlist again", 1},
	{packager.ErrNotFound, http.StatusNotFound, "not_found", "", 0},
	{packager.ErrCorrupt, http.StatusUnprocessableEntity, "corrupt", "", 0},
	{packager.ErrTooLarge, http.StatusUnprocessableEntity, "too_large", "", 0},
	{packager.ErrUnsupported, http.StatusUnprocessableEntity, "unsupported", "", 0},
	{packager.ErrBusy, http.StatusServiceUnavailable, "busy", "too much is asked for at once; try again in a moment", 1},
	{packager.ErrStorage, http.StatusBadGateway, "storage", "the storage failed; the server's log says more", 0},
	{errBadRequest, http.StatusBadRequest, "bad_request", "", 0},
	{errMethod, http.StatusMethodNotAllowed, "method", "", 0},
	{errPrecondition, http.StatusPreconditionFailed, "precondition", "", 0},
	{errRange, http.StatusRequestedRangeNotSatisfiable, "range", "", 0},
	{packager.ErrNoPart, http.StatusBadRequest, "no_part", "", 0},
	{errTooMany, http.StatusTooManyRequests, "too_many", "", 1},
	{errBodySize, http.StatusRequestEntityTooLarge, "body_size", "", 0},
	{playback.ErrInvalid, http.StatusBadRequest, "invalid", "", 0},
	{playback.ErrNotFound, http.StatusNotFound, "not_kept", "", 0},
	{playback.ErrUnavailable, http.StatusServiceUnavailable, "store", "the store of viewers' data doesn't answer; films play on, try again later", 5},
	{errForbidden, http.StatusForbidden, "forbidden", "not allowed", 0}, // why is nobody's business but the log's
	{errUnauthorized, http.StatusUnauthorized, "unauthorized", "a bearer token is needed", 0},
	{errNotReady, http.StatusServiceUnavailable, "not_ready", "", 1},
}

// internal is how everything else is answered. Its text stays in the log.
var internal = failure{nil, http.StatusInternalServerError, "internal", "an error of the server's own; its log says more", 0}

// closing is how work is answered that was given up because the server shuts down, not because its client left.
var closing = failure{nil, http.StatusServiceUnavailable, "closing", "the server shuts down; try again in a moment", 1}

// failureOf finds an error's answer.
func failureOf(ctx context.Context, err error) failure {
	for _, f := range failures {
		if !errors.Is(err, f.err) {
			continue
		}
		if f.status == statusClientClosed && ctx.Err() == nil {
			return closing
		}
		return f
	}
	return internal
}

// errorBody is what every error answers.
type errorBody struct {
	Error string `json:"error"` // in words a person can act on
	Title string `json:"title"` // the film that it is about; "" where it is about none
}

// fail answers an error. Once bytes are out it cuts the connection: that is honest, a short 200 is not.
func (x *exchange) fail(err error) {
	f := failureOf(x.request.Context(), err)
	if x.writeErr != nil && errors.Is(err, x.writeErr) {
		f = failures[0] // whatever the connection said, there is nobody at its other end who takes it
	}
	x.err, x.reason = err, f.reason
	if x.status != 0 {
		panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way of cutting a connection; recovered by it, and quiet
	}
	body := errorBody{Error: f.words, Title: hideTokens(x.title)}
	if body.Error == "" {
		body.Error = hideTokens(err.Error())
	}
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"error":"an error that can't be put into words","title":""}`)
	}
	h := x.Header()
	for _, name := range [...]string{"ETag", "Accept-Ranges", "Content-Encoding", "X-Cache"} {
		h.Del(name)
	}
	h.Set("Content-Type", packager.TypeJSON)
	h.Set("X-Content-Type-Options", "nosniff") // it may repeat what the client sent
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Cache-Control", "no-store")
	if f.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(f.retry))
	}
	x.WriteHeader(f.status)
	_, _ = x.Write(text) // a client that is gone has no use for it; the exchange remembers
}
