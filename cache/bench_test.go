package cache

import (
	"io"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkHit is a request for a body that is there, from as many goroutines as there are cores.
func BenchmarkHit(b *testing.B) {
	c := New[uint64](Config{MaxBytes: 256 << 20, AdmitFirst: true}, Silent{})
	const size, keys = 4 << 20, 16
	fill := from(make([]byte, size), blockLen)
	for key := range uint64(keys) {
		body, _ := c.Open(key, size, fill)
		if err := body.WriteRange(b.Context(), io.Discard, 0, size); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(size)
	b.ReportAllocs()
	var next atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body, _ := c.Open(next.Add(1)%keys, size, fill)
			if err := body.WriteRange(b.Context(), io.Discard, 0, size); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkFill is a body that enters and makes another leave, its bytes included.
func BenchmarkFill(b *testing.B) {
	c := New[uint64](Config{MaxBytes: 64 << 20, AdmitFirst: true}, Silent{})
	const size = 4 << 20
	fill := from(make([]byte, size), blockLen)
	b.SetBytes(size)
	b.ReportAllocs()
	for key := uint64(0); b.Loop(); key++ {
		body, _ := c.Open(key, size, fill)
		if err := body.WriteRange(b.Context(), io.Discard, 0, size); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMiss is a request that passes by, as in a scan of a library.
func BenchmarkMiss(b *testing.B) {
	c := New[uint64](Config{MaxBytes: 64 << 20, Window: time.Hour}, Silent{})
	b.ReportAllocs()
	for key := uint64(0); b.Loop(); key++ {
		if body, _ := c.Open(key, 4<<20, nil); body != nil {
			b.Fatal("entered")
		}
	}
}

// BenchmarkFollowers is 50 readers of one fill.
func BenchmarkFollowers(b *testing.B) {
	const size, followers = 4 << 20, 50
	fill := from(make([]byte, size), blockLen)
	b.SetBytes(size * followers)
	b.ReportAllocs()
	for b.Loop() {
		c := New[int](Config{MaxBytes: 64 << 20, AdmitFirst: true}, Silent{})
		done := make(chan error, followers)
		for range followers {
			go func() {
				body, _ := c.Open(1, size, fill)
				done <- body.WriteRange(b.Context(), io.Discard, 0, size)
			}()
		}
		for range followers {
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
	}
}
