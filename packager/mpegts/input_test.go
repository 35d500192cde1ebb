package mpegts

import (
	"math/rand/v2"
	"testing"
)

// TestInput: whatever is wanted, it is covered; what is read fits, lies in order, and is not read twice.
func TestInput(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	in := new(input)
	for range 3000 {
		in.reset()
		spread := int64(1) << (10 + random.IntN(14))
		longest := int64(1) << (1 + random.IntN(17))
		var wanted []run
		for range 400 {
			off := random.Int64N(spread)
			end := off + random.Int64N(longest)
			if !in.want(off, end) {
				if in.room() > longest && in.n < maxRuns {
					t.Fatalf("%d bytes refused with room for %d, %d runs", end-off, in.room(), in.n)
				}
				break
			}
			wanted = append(wanted, run{off: off, end: end})
		}
		bytes := int64(0)
		for i, r := range in.runs[:in.n] {
			if i > 0 && r.off-in.runs[i-1].end <= joinGap {
				t.Fatalf("runs %+v and %+v are not joined", in.runs[i-1], r)
			}
			bytes += r.end - r.off
		}
		if bytes != in.bytes || bytes > inputSize {
			t.Fatalf("%d bytes, counted %d", bytes, in.bytes)
		}
		for _, w := range wanted {
			if got := in.from(w.off, w.end-w.off); int64(len(got)) != w.end-w.off {
				t.Fatalf("%d bytes of %+v, runs %+v", len(got), w, in.runs[:in.n])
			}
		}
	}
}
