package events

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"unreel/playback/redistest"
	"unreel/playback/storetest"
)

// loss is what goes wrong between a client and its Redis, once for each that is asked for.
type loss struct {
	takes atomic.Int64 // scripts that run and whose reply is lost
	keeps atomic.Int64 // transactions that never come to Redis
	kept  atomic.Int64 // transactions that do and whose reply is lost
}

var errLost = errors.New("lost on the way")

func once(of *atomic.Int64) bool {
	if of.Load() == 0 {
		return false
	}
	of.Add(-1)
	return true
}

func (l *loss) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *loss) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && strings.HasPrefix(cmd.Name(), "eval") && once(&l.takes) {
			cmd.SetErr(errLost)
			return errLost
		}
		return err
	}
}

func (l *loss) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		writes := slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return cmd.Name() == "zadd" }) // a connection's greeting is one too
		if writes && once(&l.keeps) {
			return errLost
		}
		err := next(ctx, cmds)
		if writes && err == nil && once(&l.kept) {
			return errLost
		}
		return err
	}
}

// replicas are two collectors that share a real Redis; the first one's way there is lossy.
type replicas struct {
	client     *redis.Client
	lost       loss
	seen       counted // by both
	first, two *Collector
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	server := redistest.Start(t)
	r := &replicas{client: server.Client(t)}
	lossy := server.Client(t)
	lossy.AddHook(&r.lost)
	open := func(client *redis.Client) *Collector {
		c := NewCollector(NewRedis(client), 10_000, nil, &r.seen, quietLog())
		storetest.Check(t, c.Close(t.Context())) // the test sweeps
		return c
	}
	r.first, r.two = open(lossy), open(r.client)
	_, _, err := r.two.store.Append(t.Context(), []Event{
		event("a", PlayIntent, 0), event("b", PlayIntent, 0), event("a", FirstFrame, 700), event("a", Ended, 10_700), event("b", Error, 100),
	})
	storetest.Check(t, err)
	return r
}

// pass lets time pass for the sessions that wait in Redis, whose clock can't be turned.
func (r *replicas) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for _, z := range r.client.ZRangeWithScores(t.Context(), dueKey, 0, -1).Val() {
		storetest.Check(t, r.client.ZIncrBy(t.Context(), dueKey, -float64(d.Milliseconds()), z.Member.(string)).Err())
	}
}

// measured checks how many summaries there are, how often one was counted, and that nothing is left to do if all are there.
func (r *replicas) measured(t *testing.T, summaries int, counted int64) {
	t.Helper()
	all, err := r.two.Summaries(t.Context(), time.UnixMilli(0))
	storetest.Check(t, err)
	if len(all) != summaries || r.seen.measured.Load() != counted {
		t.Errorf("%d summaries, want %d; %d counted, want %d", len(all), summaries, r.seen.measured.Load(), counted)
	}
	if n := r.client.ZCard(t.Context(), dueKey).Val(); n != int64(2-summaries) {
		t.Errorf("%d sessions wait", n)
	}
	if logs := r.client.Exists(t.Context(), keyPrefix+"log:a", keyPrefix+"log:b").Val(); logs != int64(2-summaries) {
		t.Errorf("%d logs are kept", logs)
	}
}

// Sessions that a replica took and came to nothing with, since a reply was lost or Redis failed, are measured when its lease is
// over, by any; each once.
func TestRedisLease(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(l *loss)
		kept    int   // summaries, although the sweep failed
		counted int64 // in the end
	}{
		"the reply of Take is lost": {func(l *loss) { l.takes.Store(1) }, 0, 2},
		"Keep fails":                {func(l *loss) { l.keeps.Store(1) }, 0, 2},
		"the reply of Keep is lost": {func(l *loss) { l.kept.Store(1) }, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReplicas(t)
			r.pass(t, quiet)
			c.spoil(&r.lost)
			if err := r.first.sweep(); !errors.Is(err, errLost) {
				t.Fatalf("the sweep says %v", err)
			}
			r.measured(t, c.kept, 0)
			late, _, err := r.two.store.Append(t.Context(), []Event{event("a", Heartbeat, 20_000)})
			if storetest.Check(t, err); late != 1 {
				t.Error("what comes while it is measured is not late")
			}
			storetest.Check(t, r.two.sweep())
			r.pass(t, lease-5*time.Second)
			storetest.Check(t, r.two.sweep())
			r.measured(t, c.kept, 0) // the lease holds
			r.pass(t, 5*time.Second)
			storetest.Check(t, r.two.sweep())
			r.measured(t, 2, c.counted)
			r.pass(t, quiet)
			storetest.Check(t, r.first.sweep())
			r.measured(t, 2, c.counted)
		})
	}
}

// One who took sessions and was held up beyond the lease keeps the same as who took them after it.
func TestRedisLeaseOver(t *testing.T) {
	r := newReplicas(t)
	r.pass(t, quiet)
	slow, err := r.first.store.Take(t.Context(), 10)
	storetest.Check(t, err)
	r.pass(t, lease)
	storetest.Check(t, r.two.sweep())
	summaries := make([]Summary, len(slow))
	for i, reports := range slow {
		summaries[i] = Measure(reports)
	}
	storetest.Check(t, r.first.store.Keep(t.Context(), summaries))
	r.measured(t, 2, 2)
}

// A session of which nothing can be read isn't handed out for ever.
func TestRedisUnreadable(t *testing.T) {
	r := newReplicas(t)
	storetest.Check(t, r.client.Del(t.Context(), keyPrefix+"log:a").Err()) // as when it was too old
	storetest.Check(t, r.client.LSet(t.Context(), keyPrefix+"log:b", 0, "no JSON").Err())
	storetest.Check(t, r.client.LTrim(t.Context(), keyPrefix+"log:b", 0, 0).Err())
	r.pass(t, quiet)
	storetest.Check(t, r.two.sweep())
	if left := r.client.ZCard(t.Context(), dueKey).Val() + r.client.Exists(t.Context(), keyPrefix+"log:b").Val(); left != 0 {
		t.Errorf("%d are left", left)
	}
}
