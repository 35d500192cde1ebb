package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// unsentOf reads back how much the kernel may hold of a connection unsent.
func unsentOf(t *testing.T, server net.Conn) (most int) {
	t.Helper()
	raw, err := server.(*progressConn).Conn.(syscall.Conn).SyscallConn()
	check(t, err)
	var failed error
	check(t, raw.Control(func(fd uintptr) { most, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT) }))
	check(t, failed)
	return most
}

// The kernel is told how much it may hold of each connection, not of the listening socket alone.
func TestConnectionsAreTuned(t *testing.T) {
	server, _ := pair(t, listen(t), 0, 0)
	if most := unsentOf(t, server); most != unsentLimit {
		t.Errorf("the kernel holds %d bytes unsent, want %d", most, unsentLimit)
	}
}

// A quick client's large pieces may wait in the kernel, and nothing else.
func TestUnsentFollowsTheClient(t *testing.T) {
	t.Parallel()
	server, client := pair(t, listen(t), 10*time.Second, 0)
	write := func(n, want int) {
		t.Helper()
		taken := make(chan error)
		go func() {
			_, err := io.CopyN(io.Discard, client, int64(n))
			taken <- err
		}()
		_, err := server.Write(make([]byte, n))
		check(t, err)
		check(t, <-taken)
		if most := unsentOf(t, server); most != want {
			t.Errorf("after %d bytes the kernel may hold %d, want %d", n, most, want)
		}
	}
	write(1<<20, unsentLimit) // of a client that isn't known yet
	write(1<<20, unsentWide)
	write(1<<20, unsentWide)
	write(100, unsentLimit) // the next answer's header
	write(188<<10, unsentLimit)
	write(leastWide, unsentWide)
	write(leastWide-1, unsentLimit)
}

func TestUnsentOfASlowClientStays(t *testing.T) {
	t.Parallel()
	server, client := pair(t, listen(t), 10*time.Second, 64<<10)
	want := noise(4 << 20)
	sent := make(chan error, 1)
	go func() {
		var err error
		for piece := want; len(piece) > 0 && err == nil; piece = piece[1<<20:] {
			if _, err = server.Write(piece[:1<<20]); unsentOf(t, server) != unsentLimit {
				err = errors.Join(err, errors.New("the kernel may hold more"))
			}
		}
		sent <- errors.Join(err, server.Close())
	}()
	got, err := sip(client, 16<<10, 10*time.Millisecond)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the client got %d of %d bytes, %v", len(got), len(want), err)
	}
	check(t, <-sent)
}

// quickPair is a connection whose client took pieces quickly so far, and takes nothing more yet.
func quickPair(t *testing.T, timeout time.Duration) (server, client net.Conn) {
	t.Helper()
	server, client = pair(t, listen(t), timeout, 64<<10)
	for range 20 { // two will do, where the machine has time for the client
		read := make(chan error, 1)
		go func() {
			_, err := io.CopyN(io.Discard, client, 1<<20)
			read <- err
		}()
		_, err := server.Write(make([]byte, 1<<20))
		check(t, errors.Join(err, <-read))
		if server.(*progressConn).unsent.quick && unsentOf(t, server) == unsentWide {
			return server, client
		}
	}
	t.Fatalf("the kernel may hold %d bytes of a quick client, want %d", unsentOf(t, server), unsentWide)
	return nil, nil
}

// A client that was quick and is slow now is not cut as long as it takes some of what the kernel holds, whatever comes next:
// what is held takes it longer than the timeout. That is long enough for a client which a loaded machine lets wait.
func TestUnsentIsTakenBackInTime(t *testing.T) {
	t.Parallel()
	server, client := quickPair(t, time.Second)
	want := noise(6 << 20)
	sent := make(chan error, 1)
	go func() {
		rest := want
		for _, n := range []int{4 << 20, 100, 1 << 20, 10 << 10} {
			if _, err := server.Write(rest[:n]); err != nil {
				sent <- errors.Join(err, server.Close())
				return
			}
			rest = rest[n:]
		}
		_, err := server.Write(rest)
		sent <- errors.Join(err, server.Close())
	}()
	got, err := sip(client, 12<<10, 10*time.Millisecond)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the client got %d of %d bytes, %v", len(got), len(want), err)
	}
	check(t, <-sent)
}

// While the kernel holds much of what was written, it gets no pages of a file, which may change before it sends them.
func TestNoFileWaitsBehindMuch(t *testing.T) {
	t.Parallel()
	server, client := quickPair(t, 10*time.Second)
	want := noise(3 << 20)
	path := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(path, want[1<<20:], 0o600))
	file, err := os.Open(path)
	check(t, err)
	defer file.Close()
	sent := make(chan error, 1)
	go func() {
		_, failed := server.Write(want[:1<<20])
		if failed == nil {
			_, failed = server.(io.ReaderFrom).ReadFrom(&io.LimitedReader{R: file, N: 2 << 20})
		}
		var unsent int
		control(server.(*progressConn).Conn, func(fd int) bool {
			unsent, _ = unix.IoctlGetInt(fd, unix.SIOCOUTQNSD)
			return true
		})
		if unsent > unsentLimit+64<<10 || unsentOf(t, server) != unsentLimit {
			failed = errors.Join(failed, fmt.Errorf("the kernel holds %d bytes of a file unsent", unsent))
		}
		sent <- errors.Join(failed, server.Close())
	}()
	got, err := sip(client, 64<<10, 5*time.Millisecond)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the client got %d of %d bytes, %v", len(got), len(want), err)
	}
	check(t, <-sent)
}

// A client that was quick, and slow later, is given less again, whatever is written to it, and doesn't keep others from having more.
func TestSlowClientsHoldLittleAgain(t *testing.T) {
	t.Parallel()
	server, client := quickPair(t, 10*time.Second)
	c := server.(*progressConn)
	if now := c.unsent.wides.now.Load(); now != 1 {
		t.Errorf("%d connections are counted", now)
	}
	other := unsent{quick: true, wides: c.unsent.wides}
	if other.allow(c.Conn, 1<<20); other.wide.Load() {
		t.Error("one connection more than may be")
	}
	ended := make(chan error, 1)
	go func() {
		_, err := sip(client, 16<<10, 10*time.Millisecond)
		ended <- err
	}()
	for range 6 {
		_, err := server.Write(make([]byte, 752<<10))
		check(t, err)
	}
	if most := unsentOf(t, server); most != unsentLimit || c.unsent.quick {
		t.Errorf("the kernel may hold %d bytes of a client that is slow now", most)
	}
	if now := c.unsent.wides.now.Load(); now != 0 {
		t.Errorf("%d connections are counted, none is quick", now)
	}
	check(t, server.Close())
	check(t, <-ended)
}

// Handlers are told what a connection has learnt of its client.
func TestQuickClients(t *testing.T) {
	t.Parallel()
	var quick []bool
	server := &http.Server{ConnContext: withConn, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{ResponseWriter: w, request: r}
		quick = append(quick, x.Quick())
		_, _ = x.Write(make([]byte, 1<<20))
	})}
	ln := listen(t)
	go func() { _ = server.Serve(progressListener{ln, 10 * time.Second, &wides{most: 1}}) }()
	t.Cleanup(func() { check(t, server.Close()) })
	for range 2 {
		resp, err := http.Get("http://" + ln.Addr().String())
		check(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		check(t, errors.Join(err, resp.Body.Close()))
	}
	if !slices.Equal(quick, []bool{false, true}) {
		t.Errorf("quick at the first and the second request: %v", quick)
	}
}
