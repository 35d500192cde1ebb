package timeline

import (
	"testing"
	"time"
)

func benchmark(b *testing.B, cfg Config, renditions ...Rendition) {
	cuts := 0
	for _, r := range renditions {
		cuts += len(r.Cuts)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Align(renditions, cfg); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(cuts), "ns/cut")
}

// ladder10 is ten rungs of a film, n frames at 25 a second; every second one is a frame late where askew.
func ladder10(gop, n int, askew bool) []Rendition {
	rungs := make([]Rendition, 10)
	for i := range rungs {
		rungs[i] = regular(90000, 3600, gop, n)
		if askew && i%2 == 1 {
			rungs[i] = later(rungs[i], 3600)
		}
	}
	return rungs
}

func BenchmarkTwoHours(b *testing.B) {
	benchmark(b, sixSeconds, ladder10(50, 180_000, false)...)
}

func BenchmarkTwentySevenHours(b *testing.B) {
	benchmark(b, Config{Target: 500 * time.Millisecond, Max: time.Minute}, ladder10(50, 2_430_000, false)...)
}

func BenchmarkEverySampleACut(b *testing.B) {
	benchmark(b, sixSeconds, ladder10(1, 216_000, false)...)
}

// BenchmarkAskew is the worst case: no first rendition gathers all, so each has its turn.
func BenchmarkAskew(b *testing.B) {
	benchmark(b, sixSeconds, ladder10(50, 180_000, true)...)
}
