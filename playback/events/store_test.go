package events

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"unreel/playback/redistest"
	"unreel/playback/storetest"
)

func event(session string, kind Kind, at int64) Event {
	return Event{SessionID: session, VideoID: "film", Kind: kind, Timestamp: 1_000_000 + at, ReceivedAt: 2_000_000 + at}
}

// The promises of Store, by all that implement it and through either of two replicas. over makes sessions be over.
func stores(t *testing.T, test func(t *testing.T, one, two Store, over func())) {
	t.Run("memory", func(t *testing.T) {
		now := time.Now()
		s := NewMemory(func() time.Time { return now })
		test(t, s, s, func() { now = now.Add(quiet) })
	})
	t.Run("redis", func(t *testing.T) {
		client := redistest.Start(t).Client(t)
		test(t, NewRedis(client), NewRedis(client), func() {
			// Redis's clock can't be turned, but who is due can.
			for _, z := range client.ZRangeWithScores(t.Context(), dueKey, 0, -1).Val() {
				client.ZIncrBy(t.Context(), dueKey, -float64(quiet.Milliseconds()), z.Member.(string))
			}
		})
	})
}

func TestStores(t *testing.T) {
	stores(t, func(t *testing.T, one, two Store, over func()) {
		add := func(s Store, wantLate, wantFull int, reports ...Event) {
			t.Helper()
			late, full, err := s.Append(t.Context(), reports)
			if late != wantLate || full != wantFull || err != nil {
				t.Errorf("%d late, %d full, %v; want %d, %d", late, full, err, wantLate, wantFull)
			}
		}
		add(one, 0, 0, event("a", PlayIntent, 0), event("b", PlayIntent, 0), event("a", FirstFrame, 700))
		add(two, 0, 0, event("a", Heartbeat, 10_700))
		if got, err := two.Take(t.Context(), 10); len(got) != 0 || err != nil {
			t.Errorf("%v are over, %v", got, err)
		}
		over()
		var mu sync.Mutex
		taken := map[string][]Event{}
		var all sync.WaitGroup
		for _, s := range []Store{one, two, one, two} {
			all.Go(func() {
				for {
					got, err := s.Take(t.Context(), 1)
					storetest.Check(t, err)
					if len(got) == 0 {
						return
					}
					mu.Lock()
					if _, twice := taken[got[0][0].SessionID]; twice {
						t.Errorf("%s is taken twice", got[0][0].SessionID)
					}
					taken[got[0][0].SessionID] = got[0]
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if len(taken) != 2 || len(taken["a"]) != 3 {
			t.Errorf("%v", taken)
		}
		add(two, 1, 0, event("a", Ended, 20_000), event("c", PlayIntent, 0))

		sum := Measure(taken["a"])
		early, later := sum, sum
		early.ReceivedAt -= 1000
		later.SessionID = "later"
		storetest.Check(t, one.Keep(t.Context(), []Summary{later, early}))
		storetest.Check(t, two.Keep(t.Context(), []Summary{sum}))
		found, err := two.Summaries(t.Context(), time.UnixMilli(sum.ReceivedAt))
		storetest.Check(t, err)
		if len(found) != 2 || *found[0].StartupMS != 700 || found[0].PlayMS != 10_000 || found[0].VideoID != "film" {
			t.Errorf("%+v", found)
		}
		if found, err = one.Summaries(t.Context(), time.UnixMilli(0)); err != nil || len(found) != 3 || found[0].ReceivedAt != early.ReceivedAt {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// A session that reports without end is kept to a measure.
func TestStoresAreBounded(t *testing.T) {
	stores(t, func(t *testing.T, one, _ Store, _ func()) {
		var full int
		for i := range 5 {
			var reports []Event
			for k := range 500 {
				reports = append(reports, event("a", Heartbeat, int64(i*500+k)))
			}
			_, more, err := one.Append(t.Context(), reports)
			storetest.Check(t, err)
			full += more
		}
		if full != 2500-MaxReports {
			t.Errorf("%d dropped", full)
		}
	})
}

// Memory is bounded in bytes, whatever players say: what is beyond is counted as too much, and there is room again when sessions
// are over. What all reports of a session say alike is kept once.
func TestMemoryIsBounded(t *testing.T) {
	now := time.Now()
	m := NewMemory(func() time.Time { return now })
	const each, most = 4, 64 << 10
	m.most = most
	kept, dropped := 0, 0
	for i := range 1000 {
		reports := make([]Event, each)
		for k := range reports {
			reports[k] = event(fmt.Sprint("session ", i/10), Heartbeat, int64(i*each+k))
			reports[k].UserID, reports[k].Error = strings.Repeat("u", 100), fmt.Sprint(i, k, strings.Repeat("e", 200))
		}
		_, full, err := m.Append(t.Context(), reports)
		storetest.Check(t, err)
		kept, dropped = kept+each-full, dropped+full
	}
	if m.bytes > most || m.bytes < most/2 || dropped == 0 || int64(kept) < most/(eventBytes+400) {
		t.Errorf("%d bytes, %d reports are kept, %d dropped", m.bytes, kept, dropped)
	}
	now = now.Add(quiet)
	sessions, err := m.Take(t.Context(), 1000)
	storetest.Check(t, err)
	taken := 0
	for _, reports := range sessions {
		if taken += len(reports); len(reports) == 0 {
			t.Error("a session without a report")
		}
	}
	if taken != kept || m.bytes != 0 {
		t.Errorf("%d reports of %d are handed out, %d bytes are left", taken, kept, m.bytes)
	}
	first, second := event("s", Heartbeat, 1), event("s", Heartbeat, 2)
	_, _, err = m.Append(t.Context(), []Event{first})
	storetest.Check(t, err)
	alone := m.bytes
	if _, _, err = m.Append(t.Context(), []Event{second}); err != nil || m.bytes-alone != eventBytes || alone <= eventBytes {
		t.Errorf("%v; the first costs %d bytes, the second %d", err, alone, m.bytes-alone)
	}
}

func TestRoll(t *testing.T) {
	var all []Summary
	for i := range 100 {
		startup := int64(i+1) * 10
		all = append(all, Summary{Region: fmt.Sprint("r", i%2), Outcome: Played, StartupMS: &startup, Flags: []Flag{SlowStart}})
	}
	all = append(all, Summary{Outcome: StartFailure, Flags: []Flag{}})
	total, groups := Roll(all, "region")
	if total.Sessions != 101 || total.Played != 100 || total.StartFailures != 1 || *total.StartupMS.Median != 500 || *total.StartupMS.P95 != 950 ||
		total.Flagged[SlowStart] != 100 || total.RebufferRatio.Median != nil {
		t.Errorf("%+v", total)
	}
	if len(groups) != 3 || groups[0].Key != "r0" || groups[0].Sessions != 50 || *groups[0].StartupMS.Median != 490 || groups[2].Key != "" {
		t.Errorf("%+v", groups)
	}
	for i := range 300 {
		all = append(all, Summary{Region: fmt.Sprint("more", i), Outcome: Played})
	}
	if _, groups = Roll(all, "region"); len(groups) != maxGroups+1 || groups[maxGroups].Key != "other" || groups[maxGroups].Sessions != 401-50-50-98 {
		t.Errorf("%d groups, the last %+v", len(groups), groups[len(groups)-1])
	}
	if _, groups = Roll(nil, "region"); len(groups) != 0 {
		t.Errorf("%+v", groups)
	}
}

func TestSeries(t *testing.T) {
	startup := int64(300)
	series := Series([]Summary{
		{ReceivedAt: 125_000, Outcome: Played}, {ReceivedAt: 60_000, Outcome: Played, StartupMS: &startup}, {ReceivedAt: 119_999, Outcome: StartFailure},
	}, time.Minute)
	if len(series) != 2 || series[0].At != 60_000 || series[0].Sessions != 2 || *series[0].StartupMS.Median != 300 || series[1].At != 120_000 || series[1].StartupMS.Median != nil {
		t.Errorf("%+v", series)
	}
}
