package hls

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"unreel/demux"
)

// TestSumsNeverDrift is conformance with RFC 8216bis §6.2.1 by far: any run of EXTINFs is within a microsecond of the
// truth, over days and with any timescale.
func TestSumsNeverDrift(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, scale := range []demux.Timescale{1, 7, 25, 600, 1000, 11988, 24000, 30000, 44100, 90000, 10_000_000, 4_294_967_295} {
		p := &Playlist{}
		exact := []demux.Ticks{0} // at each boundary
		for range 50_000 {
			d := demux.Ticks(r.Int64N(int64(scale)*12 + 1))
			p.Segments = append(p.Segments, Segment{Duration: Duration{d, scale}, URI: "s"})
			exact = append(exact, exact[len(exact)-1]+d)
		}
		printed := boundaries(t, p.AppendTo(nil))
		least, most := int64(0), int64(0) // of printed minus exact, in units of 1/scale microseconds
		for i, ticks := range exact {
			off := printed[i]*int64(scale) - int64(ticks)*second
			least, most = min(least, off), max(most, off)
		}
		if most-least > int64(scale) {
			t.Errorf("timescale %d: a run is off by %d/%d microseconds", scale, most-least, scale)
		}
	}
}

// boundaries sums up the EXTINFs of a playlist in microseconds.
func boundaries(t *testing.T, text []byte) []int64 {
	t.Helper()
	sums := []int64{0}
	for line := range bytes.Lines(text) {
		value, ok := strings.CutPrefix(string(line), "#EXTINF:")
		if !ok {
			continue
		}
		whole, rest, ok := strings.Cut(strings.TrimSuffix(value, ",\n"), ".")
		n, err := strconv.ParseInt(whole+rest, 10, 64)
		if !ok || err != nil || len(rest) != 6 {
			t.Fatalf("EXTINF %q", value)
		}
		sums = append(sums, sums[len(sums)-1]+n)
	}
	return sums
}

func TestTimescaleChanges(t *testing.T) {
	p := &Playlist{}
	for range 1000 { // three thirds of a microsecond and a bit, in turns
		p.Segments = append(p.Segments, Segment{Duration: Duration{1, 3}}, Segment{Duration: Duration{2, 7}}, Segment{Duration: Duration{8, 21}})
	}
	sums := boundaries(t, p.AppendTo(nil))
	if got := sums[len(sums)-1]; got < 1000*second-1 || got > 1000*second {
		t.Errorf("a thousand seconds are printed as %d microseconds", got)
	}
}

func TestTargetDuration(t *testing.T) {
	f := func(want int, scale demux.Timescale, ticks ...demux.Ticks) {
		t.Helper()
		if got := TargetDuration(segments(scale, ticks...)); got != want {
			t.Errorf("TargetDuration(%v / %d) = %d, want %d", ticks, scale, got, want)
		}
	}
	f(1, 1000)
	f(1, 1000, 400)
	f(6, 1000, 6000, 5000)
	f(6, 1000, 6499)
	f(7, 1000, 6500)
	f(7, 100_000_000, 649_999_990) // is printed as 6.500000
	f(6, 24000, 144144)
	f(1, 1, -5)
	f(1, 1, 1<<62) // beyond any clock
}
