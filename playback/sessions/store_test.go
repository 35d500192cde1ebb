package sessions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"unreel/playback"
	"unreel/playback/redistest"
	"unreel/playback/storetest"
)

// stores are all there are, each empty, with two clients of it: Redis has replicas.
func stores(t *testing.T, test func(t *testing.T, one, two Store)) {
	t.Run("memory", func(t *testing.T) {
		s := NewMemory(time.Now)
		test(t, s, s)
	})
	storetest.OnRedis(t, func(client *redis.Client) Store { return NewRedis(client) }, test)
}

func at(seconds float64) *float64 { return &seconds }

func counts(t *testing.T, s Store, video string) string {
	t.Helper()
	l, err := s.List(t.Context(), video, 100)
	storetest.Check(t, err)
	if len(l.Sessions) != min(l.Count, 100) {
		t.Errorf("%q: %d sessions listed, %d counted", video, len(l.Sessions), l.Count)
	}
	return fmt.Sprintf("%d: %d playing, %d paused, %d buffering", l.Count, l.States[Playing], l.States[Paused], l.States[Buffering])
}

// The promises of Store, by all that implement it and through either of two replicas.
func TestStores(t *testing.T) {
	stores(t, func(t *testing.T, one, two Store) {
		const ttl = time.Minute
		want := func(video, want string) {
			t.Helper()
			for _, s := range []Store{one, two} {
				if got := counts(t, s, video); got != want {
					t.Errorf("%q: %s; want %s", video, got, want)
				}
			}
		}
		s, err := one.Save(t.Context(), Update{ID: "1", VideoID: "film", UserID: "ann", DeviceID: "tv", Rendition: "720p", Create: true}, ttl)
		storetest.Check(t, err)
		if s.State != Playing || s.VideoID != "film" || s.UserID != "ann" || s.ExpiresAt.Sub(s.UpdatedAt) != ttl || time.Since(s.StartedAt).Abs() > time.Hour {
			t.Errorf("%+v", s)
		}
		for id, u := range map[string]Update{"2": {VideoID: "film"}, "3": {VideoID: "a/b: Über", State: Paused}, "{4}": {VideoID: "film", State: Buffering}} {
			u.ID, u.Create = id, true
			_, err = two.Save(t.Context(), u, ttl)
			storetest.Check(t, err)
		}
		want("film", "3: 2 playing, 0 paused, 1 buffering")
		want("a/b: Über", "1: 0 playing, 1 paused, 0 buffering")
		want("", "4: 2 playing, 1 paused, 1 buffering")
		want("nothing", "0: 0 playing, 0 paused, 0 buffering")

		s, err = two.Save(t.Context(), Update{ID: "1", State: Paused, Position: at(10.5), Rendition: "1080p"}, ttl)
		storetest.Check(t, err)
		if s.State != Paused || s.Position != 10.5 || s.Rendition != "1080p" || s.UserID != "ann" || s.VideoID != "film" {
			t.Errorf("%+v", s)
		}
		want("film", "3: 1 playing, 1 paused, 1 buffering")
		if s, err = one.Save(t.Context(), Update{ID: "1", VideoID: "film2"}, ttl); err != nil || s.Position != 10.5 {
			t.Errorf("%+v, %v", s, err)
		}
		want("film", "2: 1 playing, 0 paused, 1 buffering")
		want("film2", "1: 0 playing, 1 paused, 0 buffering")
		if s, err = one.Save(t.Context(), Update{ID: "1", State: Ended}, ttl); err != nil || s.State != Ended || s.Position != 10.5 {
			t.Errorf("%+v, %v", s, err)
		}
		want("film2", "0: 0 playing, 0 paused, 0 buffering")
		want("", "3: 1 playing, 1 paused, 1 buffering")
		for _, id := range []string{"1", "nobody"} {
			if _, err = two.Save(t.Context(), Update{ID: id, State: Playing}, ttl); !errors.Is(err, playback.ErrNotFound) {
				t.Errorf("heartbeat of %s: %v", id, err)
			}
		}
	})
}

// Sessions that say nothing are over, and neither counted nor changed any more.
func TestSessionsExpire(t *testing.T) {
	now := time.Now()
	m := NewMemory(func() time.Time { return now })
	_, err := m.Save(t.Context(), Update{ID: "1", VideoID: "film", Create: true}, time.Minute)
	storetest.Check(t, err)
	now = now.Add(time.Minute - time.Millisecond)
	if got := counts(t, m, "film"); !strings.HasPrefix(got, "1:") {
		t.Error(got)
	}
	now = now.Add(time.Millisecond)
	if got := counts(t, m, "film"); !strings.HasPrefix(got, "0:") {
		t.Error(got)
	}
	if _, err = m.Save(t.Context(), Update{ID: "1"}, time.Minute); !errors.Is(err, playback.ErrNotFound) {
		t.Errorf("after its time: %v", err)
	}
	if len(m.sessions) != 0 {
		t.Errorf("%d sessions are kept", len(m.sessions))
	}
}

