package timeline

import (
	"errors"
	"slices"
	"testing"
	"time"

	"unreel/demux"
)

func TestLadders(t *testing.T) {
	all := func(n int) []bool { return slices.Repeat([]bool{true}, n) }
	f := func(name string, cfg Config, aligned []bool, renditions ...Rendition) Timeline {
		t.Helper()
		line, err := Align(renditions, cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return line
		}
		if !slices.Equal(line.Aligned, aligned) {
			t.Errorf("%s: aligned %v, want %v", name, line.Aligned, aligned)
		}
		var first []Boundary // of the group
		for i, boundaries := range line.Renditions {
			if !line.Aligned[i] {
				alone := align(t, cfg, renditions[i])
				if !slices.Equal(boundaries, alone.Renditions[0]) {
					t.Errorf("%s: rendition %d is not aligned, yet not cut as when it is alone", name, i)
				}
				continue
			}
			if first == nil {
				first = boundaries
			}
			if len(boundaries) != len(first) {
				t.Errorf("%s: rendition %d has %d boundaries, another of its group %d", name, i, len(boundaries), len(first))
			}
		}
		return line
	}
	short := Config{Target: 500 * time.Millisecond, Max: time.Minute}
	ntsc := regular(24000, 1001, 48, 5000)
	pal := regular(12800, 512, 50, 5000)

	line := f("timescales of many makers", sixSeconds, all(6), pal, regular(25, 1, 50, 5000), regular(90000, 3600, 50, 5000),
		regular(1_000_000, 40_000, 50, 5000), regular(44100, 1764, 50, 5000), regular(15000, 1200, 25, 2500))
	if got := len(line.Renditions[0]) - 1; got != 34 {
		t.Errorf("200 s make %d segments, want 34", got)
	}
	f("23.976 and 23.976", sixSeconds, all(2), ntsc, regular(90000, 3754, 48, 5000))
	f("23.976 against 24", sixSeconds, []bool{true, false}, ntsc, regular(24, 1, 48, 5000))
	f("60 and 30 frames", sixSeconds, all(3), regular(60000, 1001, 120, 12000), regular(30000, 1001, 60, 6000), regular(30000, 1001, 30, 6000))
	f("60 against 30, half a frame off", sixSeconds, all(2), later(regular(60, 1, 120, 12000), 1), regular(30, 1, 60, 6000))
	f("60 against 30, more off", sixSeconds, []bool{true, false}, later(regular(60, 1, 120, 12000), 2), regular(30, 1, 60, 6000))
	f("a delay of one frame", sixSeconds, []bool{true, true, false, true}, pal, pal, later(pal, 512), pal)
	f("half a second, keyframes each two", short, all(3), pal, regular(25, 1, 50, 5000), pal)
	f("half a second, every frame a key", short, all(2), regular(25, 1, 1, 5000), regular(50, 1, 1, 10000))
	f("GOPs that meet each 10 s", sixSeconds, all(2), regular(25, 1, 50, 5000), regular(25, 1, 125, 5000))
	f("GOPs that meet each 30 s", sixSeconds, []bool{true, false, true}, regular(25, 1, 150, 5000), regular(25, 1, 125, 5000), regular(25, 1, 50, 5000))
	f("all have long GOPs", sixSeconds, all(3), regular(25, 1, 500, 5000), regular(25, 1, 500, 5000), regular(50, 1, 1000, 10000))
	f("one has long GOPs", sixSeconds, []bool{false, true, true}, regular(25, 1, 500, 5000), pal, pal)
	f("the largest group, not the first", sixSeconds, []bool{false, true, false, true, true}, later(pal, 5000), pal, later(pal, 5000), pal, pal)
	f("the first of equal groups", sixSeconds, []bool{true, false, true, false}, pal, later(pal, 5000), pal, later(pal, 5000))
	f("nobody", sixSeconds, []bool{true, false, false}, pal, later(pal, 5000), later(pal, 10000))
	f("ends differ", sixSeconds, all(3), pal, regular(12800, 512, 50, 5080), regular(12800, 512, 50, 4990))
	f("starts differ", sixSeconds, all(2), pal, later(regular(25, 1, 50, 4950), 50))
	f("timescales without a common multiple", sixSeconds, all(3),
		regular(4_294_967_291, 171_798_692, 50, 5000), regular(4_294_967_279, 171_798_691, 50, 5000), pal)

	rungs := make([]Rendition, 10)
	for i := range rungs {
		rungs[i] = regular(demux.Timescale(25*(i+1)), demux.Ticks(i+1), 25*(1+i%3), 50_000)
	}
	f("ten rungs", sixSeconds, all(10), rungs...)
	rungs[4] = later(rungs[4], 7)
	f("ten rungs, one askew", sixSeconds, []bool{true, true, true, true, false, true, true, true, true, true}, rungs...)
}

