package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"unreel/demux/source"
	"unreel/demux/testmedia"
	"unreel/handlers"
	"unreel/packager"
)

// readHook is what runs before every read of a file; it may wait, or answer an error in the read's place.
type readHook = func(ctx context.Context, off int64, n int) error

// faultyStorage is a directory whose files are read through a source.Faulty each.
type faultyStorage struct {
	packager.Storage
	hook   atomic.Pointer[readHook] // nil for none
	closed chan struct{}            // one for each file that is closed, where there is room

	mu    sync.Mutex
	files []*source.Faulty
}

// Open opens a file with faults.
func (s *faultyStorage) Open(ctx context.Context, name string) (packager.Source, error) {
	file, err := s.Storage.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	faulty := &source.Faulty{Source: file}
	if hook := s.hook.Load(); hook != nil {
		faulty.Hook = *hook
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, faulty)
	return faultyFile{faulty, file, s.closed}, nil
}

// through has the reads of all files opened from now on go through a hook; nil for none.
func (s *faultyStorage) through(hook readHook) { s.hook.Store(&hook) }

// bytes is how much was read of all files so far.
func (s *faultyStorage) bytes() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		n += f.Bytes.Load()
	}
	return n
}

// faultyFile is a file of a faultyStorage.
type faultyFile struct {
	*source.Faulty
	file   io.Closer
	closed chan<- struct{}
}

func (f faultyFile) Close() error {
	err := f.file.Close()
	select {
	case f.closed <- struct{}{}:
	default:
	}
	return err
}

// serveFaulty serves a directory as the program does, but for the storage between, until the test ends.
func serveFaulty(t *testing.T, path string, flags ...string) (base string, storage *faultyStorage) {
	t.Helper()
	cfg := defaultConfig()
	if _, err := parse(serveFlags(&cfg), append([]string{"--drain-delay=0s", "--access-log=false", "--drain-timeout=10s", "--state-dir="}, flags...), environment(nil)); err != nil {
		t.Fatal(err)
	}
	dir, err := source.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	storage = &faultyStorage{Storage: directory{dir}, closed: make(chan struct{}, 1)}
	s, err := newServer(&cfg, storage, "demo", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ln, err := handlers.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, ln, path, io.Discard) }()
	t.Cleanup(func() {
		stop()
		for _, err := range []error{<-ended, s.packager.Close(), dir.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return "http://" + ln.Addr().String() + "/", storage
}

// bigFilm writes film.mp4, of 12 seconds with 1.6 MB in each 6, into a new directory.
func bigFilm(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(360, 1080, 8), testmedia.Audio(12*48000/1024 + 1)}}
	if err := os.WriteFile(filepath.Join(dir, "film.mp4"), film.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// narrow dials connections whose receive buffer is small, so that what a slow client leaves unread stays with the server.
func narrow(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetReadBuffer(64 << 10)
}
