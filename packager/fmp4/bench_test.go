package fmp4

import (
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// BenchmarkPlan lays out all 6 s segments of a film of two hours, as a playlist does.
func BenchmarkPlan(b *testing.B) {
	f := open(b, testmedia.Hours(2).Bytes())
	for i, name := range []string{"video", "audio"} {
		k := f.tracks[i]
		spans := k.spans([]int{180, 281}[i])
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			samples := 0
			for b.Loop() {
				for _, span := range spans {
					pl := k.Plan(span)
					samples += span.Samples.End - span.Samples.First
					pl.Release()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(samples), "ns/sample")
		})
	}
}

// BenchmarkNewTrack prepares the video of a film of two hours, which looks at each sample once.
func BenchmarkNewTrack(b *testing.B) {
	f := open(b, testmedia.Hours(2).Bytes())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewTrack(f.tracks[0].source); err != nil {
			b.Fatal(err)
		}
	}
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
		{"audio", testmedia.Movie{Tracks: []testmedia.Track{testmedia.Audio(280)}}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			f := open(b, c.movie.Bytes())
			mux(b, f.tracks[0], f.reader)
		})
	}
}

// mux writes the whole of a track again and again.
func mux(b *testing.B, k *Track, r demux.Reader) {
	b.Helper()
	pl := k.Plan(k.whole())
	defer pl.Release()
	p := make([]byte, testmedia.BlockSize)
	b.SetBytes(pl.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := testmedia.Drain(b.Context(), pl.Muxer(0), r, p); err != nil {
			b.Fatal(err)
		}
	}
}
