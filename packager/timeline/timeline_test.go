package timeline

import (
	"errors"
	"slices"
	"testing"
	"time"

	"unreel/demux"
)

var sixSeconds = Config{Target: 6 * time.Second, Max: time.Minute}

// regular is a rendition with a keyframe each gop frames; a frame lasts frame ticks and there are n of them.
func regular(scale demux.Timescale, frame demux.Ticks, gop, n int) Rendition {
	r := Rendition{Timescale: scale, Frame: frame, Stop: demux.Ticks(n) * frame, End: n}
	for i := 0; i < n; i += gop {
		r.Cuts = append(r.Cuts, demux.Cut{Sample: i, Time: demux.Ticks(i) * frame})
	}
	return r
}

// keyed is a rendition of 25 frames a second with keyframes at the given frames.
func keyed(n int, frames ...int) Rendition {
	r := Rendition{Timescale: 25, Frame: 1, Stop: demux.Ticks(n), End: n}
	for _, i := range frames {
		r.Cuts = append(r.Cuts, demux.Cut{Sample: i, Time: demux.Ticks(i)})
	}
	return r
}

// later is r as an empty edit, a trimmed run-up or priming would move it.
func later(r Rendition, by demux.Ticks) Rendition {
	r.Start, r.Stop, r.Cuts = r.Start+by, r.Stop+by, slices.Clone(r.Cuts)
	for i := range r.Cuts {
		r.Cuts[i].Time += by
	}
	return r
}

// open is r with an open GOP at each cut but the first: so many ticks are presented before it.
func open(r Rendition, lead demux.Ticks) Rendition {
	r.Cuts = slices.Clone(r.Cuts)
	for i := range r.Cuts[1:] {
		r.Cuts[i+1].Lead = lead
	}
	return r
}

// samples are the first samples of the segments, and the end.
func samples(boundaries []Boundary) []int {
	out := make([]int, len(boundaries))
	for i, b := range boundaries {
		out[i] = b.Sample
	}
	return out
}

