// Package progress keeps where viewers stopped, so that they can go on there, on this device or on another.
//
// Each device reports for itself, and of two reports of one device about one film the newer stands, in whatever order they
// come. So reports can be sent twice, late, and by several replicas at once.
package progress

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"unreel/playback"
)

// Report is where a device stopped in a film.
type Report struct {
	VideoID   string
	UserID    string // "" where nobody is signed in: then the device stands for its viewer
	DeviceID  string
	Position  float64   // seconds into the film
	Duration  float64   // of the film in seconds; 0 where unknown
	UpdatedAt time.Time // when the viewer was there, to the millisecond
}

// Query names what is asked for, or to be forgotten: of a user, or of a device without one; "" is all of them.
type Query struct{ VideoID, UserID, DeviceID string }

// Store keeps reports. Implementations are safe for concurrent use, and keep the newest MaxRecords of each viewer. Errors
// wrap playback.ErrUnavailable, or are a context's.
type Store interface {
	// Put keeps r, unless what is kept of the same viewer, film and device supersedes it, and gives what is kept then. What
	// it said is kept stays, whatever happens to the process. A report that is older than a deletion of such, or than the
	// newest MaxRecords, is not kept: the zero Report tells so. Now is what the time is, here and below.
	Put(ctx context.Context, r Report, now time.Time) (kept Report, err error)
	// Find gives all that is kept of what q names, in no order.
	Find(ctx context.Context, q Query) ([]Report, error)
	// Delete forgets what q names, and tells how many reports those were. Reports of it that come later count only if they are
	// no older than now; that is remembered for a day, of a viewer's last maxGraves deletions.
	Delete(ctx context.Context, q Query, now time.Time) (int, error)
	Close() error
}

const (
	// MaxRecords is how many reports are kept of one viewer: films times devices.
	MaxRecords = 2000
	// maxAhead is how far a device's clock may be ahead of ours. One that lives in 2099 would freeze its film otherwise.
	maxAhead = 30 * time.Second
	// expiry is how long after it was made a report is forgotten, at the latest.
	expiry = 400 * 24 * time.Hour
	// graveLife is how long a deletion is remembered, since devices that were off the network send old reports.
	graveLife = 24 * time.Hour
	maxGraves = 100
	// maxID bounds a user's and a device's name, in bytes.
	maxID = 128
)

// Keeper is the rules around a Store.
type Keeper struct {
	store Store
	now   func() time.Time
}

// NewKeeper makes a Keeper whose clock is now.
func NewKeeper(store Store, now func() time.Time) *Keeper { return &Keeper{store: store, now: now} }

// Put takes a report, and gives what is kept of the device and the film then: the report itself, unless that is older; the zero
// Report if the viewer had it forgotten since, or has as many newer ones as are kept. A report without a time is of now.
func (k *Keeper) Put(ctx context.Context, r Report) (Report, error) {
	q := Query{VideoID: r.VideoID, UserID: r.UserID, DeviceID: r.DeviceID}
	if err := q.check(true, true); err != nil {
		return Report{}, err
	}
	if err := playback.CheckSeconds("timestamp", r.Position); err != nil {
		return Report{}, err
	}
	if err := playback.CheckSeconds("duration", r.Duration); err != nil {
		return Report{}, err
	}
	now := k.now()
	if r.UpdatedAt.IsZero() {
		r.UpdatedAt = now
	}
	if r.UpdatedAt.UnixMilli() < 0 {
		return Report{}, playback.Invalid("updatedAt", "is before 1970")
	}
	if latest := now.Add(maxAhead); r.UpdatedAt.After(latest) {
		r.UpdatedAt = latest
	}
	r.UpdatedAt = r.UpdatedAt.Truncate(time.Millisecond).UTC()
	return k.store.Put(ctx, r, now)
}

// Latest is where a viewer stopped in a film: on the device that q names, or last on any. playback.ErrNotFound tells that
// nothing is kept.
func (k *Keeper) Latest(ctx context.Context, q Query) (Report, error) {
	if err := q.check(true, q.UserID == ""); err != nil {
		return Report{}, err
	}
	found, err := k.store.Find(ctx, q)
	if err != nil {
		return Report{}, err
	}
	if len(found) == 0 {
		return Report{}, playback.ErrNotFound
	}
	return slices.MaxFunc(found, compare), nil
}

// Recent is what a viewer watched last, the newest first and each film once: limit of them, and how many there are.
func (k *Keeper) Recent(ctx context.Context, q Query, limit int) (page []Report, total int, err error) {
	if err = q.check(false, q.UserID == ""); err != nil {
		return nil, 0, err
	}
	found, err := k.store.Find(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	slices.SortFunc(found, func(a, b Report) int { return compare(b, a) })
	seen := map[string]bool{}
	found = slices.DeleteFunc(found, func(r Report) bool {
		again := seen[r.VideoID]
		seen[r.VideoID] = true
		return again
	})
	return found[:min(max(limit, 0), len(found))], len(found), nil
}

// Delete forgets what q names: one film's reports or, without a film, all of a viewer's.
func (k *Keeper) Delete(ctx context.Context, q Query) (int, error) {
	if err := q.check(false, q.UserID == ""); err != nil {
		return 0, err
	}
	return k.store.Delete(ctx, q, k.now().Truncate(time.Millisecond).UTC())
}

func (q Query) check(needsVideo, needsDevice bool) error {
	if err := playback.CheckID("videoId", q.VideoID, needsVideo, playback.MaxID); err != nil {
		return err
	}
	if err := playback.CheckID("userId", q.UserID, false, maxID); err != nil {
		return err
	}
	return playback.CheckID("deviceId", q.DeviceID, needsDevice, maxID)
}

// viewer is whose reports lie together: a user's, or a device's that has none.
func (q Query) viewer() string {
	if q.UserID != "" {
		return "u:" + q.UserID
	}
	return "d:" + q.DeviceID
}

// holds tells whether q names a report of its viewer.
func (q Query) holds(r Report) bool {
	return (q.VideoID == "" || q.VideoID == r.VideoID) && (q.DeviceID == "" || q.DeviceID == r.DeviceID)
}

func (r Report) query() Query {
	return Query{VideoID: r.VideoID, UserID: r.UserID, DeviceID: r.DeviceID}
}

// compare says which of two reports is newer. At the same moment it is the one further on, so that all replicas agree.
func compare(a, b Report) int {
	return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.Position, b.Position), strings.Compare(a.DeviceID, b.DeviceID))
}

// supersedes tells whether a report replaces the one that is kept.
func (r Report) supersedes(kept Report) bool { return compare(r, kept) > 0 }
