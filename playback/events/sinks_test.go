package events

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"unreel/playback/storetest"
)

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// A file holds every report once, in files of a bounded size and number.
func TestFile(t *testing.T) {
	dir := t.TempDir()
	put := func(n int) {
		t.Helper()
		f, err := OpenFile(dir, 10<<10, quietLog())
		storetest.Check(t, err)
		for i := range n {
			if dropped := f.Put([]Event{event("a", Heartbeat, int64(i))}); dropped != 0 {
				t.Errorf("%d dropped", dropped)
			}
		}
		storetest.Check(t, f.Close(t.Context()))
	}
	put(100) // of about 110 bytes
	put(50)  // goes on
	count := func() (lines int, names []string) {
		names, err := filepath.Glob(filepath.Join(dir, "events*.jsonl"))
		storetest.Check(t, err)
		for _, name := range names {
			text, failed := os.ReadFile(name)
			storetest.Check(t, failed)
			for line := range strings.Lines(string(text)) {
				var e Event
				storetest.Check(t, json.Unmarshal([]byte(line), &e))
				lines++
			}
		}
		return lines, names
	}
	if lines, names := count(); lines != 150 || len(names) < 2 {
		t.Errorf("%d reports in %v", lines, names)
	}
	for range 12 {
		put(150)
	}
	if _, names := count(); len(names) != maxFiles+1 {
		t.Errorf("%d files", len(names))
	}
}

// A line that was broken off, as when the process was killed in the middle of it, spoils no other.
func TestFileAfterKill(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, fileName)
	storetest.Check(t, os.WriteFile(name, []byte(`{"session_id":"a","vid`), 0o600))
	for range 2 {
		f, err := OpenFile(dir, 10<<10, quietLog())
		storetest.Check(t, err)
		f.Put([]Event{event("b", Heartbeat, 1)})
		storetest.Check(t, f.Close(t.Context()))
	}
	text, err := os.ReadFile(name)
	storetest.Check(t, err)
	lines := strings.Split(string(text), "\n")
	if len(lines) != 4 || lines[1] != lines[2] || lines[3] != "" || json.Unmarshal([]byte(lines[1]), new(Event)) != nil {
		t.Errorf("%q", lines)
	}
}

// What a full disk doesn't take is counted, also where it is the last.
func TestFileOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full, which stands for a full disk")
	}
	dir := t.TempDir()
	storetest.Check(t, os.Symlink("/dev/full", filepath.Join(dir, fileName)))
	f, err := OpenFile(dir, 10<<20, quietLog())
	storetest.Check(t, err)
	var seen counted
	c := NewCollector(NewMemory(time.Now), 10_000, []Sink{f}, &seen, quietLog())
	batch := make([]Event, 100)
	for i := range batch {
		batch[i] = event("a", Heartbeat, int64(i))
	}
	const batches = 15 // 160 KB, of which 64 are written at a time
	for range batches {
		c.Offer(batch, nil)
	}
	if c.Close(t.Context()) == nil {
		t.Error("that they can't be written is not told")
	}
	if n := seen.dropped.Load(); n != batches*int64(len(batch)) {
		t.Errorf("%d are dropped, want %d", n, batches*len(batch))
	}
}

// What Kafka gets is every report, keyed by its session; with the brokers gone nothing waits.
func TestKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "unreel.events"))
	storetest.Check(t, err)
	brokers := cluster.ListenAddrs()
	k, err := NewKafka(brokers, "unreel.events")
	storetest.Check(t, err)
	const n = 100
	for i := range n {
		k.Put([]Event{event([]string{"a", "b", "c"}[i%3], Heartbeat, int64(i))})
	}
	reader, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("unreel.events"))
	storetest.Check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	last := map[string]int64{}
	for got := 0; got < n; {
		fetches := reader.PollFetches(ctx)
		storetest.Check(t, fetches.Err())
		fetches.EachRecord(func(r *kgo.Record) {
			var e Event
			storetest.Check(t, json.Unmarshal(r.Value, &e))
			if string(r.Key) != e.SessionID || e.Timestamp < last[e.SessionID] {
				t.Errorf("%s: %+v after %d", r.Key, e, last[e.SessionID])
			}
			last[e.SessionID] = e.Timestamp
			got++
		})
	}
	reader.Close()
	storetest.Check(t, k.Close(ctx))
	cluster.Close()

	gone, err := NewKafka(brokers, "unreel.events")
	storetest.Check(t, err)
	reports := make([]Event, 1000)
	for i := range reports {
		reports[i] = event("a", Heartbeat, int64(i))
	}
	dropped := 0
	for range 2 * kafkaBuffered / len(reports) {
		dropped += gone.Put(reports)
	}
	if dropped += gone.Put(nil); dropped < kafkaBuffered/2 {
		t.Errorf("%d of %d dropped with the brokers gone", dropped, 2*kafkaBuffered)
	}
	over, end := context.WithCancel(t.Context())
	end()
	if gone.Close(over) == nil {
		t.Error("what could not be sent is not told")
	}
}

// counted is an Observer.
type counted struct{ received, dropped, measured atomic.Int64 }

func (c *counted) Received(_ Kind, n int) { c.received.Add(int64(n)) }
func (c *counted) Dropped(_ Drop, n int)  { c.dropped.Add(int64(n)) }
func (c *counted) Measured(*Summary)      { c.measured.Add(1) }

// deaf is a sink that takes nothing.
type deaf struct{}

func (deaf) Put(reports []Event) int     { return len(reports) }
func (deaf) Close(context.Context) error { return nil }

// Reports are taken without waiting, up to a rate, and worked off before the end.
func TestCollector(t *testing.T) {
	now := time.Now()
	store := NewMemory(func() time.Time { return now })
	var seen counted
	c := NewCollector(store, 100, []Sink{deaf{}}, &seen, quietLog())
	batch := make([]Event, 50)
	for i := range batch {
		batch[i] = event("a", Heartbeat, int64(i))
	}
	var after atomic.Int64
	for i, want := range []bool{true, true, false} {
		if got := c.Offer(batch, func(_ context.Context, reports []Event) { after.Add(int64(len(reports))) }); got != want {
			t.Errorf("offer %d is taken: %v", i, got)
		}
	}
	storetest.Check(t, c.Close(t.Context()))
	if seen.received.Load() != 100 || after.Load() != 100 || seen.dropped.Load() != 150 { // a batch beyond the rate, two that the sink is deaf to
		t.Errorf("%d received, %d done with, %d dropped", seen.received.Load(), after.Load(), seen.dropped.Load())
	}
	now = now.Add(quiet)
	storetest.Check(t, c.sweep())
	if all, err := c.Summaries(t.Context(), time.UnixMilli(0)); err != nil || len(all) != 1 || seen.measured.Load() != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}
