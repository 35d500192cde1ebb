package sessions

import (
	"context"
	"fmt"
	"sync"
	"time"

	"unreel/playback"
)

// maxSessions bounds what Memory keeps.
const maxSessions = 200_000

// Memory keeps the sessions of one replica.
type Memory struct {
	now func() time.Time

	mu       sync.Mutex
	sessions map[string]*Session
	swept    time.Time
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty store, whose clock is now.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, sessions: map[string]*Session{}}
}

// Save implements Store.
func (m *Memory) Save(_ context.Context, u Update, ttl time.Duration) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now().Truncate(time.Millisecond).UTC()
	m.sweep(now, ttl)
	s, ok := m.sessions[u.ID]
	if ok && !s.ExpiresAt.After(now) {
		ok = false
	}
	if !ok {
		if !u.Create {
			return Session{}, fmt.Errorf("session %q: %w", u.ID, playback.ErrNotFound)
		}
		if len(m.sessions) >= maxSessions {
			return Session{}, fmt.Errorf("memory for %d sessions is full: %w", maxSessions, playback.ErrUnavailable)
		}
		s = &Session{ID: u.ID, State: Playing, StartedAt: now}
		m.sessions[u.ID] = s
	}
	s.apply(&u)
	s.UpdatedAt, s.ExpiresAt = now, now.Add(ttl)
	if s.State == Ended {
		s.ExpiresAt = now
		delete(m.sessions, u.ID)
	}
	return *s, nil
}

// sweep forgets who is over, so often that they never outnumber the others by far; m.mu is held.
func (m *Memory) sweep(now time.Time, every time.Duration) {
	if now.Sub(m.swept) < every {
		return
	}
	m.swept = now
	for id, s := range m.sessions {
		if !s.ExpiresAt.After(now) {
			delete(m.sessions, id)
		}
	}
}

// List implements Store.
func (m *Memory) List(_ context.Context, videoID string, most int) (Listing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	l := Listing{States: map[State]int{}}
	for _, s := range m.sessions {
		if !s.ExpiresAt.After(now) || videoID != "" && s.VideoID != videoID {
			continue
		}
		l.Count++
		l.States[s.State]++
		if len(l.Sessions) < most {
			l.Sessions = append(l.Sessions, *s)
		}
	}
	return l, nil
}
