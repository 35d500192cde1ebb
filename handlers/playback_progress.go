package handlers

import (
	"context"
	"net/http"

	"unreel/playback/progress"
)

const progressPath = "/api/progress"

// Progress keeps where viewers stopped. *progress.Keeper does.
type Progress interface {
	Put(ctx context.Context, r progress.Report) (kept progress.Report, err error)
	Latest(ctx context.Context, q progress.Query) (progress.Report, error)
	Recent(ctx context.Context, q progress.Query, limit int) (page []progress.Report, total int, err error)
	Delete(ctx context.Context, q progress.Query) (int, error)
}

var _ Progress = (*progress.Keeper)(nil)

// progressBody is a report in JSON, from players and to them.
type progressBody struct {
	VideoID   string   `json:"videoId"`
	UserID    string   `json:"userId,omitempty"`
	DeviceID  string   `json:"deviceId"`
	Timestamp *float64 `json:"timestamp"`           // seconds into the film
	Duration  float64  `json:"duration,omitempty"`  // of the film, seconds; 0 where unknown
	UpdatedAt *moment  `json:"updatedAt,omitempty"` // wall time; written as milliseconds since 1970
	Applied   *bool    `json:"applied,omitempty"`   // answers a report: whether it is what is kept now
}

func progressOf(r progress.Report) progressBody {
	return progressBody{
		VideoID: r.VideoID, UserID: r.UserID, DeviceID: r.DeviceID, Timestamp: &r.Position, Duration: r.Duration,
		UpdatedAt: &moment{r.UpdatedAt},
	}
}

// How many films "continue watching" lists.
const (
	defaultRecent = 50
	maxRecent     = 500
)

// putProgress answers PUT and POST: a report, which may come twice and late.
func (h *Handler) putProgress(x *exchange) error {
	var body progressBody
	if err := x.object(&body); err != nil {
		return err
	}
	if body.Timestamp == nil {
		return missing("timestamp")
	}
	r := progress.Report{
		VideoID: body.VideoID, UserID: body.UserID, DeviceID: body.DeviceID, Position: *body.Timestamp, Duration: body.Duration,
	}
	if body.UpdatedAt != nil {
		r.UpdatedAt = body.UpdatedAt.Time
	}
	kept, err := h.cfg.Playback.Progress.Put(x.request.Context(), r)
	if err != nil {
		return err
	}
	forgotten := kept.UpdatedAt.IsZero() // it is older than a DELETE
	if forgotten {
		kept = r
	}
	answer := progressOf(kept)
	applied := !forgotten && kept.Position == r.Position && (r.UpdatedAt.IsZero() || !kept.UpdatedAt.After(r.UpdatedAt))
	answer.Applied = &applied
	return x.private(http.StatusOK, answer)
}

// recent is the answer of "continue watching".
type recent struct {
	Items []progressBody `json:"items"`
	Total int            `json:"total"` // films that something is kept of
}

// getProgress answers one report where a film is named, and else the films watched last.
func (h *Handler) getProgress(x *exchange) error {
	q, err := x.progressQuery()
	if err != nil {
		return err
	}
	if q.VideoID != "" {
		r, failed := h.cfg.Playback.Progress.Latest(x.request.Context(), q)
		if failed != nil {
			return failed
		}
		return x.private(http.StatusOK, progressOf(r))
	}
	values, err := x.query()
	if err != nil {
		return err
	}
	limit, err := number(values, "limit", defaultRecent)
	if err != nil {
		return err
	}
	page, total, err := h.cfg.Playback.Progress.Recent(x.request.Context(), q, min(limit, maxRecent))
	if err != nil {
		return err
	}
	answer := recent{Items: make([]progressBody, len(page)), Total: total}
	for i, r := range page {
		answer.Items[i] = progressOf(r)
	}
	return x.private(http.StatusOK, answer)
}

// deleteProgress forgets.
func (h *Handler) deleteProgress(x *exchange) error {
	q, err := x.progressQuery()
	if err != nil {
		return err
	}
	if _, err = h.cfg.Playback.Progress.Delete(x.request.Context(), q); err != nil {
		return err
	}
	x.Header().Set("Cache-Control", "no-store")
	x.WriteHeader(http.StatusNoContent)
	return nil
}

func (x *exchange) progressQuery() (q progress.Query, err error) {
	values, err := x.query()
	return progress.Query{VideoID: values.Get("videoId"), UserID: values.Get("userId"), DeviceID: values.Get("deviceId")}, err
}
