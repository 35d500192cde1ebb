package timeline

import (
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"unreel/demux"
)

// seconds is an exact time.
func seconds(t demux.Ticks, scale demux.Timescale) *big.Rat {
	return big.NewRat(int64(t), int64(scale))
}

func distance(a, b *big.Rat) *big.Rat {
	d := new(big.Rat).Sub(a, b)
	return d.Abs(d)
}

// naive cuts one rendition by walking the grid's lines, with fractions.
func naive(r Rendition, cfg Config) []Boundary {
	out := []Boundary{{r.Cuts[0].Sample, r.Start}}
	stop := r.Stop
	if stop <= r.Start {
		stop = r.Start + max(r.Frame, 1)
	}
	usable := r.Cuts[:1:1]
	begin := r.Start
	for _, c := range r.Cuts[1:] {
		at := c.Time - c.Lead
		if last := usable[len(usable)-1]; c.Time > last.Time && at > begin && 2*(stop-at) >= max(r.Frame, 1) {
			usable = append(usable, c)
			begin = at
		}
	}
	target := big.NewRat(cfg.Target.Milliseconds(), 1000)
	line := new(big.Rat).Set(target)
	if early := seconds(-2*r.Start, r.Timescale); early.Cmp(target) > 0 {
		line.SetInt64(0)
	}
	used := 0
	for ; line.Cmp(seconds(stop, r.Timescale)) < 0; line.Add(line, target) {
		best := 0
		for i, c := range usable {
			if distance(seconds(c.Time, r.Timescale), line).Cmp(distance(seconds(usable[best].Time, r.Timescale), line)) < 0 {
				best = i
			}
		}
		if best > used {
			used = best
			out = append(out, Boundary{usable[best].Sample, usable[best].Time - usable[best].Lead})
		}
	}
	return append(out, Boundary{r.End, stop})
}

// check holds what every timeline promises.
func check(t *testing.T, renditions []Rendition, cfg Config) {
	t.Helper()
	line, err := Align(renditions, cfg)
	if err != nil && !errors.Is(err, demux.ErrUnsupported) {
		t.Fatal(err)
	}
	group, closed := -1, true // any member
	for i, r := range renditions {
		boundaries := line.Renditions[i]
		last := len(boundaries) - 1
		if boundaries[0] != (Boundary{r.Cuts[0].Sample, r.Start}) || boundaries[last].Sample != r.End || boundaries[last].Time < r.Stop {
			t.Fatalf("rendition %d doesn't cover all: %v", i, boundaries)
		}
		alone := naive(r, cfg)
		if !line.Aligned[i] && !slices.Equal(boundaries, alone) {
			t.Errorf("rendition %d on its own: %v, want %v", i, boundaries, alone)
		}
		if line.Aligned[i] && group < 0 {
			group = i
		}
		if line.Aligned[i] && len(boundaries) != len(line.Renditions[group]) {
			t.Fatalf("rendition %d has %d boundaries, its group %d", i, len(boundaries), len(line.Renditions[group]))
		}
		for k, b := range boundaries[:last] {
			next := boundaries[k+1]
			if next.Sample <= b.Sample || next.Time <= b.Time {
				t.Fatalf("rendition %d doesn't rise: %v", i, boundaries)
			}
			at := slices.IndexFunc(r.Cuts, func(c demux.Cut) bool { return c.Sample == b.Sample })
			if at < 0 || k > 0 && r.Cuts[at].Time-r.Cuts[at].Lead != b.Time {
				t.Fatalf("rendition %d: %v is no cut", i, b)
			}
			closed = closed && r.Cuts[at].Lead <= 0
			if k > 0 && line.Aligned[i] {
				sameCut(t, renditions, line, group, i, k)
			}
			length := seconds(next.Time-b.Time, r.Timescale)
			limit := min(2*cfg.Target, cfg.Max)
			if length.Cmp(big.NewRat(limit.Milliseconds(), 1000)) > 0 &&
				slices.ContainsFunc(alone, func(c Boundary) bool { return c.Sample > b.Sample && c.Sample < next.Sample }) {
				t.Errorf("rendition %d is %v, from %v to %v without need: alone %v", i, length, b, next, alone)
			}
		}
	}
	if closed != line.Closed {
		t.Errorf("closed is %v", line.Closed)
	}
}

