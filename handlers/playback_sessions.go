package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"unreel/playback"
	"unreel/playback/sessions"
)

const sessionsPath = "/api/sessions"

// Sessions knows who is watching. *sessions.Register does.
type Sessions interface {
	Start(ctx context.Context, u sessions.Update) (sessions.Session, error)
	Change(ctx context.Context, u sessions.Update) (sessions.Session, error)
	List(ctx context.Context, videoID string, most int) (sessions.Listing, error)
}

var _ Sessions = (*sessions.Register)(nil)

// sessionUpdate is what a player says of itself.
type sessionUpdate struct {
	ID        string         `json:"id"` // of a new session, where the player has a name for it
	VideoID   string         `json:"videoId"`
	UserID    string         `json:"userId"`
	DeviceID  string         `json:"deviceId"`
	State     sessions.State `json:"state"`
	Position  *float64       `json:"position"` // seconds into the film
	Rendition string         `json:"rendition"`
}

func (u sessionUpdate) update() sessions.Update {
	return sessions.Update{
		ID: u.ID, VideoID: u.VideoID, UserID: u.UserID, DeviceID: u.DeviceID, Rendition: u.Rendition, State: u.State, Position: u.Position,
	}
}

// sessionBody is a session, to the player whose it is and to who asks for all. The latter are told neither whose it is nor by
// which name it can be changed.
type sessionBody struct {
	ID        string         `json:"id"` // in a list, a pseudonym
	VideoID   string         `json:"videoId"`
	UserID    string         `json:"userId,omitempty"`
	DeviceID  string         `json:"deviceId,omitempty"`
	State     sessions.State `json:"state"`
	Position  float64        `json:"position"` // seconds into the film
	Rendition string         `json:"rendition,omitempty"`
	StartedAt moment         `json:"startedAt"` // milliseconds since 1970, like the next
	UpdatedAt moment         `json:"updatedAt"`
	ExpiresAt moment         `json:"expiresAt"`
}

func sessionOf(s sessions.Session) sessionBody {
	return sessionBody{
		ID: s.ID, VideoID: s.VideoID, UserID: s.UserID, DeviceID: s.DeviceID, State: s.State, Position: s.Position,
		Rendition: s.Rendition, StartedAt: moment{s.StartedAt}, UpdatedAt: moment{s.UpdatedAt}, ExpiresAt: moment{s.ExpiresAt},
	}
}

// startSession answers POST /api/sessions.
func (h *Handler) startSession(x *exchange) error {
	var body sessionUpdate
	if err := x.object(&body); err != nil {
		return err
	}
	s, err := h.cfg.Playback.Sessions.Start(x.request.Context(), body.update())
	if err != nil {
		return err
	}
	x.Header().Set("Location", strings.TrimPrefix(sessionsPath, apiPrefix)+"/"+url.PathEscape(s.ID)) // relative, whatever prefix a proxy gives us
	return x.private(http.StatusCreated, sessionOf(s))
}

// changeSession answers PUT /api/sessions/{id}, and POST, which is all that a page that closes can send.
func (h *Handler) changeSession(x *exchange) error {
	id, err := url.PathUnescape(strings.TrimPrefix(x.request.URL.EscapedPath(), sessionsPath+"/"))
	if err != nil {
		return fmt.Errorf("session %q: %w", id, playback.ErrNotFound)
	}
	var body sessionUpdate
	if err = x.object(&body); err != nil {
		return err
	}
	u := body.update()
	u.ID = id
	s, err := h.cfg.Playback.Sessions.Change(x.request.Context(), u)
	if err != nil {
		return err
	}
	return x.private(http.StatusOK, sessionOf(s))
}

// audience is the answer of GET /api/sessions.
type audience struct {
	VideoID  string                 `json:"videoId,omitempty"`
	Count    int                    `json:"count"`
	States   map[sessions.State]int `json:"states"`
	Sessions []sessionBody          `json:"sessions"`
}

// pseudonym tells sessions of a list apart, by the same name on all replicas. Who knows a session's own name may change it.
func pseudonym(id string) string {
	sum := sha256.Sum256([]byte("unreel session " + id))
	return hex.EncodeToString(sum[:8])
}

// How many sessions are listed; all are counted.
const (
	defaultSessions = 100
	maxListed       = 1000
)

// listSessions answers GET /api/sessions?videoId=&limit=.
func (h *Handler) listSessions(x *exchange) error {
	values, err := x.query()
	if err != nil {
		return err
	}
	limit, err := number(values, "limit", defaultSessions)
	if err != nil {
		return err
	}
	l, err := h.cfg.Playback.Sessions.List(x.request.Context(), values.Get("videoId"), min(limit, maxListed))
	if err != nil {
		return err
	}
	answer := audience{VideoID: values.Get("videoId"), Count: l.Count, States: map[sessions.State]int{}, Sessions: []sessionBody{}}
	for _, state := range sessions.Active() {
		answer.States[state] = l.States[state]
	}
	for _, s := range l.Sessions {
		s.ID, s.UserID, s.DeviceID = pseudonym(s.ID), "", ""
		answer.Sessions = append(answer.Sessions, sessionOf(s))
	}
	return x.private(http.StatusOK, answer)
}
