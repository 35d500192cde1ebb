package mpegts

import (
	"testing"

	"unreel/demux/testmedia"
)

// BenchmarkPlan lays out all 6 s segments of a film of two hours, as a playlist does.
func BenchmarkPlan(b *testing.B) {
	f := open(b, testmedia.Hours(2).Bytes())
	spans := f.spans(180)
	b.ReportAllocs()
	samples := 0
	for b.Loop() {
		var counters Counters
		for _, span := range spans {
			span.Counters = counters
			pl := f.program.Plan(span)
			counters = pl.Next()
			samples += span.Video.End - span.Video.First + span.Audio.End - span.Audio.First
			pl.Release()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
}

// BenchmarkMux writes one segment of six seconds from memory, in the blocks that a server writes.
func BenchmarkMux(b *testing.B) {
	cases := []struct {
		name  string
		movie testmedia.Movie
	}{
		{"1Mbps", testmedia.Bitrate(1)},
		{"5Mbps", testmedia.Bitrate(5)},
		{"25Mbps", testmedia.Bitrate(25)},
		{"audio only", testmedia.Movie{Tracks: []testmedia.Track{testmedia.Audio(280)}}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			f := open(b, c.movie.Bytes())
			pl := f.program.Plan(f.whole())
			p := make([]byte, testmedia.BlockSize)
			b.SetBytes(pl.Size())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := testmedia.Drain(b.Context(), pl.Muxer(0), f.reader, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