func align(t *testing.T, cfg Config, renditions ...Rendition) Timeline {
	t.Helper()
	line, err := Align(renditions, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestGrid(t *testing.T) {
	f := func(name string, r Rendition, want ...int) {
		t.Helper()
		line, err := Align([]Rendition{r}, sixSeconds)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if got := samples(line.Renditions[0]); !slices.Equal(got, want) {
			t.Errorf("%s: segments start at samples %v, want %v", name, got, want)
		}
	}
	f("keyframes on the lines", keyed(450, 0, 50, 100, 150, 200, 250, 300, 350, 400), 0, 150, 300, 450)
	f("earlier on a tie", keyed(300, 0, 140, 160), 0, 140, 300)
	f("later when nearer", keyed(300, 0, 139, 160), 0, 160, 300)
	f("two lines, one cut", keyed(500, 0, 225), 0, 225, 500)
	f("one keyframe", keyed(500, 0), 0, 500)
	f("errors don't add up", keyed(900, 0, 130, 260, 390, 520, 650, 780), 0, 130, 260, 390, 650, 780, 900)
	f("no line after the end", keyed(250, 0, 125, 225), 0, 125, 250)
	f("a short tail is no harm", keyed(151, 0, 150), 0, 150, 151)
	f("the start is no line's if something is nearer", keyed(301, 0, 10, 290), 0, 10, 290, 301)

	f("late by an empty edit", later(keyed(450, 0, 50, 100, 150, 200, 250, 300, 350, 400), 500), 0, 100, 250, 400, 450)
	f("a little early", later(keyed(300, 0, 2, 50, 100, 150, 200, 250), -1), 0, 150, 300)
	f("a run-up of ten seconds", later(keyed(700, 0, 250, 500), -249), 0, 250, 500, 700)
	f("a run-up of two seconds", later(keyed(300, 0, 50, 100, 150, 200, 250), -49), 0, 200, 300)
}

// TestLastSegment holds that it always has something to show.
func TestLastSegment(t *testing.T) {
	f := func(name string, stop demux.Ticks, want ...int) {
		t.Helper()
		r := Rendition{Timescale: 1000, Frame: 40, Stop: stop, End: 152}
		for _, i := range []int{0, 50, 100, 150} {
			r.Cuts = append(r.Cuts, demux.Cut{Sample: i, Time: demux.Ticks(i) * 40})
		}
		if got := samples(align(t, sixSeconds, r).Renditions[0]); !slices.Equal(got, want) {
			t.Errorf("%s: segments start at samples %v, want %v", name, got, want)
		}
	}
	f("half a frame", 6020, 0, 150, 152)
	f("less", 6019, 0, 100, 152)
	f("nothing", 6000, 0, 152)
	f("less than nothing", 5990, 0, 152)

	still := Rendition{Timescale: 25, Frame: 1, Start: 3, Stop: 3, Cuts: []demux.Cut{{Sample: 7, Time: 3}}, End: 8}
	if got, want := align(t, sixSeconds, still).Renditions[0], []Boundary{{7, 3}, {8, 4}}; !slices.Equal(got, want) {
		t.Errorf("a frame that lasts no time: %v, want %v", got, want)
	}
}

func TestOpenCuts(t *testing.T) {
	closed := regular(25, 1, 50, 500)
	line := align(t, sixSeconds, closed)
	if !line.Closed {
		t.Error("closed cuts are said to be open")
	}
	line = align(t, sixSeconds, closed, open(closed, 2))
	if line.Closed || !line.Aligned[0] || !line.Aligned[1] {
		t.Errorf("closed %v, aligned %v", line.Closed, line.Aligned)
	}
	want := [][]Boundary{{{0, 0}, {150, 150}, {300, 300}, {450, 450}, {500, 500}}, {{0, 0}, {150, 148}, {300, 298}, {450, 448}, {500, 500}}}
	for i := range want {
		if !slices.Equal(line.Renditions[i], want[i]) {
			t.Errorf("rendition %d: %v, want %v", i, line.Renditions[i], want[i])
		}
	}

	unused := regular(25, 1, 50, 500)
	unused.Cuts[1].Lead = 2
	if !align(t, sixSeconds, unused).Closed {
		t.Error("an open cut that isn't used counts")
	}
	first := regular(25, 1, 50, 500)
	first.Cuts[0].Lead, first.Start = 2, -2
	if line = align(t, sixSeconds, first); line.Closed || line.Renditions[0][0].Time != -2 {
		t.Errorf("frames before the first keyframe: %+v", line)
	}
}

// TestOddOrder is a file without stss whose frames are reordered: all claim to be sync samples. Only those are cuts that
// nothing earlier is presented after.
func TestOddOrder(t *testing.T) {
	r := Rendition{Timescale: 1, Frame: 1, Stop: 21, End: 21}
	for i := range 7 { // I P B B would be 0 2 1, 3 5 4, ...
		at := demux.Ticks(3 * i)
		r.Cuts = append(r.Cuts, demux.Cut{Sample: 3 * i, Time: at}, demux.Cut{Sample: 3*i + 1, Time: at + 2, Lead: 1}, demux.Cut{Sample: 3*i + 2, Time: at + 1})
	}
	line := align(t, Config{Target: time.Second, Max: time.Minute}, r)
	for i, b := range line.Renditions[0][1:] {
		if before := line.Renditions[0][i]; b.Sample <= before.Sample || b.Time <= before.Time {
			t.Fatalf("%v", line.Renditions[0])
		}
		if b.Sample%3 == 2 {
			t.Errorf("cut at sample %d, before which a later frame is decoded", b.Sample)
		}
	}
}

// TestFarTimes: films that are recorded by the clock of the day are cut where they would be from time 0 on, in any clocks.
func TestFarTimes(t *testing.T) {
	const seconds = 1_764_500_004 // in whole segments
	for _, scales := range [][2]demux.Timescale{{90_000, 15_360}, {90_000, 10_000_000}, {1_000_000, 999_983}, {30_030, 1 << 31}} {
		var near, far []Rendition
		for _, scale := range scales {
			r := later(regular(scale, demux.Ticks(scale)/25, 50, 3000), demux.Ticks(scale)/2)
			near, far = append(near, r), append(far, later(r, seconds*demux.Ticks(scale)))
		}
		want, got := align(t, sixSeconds, near...), align(t, sixSeconds, far...)
		for i, bounds := range got.Renditions {
			if !slices.Equal(samples(bounds), samples(want.Renditions[i])) || got.Aligned[i] != want.Aligned[i] {
				t.Errorf("%v: cut at %v, want %v", scales, samples(bounds), samples(want.Renditions[i]))
			}
			if at := seconds*demux.Ticks(scales[i]) + want.Renditions[i][1].Time; bounds[1].Time != at {
				t.Errorf("%v: cut at %d, want %d", scales, bounds[1].Time, at)
			}
		}
	}
}

func TestGap(t *testing.T) {
	f := func(want string, cfg Config, renditions ...Rendition) {
		t.Helper()
		_, err := Align(renditions, cfg)
		var gap *GapError
		if !errors.As(err, &gap) || !errors.Is(err, demux.ErrUnsupported) || err.Error() != want {
			t.Errorf("err = %v, want %s", err, want)
		}
	}
	good := regular(90000, 3600, 50, 3000)
	f("no keyframe for 64.000 s, from 4.000 s to 68.000 s, but a segment may last 1m0s: not supported", sixSeconds,
		good, keyed(3000, 0, 100, 1700, 2000))
	f("no keyframe for 10.000 s, from 0.000 s to 10.000 s, but a segment may last 9.99s: not supported",
		Config{Target: 6 * time.Second, Max: 9990 * time.Millisecond}, regular(25, 1, 250, 1000))
	if _, err := Align([]Rendition{keyed(3000, 0, 1500)}, sixSeconds); err != nil {
		t.Errorf("exactly the longest segment that is allowed: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	good := regular(25, 1, 50, 500)
	_, err := Align([]Rendition{good, {Timescale: 25, Stop: 5, End: 5}}, sixSeconds)
	if !errors.Is(err, demux.ErrUnsupported) || err.Error() != "cut rendition 1: no keyframe at all: not supported" {
		t.Errorf("no cuts: %v", err)
	}
	_, err = Align([]Rendition{later(good, 1<<62)}, sixSeconds)
	if !errors.Is(err, demux.ErrUnsupported) {
		t.Errorf("the end of time: %v", err)
	}
	_, err = Align([]Rendition{{Cuts: good.Cuts, Stop: 5, End: 5}}, sixSeconds)
	if !errors.Is(err, demux.ErrUnsupported) {
		t.Errorf("no timescale: %v", err)
	}
	for _, cfg := range []Config{{}, {Target: time.Microsecond, Max: time.Minute}, {Target: time.Minute, Max: time.Second}} {
		if _, err = Align([]Rendition{good}, cfg); err == nil || errors.Is(err, demux.ErrUnsupported) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	if line := align(t, sixSeconds); len(line.Renditions) != 0 {
		t.Errorf("no renditions: %+v", line)
	}
}
