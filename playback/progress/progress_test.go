package progress

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"unreel/playback"
	"unreel/playback/storetest"
)

func newTestKeeper() *Keeper { return NewKeeper(NewMemory(), func() time.Time { return noon }) }

// A device whose clock is far ahead can't freeze a film: half a minute later, the others are newer again.
func TestClockAhead(t *testing.T) {
	now := noon
	k := NewKeeper(NewMemory(), func() time.Time { return now })
	kept, err := k.Put(t.Context(), report("ann", "film", "tv", 10, 73*365*24*time.Hour))
	storetest.Check(t, err)
	if want := noon.Add(30 * time.Second); !kept.UpdatedAt.Equal(want) {
		t.Errorf("kept as of %v, want %v", kept.UpdatedAt, want)
	}
	now = noon.Add(31 * time.Second)
	_, err = k.Put(t.Context(), report("ann", "film", "phone", 20, 31*time.Second))
	storetest.Check(t, err)
	latest, err := k.Latest(t.Context(), Query{UserID: "ann", VideoID: "film"})
	if err != nil || latest.DeviceID != "phone" {
		t.Errorf("%+v, %v", latest, err)
	}
}

func TestLatestAndRecent(t *testing.T) {
	k := newTestKeeper()
	for i, r := range []Report{
		report("ann", "a", "tv", 1, -50*time.Minute), report("ann", "b", "tv", 2, -40*time.Minute), report("ann", "a", "phone", 3, -30*time.Minute),
		report("ann", "c", "tv", 4, -20*time.Minute),
		{VideoID: "b", UserID: "ann", DeviceID: "car", Position: 5},
		report("bob", "a", "tv", 6, 0),
	} {
		if _, err := k.Put(t.Context(), r); err != nil {
			t.Fatal(i, err)
		}
	}
	latest := func(q Query, want float64) {
		t.Helper()
		if r, err := k.Latest(t.Context(), q); err != nil || r.Position != want {
			t.Errorf("%+v: %+v, %v; want %v", q, r, err, want)
		}
	}
	latest(Query{UserID: "ann", VideoID: "a"}, 3)
	latest(Query{UserID: "ann", VideoID: "a", DeviceID: "tv"}, 1)
	latest(Query{UserID: "ann", VideoID: "b"}, 5)
	if _, err := k.Latest(t.Context(), Query{UserID: "ann", VideoID: "d"}); !errors.Is(err, playback.ErrNotFound) {
		t.Errorf("a film never seen: %v", err)
	}
	page, total, err := k.Recent(t.Context(), Query{UserID: "ann"}, 2)
	storetest.Check(t, err)
	if total != 3 || len(page) != 2 || page[0].VideoID != "b" || page[1].VideoID != "c" {
		t.Errorf("%d films, first %+v", total, page)
	}
}

func TestInputIsChecked(t *testing.T) {
	k := newTestKeeper()
	f := func(field string, change func(r *Report)) {
		t.Helper()
		r := report("ann", "film", "tv", 1, 0)
		change(&r)
		_, err := k.Put(t.Context(), r)
		var wrong *playback.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field || !errors.Is(err, playback.ErrInvalid) {
			t.Errorf("%+v: %v, want one of %s", r, err, field)
		}
	}
	f("videoId", func(r *Report) { r.VideoID = "" })
	f("videoId", func(r *Report) { r.VideoID = strings.Repeat("x", 1025) })
	f("videoId", func(r *Report) { r.VideoID = "a\x00b" })
	f("userId", func(r *Report) { r.UserID = "\xff" })
	f("userId", func(r *Report) { r.UserID = strings.Repeat("x", 129) })
	f("deviceId", func(r *Report) { r.DeviceID = "" })
	f("deviceId", func(r *Report) { r.DeviceID = "a\nb" })
	f("timestamp", func(r *Report) { r.Position = -1 })
	f("timestamp", func(r *Report) { r.Position = math.NaN() })
	f("timestamp", func(r *Report) { r.Position = math.Inf(1) })
	f("duration", func(r *Report) { r.Duration = 1e12 })
	f("updatedAt", func(r *Report) { r.UpdatedAt = time.Unix(-5, 0) })
	for _, q := range []Query{{}, {VideoID: "film"}} {
		if _, _, err := k.Recent(t.Context(), q, 1); !errors.Is(err, playback.ErrInvalid) {
			t.Errorf("%+v: %v", q, err)
		}
		if _, err := k.Delete(t.Context(), q); !errors.Is(err, playback.ErrInvalid) {
			t.Errorf("delete %+v: %v", q, err)
		}
	}
}
