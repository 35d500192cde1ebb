package handlers

import (
	"io"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
)

const (
	// bufferBytes is what small writes are gathered in.
	bufferBytes = 32 << 10
	// largeWrite is a write that isn't copied: net/http, which buffers 4 KiB, doesn't copy one as large either.
	largeWrite = 4 << 10
)

// buffered gathers what a handler writes in small pieces, so that net/http makes a chunk and a system call of 32 KiB where it
// would make them of 2 and of 4. What waits leaves when the buffer is full, before a large write or a file, which pass
// uncopied, with Flush, and at the end; where a handler panics, it is dropped.
func buffered() gin.HandlerFunc {
	pool := sync.Pool{New: func() any { return new(gatherer) }}
	return func(c *gin.Context) {
		x, g := exchangeOf(c), pool.Get().(*gatherer)
		g.ResponseWriter, x.ResponseWriter = x.ResponseWriter, g
		defer func() {
			x.ResponseWriter = g.ResponseWriter
			g.ResponseWriter, g.n = nil, 0
			pool.Put(g)
		}()
		c.Next()
		x.wrote(0, g.leave())
	}
}

// gatherer is a ResponseWriter whose first n bytes of buf wait.
type gatherer struct {
	http.ResponseWriter
	n   int
	buf [bufferBytes]byte
}

// Write gathers a small piece, and passes on a large one.
func (g *gatherer) Write(p []byte) (int, error) {
	if len(p) >= largeWrite || len(p) > len(g.buf)-g.n {
		if err := g.leave(); err != nil {
			return 0, err
		}
	}
	if len(p) >= largeWrite {
		return g.ResponseWriter.Write(p)
	}
	g.n += copy(g.buf[g.n:], p)
	return len(p), nil
}

// ReadFrom lets net/http send a file.
func (g *gatherer) ReadFrom(r io.Reader) (int64, error) {
	if err := g.leave(); err != nil {
		return 0, err
	}
	return io.Copy(g.ResponseWriter, r)
}

// FlushError is for http.ResponseController.
func (g *gatherer) FlushError() error {
	if err := g.leave(); err != nil {
		return err
	}
	return http.NewResponseController(g.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (g *gatherer) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// leave sends what waits.
func (g *gatherer) leave() error {
	if g.n == 0 {
		return nil
	}
	n := g.n
	g.n = 0
	_, err := g.ResponseWriter.Write(g.buf[:n])
	return err
}
