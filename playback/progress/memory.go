package progress

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"unreel/playback"
)

// maxViewers bounds what Memory keeps. Beyond it new viewers are refused, since nobody can tell which of the old are gone.
const maxViewers = 100_000

// Memory keeps reports as long as the process lives.
type Memory struct {
	mu      sync.Mutex
	viewers map[string]*remembered
	swept   time.Time
}

// remembered is what is kept of a viewer, by field.
type remembered struct {
	reports map[string]Report
	graves  map[string]time.Time // when it was deleted
}

// sweepEvery is how often what is too old is looked for.
const sweepEvery = time.Hour

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory() *Memory { return &Memory{viewers: map[string]*remembered{}} }

// Put implements Store.
func (m *Memory) Put(_ context.Context, r Report, now time.Time) (Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	v := m.viewer(r.query())
	if v == nil {
		return Report{}, fmt.Errorf("memory for %d viewers is full: %w", maxViewers, playback.ErrUnavailable)
	}
	for _, grave := range r.graves() {
		if buries(v.graves[grave], r.UpdatedAt, now) {
			return Report{}, nil
		}
	}
	if kept, had := v.reports[r.field()]; had && !r.supersedes(kept) {
		return kept, nil
	}
	v.reports[r.field()] = r
	if len(v.reports) > MaxRecords {
		oldest := slices.MinFunc(values(v.reports), compare)
		if delete(v.reports, oldest.field()); oldest.field() == r.field() {
			return Report{}, nil
		}
	}
	return r, nil
}

// viewer is whom q names; nil where there is no room for another. m.mu is held.
func (m *Memory) viewer(q Query) *remembered {
	v := m.viewers[q.viewer()]
	if v == nil && len(m.viewers) < maxViewers {
		v = &remembered{reports: map[string]Report{}, graves: map[string]time.Time{}}
		m.viewers[q.viewer()] = v
	}
	return v
}

// sweep forgets what is too old. m.mu is held.
func (m *Memory) sweep(now time.Time) {
	if now.Sub(m.swept) < sweepEvery {
		return
	}
	m.swept = now
	for name, v := range m.viewers {
		maps.DeleteFunc(v.reports, func(_ string, r Report) bool { return now.Sub(r.UpdatedAt) > expiry })
		maps.DeleteFunc(v.graves, func(_ string, deleted time.Time) bool { return now.Sub(deleted) >= graveLife })
		if len(v.reports)+len(v.graves) == 0 {
			delete(m.viewers, name)
		}
	}
}

func values(all map[string]Report) []Report {
	list := make([]Report, 0, len(all))
	for _, r := range all { // whoever cares sorts
		list = append(list, r)
	}
	return list
}

// Find implements Store.
func (m *Memory) Find(_ context.Context, q Query) ([]Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.viewers[q.viewer()]
	if v == nil {
		return nil, nil
	}
	return slices.DeleteFunc(values(v.reports), func(r Report) bool { return !q.holds(r) }), nil
}

// Delete implements Store.
func (m *Memory) Delete(_ context.Context, q Query, now time.Time) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(now)
	v := m.viewer(q)
	if v == nil {
		return 0, nil // nothing is kept, nor will be
	}
	before := len(v.reports)
	maps.DeleteFunc(v.reports, func(_ string, r Report) bool { return q.holds(r) })
	v.graves[q.field()] = now
	for len(v.graves) > maxGraves {
		oldest := q.field()
		for field, deleted := range v.graves {
			if deleted.Before(v.graves[oldest]) {
				oldest = field
			}
		}
		delete(v.graves, oldest)
	}
	return before - len(v.reports), nil
}

// Close forgets all.
func (m *Memory) Close() error { return nil }
