package events

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"

	"unreel/playback"
)

// Store keeps the reports of sessions that go on, and the summaries of those that ended. Where several replicas share it,
// each session is measured once, by one of them. Implementations are safe for concurrent use; errors wrap
// playback.ErrUnavailable, or are a context's.
type Store interface {
	// Append adds reports to their sessions. late are those of sessions that were measured already, full those that are
	// beyond MaxReports of theirs; both are dropped.
	Append(ctx context.Context, reports []Event) (late, full int, err error)
	// Take hands out sessions that are over, each to one caller: at most most of them. A store that others share hands them out
	// again after a while where no summary of theirs is kept; what comes meanwhile is late.
	Take(ctx context.Context, most int) ([][]Event, error)
	// Keep keeps summaries, the newest MaxSummaries, with which their sessions are done.
	Keep(ctx context.Context, summaries []Summary) error
	// Summaries gives those whose session began at since or later, the oldest first.
	Summaries(ctx context.Context, since time.Time) ([]Summary, error)
}

const (
	// MaxReports is how many reports are kept of one session.
	MaxReports = 2000
	// MaxSummaries is how many sessions that ended are remembered.
	MaxSummaries = 50_000
	// quiet is after how long without a report a session is over; linger is how long one that ended is waited for, since
	// reports come late.
	quiet  = 2 * time.Minute
	linger = 10 * time.Second
	// remembered is how long one that was measured is known, so that what comes late isn't a session of its own.
	remembered = time.Hour
	maxLogs    = 20_000
	// maxMemory bounds, in bytes, the reports that Memory keeps of sessions that go on: some 500,000, which are 700 of two hours.
	maxMemory = 128 << 20
)

// Memory is the store of one replica.
type Memory struct {
	now  func() time.Time
	most int64 // bytes

	mu        sync.Mutex
	bytes     int64 // of all logs
	logs      map[string]*log
	closed    map[string]time.Time // when it may be forgotten
	summaries []Summary
}

type log struct {
	reports []Event
	bytes   int64
	due     time.Time
}

// eventBytes is what a report takes beside its texts.
const eventBytes = int64(unsafe.Sizeof(Event{})) + 8 // its position

// add adds a report, of whose texts those are kept that the one before didn't have, if there is room for it in most bytes.
func (l *log) add(e Event, most int64) (bytes int64, ok bool) {
	before, bytes := &Event{}, eventBytes
	if n := len(l.reports); n > 0 {
		before = &l.reports[n-1]
	}
	for _, text := range [...][2]*string{
		{&e.SessionID, &before.SessionID},
		{&e.UserID, &before.UserID},
		{&e.VideoID, &before.VideoID},
		{&e.Rendition, &before.Rendition},
		{&e.NetworkType, &before.NetworkType},
		{&e.Region, &before.Region},
		{&e.Device, &before.Device},
		{&e.Player, &before.Player},
		{&e.Error, &before.Error},
	} {
		if *text[0] == *text[1] {
			*text[0] = *text[1]
		} else {
			bytes += int64(len(*text[0]))
		}
	}
	if bytes > most || len(l.reports) >= MaxReports {
		return 0, false
	}
	l.reports = append(l.reports, e)
	l.bytes += bytes
	return bytes, true
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store, whose clock is now.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, most: maxMemory, logs: map[string]*log{}, closed: map[string]time.Time{}}
}

// Append implements Store.
func (m *Memory) Append(_ context.Context, reports []Event) (late, full int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for _, e := range reports {
		if until, ok := m.closed[e.SessionID]; ok && until.After(now) {
			late++
			continue
		}
		l, ok := m.logs[e.SessionID]
		if !ok {
			if len(m.logs) >= maxLogs {
				err = fmt.Errorf("memory for %d sessions is full: %w", maxLogs, playback.ErrUnavailable)
				full++
				continue
			}
			l = &log{}
		}
		bytes, fits := l.add(e, m.most-m.bytes)
		if m.bytes += bytes; !fits {
			full++
		}
		if fits && !ok {
			m.logs[e.SessionID] = l
		}
		l.due = now.Add(wait(e.Kind))
	}
	return late, full, err
}

// wait is how long nothing may be heard of a session after a report.
func wait(kind Kind) time.Duration {
	if kind == Ended {
		return linger
	}
	return quiet
}

// Take implements Store.
func (m *Memory) Take(_ context.Context, most int) (sessions [][]Event, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	for id, until := range m.closed {
		if !until.After(now) {
			delete(m.closed, id)
		}
	}
	for id, l := range m.logs {
		if len(sessions) == most {
			break
		}
		if !l.due.After(now) {
			sessions = append(sessions, l.reports)
			m.bytes -= l.bytes
			delete(m.logs, id)
			m.closed[id] = now.Add(remembered)
		}
	}
	return sessions, nil
}

// Keep implements Store.
func (m *Memory) Keep(_ context.Context, summaries []Summary) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.summaries = append(m.summaries, summaries...)
	slices.SortStableFunc(m.summaries, func(a, b Summary) int { return cmp.Compare(a.ReceivedAt, b.ReceivedAt) })
	if over := len(m.summaries) - MaxSummaries; over > 0 {
		m.summaries = slices.Clone(m.summaries[over:])
	}
	return nil
}

// Summaries implements Store.
func (m *Memory) Summaries(_ context.Context, since time.Time) ([]Summary, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, _ := slices.BinarySearchFunc(m.summaries, since.UnixMilli(), func(s Summary, at int64) int { return cmp.Compare(s.ReceivedAt, at) })
	return slices.Clone(m.summaries[from:]), nil
}
