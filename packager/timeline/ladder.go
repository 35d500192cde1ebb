package timeline

import (
	"fmt"
	"math"
	"time"

	"unreel/demux"
)

// flicks is the clock for titles whose timescales have no common multiple that fits: it is one of nearly all timescales
// in use (1/705600000 s divides the frames of every usual frame and sample rate), and rounds the rest to a nanosecond.
const flicks demux.Timescale = 705_600_000

// farthest bounds times on the common clock from the ladder's origin, so that sums and doubles of them fit. At the finest clock it
// is 8 years.
const farthest = 1 << 60

// ladder is the renditions of a title on one clock.
type ladder struct {
	tracks []*track
	target demux.Ticks   // T on that clock
	limit  time.Duration // a longer segment is one that renditions mustn't force on each other
}

// track is a Rendition, on the common clock but for what stands in the Rendition itself.
type track struct {
	Rendition
	start, stop demux.Ticks // Start and Stop
	frame       demux.Ticks
	first       demux.Ticks // when the first sync frame is presented
	points      []point     // the cuts that may follow the first
	alone       []int32     // places in points: where it is cut on its own
}

// point is a cut that may be used.
type point struct {
	time  demux.Ticks // of its sync frame, on the common clock; rising strictly
	index int32       // in Rendition.Cuts
}

// commonClock is a clock in which all renditions' ticks and whole milliseconds are integers, or else flicks.
func commonClock(renditions []Rendition) demux.Timescale {
	clock := uint64(1000)
	for i := range renditions {
		scale := uint64(renditions[i].Timescale)
		a, b := clock, scale
		for b != 0 {
			a, b = b, a%b
		}
		if clock = clock / a * scale; clock > math.MaxUint32 {
			return flicks
		}
	}
	return demux.Timescale(clock)
}

func newLadder(renditions []Rendition, cfg Config) (*ladder, error) {
	clock := commonClock(renditions)
	l := &ladder{
		target: demux.Ticks(cfg.Target.Milliseconds()) * demux.Ticks(clock/1000),
		limit:  min(2*cfg.Target, cfg.Max),
	}
	if l.target > farthest {
		return nil, fmt.Errorf("segments of %v: %w", cfg.Target, errTimes)
	}
	origin, ok := originOf(renditions, cfg.Target).Rescale(1000, clock)
	if !ok || origin > 7*farthest {
		return nil, fmt.Errorf("%w: %w", errTimes, demux.ErrUnsupported)
	}
	for i := range renditions {
		t, err := newTrack(renditions[i], clock, origin)
		if err != nil {
			return nil, fmt.Errorf("cut rendition %d: %w", i, err)
		}
		all := make([]int32, len(t.points))
		for k := range all {
			all[k] = int32(k)
		}
		t.alone = l.choose([]*track{t}, all)
		l.tracks = append(l.tracks, t)
	}
	return l, nil
}

// originOf is the last line of the grid before any rendition begins, in milliseconds; 0 where one begins before time 0. Counted from a
// line, the others are where they were, and times of a recording that counts from 1970 are small.
func originOf(renditions []Rendition, target time.Duration) demux.Ticks {
	step, least := demux.Ticks(target.Milliseconds()), demux.Ticks(0)
	for i := range renditions {
		start, _ := renditions[i].Start.Rescale(renditions[i].Timescale, 1000) // or 0
		if i == 0 || start < least {
			least = start
		}
	}
	return max(least-1, 0) / step * step
}

// newTrack keeps of a rendition's cuts those that may be used: times rise, the earliest frames' too, and half a frame
// follows.
func newTrack(r Rendition, clock demux.Timescale, origin demux.Ticks) (*track, error) {
	if len(r.Cuts) == 0 {
		return nil, fmt.Errorf("no keyframe at all: %w", demux.ErrUnsupported)
	}
	if r.Stop <= r.Start {
		r.Stop = r.Start + max(r.Frame, 1)
	}
	t := &track{Rendition: r}
	fits := true
	onClock := func(ticks, origin demux.Ticks) demux.Ticks {
		v, ok := ticks.Rescale(r.Timescale, clock)
		fits = fits && ok && v > -farthest
		v -= origin
		fits = fits && v > -farthest && v < farthest
		return v
	}
	t.start, t.stop, t.frame, t.first = onClock(r.Start, origin), onClock(r.Stop, origin), onClock(r.Frame, 0), onClock(r.Cuts[0].Time, origin)
	t.points = make([]point, 0, len(r.Cuts)-1)
	last, begin := t.first, r.Start
	for i, c := range r.Cuts[1:] {
		at := onClock(c.Time, origin)
		if at <= last || c.Time-c.Lead <= begin || r.Stop-(c.Time-c.Lead) < max(r.Frame+1, 2)/2 {
			continue
		}
		t.points = append(t.points, point{time: at, index: int32(i + 1)})
		last, begin = at, c.Time-c.Lead
	}
	if !fits {
		return nil, fmt.Errorf("%w: %w", errTimes, demux.ErrUnsupported)
	}
	return t, nil
}

// choose is the grid: of the places in members[0].points that the members share, those that a line takes.
//
// Line k·T takes point c where it is nearer to it than to its neighbours: (b+c)/2 < k·T <= (c+d)/2, the earlier on a
// tie. So nobody walks the lines, of which a file with a lying duration has endless ones.
func (l *ladder) choose(members []*track, shared []int32) []int32 {
	seed := members[0]
	latest, stop := seed.start, seed.stop
	for _, t := range members[1:] {
		latest, stop = max(latest, t.start), max(stop, t.stop)
	}
	done := demux.Ticks(0) // lines up to this one are taken
	if 2*latest < -l.target {
		done = -1
	}
	end := floorDiv(stop-1, l.target) // the last line before the presentation ends
	var chosen []int32
	before := seed.first
	for i, p := range shared {
		at := seed.points[p].time
		done = max(done, floorDiv(before+at, 2*l.target))
		upto := end
		if i+1 < len(shared) {
			upto = min(upto, floorDiv(at+seed.points[shared[i+1]].time, 2*l.target))
		}
		if upto > done {
			chosen = append(chosen, p)
		}
		before = at
	}
	return chosen
}

// floorDiv divides downwards for negative times too. b is positive.
func floorDiv(a, b demux.Ticks) demux.Ticks {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// boundaries are the segments that start at the first sample and at the chosen points.
func (t *track) boundaries(chosen []int32) []Boundary {
	out := make([]Boundary, 0, len(chosen)+2)
	out = append(out, Boundary{Sample: t.Cuts[0].Sample, Time: t.Start})
	for _, p := range chosen {
		out = append(out, t.boundary(p))
	}
	return append(out, Boundary{Sample: t.End, Time: t.Stop})
}

func (t *track) boundary(p int32) Boundary {
	c := t.Cuts[t.points[p].index]
	return Boundary{Sample: c.Sample, Time: c.Time - c.Lead}
}

// closed tells whether the first cut and all chosen ones are closed.
func (t *track) closed(chosen []int32) bool {
	for _, p := range chosen {
		if t.Cuts[t.points[p].index].Lead > 0 {
			return false
		}
	}
	return t.Cuts[0].Lead <= 0
}
