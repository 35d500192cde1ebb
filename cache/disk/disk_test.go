package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"unreel/cache/disk"
)

// counts is an Observer that remembers.
type counts struct {
	mu                   sync.Mutex
	hits, misses, broken int
	failed               int           // writings
	bytes                int64         // that the last sweep left
	sweeps               chan struct{} // gets one for each, as far as there is room
}

func (c *counts) DiskRead(hit bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case hit && err == nil:
		c.hits++
	case errors.Is(err, disk.ErrBroken):
		c.broken++
	case err == nil:
		c.misses++
	}
}

func (c *counts) DiskWritten(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed++
	}
}

func (c *counts) DiskSwept(_ int, bytes int64) {
	c.mu.Lock()
	c.bytes = bytes
	c.mu.Unlock()
	select {
	case c.sweeps <- struct{}{}:
	default:
	}
}

// swept waits for the next sweep's end.
func (c *counts) swept(t *testing.T) {
	t.Helper()
	select {
	case <-c.sweeps:
	case <-time.After(time.Minute):
		t.Fatal("no sweep")
	}
}

// session is an open directory under test.
type session struct {
	*disk.Dir
	counts *counts
	logs   *bytes.Buffer
}

const plenty = 1 << 30

func open(t *testing.T, path string, maxBytes int64) *session {
	t.Helper()
	s := &session{counts: &counts{sweeps: make(chan struct{}, 10)}, logs: &bytes.Buffer{}}
	var err error
	if s.Dir, err = disk.Open(disk.Config{Path: path, MaxBytes: maxBytes}, s.counts, slog.New(slog.NewTextHandler(s.logs, nil))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (s *session) put(key, body string) {
	s.Put(key, func(dst []byte) []byte { return append(dst, body...) })
}

// keep puts bodies into a directory by a session of its own, so that they are there when it returns.
func keep(t *testing.T, path string, bodies ...string) {
	t.Helper()
	s := open(t, path, plenty)
	for _, body := range bodies {
		s.put(keyOf(body), body)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// keyOf is the key that keep has for a body.
func keyOf(body string) string { return "key of " + body[:min(len(body), 10)] }

// want asks for what keep has put; none tells that it must not be there.
func (s *session) want(t *testing.T, body string, there bool) {
	t.Helper()
	got, ok := s.Get(keyOf(body))
	if ok != there || ok && string(got) != body {
		t.Errorf("%q gives %q, %v", body, got, ok)
	}
}

// files are all files in a directory.
func files(t *testing.T, path string) (all []string) {
	t.Helper()
	if err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestKeptOverARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "here")
	keep(t, path, "one", "two", "")
	s := open(t, path, plenty)
	s.want(t, "one", true)
	s.want(t, "two", true)
	s.want(t, "", true)
	s.want(t, "three", false)
	if n := len(files(t, path)); n != 3 {
		t.Errorf("%d files", n)
	}
	if s.counts.hits != 3 || s.counts.misses != 1 || s.logs.Len() > 0 {
		t.Errorf("%d hits, %d misses, %s", s.counts.hits, s.counts.misses, s.logs)
	}
}

// TestBrokenFiles: whatever stands in a file's place is no body, is told once, and is written again.
func TestBrokenFiles(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string, whole []byte){
		"truncated": func(t *testing.T, path string, whole []byte) { write(t, path, whole[:len(whole)/2]) },
		"empty":     func(t *testing.T, path string, _ []byte) { write(t, path, nil) },
		"longer":    func(t *testing.T, path string, whole []byte) { write(t, path, append(whole, 0)) },
		"a bit": func(t *testing.T, path string, whole []byte) {
			whole[len(whole)-8] ^= 4
			write(t, path, whole)
		},
		"another format": func(t *testing.T, path string, whole []byte) {
			write(t, path, bytes.Replace(whole, []byte("kept 1"), []byte("kept 0"), 1))
		},
		"another key's": func(t *testing.T, path string, _ []byte) {
			other := t.TempDir()
			keep(t, other, "another")
			whole, err := os.ReadFile(files(t, other)[0])
			if err != nil {
				t.Fatal(err)
			}
			write(t, path, whole)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keep(t, dir, "body")
			path := files(t, dir)[0]
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			damage(t, path, whole)
			s := open(t, dir, plenty)
			for range 3 {
				s.want(t, "body", false)
			}
			if n := strings.Count(s.logs.String(), "level=WARN"); n != 1 || s.counts.broken != 3 {
				t.Errorf("%d warnings of %d:\n%s", n, s.counts.broken, s.logs)
			}
			s.put("key of body", "body")
			if err = s.Close(); err != nil {
				t.Fatal(err)
			}
			s.want(t, "body", true)
		})
	}
}

func write(t *testing.T, path string, whole []byte) {
	t.Helper()
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDeletedWhileServing: the whole directory may go, and is made again.
func TestDeletedWhileServing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept")
	keep(t, path, "one", "two")
	s := open(t, path, plenty)
	s.want(t, "one", true)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	s.want(t, "one", false)
	s.put("key of two", "two")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.want(t, "two", true)
	if s.logs.Len() > 0 {
		t.Errorf("it complains:\n%s", s.logs)
	}
}

// TestNotWritable: where nothing can be kept that is told once, and costs nothing else.
func TestNotWritable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kept")
	s := open(t, path, plenty)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, nil) // root may write anywhere, but not below a file
	for _, body := range []string{"one", "two", "three"} {
		s.put(keyOf(body), body)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.want(t, "one", false)
	}
	if n := strings.Count(s.logs.String(), "t be written"); n != 1 || s.counts.failed != 3 {
		t.Errorf("%d warnings of %d:\n%s", n, s.counts.failed, s.logs)
	}
}

