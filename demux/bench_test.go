package demux_test

import (
	"runtime"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

// BenchmarkOpen indexes a film of two hours: 216,000 video and 337,500 audio samples, a moov of 9 MB.
func BenchmarkOpen(b *testing.B) {
	src := testmedia.Film(120).Source()
	b.ReportAllocs()
	for b.Loop() {
		index, err := demux.Open(b.Context(), src, demux.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(index.MoovSize)
	}
}

// BenchmarkIndexSize tells what the index of the same film keeps resident, by our own count and by the heap's.
func BenchmarkIndexSize(b *testing.B) {
	src := testmedia.Film(120).Source()
	var index *demux.Index
	var err error
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.KeepAlive(index)
		index = nil //nolint:ineffassign // so that the heap counts one of them
		collect()
		runtime.ReadMemStats(&before)
		if index, err = demux.Open(b.Context(), src, demux.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
		collect()
		runtime.ReadMemStats(&after)
	}
	b.ReportMetric(float64(index.Bytes()), "index-B")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)), "heap-B")
	b.ReportMetric(float64(index.MoovSize), "moov-B")
	runtime.KeepAlive(index)
}

// collect collects all garbage: what lies in a pool outlives one collection.
func collect() {
	runtime.GC()
	runtime.GC()
}

// BenchmarkCursor walks one segment of six seconds at the end of that film.
func BenchmarkCursor(b *testing.B) {
	index, err := demux.Open(b.Context(), testmedia.Film(120).Source(), demux.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	samples := &index.Tracks[0].Samples
	var cursor demux.Cursor
	var bytes int64
	b.ReportAllocs()
	for b.Loop() {
		cursor.Seek(samples, samples.Len()-180)
		for range 180 {
			s, _ := cursor.Next()
			bytes += int64(s.Size)
		}
	}
	runtime.KeepAlive(bytes)
}

// BenchmarkOpenFragments indexes the same film in 3,600 fragments of two seconds.
func BenchmarkOpenFragments(b *testing.B) {
	film := testmedia.Film(120)
	film.Fragments = &testmedia.Fragments{}
	src := &source.Faulty{Source: film.Source()}
	var index *demux.Index
	var err error
	opened := 0
	b.ReportAllocs()
	for b.Loop() {
		if index, err = demux.Open(b.Context(), src, demux.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
		opened++
	}
	b.ReportMetric(float64(index.Bytes()), "index-B")
	b.ReportMetric(float64(src.Reads.Load())/float64(opened), "reads/op")
	b.ReportMetric(float64(src.Bytes.Load())/float64(opened), "read-B/op")
}
