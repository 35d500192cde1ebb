// Package sessions knows who is watching now. A session lives as long as its player says so now and then; one that says
// nothing for the TTL is over, as is one that says so.
package sessions

import (
	"context"
	"crypto/rand"
	"time"

	"unreel/playback"
)

// State is what a player does.
type State string

// The states of a player.
const (
	Playing   State = "playing"
	Paused    State = "paused"
	Buffering State = "buffering"
	Ended     State = "ended" // and gone
)

// Active are the states of a session that counts.
func Active() []State { return []State{Playing, Paused, Buffering} }

// Session is one player's watching of one film.
type Session struct {
	ID        string
	VideoID   string
	UserID    string // "" where unknown
	DeviceID  string // likewise
	Rendition string // likewise
	State     State
	Position  float64   // seconds into the film
	StartedAt time.Time // to the millisecond, by the store's clock, like the next
	UpdatedAt time.Time
	ExpiresAt time.Time
}

// Update is what a player says of itself. What is "" or nil stays as it was.
type Update struct {
	ID                                   string
	VideoID, UserID, DeviceID, Rendition string
	State                                State // of a new session: Playing, unless it is said
	Position                             *float64
	Create                               bool // where there is no such session; it needs a VideoID
}

// Listing is who watches a film, or any: how many, in which state, and some of them.
type Listing struct {
	Count    int
	States   map[State]int
	Sessions []Session // at most as many as asked for, in no order
}

// Store keeps sessions. Implementations are safe for concurrent use. Errors wrap playback.ErrNotFound or
// playback.ErrUnavailable, or are a context's.
type Store interface {
	// Save makes or changes a session, which then lives for ttl. One that ends is given as it was at last.
	Save(ctx context.Context, u Update, ttl time.Duration) (Session, error)
	// List tells who watches the film; "" is any. It lists at most most sessions and counts all.
	List(ctx context.Context, videoID string, most int) (Listing, error)
}

// maxID bounds a session's, a user's, a device's and a rendition's name, in bytes.
const maxID = 128

// Register is the rules around a Store.
type Register struct {
	store Store
	ttl   time.Duration
}

// NewRegister makes a Register whose sessions live for ttl after they were last heard of.
func NewRegister(store Store, ttl time.Duration) *Register { return &Register{store: store, ttl: ttl} }

// Start begins a session, under a name of its own unless u has one. To start it twice is to change it.
func (r *Register) Start(ctx context.Context, u Update) (Session, error) {
	if u.ID == "" {
		u.ID = rand.Text()
	}
	u.Create = true
	return r.save(ctx, u)
}

// Change takes a heartbeat. A session that is over is playback.ErrNotFound, unless u names the film: then it begins anew,
// as after a store lost its memory.
func (r *Register) Change(ctx context.Context, u Update) (Session, error) {
	u.Create = u.VideoID != ""
	return r.save(ctx, u)
}

// List tells who watches a film now; "" is any.
func (r *Register) List(ctx context.Context, videoID string, most int) (Listing, error) {
	if err := playback.CheckID("videoId", videoID, false, playback.MaxID); err != nil {
		return Listing{}, err
	}
	return r.store.List(ctx, videoID, max(most, 0))
}

func (r *Register) save(ctx context.Context, u Update) (Session, error) {
	if err := u.check(); err != nil {
		return Session{}, err
	}
	return r.store.Save(ctx, u, r.ttl)
}

func (u *Update) check() error {
	for _, id := range [...]struct {
		field, value string
		required     bool
		most         int
	}{
		{"id", u.ID, true, maxID},
		{"videoId", u.VideoID, u.Create, playback.MaxID},
		{"userId", u.UserID, false, maxID},
		{"deviceId", u.DeviceID, false, maxID},
		{"rendition", u.Rendition, false, maxID},
	} {
		if err := playback.CheckID(id.field, id.value, id.required, id.most); err != nil {
			return err
		}
	}
	if u.Position != nil {
		if err := playback.CheckSeconds("position", *u.Position); err != nil {
			return err
		}
	}
	switch u.State {
	case Playing, Paused, Buffering, Ended, "":
		return nil
	default:
		return playback.Invalid("state", "%q is none of playing, paused, buffering, ended", u.State)
	}
}

// apply changes a session as u says.
func (s *Session) apply(u *Update) {
	for _, field := range [...]struct {
		to   *string
		from string
	}{{&s.VideoID, u.VideoID}, {&s.UserID, u.UserID}, {&s.DeviceID, u.DeviceID}, {&s.Rendition, u.Rendition}} {
		if field.from != "" {
			*field.to = field.from
		}
	}
	if u.State != "" {
		s.State = u.State
	}
	if u.Position != nil {
		s.Position = *u.Position
	}
}
