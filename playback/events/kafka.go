package events

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	kafkaBuffered = 20_000 // reports
	kafkaPatience = 30 * time.Second
)

// Kafka sends reports to a topic, as JSON and keyed by their session, so that one's reports stay in order. The producer is idempotent.
// With the brokers gone, as many as fit wait for them; the others are dropped.
type Kafka struct {
	client  *kgo.Client
	dropped atomic.Int64 // since Put last said so
}

var _ Sink = (*Kafka)(nil)

// NewKafka makes a sink of a topic. It connects when there is something to send.
func NewKafka(brokers []string, topic string) (*Kafka, error) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...),
		kgo.DefaultProduceTopic(topic),
		kgo.ClientID("unreel"),
		kgo.MaxBufferedRecords(kafkaBuffered),
		kgo.RecordDeliveryTimeout(kafkaPatience),
		kgo.ProducerLinger(50*time.Millisecond),
		kgo.AllowAutoTopicCreation(),
	)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &Kafka{client: client}, nil
}

// Put implements Sink. What is found undeliverable later is told by a later Put.
func (k *Kafka) Put(reports []Event) (dropped int) {
	for i := range reports {
		text, err := json.Marshal(&reports[i])
		if err != nil {
			dropped++
			continue
		}
		record := &kgo.Record{Key: []byte(reports[i].SessionID), Value: text}
		k.client.TryProduce(context.Background(), record, func(_ *kgo.Record, err error) {
			if err != nil {
				k.dropped.Add(1)
			}
		})
	}
	return dropped + int(k.dropped.Swap(0))
}

// Close implements Sink.
func (k *Kafka) Close(ctx context.Context) error {
	err := k.client.Flush(ctx)
	k.client.Close()
	if err != nil {
		return fmt.Errorf("kafka: send the last events: %w", err)
	}
	return nil
}