// sameCut holds that the group's boundaries k are one cut: each is within half a frame of the seed, so within a frame of
// each other.
func sameCut(t *testing.T, renditions []Rendition, line Timeline, a, b, k int) {
	t.Helper()
	at := func(i int) *big.Rat {
		r := renditions[i]
		c := slices.IndexFunc(r.Cuts, func(c demux.Cut) bool { return c.Sample == line.Renditions[i][k].Sample })
		return seconds(r.Cuts[c].Time, r.Timescale)
	}
	frame := new(big.Rat)
	for i, r := range renditions {
		if f := seconds(r.Frame, r.Timescale); line.Aligned[i] && f.Cmp(frame) > 0 {
			frame = f
		}
	}
	if distance(at(a), at(b)).Cmp(frame) > 0 {
		t.Errorf("boundary %d of renditions %d and %d: %v and %v s, frames of %v s", k, a, b, at(a), at(b), frame)
	}
}

// fromBytes makes a title of whatever data says: one to four renditions on a few clocks.
func fromBytes(data []byte) ([]Rendition, Config) {
	next := func() int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b)
	}
	scales := []demux.Timescale{1, 25, 30, 600, 1000, 24000, 44100, 90000}
	cfg := Config{Target: time.Duration(1+next()%16) * 500 * time.Millisecond}
	cfg.Max = cfg.Target * time.Duration(1+next()%20)
	var renditions []Rendition
	for range 1 + next()%4 {
		scale := scales[next()%len(scales)]
		r := Rendition{Timescale: scale, Frame: demux.Ticks(scale) / demux.Ticks(1+next()%60)}
		r.Start = (demux.Ticks(next()) - 128) * demux.Ticks(scale) / 16
		at := r.Start
		for range 1 + next()%60 {
			c := demux.Cut{Sample: r.End, Time: at}
			if lead := next(); lead > 220 && r.End > 0 {
				c.Lead = demux.Ticks(lead-220) * r.Frame / 8
			}
			r.Cuts = append(r.Cuts, c)
			step := next()
			r.End += 1 + step%7
			at += demux.Ticks(step) * demux.Ticks(scale) / 32
		}
		for i := len(r.Cuts) - 2; i >= 0; i-- { // as demux does: what a later cut leads, an earlier one leads too
			r.Cuts[i].Lead = max(r.Cuts[i].Lead, r.Cuts[i].Time-(r.Cuts[i+1].Time-r.Cuts[i+1].Lead))
		}
		r.Start = min(r.Start, r.Cuts[0].Time-r.Cuts[0].Lead)
		r.Stop = at + demux.Ticks(next()%3)*r.Frame
		renditions = append(renditions, r)
		if next()%2 == 0 { // with a twin on another clock
			twin := r
			twin.Timescale, twin.Frame, twin.Start, twin.Stop = 3*r.Timescale, 3*r.Frame, 3*r.Start, 3*r.Stop
			twin.Cuts = slices.Clone(r.Cuts)
			for i := range twin.Cuts {
				twin.Cuts[i].Time, twin.Cuts[i].Lead = 3*twin.Cuts[i].Time, 3*twin.Cuts[i].Lead
			}
			renditions = append(renditions, twin)
		}
	}
	return renditions, cfg
}

func FuzzAlign(f *testing.F) {
	f.Add([]byte{11, 19, 0, 1, 24, 128, 50, 0, 64, 0, 64, 0, 64, 0, 64, 0, 64})
	f.Add([]byte{0, 3, 3, 5, 30, 120, 9, 255, 40, 240, 3, 0, 0, 0, 200, 1, 0, 7, 60, 128, 30, 0, 16, 0, 16, 0, 16})
	f.Fuzz(func(t *testing.T, data []byte) {
		renditions, cfg := fromBytes(data)
		check(t, renditions, cfg)
	})
}
