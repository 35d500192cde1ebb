// Package storetest is what the tests of the stores have in common.
package storetest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"unreel/playback/redistest"
)

// Check ends a test that goes wrong.
func Check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// OnRedis runs a test on a real Redis, with the stores of two replicas that share it.
func OnRedis[S any](t *testing.T, open func(client *redis.Client) S, test func(t *testing.T, one, two S)) {
	t.Helper()
	t.Run("redis", func(t *testing.T) {
		server := redistest.Start(t)
		test(t, open(server.Client(t)), open(server.Client(t)))
	})
}
