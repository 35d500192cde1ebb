package handlers

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// pair is a connection as the server holds it, and its client's end.
func pair(t *testing.T, ln net.Listener, timeout time.Duration, receiveBuffer int) (server, client net.Conn) {
	t.Helper()
	defer func() { check(t, ln.Close()) }()
	client, err := net.Dial("tcp", ln.Addr().String())
	check(t, err)
	server, err = progressListener{ln, timeout, &wides{most: 1}}.Accept()
	check(t, err)
	t.Cleanup(func() { _, _ = server.Close(), client.Close() })
	if receiveBuffer > 0 {
		check(t, client.(*net.TCPConn).SetReadBuffer(receiveBuffer))
	}
	return server, client
}

// listen is a listener as unreel opens it.
func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	check(t, err)
	return ln
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sip reads piece bytes at every tick until the end, and returns all.
func sip(client io.Reader, piece int, every time.Duration) ([]byte, error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var all bytes.Buffer
	for range tick.C {
		if _, err := io.CopyN(&all, client, int64(piece)); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all.Bytes(), err
		}
	}
	return nil, nil
}

// noise is n bytes that tell their place.
func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return b
}

// TestPace is exact: a pipe has no buffer, and time is the test's own.
func TestPace(t *testing.T) {
	const timeout = 30 * time.Second
	f := func(name string, size, piece int, every time.Duration, reads int, want error, least, most time.Duration) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, client := net.Pipe()
				server := &progressConn{Conn: ours, timeout: timeout}
				body := noise(size)
				var got []byte
				left := make(chan struct{})
				go func() {
					defer close(left)
					for range reads {
						<-time.After(every)
						p := make([]byte, piece)
						n, err := io.ReadFull(client, p)
						if got = append(got, p[:n]...); err != nil {
							return
						}
					}
				}()
				begin := time.Now()
				n, err := server.Write(body)
				took := time.Since(begin)
				if !errors.Is(err, want) || took < least || took > most {
					t.Errorf("wrote %d of %d bytes in %v, %v; want %v between %v and %v", n, size, took, err, want, least, most)
				}
				check(t, ours.Close())
				<-left
				if !bytes.Equal(got, body[:n]) {
					t.Errorf("the client got %d bytes, or other ones than the %d that were written", len(got), n)
				}
			})
		})
	}
	f("a kilobyte a second", 1<<20, 1<<10, time.Second, 1<<10, nil, 1024*time.Second, 1024*time.Second)
	f("a byte now and then", 1000, 1, timeout-time.Second, 1000, nil, 1000*(timeout-time.Second), 1000*(timeout-time.Second))
	f("nothing", 1<<20, 1, 0, 0, os.ErrDeadlineExceeded, timeout, timeout*5/4)
	f("stuck after a while", 1<<20, 1<<10, time.Second, 100, os.ErrDeadlineExceeded, 100*time.Second+timeout, 100*time.Second+timeout*3/2)
	f("quick", 1<<20, 1<<20, 0, 1, nil, 0, 0)
}

// deaf is a connection that has no deadlines of its own.
type deaf struct{ net.Conn }

func (deaf) SetWriteDeadline(time.Time) error { return nil }

// TestPushForgivesAPause: a client that took bytes all along may wait for as long as any other, however long it took them.
func TestPushForgivesAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout, n = 30 * time.Second, 200
		server, paused := &progressConn{Conn: deaf{}, timeout: timeout}, false
		sent, err := server.push(n, func(sent int64) (k int64, done bool, err error) {
			if sent == n/2 && !paused {
				paused = true
				<-time.After(timeout / attempts)
				return 0, false, os.ErrDeadlineExceeded
			}
			<-time.After(time.Second)
			return 1, false, nil
		})
		if sent != n || err != nil {
			t.Errorf("sent %d of %d, %v", sent, n, err)
		}
	})
}

// TestKernelBuffers is a client that keeps reading while our writes stand still: the kernel wakes us only when a third of
// the megabytes that it buffers is gone, which takes longer than the timeout. That is long enough for a client which a loaded machine
// lets wait.
func TestKernelBuffers(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // not ours, which tells the kernel to keep less
	check(t, err)
	server, client := pair(t, ln, time.Second, 64<<10)
	want := noise(6 << 20)
	sent := make(chan error, 1)
	go func() {
		n, failed := server.Write(want)
		if failed == nil && n != len(want) {
			failed = io.ErrShortWrite
		}
		sent <- errors.Join(failed, server.Close())
	}()
	got, err := sip(client, 8<<10, 10*time.Millisecond)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the client got %d of %d bytes, %v", len(got), len(want), err)
	}
	check(t, <-sent)
}

func TestStuckClientIsCut(t *testing.T) {
	f := func(name string, reads int64) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const timeout = 100 * time.Millisecond
			server, client := pair(t, listen(t), timeout, 0)
			go func() { _, _ = io.CopyN(io.Discard, client, reads) }()
			begin := time.Now()
			n, err := server.Write(noise(32 << 20))
			took := time.Since(begin)
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("wrote %d bytes, %v; want a deadline", n, err)
			}
			if took < timeout || took > 50*timeout {
				t.Errorf("cut after %v, want about %v", took, timeout)
			}
		})
	}
	f("from the start", 0)
	f("after a while", 4<<20)
}

func TestReadFromSendsFiles(t *testing.T) {
	t.Parallel()
	want := noise(5<<20 + 12345)
	path := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(path, want, 0o600))
	f := func(name string, reader func(file *os.File) io.Reader, want []byte) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := os.Open(path)
			check(t, err)
			defer file.Close()
			server, client := pair(t, listen(t), time.Second, 64<<10)
			sent := make(chan error, 1)
			go func() {
				to, ok := server.(io.ReaderFrom)
				if !ok {
					sent <- errors.New("no io.ReaderFrom")
					return
				}
				n, failed := to.ReadFrom(reader(file))
				if failed == nil && n != int64(len(want)) {
					failed = io.ErrShortWrite
				}
				sent <- errors.Join(failed, server.Close())
			}()
			got, err := sip(client, 64<<10, 20*time.Millisecond) // a slice takes longer than an attempt
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the client got %d of %d bytes, %v", len(got), len(want), err)
			}
			check(t, <-sent)
		})
	}
	f("file", func(file *os.File) io.Reader { return file }, want)
	f("part of a file", func(file *os.File) io.Reader { return io.LimitReader(file, 3<<20) }, want[:3<<20])
	f("part that is longer than the file", func(file *os.File) io.Reader { return io.LimitReader(file, 1<<30) }, want)
	f("no file", func(file *os.File) io.Reader { return io.MultiReader(file) }, want)
}

func TestStuckClientOfAFileIsCut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(path, noise(32<<20), 0o600))
	file, err := os.Open(path)
	check(t, err)
	defer file.Close()
	server, _ := pair(t, listen(t), 50*time.Millisecond, 0)
	if n, failed := server.(io.ReaderFrom).ReadFrom(file); !errors.Is(failed, os.ErrDeadlineExceeded) {
		t.Errorf("sent %d bytes, %v; want a deadline", n, failed)
	}
}
