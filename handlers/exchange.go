package handlers

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// exchange is one request and what has been answered so far. It lies between gin and net/http, so that bodies go straight
// to the connection, and whoever logs or counts sees what really went out.
type exchange struct {
	http.ResponseWriter // net/http's own
	request             *http.Request

	begin   time.Time
	traced  bool      // the request carries a span
	first   time.Time // when the header left
	status  int       // 0 until the header left
	pending int       // status of the header that the first byte sends; 0 means 200
	bytes   int64     // of the body

	gate     *gate  // that the making of segments waits at
	token    string // that stood in front of the path; "" for none
	unshared bool   // what is answered here is not for everybody

	kind     kind
	title    string // whose the path is, where that is known
	cache    string // X-Cache of a segment
	err      error  // why it failed
	reason   string // err as a metric's label
	writeErr error  // what the connection said: the client's doing, not ours
}

// exchangeOf finds the exchange beneath gin's writer.
func exchangeOf(c *gin.Context) *exchange {
	below, ok := c.Writer.(interface{ Unwrap() http.ResponseWriter })
	if !ok {
		return &exchange{ResponseWriter: c.Writer, request: c.Request}
	}
	x, ok := below.Unwrap().(*exchange)
	if !ok {
		return &exchange{ResponseWriter: c.Writer, request: c.Request}
	}
	return x
}

// WriteHeader sends the header, once.
func (x *exchange) WriteHeader(status int) {
	if x.status != 0 {
		return
	}
	x.status, x.first = status, time.Now()
	if h := x.Header(); x.unshared && !strings.Contains(h.Get("Cache-Control"), "no-store") {
		h.Set("Cache-Control", "private, no-cache") // RFC 9111 §3.5: "public" would let caches share what a bearer asked for
	}
	x.ResponseWriter.WriteHeader(status)
}

// sendHeader sends the header that waited for the first byte.
func (x *exchange) sendHeader() {
	if x.status == 0 {
		x.WriteHeader(max(x.pending, http.StatusOK))
	}
}

// Write sends a piece of the body.
func (x *exchange) Write(p []byte) (int, error) {
	x.sendHeader()
	n, err := x.ResponseWriter.Write(p)
	x.wrote(int64(n), err)
	return n, err
}

// ReadFrom lets net/http send a file without copying it through us.
func (x *exchange) ReadFrom(r io.Reader) (int64, error) {
	x.sendHeader()
	n, err := io.Copy(x.ResponseWriter, r)
	if errors.Is(err, io.ErrUnexpectedEOF) { // the file's doing
		x.wrote(n, nil)
		return n, err
	}
	x.wrote(n, err)
	return n, err
}

// Unwrap is for http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

func (x *exchange) wrote(n int64, err error) {
	x.bytes += n
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		x.writeErr = err
	}
}

// left tells whether it is the client that ended the exchange.
func (x *exchange) left() bool {
	return x.writeErr != nil || x.request.Context().Err() != nil
}
