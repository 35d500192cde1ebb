package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// link is one client's connection to an origin. It is not net/http's client because that costs the machine as much as the
// server under test does: here a request is one write, its first byte is seen when it comes, and a body is read in large
// pieces that nobody keeps. One goroutine uses it at a time.
type link struct {
	base    *url.URL
	rate    int64 // bytes/s that are taken; 0 is all
	timeout time.Duration
	arrived func(n int64) // hears of bytes of bodies as they come

	conn    net.Conn
	in      *bufio.Reader
	scratch []byte
}

// blockBytes is how much is read at a time.
const blockBytes = 256 << 10

// fetched is one answer.
type fetched struct {
	status int
	header http.Header
	size   int64         // of the body, as sent
	first  time.Duration // from the request to the first byte of the answer
	total  time.Duration // to the last
	body   []byte        // where it was to be kept
}

// errLength is a body of another length than it should have.
var errLength = errors.New("body has another length")

func newLink(base *url.URL, o *options, arrived func(int64)) *link {
	return &link{base: base, rate: o.rate, timeout: o.timeout, arrived: arrived, scratch: make([]byte, blockBytes)}
}

// Close ends the connection.
func (l *link) Close() {
	if l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
}

// get fetches path, which is escaped and may have a query. fields are header fields, name and value.
func (l *link) get(ctx context.Context, path string, keep bool, fields ...string) (fetched, error) {
	request := append(make([]byte, 0, 512), "GET "...)
	request = append(append(request, path...), " HTTP/1.1\r\nHost: "...)
	request = append(append(request, l.base.Host...), "\r\nUser-Agent: unreel-bench\r\n"...)
	for i := 0; i < len(fields); i += 2 {
		request = append(append(append(append(request, fields[i]...), ": "...), fields[i+1]...), "\r\n"...)
	}
	request = append(request, "\r\n"...)

	reused := l.conn != nil
	begin := time.Now()
	err := l.ask(ctx, request)
	if err != nil && reused && ctx.Err() == nil { // the origin had closed it meanwhile
		begin = time.Now()
		err = l.ask(ctx, request)
	}
	if err != nil {
		return fetched{}, err
	}
	answer := fetched{first: time.Since(begin)}
	stop := context.AfterFunc(ctx, l.interrupt(l.conn))
	defer stop()
	err = l.answer(ctx, &answer, keep)
	answer.total = time.Since(begin)
	if err != nil {
		l.Close()
	}
	return answer, err
}

// interrupt makes whoever reads from a connection stop.
func (l *link) interrupt(conn net.Conn) func() {
	return func() { _ = conn.SetDeadline(time.Unix(1, 0)) }
}

// ask sends a request and waits for the first byte of its answer.
func (l *link) ask(ctx context.Context, request []byte) error {
	if l.conn == nil {
		if err := l.dial(ctx); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, l.interrupt(l.conn))
	defer stop()
	err := l.conn.SetDeadline(time.Now().Add(l.timeout))
	if err == nil {
		_, err = l.conn.Write(request)
	}
	if err == nil {
		_, err = l.in.Peek(1)
	}
	if err != nil {
		l.Close()
	}
	return err
}

func (l *link) dial(ctx context.Context) (err error) {
	address, secure := l.base.Host, l.base.Scheme == "https"
	if l.base.Port() == "" {
		address = net.JoinHostPort(l.base.Hostname(), map[bool]string{false: "80", true: "443"}[secure])
	}
	dialer := net.Dialer{Timeout: l.timeout}
	if secure {
		l.conn, err = (&tls.Dialer{NetDialer: &dialer}).DialContext(ctx, "tcp", address)
	} else {
		l.conn, err = dialer.DialContext(ctx, "tcp", address)
	}
	if err != nil {
		l.conn = nil
		return err
	}
	if tcp, ok := l.conn.(*net.TCPConn); ok && l.rate > 0 {
		_ = tcp.SetReadBuffer(64 << 10) // what is in our kernel is as good as taken
	}
	l.in = bufio.NewReaderSize(l.conn, 4<<10)
	return nil
}

// answer reads what ask has seen the first byte of.
func (l *link) answer(ctx context.Context, a *fetched, keep bool) error {
	response, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	defer response.Body.Close()
	a.status, a.header = response.StatusCode, response.Header
	begin := time.Now()
	for err == nil {
		if err = ctx.Err(); err != nil {
			return err
		}
		_ = l.conn.SetReadDeadline(time.Now().Add(l.timeout))
		if ctx.Err() != nil {
			l.interrupt(l.conn)()
		}
		var n int
		n, err = response.Body.Read(l.block())
		a.size += int64(n)
		l.arrived(int64(n))
		if keep {
			a.body = append(a.body, l.scratch[:n]...)
		}
		if err == nil && l.rate > 0 {
			err = wait(ctx, time.Duration(float64(a.size)/float64(l.rate)*float64(time.Second))-time.Since(begin))
		}
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("body: %w", err)
	}
	if want := response.ContentLength; want >= 0 && a.size != want {
		return fmt.Errorf("%w: %d bytes of %d", errLength, a.size, want)
	}
	if response.Close {
		l.Close()
	}
	return nil
}

// block is where the next piece of a body goes: small where a client is slow.
func (l *link) block() []byte {
	if l.rate > 0 {
		return l.scratch[:min(max(l.rate/20, 1<<10), blockBytes)]
	}
	return l.scratch
}

// wait waits, unless ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// byteRange is a Range field's value.
func byteRange(off, n int64) string {
	return "bytes=" + strconv.FormatInt(off, 10) + "-" + strconv.FormatInt(off+n-1, 10)
}
