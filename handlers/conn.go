package handlers

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

const (
	// slowSlice is how much a slow client is given at a time.
	slowSlice = 32 << 10
	// fileSlice is how much of a file the kernel sends under one deadline.
	fileSlice = 1 << 20
)

// progressListener accepts connections whose clients may be slow, but not stuck: one is cut when it takes no byte for
// timeout, and never otherwise.
type progressListener struct {
	net.Listener
	timeout time.Duration
	wides   *wides
}

// Accept waits for the next connection.
func (l progressListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &progressConn{Conn: c, timeout: l.timeout, unsent: unsent{wides: l.wides}}, nil
}

// progressConn renews its write deadline whenever the client takes any bytes. Its Write and ReadFrom are used by one
// goroutine at a time, as net/http does.
type progressConn struct {
	net.Conn
	timeout time.Duration
	unsent  unsent
}

// patience watches one Write or ReadFrom: when the client was last known to take something.
type patience struct {
	conn   *progressConn
	last   time.Time
	queued int // bytes that the kernel held after the last attempt
}

func (c *progressConn) patience() patience { return patience{conn: c, last: time.Now()} }

// attempts is how many attempts one timeout is cut into. A client may take bytes while an attempt waits in vain, since the
// kernel wakes a writer only when a third of its buffer is free; the next attempt finds out, as it begins with a try.
const attempts = 4

// renew sets the deadline of the next attempt.
func (p *patience) renew() error {
	return p.conn.SetWriteDeadline(time.Now().Add(p.conn.timeout / attempts))
}

// goOn tells whether to try again after an attempt that sent n bytes and ended with err: bytes that leave the kernel count as
// well as those that it takes. What a client took during an attempt may only be known after the next, so it is stuck when
// nothing is known of it for one attempt more than the timeout.
func (p *patience) goOn(n int64, err error) bool {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	now := time.Now()
	queued := queuedOf(p.conn.Conn)
	if n > 0 || queued < p.queued {
		p.last = now
	}
	p.queued = queued
	return now.Sub(p.last) < p.conn.timeout+p.conn.timeout/attempts
}

// Write sends p, however long it takes, as long as the client takes some of it now and then.
func (c *progressConn) Write(p []byte) (n int, err error) {
	c.unsent.allow(c.Conn, len(p))
	begin := time.Now()
	n, err = c.write(p)
	c.unsent.pace(n, time.Since(begin))
	return n, err
}

func (c *progressConn) write(p []byte) (n int, err error) {
	watch, slice := c.patience(), len(p)
	for {
		if err = watch.renew(); err != nil {
			return n, err
		}
		var k int
		k, err = c.Conn.Write(p[n:min(len(p), n+slice)])
		n += k
		switch {
		case err == nil && n == len(p):
			return n, nil
		case err == nil:
			watch.last = time.Now()
		case watch.goOn(int64(k), err):
			slice = slowSlice
		default:
			return n, err
		}
	}
}

// ReadFrom sends what r holds. Files go from the kernel straight to the client.
func (c *progressConn) ReadFrom(r io.Reader) (n int64, err error) {
	c.unsent.allow(c.Conn, 0)
	var rest *io.LimitedReader // net/http limits what it sends
	inner := r
	if l, ok := r.(*io.LimitedReader); ok {
		rest, inner = l, l.R
	}
	file, isFile := inner.(*os.File)
	sender, canSend := c.Conn.(io.ReaderFrom)
	if !isFile || !canSend {
		return io.Copy(writerOnly{c}, r)
	}
	for rest == nil || rest.N > 0 {
		slice := int64(fileSlice)
		if rest != nil {
			slice = min(slice, rest.N)
		}
		var k int64
		k, err = c.sendFile(sender, file, slice)
		n += k
		if rest != nil {
			rest.N -= k
		}
		if err != nil || k < slice {
			return n, err // or the file ended
		}
	}
	return n, nil
}

// sendFile sends the next n bytes of a file, or fewer where it ends.
func (c *progressConn) sendFile(sender io.ReaderFrom, file *os.File, n int64) (sent int64, err error) {
	start, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	return c.push(n, func(sent int64) (k int64, done bool, err error) {
		if sent > 0 { // where the kernel can't send files, bytes were read that have not been sent
			if _, err = file.Seek(start+sent, io.SeekStart); err != nil {
				return 0, true, err
			}
		}
		k, err = sender.ReadFrom(&io.LimitedReader{R: file, N: n - sent})
		return k, err == nil, err
	})
}

// push sends n bytes by attempts, as long as the client takes some of them now and then. An attempt is told what was sent
// before, and tells what it sent, and whether no other shall follow.
func (c *progressConn) push(n int64, attempt func(sent int64) (k int64, done bool, err error)) (sent int64, err error) {
	for watch := c.patience(); sent < n; {
		if err = watch.renew(); err != nil {
			return sent, err
		}
		k, done, failed := attempt(sent)
		sent += k
		switch {
		case done:
			return sent, failed
		case failed == nil:
			watch.last = time.Now()
		case !watch.goOn(k, failed):
			return sent, failed
		}
	}
	return sent, nil
}

// Close closes the connection. The server may do so while it is written to.
func (c *progressConn) Close() error {
	c.unsent.end()
	return c.Conn.Close()
}

// CloseWrite ends our half, so that net/http can let a client read all before it closes.
func (c *progressConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// writerOnly hides that a connection can do more than Write.
type writerOnly struct{ io.Writer }
