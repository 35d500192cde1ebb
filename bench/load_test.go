package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// bench runs the program and gives its exit code and what it printed.
func bench(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	code = run(ctx, args, &out, &complaints)
	return code, out.String(), complaints.String()
}

// loaded runs a load that prints JSON.
func loaded(ctx context.Context, t *testing.T, args ...string) (code int, out report) {
	t.Helper()
	code, stdout, stderr := bench(ctx, append([]string{"load", "--json", "--clients", "4"}, args...)...)
	if err := json.Unmarshal([]byte(stdout), &out); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	return code, out
}

// until counts requests, and ends a context after the last of so many.
func until(t *testing.T, n int64) (context.Context, func(http.Handler) http.Handler) {
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	var served atomic.Int64
	return ctx, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			if served.Add(1) == n {
				stop()
			}
		})
	}
}

// A load plays all there is, and counts every byte. It ends early when it is told to, with the figures so far.
func TestLoadPlays(t *testing.T) {
	for _, format := range []string{"hls", "cmaf"} {
		ctx, count := until(t, 400)
		url := newOrigin(t, testmedia.Ladder(), count)
		code, out := loaded(ctx, t, "--format", format, "--duration", "1h", "--seeks", "0.1", "--switches", "0.2", url)
		if code != exitOK || len(out.Turns) != 1 || out.failed() > 0 {
			t.Fatalf("%s: code %d, %d turns, %d failed: %s", format, code, len(out.Turns), out.failed(), out.sample())
		}
		turn := out.Turns[0]
		var bytes, requests int64
		seen := map[string]bool{}
		for _, k := range turn.Kinds {
			bytes, requests, seen[k.Kind] = bytes+k.Bytes, requests+k.Requests, true
			if k.FirstByte.P50 <= 0 || k.FirstByte.P50 > k.Total.Max {
				t.Errorf("%s: %s: first byte %v, total %v", format, k.Kind, k.FirstByte, k.Total)
			}
		}
		// What the end cut is counted in bytes, but is no answer.
		if requests != turn.Requests || requests < 390 || bytes > turn.Bytes || bytes < turn.Bytes/2 {
			t.Errorf("%s: %d requests of %d, %d bytes of %d", format, requests, turn.Requests, bytes, turn.Bytes)
		}
		if !seen["master"] || !seen["playlist"] || !seen["segment"] {
			t.Errorf("%s: fetched %v", format, seen)
		}
	}
}

// What goes wrong is counted by its reason, and the exit tells.
func TestLoadCountsFailures(t *testing.T) {
	bad := map[string]http.HandlerFunc{
		"status 503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"length":     varying(),
		"connection": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12"))
				_ = conn.Close()
			}
		},
	}
	for reason, answer := range bad {
		var failed atomic.Int64
		ctx, stop := context.WithCancel(t.Context())
		url := newOrigin(t, testmedia.Ladder()[:1], func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, ".ts") {
					h.ServeHTTP(w, r)
					return
				}
				answer(w, r)
				if failed.Add(1) == 12 {
					stop()
				}
			})
		})
		code, out := loaded(ctx, t, "--duration", "1h", url)
		if code != exitError || out.Turns[0].Errors[reason] == 0 {
			t.Errorf("%s: code %d, errors %v (%s)", reason, code, out.Turns[0].Errors, out.sample())
		}
	}
}

// varying answers each time with another length.
func varying() http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, n.Add(1))) }
}

// A peer is loaded in turns, and all figures are compared.
func TestLoadPeer(t *testing.T) {
	var origins [2]string
	for i := range origins { // indexes are read before: a turn is short, and a machine may be slow
		ctx, count := until(t, 20)
		origins[i] = newOrigin(t, testmedia.Ladder(), count)
		loaded(ctx, t, "--duration", "1h", origins[i])
	}
	url, peer := origins[0], origins[1]
	code, out := loaded(t.Context(), t, "--duration", "500ms", "--turns", "3", "--peer", peer, url)
	if code != exitOK || len(out.Turns) != 6 || len(out.Ratios) != 3 {
		t.Fatalf("code %d, %d turns, %d ratios: %s", code, len(out.Turns), len(out.Ratios), out.sample())
	}
	for i, turn := range out.Turns {
		if want := []string{url, peer}[i%2]; turn.Origin != want || turn.Requests == 0 {
			t.Errorf("turn %d: %d requests of %s, want %s", i, turn.Requests, turn.Origin, want)
		}
	}
	for _, r := range out.Ratios {
		if r.Min <= 0 || r.Min > r.Median || r.Median > r.Max {
			t.Errorf("%s: %v to %v, median %v", r.Of, r.Min, r.Max, r.Median)
		}
	}
}

// Paths are fetched as they are, from any server; a slow client takes no more than it should.
func TestLoadPaths(t *testing.T) {
	const size, rate = 30000, 100000
	ctx, count := until(t, 8)
	url := newOrigin(t, nil, func(http.Handler) http.Handler {
		return count(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) }))
	})
	list := filepath.Join(t.TempDir(), "list")
	check(t, os.WriteFile(list, []byte("/a.ts\n/b.ts?x=1\n\n"), 0o644))
	begin := time.Now()
	code, out := loaded(ctx, t, "--duration", "1h", "--paths", list, "--client-rate", fmt.Sprint(rate), url)
	if code != exitOK || out.failed() > 0 || out.Turns[0].Requests == 0 {
		t.Fatalf("code %d, %d failed, %d requests: %s", code, out.failed(), out.Turns[0].Requests, out.sample())
	}
	if took, most := time.Since(begin), out.Turns[0].Bytes; float64(most) > 4*rate*(took.Seconds()+1) {
		t.Errorf("%d bytes in %v for 4 clients of %d bytes/s", most, took, rate)
	}
}

// A table is for people.
func TestLoadPrintsTable(t *testing.T) {
	ctx, count := until(t, 50)
	code, stdout, stderr := bench(ctx, "load", "--duration", "1h", newOrigin(t, testmedia.Ladder(), count))
	if code != exitOK || !strings.Contains(stdout, "first byte p50") || !strings.Contains(stdout, "\n   segment ") {
		t.Errorf("code %d, %s%s", code, stdout, stderr)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "which command"},
		{[]string{"--help"}, exitOK, "load"},
		{[]string{"load"}, exitUsage, "one URL"},
		{[]string{"load", "--help"}, exitOK, "--clients"},
		{[]string{"load", "--clients", "0", "--seeks", "2", "http://x"}, exitUsage, "seeks: 2 is no chance"},
		{[]string{"load", "ftp://x"}, exitUsage, "no http URL"},
		{[]string{"load", "http://127.0.0.1:1"}, exitError, "list the titles"},
		{[]string{"load", "--paths", "/nothing", "http://x"}, exitError, "no such file"},
	} {
		code, stdout, stderr := bench(t.Context(), c.args...)
		if code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("%q: code %d, want %d and %q\n%s%s", c.args, code, c.code, c.says, stdout, stderr)
		}
	}
}
