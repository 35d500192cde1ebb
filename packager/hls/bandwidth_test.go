package hls

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"unreel/demux"
)

// naive is the definition of the peak, read aloud: every run of segments, and fractions.
func naive(sizes []int64, durations []Duration, targetDuration int) Bitrate {
	var c clock
	micros := make([]int64, len(durations))
	for i, d := range durations {
		micros[i] = c.next(d)
	}
	peak, average := new(big.Rat), new(big.Rat)
	for i := range sizes {
		bytes, span := int64(0), int64(0)
		for k := i; k < len(sizes); k++ {
			bytes += sizes[k]
			span += micros[k]
			r := big.NewRat(bytes*8*second, max(span, 1))
			if 2*span >= int64(targetDuration)*second && 2*span <= 3*int64(targetDuration)*second && r.Cmp(peak) > 0 {
				peak = r
			}
			if i == 0 && k == len(sizes)-1 {
				average = r
			}
		}
	}
	if peak.Sign() == 0 {
		peak = average
	}
	up := func(r *big.Rat) int64 {
		n := new(big.Int).Add(r.Num(), new(big.Int).Sub(r.Denom(), big.NewInt(1)))
		return n.Div(n, r.Denom()).Int64()
	}
	return Bitrate{Peak: up(peak), Average: up(average)}
}

func TestBandwidth(t *testing.T) {
	f := func(name string, want Bitrate, targetDuration int, pairs ...int64) {
		t.Helper()
		var sizes []int64
		var durations []Duration
		for i := 0; i < len(pairs); i += 2 {
			sizes = append(sizes, pairs[i])
			durations = append(durations, Duration{demux.Ticks(pairs[i+1]), 1000})
		}
		if got := Bandwidth(sizes, durations, targetDuration); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if n := naive(sizes, durations, targetDuration); n != want {
			t.Errorf("%s: by the definition %+v, want %+v", name, n, want)
		}
	}
	f("nothing", Bitrate{}, 6)
	f("one segment", Bitrate{1000, 1000}, 6, 750, 6000)
	f("the densest counts", Bitrate{2000, 1500}, 6, 750, 6000, 1500, 6000)
	f("a short last one counts with its neighbour only", Bitrate{1231, 1231}, 6, 750, 6000, 250, 500)
	f("a short one between others too", Bitrate{5000, 2639}, 6, 750, 6000, 3750, 6000, 750, 1500, 2500, 10000)
	f("short segments together", Bitrate{3000, 2000}, 6, 125, 1000, 375, 1000, 375, 1000, 375, 1000, 125, 1000, 125, 1000)
	f("half the target counts", Bitrate{8000, 2000}, 6, 3000, 3000, 0, 9000)
	f("less does not", Bitrate{2667, 2000}, 6, 2999, 2999, 1, 6001, 0, 3000)
	f("a short title", Bitrate{8000, 8000}, 6, 2000, 2000)
	f("one and a half times the target", Bitrate{1000, 1000}, 2, 375, 3000)
	f("rounded up", Bitrate{1334, 1334}, 3, 500, 2999)
	f("empty", Bitrate{}, 6, 0, 6000)

	durations := []Duration{{1255, 41728}, {0, 1}, {38550, 38400}, {12336, 12288}} // a change of timescale went back in time
	sizes := []int64{384, 65535, 2467200, 38550}
	if got, want := Bandwidth(sizes, durations, 4), naive(sizes, durations, 4); got != want {
		t.Errorf("several timescales: %+v, want %+v", got, want)
	}
}

func TestBandwidthIsTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		n := 1 + r.IntN(30)
		sizes, durations := make([]int64, n), make([]Duration, n)
		scale := []demux.Timescale{1, 25, 24000, 90000, 44100}[r.IntN(5)]
		for i := range n {
			sizes[i] = r.Int64N(1 << r.IntN(34))
			durations[i] = Duration{demux.Ticks(r.Int64N(int64(scale)*int64(1+r.IntN(8)) + 1)), scale}
		}
		target := 1 + r.IntN(10)
		if got, want := Bandwidth(sizes, durations, target), naive(sizes, durations, target); got != want {
			t.Fatalf("Bandwidth(%v, %v, %d) = %+v, want %+v", sizes, durations, target, got, want)
		}
	}
}

func FuzzBandwidth(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0, 255, 255, 255, 9, 0}, uint8(6))
	f.Fuzz(func(t *testing.T, data []byte, target uint8) {
		var sizes []int64
		var durations []Duration
		for ; len(data) >= 5 && len(sizes) < 200; data = data[5:] {
			sizes = append(sizes, int64(binary.BigEndian.Uint16(data))<<(data[4]%16))
			durations = append(durations, Duration{demux.Ticks(binary.BigEndian.Uint16(data[2:])), demux.Timescale(data[4]) << 8})
		}
		for i := range durations {
			durations[i].Timescale = max(durations[i].Timescale, 1)
		}
		seconds := 1 + int(target)
		if got, want := Bandwidth(sizes, durations, seconds), naive(sizes, durations, seconds); got != want {
			t.Errorf("Bandwidth(%v, %v, %d) = %+v, want %+v", sizes, durations, seconds, got, want)
		}
	})
}

func TestWith(t *testing.T) {
	video := Bitrate{5000, 4000}
	audio := []Bitrate{{100, 90}, {95, 95}}
	if got, want := video.With(audio, []Bitrate{{7, 6}}), (Bitrate{5107, 4101}); got != want {
		t.Errorf("With gives %+v, want %+v", got, want)
	}
	if got := video.With(nil); got != video {
		t.Errorf("an empty group adds %+v", got)
	}
}

// BenchmarkBandwidth measures I-frames of an hour at 60 frames a second where every frame is one: windows hold hundreds.
func BenchmarkBandwidth(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes, durations := make([]int64, 216_000), make([]Duration, 216_000)
	for i := range sizes {
		sizes[i], durations[i] = r.Int64N(1<<18), Duration{1001, 60000}
	}
	b.ReportAllocs()
	for b.Loop() {
		Bandwidth(sizes, durations, 6)
	}
}
