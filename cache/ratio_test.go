package cache

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"
)

// ratioKeys is how many segments are asked for by Zipf's law; those above are only ever scanned.
const ratioKeys = 10000

// ratioSize is a segment's size: they are small here, since only their proportions count.
func ratioSize(key int) int64 { return int64(4+key*7919%25) << 10 }

// viewers is a trace: requests by Zipf(0.9), and among them, as a share of all, scans of 300 segments that nobody else
// asked for.
func viewers(seed uint64, requests int, scanned float64) (keys []int) {
	dice := rand.New(rand.NewPCG(seed, 0))
	sums, sum := make([]float64, ratioKeys), 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -0.9)
		sums[i] = sum
	}
	const scan = 300
	for next := ratioKeys; len(keys) < requests; {
		if dice.Float64() < scanned/(1-scanned)/scan {
			for range scan {
				keys, next = append(keys, next), next+1
			}
		}
		keys = append(keys, min(sort.SearchFloat64s(sums, dice.Float64()*sum), ratioKeys-1))
	}
	return keys
}

// hits is the share of a trace that ask finds, once the cache is warm.
func hits(trace []int, ask func(key int) bool) float64 {
	warm, found := len(trace)/4, 0
	for i, key := range trace {
		if ask(key) && i >= warm {
			found++
		}
	}
	return float64(found) / float64(len(trace)-warm)
}

// openEmpty is Open with a fill that has ended at once: only who is let in and who has to leave matters here.
func openEmpty(c *Cache[int], key int, size int64) (hit bool) {
	if _, hit = c.find(key); hit {
		return true
	}
	if again, ok := c.admit(key, size); ok {
		b := newBody(size, &c.account)
		b.again = again
		c.account.used += b.cost
		c.queues.add(key, b)
	}
	return false
}

// TestHitRatio: a cache of 5 % of what is asked for, of segments of different sizes, finds as much as TinyLFU does, within two
// points, however much is scanned beside it.
func TestHitRatio(t *testing.T) {
	var total int64
	for key := range ratioKeys {
		total += costOf(ratioSize(key))
	}
	const requests = 60_000
	for _, scanned := range []float64{0, 0.1, 0.3} {
		trace := viewers(1, requests, scanned)
		theirs := otter.Must(&otter.Options[int, int64]{
			MaximumWeight: uint64(total / 20),
			Weigher:       func(_ int, cost int64) uint32 { return uint32(cost) },
			Executor:      func(f func()) { f() },
		})
		want := hits(trace, func(key int) bool {
			_, ok := theirs.GetIfPresent(key)
			if !ok {
				theirs.Set(key, costOf(ratioSize(key)))
			}
			theirs.CleanUp()
			return ok
		})
		for name, first := range map[string]bool{"second": false, "first": true} {
			c := New[int](Config{MaxBytes: total / 20, AdmitFirst: first, Window: time.Hour}, Silent{})
			got := hits(trace, func(key int) bool { return openEmpty(c, key, ratioSize(key)) })
			t.Logf("%.0f %% scanned, admit %s: %.1f %% hits, otter %.1f %%", 100*scanned, name, 100*got, 100*want)
			if got < want-0.02 {
				t.Errorf("%.0f %% scanned, admit %s: %.1f %% hits, otter %.1f %%", 100*scanned, name, 100*got, 100*want)
			}
		}
	}
}