// TestVariableFrameRate aligns screen recordings: frames come when something moves, keyframes at the same times.
func TestVariableFrameRate(t *testing.T) {
	recording := func(scale demux.Timescale, frame demux.Ticks, skip int) Rendition {
		r := Rendition{Timescale: scale, Frame: frame}
		for i, ms := 0, demux.Ticks(0); ms < 120_000; i++ {
			if at := ms * demux.Ticks(scale) / 1000; i%(60/skip) == 0 {
				r.Cuts = append(r.Cuts, demux.Cut{Sample: r.End, Time: at})
			}
			r.End++
			for range skip {
				ms += 10 + ms*7919%70
			}
		}
		r.Stop = demux.Ticks(scale) * 121
		return r
	}
	line := align(t, sixSeconds, recording(90000, 4050, 1), recording(1000, 90, 2), recording(600, 27, 1))
	if !slices.Equal(line.Aligned, []bool{true, true, true}) || len(line.Renditions[0]) != len(line.Renditions[1]) {
		t.Errorf("aligned %v, segments %d and %d", line.Aligned, len(line.Renditions[0])-1, len(line.Renditions[1])-1)
	}
}

// TestEqualCuts holds that renditions with equal cuts get equal times, to the tick.
func TestEqualCuts(t *testing.T) {
	a := regular(90000, 3003, 53, 20_000)
	b := regular(30000, 1001, 53, 20_000)
	line := align(t, sixSeconds, a, b, a)
	for k := range line.Renditions[0] {
		x, y, z := line.Renditions[0][k], line.Renditions[1][k], line.Renditions[2][k]
		if x != z || x.Time != 3*y.Time || x.Sample != y.Sample {
			t.Fatalf("boundary %d: %v, %v, %v", k, x, y, z)
		}
	}
}

func TestAudioOnly(t *testing.T) {
	// AAC at 48 and 44.1 kHz with 2112 samples of priming: no segment of priming alone.
	a, b := later(regular(48000, 1024, 1, 14_000), -2112), later(regular(44100, 1024, 1, 12_900), -2112)
	line := align(t, sixSeconds, a, b)
	if !line.Aligned[1] || !line.Closed {
		t.Errorf("aligned %v, closed %v", line.Aligned, line.Closed)
	}
	for i, boundaries := range line.Renditions {
		for k := range boundaries[1:] {
			seconds := (boundaries[k+1].Time - boundaries[k].Time).Seconds([]demux.Timescale{48000, 44100}[i])
			if last := k+2 == len(boundaries); !last && (seconds < 5.9 || seconds > 6.1) {
				t.Errorf("rendition %d: segment %d lasts %f s", i, k, seconds)
			}
		}
	}
}

// TestLongAndLying holds that time is spent on cuts, and none on the lines of a duration that a file claims.
func TestLongAndLying(t *testing.T) {
	line := align(t, Config{Target: 500 * time.Millisecond, Max: time.Minute}, ladder10(50, 2_430_000, false)...)
	if got := len(line.Renditions[9]) - 1; got != 48_600 || !line.Aligned[9] {
		t.Errorf("27 h with a keyframe each 2 s make %d segments, want 48600", got)
	}
	every := regular(30, 1, 1, 216_000)
	if got := len(align(t, sixSeconds, every, every).Renditions[1]) - 1; got != 1200 {
		t.Errorf("two hours of keyframes make %d segments, want 1200", got)
	}
	lying := keyed(500, 0, 150)
	lying.Stop = 1 << 50
	var gap *GapError
	if _, err := Align([]Rendition{lying, lying}, sixSeconds); !errors.As(err, &gap) || gap.Rendition != 0 || gap.To != lying.Stop {
		t.Errorf("a million years of the last frame: %v", err)
	}
}
