package events

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Sink takes reports on their way elsewhere. It must not wait: what it has no room for it drops.
type Sink interface {
	// Put takes reports, or none, and tells how many it has dropped since it was last asked; also once it is closed.
	Put(reports []Event) (dropped int)
	// Close sends what is under way, for as long as ctx lasts.
	Close(ctx context.Context) error
}

// Observer hears what becomes of reports.
type Observer interface {
	Received(kind Kind, n int)
	Dropped(why Drop, n int)
	Measured(s *Summary)
}

// Drop is why reports are dropped.
type Drop string

// Why reports are dropped.
const (
	DropLate  Drop = "late"  // of a session that was measured
	DropFull  Drop = "full"  // of a session that reports too much
	DropQueue Drop = "queue" // more came at once than can be worked on
	DropStore Drop = "store" // the store doesn't answer
	DropSink  Drop = "sink"  // the file or Kafka doesn't keep up
)

// Drops are all reasons.
func Drops() []Drop { return []Drop{DropLate, DropFull, DropQueue, DropStore, DropSink} }

const (
	queued       = 256 // batches
	sweepEvery   = 2 * time.Second
	storePatient = 3 * time.Second
	takenAtOnce  = 200
)

// Collector takes reports from requests, which never wait for what is done with them.
type Collector struct {
	store    Store
	sinks    []Sink
	observer Observer
	log      *slog.Logger
	queue    chan batch
	rate     *bucket

	closing sync.Once
	stop    chan struct{}
	done    chan struct{}
}

type batch struct {
	reports []Event
	then    func(ctx context.Context, reports []Event) // what else is to be done with them; may be nil
}

// NewCollector makes a Collector that takes at most perSecond reports a second. It works until Close.
func NewCollector(store Store, perSecond int, sinks []Sink, observer Observer, log *slog.Logger) *Collector {
	c := &Collector{
		store: store, sinks: sinks, observer: observer, log: log, queue: make(chan batch, queued),
		rate: newBucket(perSecond, time.Now), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go c.run()
	return c
}

// Offer takes reports that were checked; false where there is too much to do. Then is called with them later, if it isn't nil.
func (c *Collector) Offer(reports []Event, then func(ctx context.Context, reports []Event)) bool {
	if !c.rate.take(len(reports)) {
		c.observer.Dropped(DropQueue, len(reports))
		return false
	}
	select {
	case c.queue <- batch{reports, then}:
		return true
	default:
		c.observer.Dropped(DropQueue, len(reports))
		return false
	}
}

// Summaries gives the sessions that ended and began at since or later.
func (c *Collector) Summaries(ctx context.Context, since time.Time) ([]Summary, error) {
	return c.store.Summaries(ctx, since)
}

// Close works off what was taken, for as long as ctx lasts.
func (c *Collector) Close(ctx context.Context) error {
	c.closing.Do(func() { close(c.stop) })
	select {
	case <-c.done:
	case <-ctx.Done():
	}
	var first error
	for _, s := range c.sinks {
		if err := s.Close(ctx); err != nil && first == nil {
			first = err
		}
	}
	c.pass(nil)
	return first
}

func (c *Collector) run() {
	defer close(c.done)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	trouble := false
	for {
		select {
		case b := <-c.queue:
			trouble = c.note(c.work(b), trouble)
		case <-tick.C:
			c.pass(nil)
			trouble = c.note(c.sweep(), trouble)
		case <-c.stop:
			for {
				select {
				case b := <-c.queue:
					trouble = c.note(c.work(b), trouble)
				default:
					return
				}
			}
		}
	}
}

// note says once that the store fails, and once that it is back.
func (c *Collector) note(err error, before bool) (trouble bool) {
	switch {
	case err != nil && !before:
		c.log.Warn("the store of events does not answer; they are not measured", slog.Any("err", err))
	case err == nil && before:
		c.log.Info("the store of events answers again")
	}
	return err != nil
}

func (c *Collector) work(b batch) error {
	ctx, cancel := context.WithTimeout(context.Background(), storePatient)
	defer cancel()
	for i := range b.reports {
		c.observer.Received(b.reports[i].Kind, 1)
	}
	c.pass(b.reports)
	late, full, err := c.store.Append(ctx, b.reports)
	c.drop(DropLate, late)
	c.drop(DropFull, full)
	if err != nil && late+full == 0 {
		c.drop(DropStore, len(b.reports))
	}
	if b.then != nil {
		b.then(ctx, b.reports)
	}
	return err
}

// pass passes reports on, or none, and counts what was dropped meanwhile.
func (c *Collector) pass(reports []Event) {
	for _, s := range c.sinks {
		c.drop(DropSink, s.Put(reports))
	}
}

func (c *Collector) drop(why Drop, n int) {
	if n > 0 {
		c.observer.Dropped(why, n)
	}
}

// sweep measures the sessions that are over.
func (c *Collector) sweep() error {
	ctx, cancel := context.WithTimeout(context.Background(), storePatient)
	defer cancel()
	for {
		over, err := c.store.Take(ctx, takenAtOnce)
		if err != nil || len(over) == 0 {
			return err
		}
		summaries := make([]Summary, len(over))
		for i, reports := range over {
			summaries[i] = Measure(reports)
		}
		if err = c.store.Keep(ctx, summaries); err != nil {
			return err
		}
		for i := range summaries {
			c.observer.Measured(&summaries[i]) // not before: what isn't kept is measured again
		}
		if len(over) < takenAtOnce {
			return nil
		}
	}
}

// bucket lets through so many a second, and as many at once.
type bucket struct {
	now func() time.Time
	per float64

	mu   sync.Mutex
	left float64
	at   time.Time
}

func newBucket(perSecond int, now func() time.Time) *bucket {
	return &bucket{now: now, per: float64(perSecond), left: float64(perSecond), at: now()}
}

func (b *bucket) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.left = min(b.per, b.left+b.per*now.Sub(b.at).Seconds())
	b.at = now
	if b.left < float64(n) {
		return false
	}
	b.left -= float64(n)
	return true
}
