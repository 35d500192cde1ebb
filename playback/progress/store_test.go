package progress

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.etcd.io/bbolt"

	"unreel/playback"
	"unreel/playback/redistest"
	"unreel/playback/storetest"
)

// stores are all there are, each empty.
func stores(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, NewMemory()) })
	t.Run("bolt", func(t *testing.T) {
		s, err := OpenBolt(filepath.Join(t.TempDir(), "progress.db"))
		storetest.Check(t, err)
		defer func() { storetest.Check(t, s.Close()) }()
		test(t, s)
	})
	storetest.OnRedis(t, func(client *redis.Client) Store { return NewRedis(client) }, func(t *testing.T, one, _ Store) { test(t, one) })
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func report(user, video, device string, position float64, after time.Duration) Report {
	return Report{VideoID: video, UserID: user, DeviceID: device, Position: position, Duration: 5400.5, UpdatedAt: noon.Add(after)}
}

func find(t *testing.T, s Store, q Query) string {
	t.Helper()
	found, err := s.Find(t.Context(), q)
	storetest.Check(t, err)
	var lines []string
	for _, r := range found {
		lines = append(lines, fmt.Sprintf("%s/%s/%s@%v", r.UserID, r.VideoID, r.DeviceID, r.Position))
		if r.Duration != 5400.5 || r.UpdatedAt.Location() != time.UTC {
			t.Errorf("%+v", r)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, " ")
}

// The promises of Store, by all that implement it.
func TestStores(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		put := func(r, want Report) {
			t.Helper()
			if kept, err := s.Put(t.Context(), r, noon); err != nil || kept != want {
				t.Errorf("put %+v: kept %+v, %v; want %+v", r, kept, err, want)
			}
		}
		want := func(q Query, want string) {
			t.Helper()
			if got := find(t, s, q); got != want {
				t.Errorf("%+v: %q, want %q", q, got, want)
			}
		}
		first := report("ann", "film", "tv", 10.25, 0)
		put(first, first)
		put(first, first) // twice is once
		newer := report("ann", "film", "tv", 5, time.Millisecond)
		put(newer, newer)
		put(first, newer) // late
		further := report("ann", "film", "tv", 6, time.Millisecond)
		put(further, further) // at the same moment, the one further on
		put(newer, further)
		want(Query{UserID: "ann"}, "ann/film/tv@6")

		for _, r := range []Report{
			report("ann", "film", "phone", 20, time.Hour), report("ann", "film2", "tv", 30, 0), report("ann", "a/b c/Über", "tv", 0, 0),
			report("anna", "film", "tv", 40, 0), report("", "film", "ann", 50, 0), report("", "film", "box", 60, 0), report("ann}", "film", "{", 70, 0),
		} {
			put(r, r)
		}
		want(Query{UserID: "ann"}, "ann/a/b c/Über/tv@0 ann/film/phone@20 ann/film/tv@6 ann/film2/tv@30")
		want(Query{UserID: "ann", VideoID: "film"}, "ann/film/phone@20 ann/film/tv@6")
		want(Query{UserID: "ann", VideoID: "film", DeviceID: "tv"}, "ann/film/tv@6")
		want(Query{UserID: "ann", DeviceID: "tv"}, "ann/a/b c/Über/tv@0 ann/film/tv@6 ann/film2/tv@30")
		want(Query{UserID: "anna"}, "anna/film/tv@40")
		want(Query{UserID: "ann}"}, "ann}/film/{@70")
		want(Query{DeviceID: "ann"}, "/film/ann@50")
		want(Query{DeviceID: "tv"}, "")
		want(Query{UserID: "nobody"}, "")

		for _, c := range []struct {
			q Query
			n int
		}{{Query{UserID: "ann", VideoID: "film", DeviceID: "phone"}, 1}, {Query{UserID: "ann", VideoID: "film"}, 1}, {Query{UserID: "ann"}, 2}, {Query{UserID: "ann"}, 0}, {Query{DeviceID: "box"}, 1}} {
			if n, err := s.Delete(t.Context(), c.q, noon.Add(-time.Hour)); n != c.n || err != nil {
				t.Errorf("delete %+v: %d, %v; want %d", c.q, n, err, c.n)
			}
		}
		want(Query{UserID: "ann"}, "")
		want(Query{UserID: "anna"}, "anna/film/tv@40")
		want(Query{DeviceID: "ann"}, "/film/ann@50")
	})
}

