package main

import (
	"context"
	"encoding/json"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"unreel/playback/events"
)

const kafkaTopic = "unreel.events"

// kafkaBroker is a broker of this test's own, which keeps its records in a directory over its restarts, and a consumer of
// them all. It speaks Kafka's protocol to the real client; a broker of Apache's would need a Java machine.
type kafkaBroker struct {
	address string
	port    int
	dir     string
	cluster *kfake.Cluster

	mu  sync.Mutex
	got map[string]bool // sessions whose report has come
}

// startKafka runs a broker and reads what it gets, until the test ends.
func startKafka(t *testing.T) *kafkaBroker {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &kafkaBroker{address: free.Addr().String(), dir: t.TempDir(), got: map[string]bool{}}
	_, port, _ := net.SplitHostPort(k.address)
	k.port, _ = strconv.Atoi(port)
	free.Close()
	k.run(t)
	t.Cleanup(func() { k.stop() })
	consumer, err := kgo.NewClient(kgo.SeedBrokers(k.address), kgo.ConsumeTopics(kafkaTopic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var reading sync.WaitGroup
	reading.Go(func() { k.consume(ctx, consumer) })
	t.Cleanup(func() {
		cancel()
		reading.Wait()
		consumer.Close()
	})
	return k
}

func (k *kafkaBroker) run(t *testing.T) {
	t.Helper()
	var err error
	if k.cluster, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(k.port), kfake.SeedTopics(2, kafkaTopic), kfake.DataDir(k.dir)); err != nil {
		t.Fatal(err)
	}
}

func (k *kafkaBroker) stop() { k.cluster.Close() }

func (k *kafkaBroker) consume(ctx context.Context, consumer *kgo.Client) {
	for ctx.Err() == nil {
		consumer.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			var e events.Event
			if json.Unmarshal(r.Value, &e) == nil {
				k.mu.Lock()
				k.got[e.SessionID] = true
				k.mu.Unlock()
			}
		})
	}
}

// missing waits until the reports of all sessions have come, or for long enough, and counts those that have not.
func (k *kafkaBroker) missing(sessions []string) (missing int) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-tick.C {
		missing = 0
		k.mu.Lock()
		for _, session := range sessions {
			if !k.got[session] {
				missing++
			}
		}
		k.mu.Unlock()
		if missing == 0 || time.Now().After(deadline) {
			return missing
		}
	}
}
