package demux_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// rescale is the definition: t*to/from, rounded to nearest, halves away from zero.
func rescale(t demux.Ticks, from, to demux.Timescale) (demux.Ticks, bool) {
	if from == 0 {
		return 0, false
	}
	twice := new(big.Int).Mul(big.NewInt(int64(t)), big.NewInt(2*int64(to)))
	twice.Add(twice, big.NewInt(int64(t)/max(1, abs(int64(t)))*int64(from))) // +- from
	q := new(big.Int).Quo(twice, big.NewInt(2*int64(from)))
	return demux.Ticks(q.Int64()), q.IsInt64()
}

func abs(v int64) int64 {
	if v < 0 && v != math.MinInt64 {
		return -v
	}
	return v
}

func FuzzRescale(f *testing.F) {
	scales := []uint32{0, 1, 2, 3, 600, 1000, 44100, 90000, 1_000_000_000, math.MaxUint32}
	times := []int64{0, 1, -1, 2, 1 << 33, math.MaxInt64, -math.MaxInt64, 7777777777777}
	for i, from := range scales {
		for k, t := range times {
			f.Add(t, from, scales[(i+k)%len(scales)])
		}
	}
	f.Fuzz(func(t *testing.T, ticks int64, from, to uint32) {
		if ticks == math.MinInt64 {
			return // its magnitude has no Ticks; the result must only not panic
		}
		got, ok := demux.Ticks(ticks).Rescale(demux.Timescale(from), demux.Timescale(to))
		want, fits := rescale(demux.Ticks(ticks), demux.Timescale(from), demux.Timescale(to))
		if want == math.MinInt64 {
			fits = false
		}
		if ok != fits || (ok && got != want) {
			t.Errorf("%d from %d to %d: %d, %v; want %d, %v", ticks, from, to, got, ok, want, fits)
		}
	})
}

func TestRescaleLeastInt(t *testing.T) {
	if got, ok := demux.Ticks(math.MinInt64).Rescale(2, 1); !ok || got != math.MinInt64/2 {
		t.Errorf("%d, %v", got, ok)
	}
	if _, ok := demux.Ticks(math.MinInt64).Rescale(1, 2); ok {
		t.Error("twice the least int64 fits")
	}
}

// TestFarTimes: recordings may count from 1970, or from 70 years before they were made, in the clocks that are in use; what is kept of
// them is read again. Farther times are refused.
func TestFarTimes(t *testing.T) {
	const year = 365 * 24 * 3600
	for _, test := range []struct {
		seconds, scale uint64
		ok             bool
	}{
		{1_764_500_000, 15_360, true},
		{1_764_500_000, 90_000, true},
		{1_764_500_000, 10_000_000, true},
		{70 * year, 10_000_000, true},
		{74 * year, 15_360, false},
		{74 * year, 10_000_000, false},
		{20 * year, 1_000_000_000, false},
	} {
		m := testmedia.H264AAC(2)
		m.Tracks = m.Tracks[:1]
		m.Tracks[0].Timescale = uint32(test.scale)
		m.Fragments = &testmedia.Fragments{Gap: map[int]uint64{0: test.seconds * test.scale}}
		index, err := demux.Open(t.Context(), testmedia.Memory(m.Bytes()), demux.DefaultLimits())
		if test.ok != (err == nil) || !test.ok && !errors.Is(err, demux.ErrTooLarge) {
			t.Errorf("%d s of 1/%d s: %v", test.seconds, test.scale, err)
		}
		if err != nil {
			continue
		}
		if start := index.Tracks[0].Start.Seconds(index.Tracks[0].Timescale); start < float64(test.seconds) || start > float64(test.seconds)+1 {
			t.Errorf("%d s of 1/%d s: it starts at %v", test.seconds, test.scale, start)
		}
		if _, err = demux.Decode(index.AppendTo(nil)); err != nil {
			t.Errorf("%d s of 1/%d s, kept: %v", test.seconds, test.scale, err)
		}
	}
}
