package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// errPanic is a bug of ours that a request ran into.
var errPanic = errors.New("panic")

// recover turns a panic into an answer, so that a bug costs one request. A connection that is to be cut stays so.
func (h *Handler) recover(c *gin.Context) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(http.ErrAbortHandler) //nolint:forbidigo // passed on to net/http, whose signal it is
		}
		h.metrics.panics.Inc()
		exchangeOf(c).fail(fmt.Errorf("%w: %v\n%s", errPanic, value, debug.Stack()))
		c.Writer.WriteHeaderNow()
	}()
	c.Next()
}