// TestBounded: what was used longest ago leaves, and nothing that isn't ours does.
func TestBounded(t *testing.T) {
	const each, n = 100 << 10, 24 // bytes, files
	dir := t.TempDir()
	foreign := []string{"README", "ab/README", "ab/" + strings.Repeat("c", 30), "ab/" + strings.Repeat("C", 30) + ".kept", "ab/short.tmp"}
	for _, name := range foreign {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, make([]byte, each))
		age(t, path, 1000*time.Hour)
	}
	var bodies []string
	for i := range n {
		bodies = append(bodies, fmt.Sprintf("%08d%s", i, strings.Repeat("x", each)))
	}
	keep(t, dir, bodies...)
	for _, path := range files(t, dir) {
		if strings.HasSuffix(path, ".kept") {
			age(t, path, 100*time.Hour)
		}
	}
	s := open(t, dir, plenty)
	for _, body := range bodies[:3] {
		s.want(t, body, true) // are used, so they stay
	}
	for body := range 2 {
		abandoned := filepath.Join(dir, "ab", strings.Repeat(string(rune('A'+body)), 26)+".tmp")
		write(t, abandoned, nil)
		age(t, abandoned, 1000*time.Hour)
	}
	const most = n * each / 2
	s = open(t, dir, most)
	s.counts.swept(t)
	left, kept, bytes := files(t, dir), 0, int64(0)
	for _, path := range left {
		if strings.HasSuffix(path, ".tmp") && !strings.HasSuffix(path, "short.tmp") {
			t.Errorf("%s is left", path)
		}
		if info, err := os.Stat(path); err == nil && strings.HasSuffix(path, ".kept") && !strings.Contains(path, "CCC") {
			kept++
			bytes += info.Size()
		}
	}
	if bytes > most || kept < n/3 || s.counts.bytes > most {
		t.Errorf("%d files of %d bytes are left, %d counted", kept, bytes, s.counts.bytes)
	}
	for _, body := range bodies[:3] {
		s.want(t, body, true)
	}
	for _, name := range foreign {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
}

func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// TestWritesAskForSweeps: a directory stays near its bound while it is written to.
func TestWritesAskForSweeps(t *testing.T) {
	const each = 64 << 10
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	for i := range 24 {
		s.put(fmt.Sprint(i), strings.Repeat("x", each))
	}
	s.counts.swept(t) // the first is Open's
	s.counts.swept(t)
}

// TestShared: many share a directory, write the same keys and read them meanwhile, and it is deleted under them.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	bodies := make([]string, 5)
	for i := range bodies {
		bodies[i] = strings.Repeat(fmt.Sprint(i), 50_000)
	}
	for range 4 {
		s := open(t, dir, plenty)
		all.Go(func() {
			for range 2 {
				for i, body := range bodies {
					s.put(fmt.Sprint(i), body)
					if got, ok := s.Get(fmt.Sprint(i)); ok && string(got) != body {
						t.Errorf("%d is another", i)
					}
				}
				if there, _ := filepath.Glob(filepath.Join(dir, "*", "*.kept")); len(there) > 0 {
					_ = os.Remove(there[0])
				}
			}
			_ = s.Close()
			if s.counts.broken > 0 {
				t.Errorf("%d times somebody saw half a file", s.counts.broken)
			}
		})
	}
	all.Wait()
	if n := len(files(t, dir)); n > len(bodies) {
		t.Errorf("%d files are left of %d keys", n, len(bodies))
	}
}

// TestDropped: who writes too slowly makes nobody wait.
func TestDropped(t *testing.T) {
	s := open(t, t.TempDir(), plenty)
	slow := make(chan struct{})
	for range 2000 {
		s.Put("key", func(dst []byte) []byte {
			<-slow
			return dst
		})
	}
	close(slow)
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	if n := s.counts.failed; n < 1000 {
		t.Errorf("%d of 2000 were dropped", n)
	}
}

// TestClosed: what comes after the end is neither kept nor an accident.
func TestClosed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, plenty)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.put("key of late", "late")
	s.want(t, "late", false)
}

func TestConfigValidate(t *testing.T) {
	if err := (disk.Config{Path: "x", MaxBytes: 1<<20 - 1}).Validate(); err == nil {
		t.Error("a directory of less than 1 MiB is fine")
	}
	if err := (disk.Config{Path: "x", MaxBytes: 1 << 20}).Validate(); err != nil {
		t.Error(err)
	}
}
