package demux

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkAppendColumn packs blocks of the kinds that films are made of.
func BenchmarkAppendColumn(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	kinds := []struct {
		name  string
		value func(k int) int64
	}{
		{"zero", func(int) int64 { return 0 }},
		{"constant", func(int) int64 { return 1024 }},
		{"sizes", func(k int) int64 {
			if k%60 == 0 {
				return 120_000 + random.Int64N(20_000)
			}
			return 3000 + random.Int64N(40_000)
		}},
		{"frames", func(int) int64 { return 200 + random.Int64N(200) }},
		{"compositions", func(int) int64 { return 1001 * random.Int64N(5) }},
		{"skips", func(int) int64 { return random.Int64N(2) }},
	}
	for _, kind := range kinds {
		var blocks [16][blockLen]int64
		for i := range blocks {
			for k := range blocks[i] {
				blocks[i][k] = kind.value(k)
			}
		}
		b.Run(kind.name, func(b *testing.B) {
			var dst []byte
			var p packer
			i := 0
			for b.Loop() {
				dst = p.column(dst[:0], blocks[i%16][:])
				i++
			}
		})
	}
}
