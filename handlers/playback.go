package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"unreel/packager"
	"unreel/playback"
)

// Playback is what is kept of viewers. A nil one isn't served: its URLs are not found.
type Playback struct {
	Progress Progress
	Sessions Sessions
	Events   Events
}

// playbackRoutes are the URLs of what goes on around the segments: whole files, and what viewers' players tell and ask.
func (h *Handler) playbackRoutes(open *gin.RouterGroup) {
	h.get(open.Group("/", buffered()), mp4Prefix+"*path", h.handle(kindFile, h.mp4)) // many ranges have many small headers
	open.OPTIONS(mp4Prefix+"*path", h.handle(kindOther, h.cors.preflight))
	h.routesRoutes(open)
	if h.cfg.Playback.Progress != nil {
		h.get(open, progressPath, h.handle(kindProgress, h.getProgress))
		h.takes(open, progressPath, h.handle(kindProgress, h.putProgress), http.MethodPut, http.MethodPost)
		h.takes(open, progressPath, h.handle(kindProgress, h.deleteProgress), http.MethodDelete)
	}
	if h.cfg.Playback.Sessions != nil {
		h.get(open, sessionsPath, h.handle(kindSessions, h.listSessions))
		h.takes(open, sessionsPath, h.handle(kindSessions, h.startSession), http.MethodPost)
		h.takes(open, sessionsPath+"/:id", h.handle(kindSessions, h.changeSession), http.MethodPut, http.MethodPost)
	}
	if h.cfg.Playback.Events != nil {
		h.takes(open, eventsPath, h.handle(kindEvents, h.postEvents), http.MethodPost)
		h.get(open, qoePath, h.handle(kindEvents, h.getQoE))
		open.OPTIONS(qoePath, h.handle(kindOther, h.cors.preflight))
	}
}

// takes routes methods that change something.
func (h *Handler) takes(open *gin.RouterGroup, path string, f gin.HandlerFunc, methods ...string) {
	for _, method := range methods {
		open.Handle(method, path, f)
	}
	if h.writes[path] == nil {
		open.OPTIONS(path, h.handle(kindOther, func(x *exchange) error { return h.cors.answer(x, h.allowed(x.request.URL.EscapedPath())) }))
	}
	h.writes[path] = append(h.writes[path], methods...)
}

// allowed are the methods that a path answers, as Allow has them.
func (h *Handler) allowed(path string) string {
	read := methods
	if _, ok := h.writes[path]; path == eventsPath || !ok && h.writesTo(path) != nil {
		read = http.MethodOptions // what is told, and not asked
	}
	return strings.Join(append([]string{read}, h.writesTo(path)...), ", ")
}

const (
	// bodyPatience is how long the body of a request that takes one may be on its way.
	bodyPatience = 10 * time.Second
	// maxBody bounds it, where a handler doesn't take more.
	maxBody = 16 << 10
)

// errBodySize is a body that is larger than what is asked for can be.
var errBodySize = errors.New("the body is too large")

// takesBody tells whether a request's body will be read.
func (h *Handler) takesBody(r *http.Request) bool {
	return slices.Contains(h.writesTo(r.URL.EscapedPath()), r.Method)
}

// writesTo are the methods that change what a path names.
func (h *Handler) writesTo(path string) []string {
	if methods, ok := h.writes[path]; ok {
		return methods
	}
	return h.writes[path[:strings.LastIndexByte(path, '/')+1]+":id"]
}

// read reads the request's body, of at most most bytes.
func (x *exchange) read(most int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(x.ResponseWriter, x.request.Body, most))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fmt.Errorf("%w: at most %d bytes are taken", errBodySize, most)
	case err != nil:
		x.Header().Set("Connection", "close") // what follows on it can't be told from the rest of the body
		return nil, fmt.Errorf("%w: the body can't be read: %w", errBadRequest, err)
	}
	_ = http.NewResponseController(x.ResponseWriter).SetReadDeadline(time.Time{}) // what ServeHTTP set
	return body, nil
}

// object reads the request's body as a JSON object into v. Fields that v doesn't have are passed over: players send more
// than we know. The Content-Type is not asked for, since a page that closes can only send text/plain (Beacon API).
func (x *exchange) object(v any) error {
	body, err := x.read(maxBody)
	if err != nil {
		return err
	}
	return decodeJSON(body, v, "")
}

// decodeJSON reads JSON. Its errors name the field, below place.
func decodeJSON(body []byte, v any, place string) error {
	err := json.Unmarshal(body, v)
	var wrong *json.UnmarshalTypeError
	var field *playback.FieldError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return playback.Invalid(place+wrong.Field, "is a JSON %s where %s is expected", wrong.Value, jsonName(wrong.Type.Kind().String()))
	case errors.As(err, &wrong) && place != "":
		return playback.Invalid(strings.TrimSuffix(place, "."), "is a JSON %s where an object is expected", wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("%w: a JSON %s where an object is expected", errBadRequest, wrong.Value)
	case errors.As(err, &field):
		return err
	default:
		return fmt.Errorf("%w: the body is no JSON: %w", errBadRequest, err)
	}
}

// jsonName is what JSON calls a Go kind.
func jsonName(kind string) string {
	switch {
	case strings.HasPrefix(kind, "float"):
		return "a number"
	case strings.HasPrefix(kind, "int"), strings.HasPrefix(kind, "uint"):
		return "a number that is whole and fits 64 bits"
	case kind == "struct", kind == "map":
		return "an object"
	case kind == "slice":
		return "an array"
	default:
		return "a " + kind
	}
}

// moment is a wall time in JSON: milliseconds since 1970, or RFC 3339.
type moment struct{ time.Time }

// MarshalJSON writes milliseconds.
func (m moment) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, m.UnixMilli(), 10), nil
}

// maxMoment is the year 9999, in milliseconds.
const maxMoment = 253402300800000

// UnmarshalJSON reads either form.
func (m *moment) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if text[0] == '"' {
		var words string
		if err := json.Unmarshal(text, &words); err != nil {
			return err
		}
		at, err := time.Parse(time.RFC3339, words)
		if err != nil {
			return playback.Invalid("updatedAt", "%q is no time of RFC 3339", words)
		}
		if at.UnixMilli() < 0 { // year 1 would be no time at all
			return playback.Invalid("updatedAt", "%q is before 1970", words)
		}
		m.Time = at
		return nil
	}
	ms, err := strconv.ParseFloat(string(text), 64)
	if err != nil || ms < 0 || ms > maxMoment {
		return playback.Invalid("updatedAt", "%s is no time in milliseconds since 1970", text)
	}
	m.Time = time.UnixMilli(int64(ms))
	return nil
}

// private answers JSON about a viewer, which no cache may keep.
func (x *exchange) private(status int, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %T as JSON: %w", v, err)
	}
	h := x.Header()
	h.Set("Content-Type", packager.TypeJSON)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)+1))
	x.pending = status
	if x.request.Method == http.MethodHead {
		x.sendHeader()
		return nil
	}
	_, err = x.Write(append(text, '\n'))
	return err
}

func missing(field string) error { return playback.Invalid(field, "is missing") }

// query reads the request's query.
func (x *exchange) query() (url.Values, error) {
	values, err := url.ParseQuery(x.request.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("%w: the query can't be read: %w", errBadRequest, err)
	}
	return values, nil
}