// However reports are ordered and by however many at once they are sent, the newest is what stays.
func TestStoresConverge(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		const devices, each = 4, 25
		var all []Report
		for d := range devices {
			for i := range each {
				all = append(all, report("ann", "film", fmt.Sprint(d), float64(i%7), time.Duration(i/2)*time.Second))
			}
		}
		rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		var wait sync.WaitGroup
		for part := range slices.Chunk(all, 10) {
			wait.Go(func() {
				for _, r := range part {
					if _, err := s.Put(t.Context(), r, noon); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		found, err := s.Find(t.Context(), Query{UserID: "ann"})
		storetest.Check(t, err)
		if len(found) != devices {
			t.Errorf("%d reports of %d devices", len(found), devices)
		}
		for _, r := range found {
			for _, other := range all {
				if other.DeviceID == r.DeviceID && other.supersedes(r) {
					t.Errorf("%+v stays, %+v is newer", r, other)
				}
			}
		}
	})
}

// A viewer keeps the newest MaxRecords.
func TestStoresAreBounded(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		var wait sync.WaitGroup
		for part := range 20 { // side by side, since each write to the disk is waited for
			wait.Go(func() {
				for i := part; i < MaxRecords; i += 20 {
					if _, err := s.Put(t.Context(), report("ann", fmt.Sprintf("film %04d", i), "tv", 1, time.Duration(i)*time.Second), noon); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		for i := MaxRecords; i < MaxRecords+3; i++ {
			_, err := s.Put(t.Context(), report("ann", fmt.Sprintf("film %04d", i), "tv", 1, time.Duration(i)*time.Second), noon)
			storetest.Check(t, err)
		}
		found, err := s.Find(t.Context(), Query{UserID: "ann"})
		storetest.Check(t, err)
		if oldest := slices.MinFunc(found, compare); len(found) != MaxRecords || oldest.VideoID != "film 0003" {
			t.Errorf("%d reports, the oldest of %s", len(found), oldest.VideoID)
		}
		// One that is older than all of them is not kept, and isn't said to be.
		if kept, failed := s.Put(t.Context(), report("ann", "late", "tv", 1, 0), noon); failed != nil || kept != (Report{}) {
			t.Errorf("%+v is said to be kept, %v", kept, failed)
		}
		if left := find(t, s, Query{UserID: "ann", VideoID: "late"}); left != "" {
			t.Errorf("%s is kept", left)
		}
	})
}

// A Redis that is gone is unavailable, at once, and is there again when it comes back.
func TestRedisGone(t *testing.T) {
	server := redistest.Start(t)
	s := NewRedis(server.Client(t))
	r := report("ann", "film", "tv", 1, 0)
	_, err := s.Put(t.Context(), r, noon)
	storetest.Check(t, err)
	server.Stop(t)
	_, put := s.Put(t.Context(), r, noon)
	_, found := s.Find(t.Context(), Query{UserID: "ann"})
	_, deleted := s.Delete(t.Context(), Query{UserID: "ann"}, noon.Add(-time.Hour))
	for _, err := range []error{put, found, deleted} {
		if !errors.Is(err, playback.ErrUnavailable) {
			t.Errorf("without Redis: %v", err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = s.Find(gone, Query{UserID: "ann"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that left: %v", err)
	}
	server.Run(t)
	kept, err := s.Put(t.Context(), r, noon)
	if err != nil || kept != r {
		t.Errorf("Redis is back: %+v, %v", kept, err)
	}
}

// Of two processes, the second is told.
func TestBoltIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.db")
	one, err := OpenBolt(path)
	storetest.Check(t, err)
	if _, err = OpenBolt(path); !errors.Is(err, ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	r := report("ann", "film", "tv", 1, 0)
	_, err = one.Put(t.Context(), r, noon)
	storetest.Check(t, err)
	storetest.Check(t, one.Close())
	two, err := OpenBolt(path)
	storetest.Check(t, err)
	if got := find(t, two, Query{UserID: "ann"}); got != "ann/film/tv@1" {
		t.Errorf("after it was closed and opened: %q", got)
	}
	storetest.Check(t, two.Close())
}

// What a viewer had forgotten stays so, whatever older reports come after it; that is remembered for a day.
func TestDeletedStaysDeleted(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		now := noon.Add(time.Hour)
		remove := func(q Query) {
			t.Helper()
			_, err := s.Delete(t.Context(), q, now)
			storetest.Check(t, err)
		}
		put := func(r Report, kept bool) {
			t.Helper()
			got, err := s.Put(t.Context(), r, now)
			want := r
			if !kept {
				want = Report{}
			}
			if err != nil || got != want {
				t.Errorf("%+v: %+v, %v; want %+v", r, got, err, want)
			}
		}
		old := report("ann", "film", "tv", 1, 0)
		put(old, true)
		remove(Query{UserID: "ann", VideoID: "film"})
		put(old, false)
		put(report("ann", "film", "phone", 2, time.Minute), false) // another device's of that film, never seen
		put(report("ann", "other", "tv", 3, 0), true)
		put(report("bob", "film", "tv", 4, 0), true)
		put(report("ann", "film", "tv", 5, time.Hour), true) // of now
		remove(Query{UserID: "ann", DeviceID: "tv"})
		now = now.Add(time.Second)
		put(report("ann", "other", "tv", 6, time.Minute), false)
		put(report("ann", "other", "phone", 7, time.Minute), true)
		remove(Query{UserID: "bob"})
		put(report("bob", "any", "tv", 8, time.Hour), false)
		remove(Query{DeviceID: "box", VideoID: "film"})
		put(report("", "film", "box", 9, 0), false)
		put(report("", "other", "box", 10, 0), true)

		for i := range maxGraves + 5 { // the oldest are forgotten
			now = now.Add(time.Millisecond)
			remove(Query{UserID: "cyd", VideoID: fmt.Sprint("film ", i)})
		}
		put(report("cyd", "film 0", "tv", 11, 0), true)
		put(report("cyd", "film 5", "tv", 12, 0), false)
		now = now.Add(graveLife)
		put(report("cyd", "film 5", "tv", 13, 0), true)
		put(old, true)
	})
}

// What nobody came back to is gone after its time, without anybody asking for it.
func TestOldReportsExpire(t *testing.T) {
	bolt, err := OpenBolt(filepath.Join(t.TempDir(), "progress.db"))
	storetest.Check(t, err)
	defer func() { storetest.Check(t, bolt.Close()) }()
	for name, s := range map[string]Store{"memory": NewMemory(), "bolt": bolt} {
		const viewers = 40
		for i := range viewers {
			_, err = s.Put(t.Context(), report(fmt.Sprint(i), "film", "tv", 1, 0), noon)
			storetest.Check(t, err)
			_, err = s.Delete(t.Context(), Query{UserID: fmt.Sprint(i), VideoID: "other"}, noon)
			storetest.Check(t, err)
		}
		later := expiry + time.Hour
		for i := range viewers {
			_, err = s.Put(t.Context(), report("new", fmt.Sprint(i), "tv", 1, later), noon.Add(later))
			storetest.Check(t, err)
		}
		for i := range viewers {
			if got := find(t, s, Query{UserID: fmt.Sprint(i)}); got != "" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	storetest.Check(t, bolt.db.View(func(tx *bbolt.Tx) error {
		if n := tx.Bucket([]byte(gravesName)).Stats().KeyN; n != 0 {
			t.Errorf("%d deletions are remembered", n)
		}
		return nil
	}))
}

// A full file takes no new reports, and keeps those that it has up to date.
func TestBoltIsBounded(t *testing.T) {
	s, err := OpenBolt(filepath.Join(t.TempDir(), "progress.db"))
	storetest.Check(t, err)
	defer func() { storetest.Check(t, s.Close()) }()
	_, err = s.Put(t.Context(), report("ann", "film", "tv", 1, 0), noon)
	storetest.Check(t, err)
	s.most = 0
	if _, err = s.Put(t.Context(), report("ann", "other", "tv", 1, 0), noon); !errors.Is(err, playback.ErrUnavailable) || !errors.Is(err, errFull) {
		t.Errorf("a report more: %v", err)
	}
	newer := report("ann", "film", "tv", 2, time.Second)
	if kept, failed := s.Put(t.Context(), newer, noon); failed != nil || kept != newer {
		t.Errorf("%+v, %v", kept, failed)
	}

	// Deletions take room too: those of what isn't there take none.
	graves := func() (n int) {
		storetest.Check(t, s.db.View(func(tx *bbolt.Tx) error {
			n = tx.Bucket([]byte(gravesName)).Stats().KeyN
			return nil
		}))
		return n
	}
	if n, failed := s.Delete(t.Context(), Query{UserID: "nobody"}, noon); n != 0 || failed != nil || graves() != 0 {
		t.Errorf("%d, %v; %d deletions are remembered", n, failed, graves())
	}
	if n, failed := s.Delete(t.Context(), Query{UserID: "ann"}, noon); n != 1 || failed != nil || graves() != 1 {
		t.Errorf("%d, %v; %d deletions are remembered", n, failed, graves())
	}

	// What is too old leaves, also where nothing but new reports come.
	s.most = maxBytes
	_, err = s.Put(t.Context(), report("bob", "film", "tv", 1, 0), noon)
	storetest.Check(t, err)
	s.most = 0
	for range 2 {
		_, err = s.Put(t.Context(), report("cid", "film", "tv", 1, 2*expiry), noon.Add(2*expiry))
		if !errors.Is(err, errFull) {
			t.Error(err)
		}
	}
	if left := find(t, s, Query{UserID: "bob"}); left != "" {
		t.Errorf("%s is still there", left)
	}
}