// Redis's clock can't be turned, so its sessions are given little time, and are asked for until they are over.
func TestRedisSessionsExpire(t *testing.T) {
	client := redistest.Start(t).Client(t)
	s := NewRedis(client)
	const ttl = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for i := range 10 {
		_, err := s.Save(ctx, Update{ID: fmt.Sprint(i), VideoID: "film", Create: true}, ttl)
		storetest.Check(t, err)
	}
	for {
		l, err := s.List(ctx, "film", 100) // what ends between being counted and being listed is in one of both
		storetest.Check(t, err)
		if l.Count == 0 {
			break
		}
	}
	if _, err := s.Save(ctx, Update{ID: "1"}, ttl); !errors.Is(err, playback.ErrNotFound) {
		t.Errorf("after its time: %v", err)
	}
	for client.DBSize(ctx).Val() > 0 { // nothing stays behind
		storetest.Check(t, ctx.Err())
	}
}

// However many replicas hear of however many players at once, the counts are right.
func TestCountsWithReplicas(t *testing.T) {
	stores(t, func(t *testing.T, one, two Store) {
		const players = 60
		var all sync.WaitGroup
		for i := range players {
			all.Go(func() {
				id := fmt.Sprint(i)
				for k, s := range []Store{one, two, one, two} {
					u := Update{ID: id, VideoID: fmt.Sprint("film", (i+k)%3), State: Active()[(i+k)%3], Create: true}
					if _, err := s.Save(t.Context(), u, time.Hour); err != nil {
						t.Error(err)
					}
				}
				if i%2 == 0 {
					if _, err := one.Save(t.Context(), Update{ID: id, State: Ended}, time.Hour); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if got, want := counts(t, two, ""), "30: 10 playing, 10 paused, 10 buffering"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		for film := range 3 {
			if got := counts(t, one, fmt.Sprint("film", film)); !strings.HasPrefix(got, "10: ") {
				t.Errorf("film %d: %s", film, got)
			}
		}
	})
}

// A Redis that lost its memory has sessions again as soon as their players speak.
func TestRedisComesBackEmpty(t *testing.T) {
	server := redistest.Start(t)
	r := NewRegister(NewRedis(server.Client(t)), time.Minute)
	s, err := r.Start(t.Context(), Update{VideoID: "film"})
	storetest.Check(t, err)
	server.Stop(t)
	if _, err = r.Change(t.Context(), Update{ID: s.ID, VideoID: "film"}); !errors.Is(err, playback.ErrUnavailable) {
		t.Errorf("without Redis: %v", err)
	}
	if _, err = r.List(t.Context(), "film", 1); !errors.Is(err, playback.ErrUnavailable) {
		t.Errorf("without Redis: %v", err)
	}
	server.Run(t)
	if _, err = r.Change(t.Context(), Update{ID: s.ID, State: Paused}); !errors.Is(err, playback.ErrNotFound) {
		t.Errorf("a heartbeat without a film: %v", err)
	}
	_, err = r.Change(t.Context(), Update{ID: s.ID, VideoID: "film", State: Paused})
	storetest.Check(t, err)
	l, err := r.List(t.Context(), "film", 1)
	if err != nil || l.Count != 1 || l.Sessions[0].ID != s.ID {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestUpdatesAreChecked(t *testing.T) {
	r := NewRegister(NewMemory(time.Now), time.Minute)
	f := func(field string, u Update) {
		t.Helper()
		_, err := r.Start(t.Context(), u)
		var wrong *playback.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%+v: %v, want one of %s", u, err, field)
		}
	}
	f("videoId", Update{})
	f("state", Update{VideoID: "film", State: "asleep"})
	f("position", Update{VideoID: "film", Position: at(-1)})
	f("id", Update{VideoID: "film", ID: "a\x00"})
	f("userId", Update{VideoID: "film", UserID: strings.Repeat("x", 129)})
	f("rendition", Update{VideoID: "film", Rendition: "\xff"})
	one, err := r.Start(t.Context(), Update{VideoID: "film"})
	storetest.Check(t, err)
	two, err := r.Start(t.Context(), Update{VideoID: "film"})
	if err != nil || one.ID == two.ID || len(one.ID) < 20 {
		t.Errorf("%q, %q, %v", one.ID, two.ID, err)
	}
}
