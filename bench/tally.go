package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// kind is what sort of thing was fetched.
type kind int

const (
	kindMaster kind = iota
	kindPlaylist
	kindInit
	kindSegment
	kinds
)

func (k kind) String() string { return [kinds]string{"master", "playlist", "init", "segment"}[k] }

// tally adds up what all clients of a turn met. It is safe for concurrent use.
type tally struct {
	bytes    atomic.Int64 // of bodies, as they came
	requests atomic.Int64 // that were answered whole and well
	failed   atomic.Int64

	mu     sync.Mutex
	kinds  [kinds]kindTally
	errors map[string]int64 // by reason
	sample error            // the first one
}

// kindTally is that of one kind; its times are in microseconds.
type kindTally struct {
	requests, bytes int64
	first, total    *hdrhistogram.Histogram
}

// longest is the longest time that is told apart from longer ones.
const longest = 10 * time.Minute

func newTally() *tally {
	t := &tally{errors: map[string]int64{}}
	for k := range t.kinds {
		t.kinds[k].first = hdrhistogram.New(1, longest.Microseconds(), 3)
		t.kinds[k].total = hdrhistogram.New(1, longest.Microseconds(), 3)
	}
	return t
}

// add counts an answer.
func (t *tally) add(k kind, a fetched) {
	t.requests.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	one := &t.kinds[k]
	one.requests++
	one.bytes += a.size
	for h, d := range map[*hdrhistogram.Histogram]time.Duration{one.first: a.first, one.total: a.total} {
		_ = h.RecordValue(min(max(d, time.Microsecond), longest).Microseconds()) // the only error is for values out of its range
	}
}

// fail counts a request that failed.
func (t *tally) fail(err error) {
	t.failed.Add(1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors[reason(err)]++
	if t.sample == nil {
		t.sample = err
	}
}

// statusError is an answer that is no success.
type statusError struct{ status int }

func (e *statusError) Error() string { return "status " + strconv.Itoa(e.status) }

// reason sorts errors into few.
func reason(err error) string {
	var status *statusError
	var network *net.OpError
	switch {
	case errors.As(err, &status):
		return status.Error()
	case errors.Is(err, errLength):
		return "length"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &network) && network.Op == "dial":
		return "connect"
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "connection"
	default:
		return "unreadable"
	}
}

// lengths remembers how long immutable bodies are, by their path: another length under the same one is an error, whichever
// origin it came from.
type lengths struct {
	mu    sync.Mutex
	known map[string]int64
}

// mostLengths bounds what is remembered.
const mostLengths = 1 << 20

// same tells whether path has the length that it had before.
func (l *lengths) same(path string, n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.known[path]; ok {
		return before == n
	}
	if len(l.known) < mostLengths {
		l.known[path] = n
	}
	return true
}
