package handlers

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// raw sends bytes as they stand, and gives the status line and the rest of what comes back until the connection ends.
func raw(t testing.TB, url, request string) (status, rest string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	check(t, err)
	defer func() { _ = conn.Close() }()
	check(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, request)
	check(t, err)
	answer, err := io.ReadAll(conn)
	check(t, err)
	status, rest, _ = strings.Cut(string(answer), "\r\n")
	return status, rest
}

// TestBodiesAreNotWaitedFor sends requests whose bodies never come: each must be answered at once, and let go soon.
func TestBodiesAreNotWaitedFor(t *testing.T) {
	s := newSite(t, nil)
	for _, head := range []string{"POST /api/titles", "GET /api/titles", "PUT /nothing"} {
		for _, body := range []string{"Content-Length: 1000", "Content-Length: 1000000000", "Transfer-Encoding: chunked"} {
			t.Run(head+" "+body, func(t *testing.T) {
				t.Parallel()
				conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
				check(t, err)
				defer func() { _ = conn.Close() }()
				_, err = io.WriteString(conn, head+" HTTP/1.1\r\nHost: x\r\n"+body+"\r\n\r\n")
				check(t, err)
				begin := time.Now()
				check(t, conn.SetDeadline(begin.Add(10*bodyTimeout)))
				_, err = io.ReadFull(conn, make([]byte, len("HTTP/1.1 200")))
				check(t, err)
				if took := time.Since(begin); took > bodyTimeout*9/10 {
					t.Errorf("answered only after %v", took)
				}
				_, err = io.Copy(io.Discard, conn)
				check(t, err)
			})
		}
	}
}

func TestOptionsOfTheServer(t *testing.T) {
	s := newSite(t, nil)
	status, rest := raw(t, s.url, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if status != "HTTP/1.1 200 OK" || !strings.Contains(rest, "Content-Length: 0") {
		t.Errorf("%q %q", status, rest)
	}
}
