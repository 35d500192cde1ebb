package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// smallMemoryFor is how long TestSmallMemory's clients stay. Where it is set, the kernel holds the server to its limit, by a control
// group below our own; otherwise only GOMEMLIMIT does.
var smallMemoryFor = flag.Duration("small-memory", 0, "how long 600 clients watch a 4K ladder of a server in a control group of 256 MiB; 0 is 2s of 50 clients, and no control group")

const smallMemory = 256 << 20

// ladder4K writes a film of half a minute in three renditions, 25, 8 and 2 Mbit/s.
func ladder4K(t *testing.T, seconds int) (library string) {
	t.Helper()
	library = t.TempDir()
	for height, weight := range map[int]int{2160: 94, 1080: 30, 540: 8} {
		film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(30*seconds, height, weight), testmedia.Audio(seconds*48000/1024 + 1)}}
		if err := os.MkdirAll(filepath.Join(library, "film"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(library, "film", strconv.Itoa(height)+"p.mp4"), film.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return library
}

// TestSmallMemory has slow and fast clients watch a 4K ladder of a server with little memory. It may say 503, and lives; when they
// have gone, it serves all again.
func TestSmallMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("is about a process, and megabytes")
	}
	slow, fast, lasting, seconds := 40, 10, 2*time.Second, 12
	var by []string
	group := ""
	if *smallMemoryFor > 0 {
		slow, fast, lasting, seconds = 500, 100, *smallMemoryFor, 30
		group = newMemoryGroup(t, smallMemory)
		by = []string{"/bin/sh", "-c", `echo $$ >"$0/cgroup.procs" && exec "$@"`, group}
	} else {
		by = []string{"/usr/bin/env", fmt.Sprintf("GOMEMLIMIT=%d", smallMemory)}
	}
	library := ladder4K(t, seconds)
	p := startProcessBy(t, by, "--listen", "127.0.0.1:0", "--state-dir=", "--access-log=false", "--drain-delay=0s", "--cache-admit=first", library)
	var pieces []string
	for _, master := range []string{masterOf(p.url, "film"), cmafMasterOf(p.url, "film")} {
		lists, err := playlistsBelow(t.Context(), newClient(t), master)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lists {
			for _, piece := range l.pieces {
				if !l.iframes {
					pieces = append(pieces, piece.url)
				}
			}
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), lasting)
	defer cancel()
	var all sync.WaitGroup
	var whole, bytesSent, busy atomic.Int64
	for i := range slow + fast {
		client, random := newClient(t), rand.New(rand.NewPCG(3, uint64(i)))
		pace := time.Duration(0)
		if i < slow {
			client.Transport.(*http.Transport).DialContext = narrow
			pace = 50 * time.Millisecond
		}
		all.Go(func() {
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				n, status, err := takeSlowly(ctx, client, pieces[random.IntN(len(pieces))], pace)
				bytesSent.Add(n)
				switch {
				case ctx.Err() != nil:
				case err != nil:
					t.Error(err)
					return
				case status == http.StatusServiceUnavailable:
					busy.Add(1)
					rest(ctx, 100*time.Millisecond)
				default:
					whole.Add(1)
				}
			}
		})
	}
	all.Wait()
	for _, piece := range pieces { // it is well again
		if a, err := ask(t.Context(), newClient(t), http.MethodGet, piece); err != nil || a.status != http.StatusOK {
			t.Errorf("afterwards %s: %d %v", piece, a.status, err)
		}
	}
	t.Logf("%d slow and %d fast clients for %v: %d segments whole, %.1f GB, %d times 503; resident %.1f MB, at most %.1f MB",
		slow, fast, lasting, whole.Load(), float64(bytesSent.Load())/1e9, busy.Load(), float64(residentBytes(t, p.Process.Pid))/1e6, float64(statusKB(t, p.Process.Pid, "VmHWM"))/1e3)
	if whole.Load() == 0 {
		t.Error("nobody got anything")
	}
	if group != "" {
		tellMemoryGroup(t, group)
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.code(t); code != exitOK {
		t.Errorf("exit code %d\n%.2000s", code, p.stderr.String())
	}
}

// takeSlowly fetches a body with a pause after each 64 KB; n is what came of it.
func takeSlowly(ctx context.Context, client *http.Client, address string, pace time.Duration) (n int64, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			err = fmt.Errorf("%s: %s %v", address, resp.Status, resp.Header)
		}
		return 0, resp.StatusCode, err
	}
	for ctx.Err() == nil {
		got, failed := io.CopyN(io.Discard, resp.Body, 64<<10)
		n += got
		if errors.Is(failed, io.EOF) && n == resp.ContentLength {
			return n, resp.StatusCode, nil
		}
		if failed != nil {
			return n, resp.StatusCode, fmt.Errorf("%s: after %d bytes of %d: %w", address, n, resp.ContentLength, failed)
		}
		rest(ctx, pace)
	}
	return n, resp.StatusCode, context.Cause(ctx)
}

// statusKB is a line of /proc/pid/status in kB.
func statusKB(t *testing.T, pid int, name string) (kb int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Logf("nothing is told of process %d: %v", pid, err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, _ = strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		}
	}
	return kb
}

// newMemoryGroup makes a control group (cgroups(7)) of so much memory below the one that we are in, until the test ends; the test is
// skipped where we may not.
func newMemoryGroup(t *testing.T, limit int64) (dir string) {
	t.Helper()
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skip("there are no control groups here:", err)
	}
	file := ""
	for line := range strings.Lines(string(groups)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(fields) != 3:
		case fields[1] == "memory":
			dir, file = filepath.Join("/sys/fs/cgroup/memory", fields[2]), "memory.limit_in_bytes"
		case fields[1] == "" && dir == "":
			dir, file = filepath.Join("/sys/fs/cgroup", fields[2]), "memory.max"
		}
	}
	if dir == "" {
		t.Skip("no control group of ours accounts for memory")
	}
	dir = filepath.Join(dir, fmt.Sprintf("unreel-test-%d", os.Getpid()))
	if err = os.Mkdir(dir, 0o755); err != nil {
		t.Skip("no control group can be made here:", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		for failed := os.Remove(dir); failed != nil && !errors.Is(failed, os.ErrNotExist); failed = os.Remove(dir) {
			if rest(ctx, 50*time.Millisecond); ctx.Err() != nil {
				t.Errorf("the control group stays: %v", failed)
				return
			}
		}
	})
	if err = os.WriteFile(filepath.Join(dir, file), strconv.AppendInt(nil, limit, 10), 0o600); err != nil {
		t.Skip("no control group here holds memory:", err)
	}
	return dir
}

// tellMemoryGroup logs what the kernel says of a group, and fails where it has killed for it.
func tellMemoryGroup(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"memory.max_usage_in_bytes", "memory.failcnt", "memory.oom_control", "memory.peak", "memory.events"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue // of the other version
		}
		t.Logf("%s: %s", name, bytes.ReplaceAll(bytes.TrimSpace(text), []byte("\n"), []byte(", ")))
		for line := range strings.Lines(string(text)) {
			if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok && n != "0" {
				t.Errorf("the kernel killed %s times for want of memory", n)
			}
		}
	}
}
