package events

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// Rollup is what many sessions have in common.
type Rollup struct {
	Key              string        `json:"key"` // of the group; "" for what isn't known
	Sessions         int           `json:"sessions"`
	Played           int           `json:"played"`
	StartFailures    int           `json:"start_failures"`
	ExitsBeforeStart int           `json:"exits_before_start"`
	PlaybackFailures int           `json:"playback_failures"`
	StartupMS        Spread        `json:"startup_ms"`
	RebufferRatio    Spread        `json:"rebuffer_ratio"`
	AvgBitrate       Spread        `json:"avg_bitrate"` // bits per second
	Switches         Spread        `json:"switches"`
	Flagged          map[Flag]int  `json:"flagged"`
	PlayMS           int64         `json:"play_ms"`
	StallMS          int64         `json:"stall_ms"`
	samples          [4]sampleList // of the spreads, in their order
}

type sampleList []float64

// Spread is a distribution: never a mean, which says nothing of anybody.
type Spread struct {
	Count  int      `json:"count"` // of sessions in which it is known
	Median *float64 `json:"median"`
	P95    *float64 `json:"p95"`
}

// Keys are what sessions may be grouped by.
func Keys() []string { return []string{"region", "device", "player", "rendition", "network", "video"} }

func (s *Summary) key(by string) string {
	switch by {
	case "region":
		return s.Region
	case "device":
		return s.Device
	case "player":
		return s.Player
	case "rendition":
		return s.Rendition
	case "network":
		return s.Network
	case "video":
		return s.VideoID
	default:
		return ""
	}
}

// maxGroups bounds an answer: the largest are told, the others are under "other".
const maxGroups = 100

// Roll groups sessions by one of Keys, or by nothing, the largest group first.
func Roll(summaries []Summary, by string) (total Rollup, groups []Rollup) {
	sizes := map[string]int{}
	for i := range summaries {
		sizes[summaries[i].key(by)]++
	}
	names := make([]string, 0, len(sizes))
	for name := range sizes { // sorted below
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b)) })
	const other = "other"
	place := map[string]int{}
	for i, name := range names {
		if i < maxGroups {
			place[name] = len(groups)
			groups = append(groups, Rollup{Key: name})
		}
	}
	if len(names) > maxGroups {
		groups = append(groups, Rollup{Key: other})
	}
	for i := range summaries {
		s := &summaries[i]
		at, ok := place[s.key(by)]
		if !ok {
			at = maxGroups
		}
		groups[at].add(s)
		total.add(s)
	}
	for i := range groups {
		groups[i].finish()
	}
	total.finish()
	if by == "" {
		groups = nil
	}
	return total, groups
}

func (r *Rollup) add(s *Summary) {
	if r.Flagged == nil {
		r.Flagged = map[Flag]int{}
	}
	r.Sessions++
	switch s.Outcome {
	case StartFailure:
		r.StartFailures++
	case ExitBeforeStart:
		r.ExitsBeforeStart++
	case PlaybackFailure:
		r.PlaybackFailures++
	case Played:
		r.Played++
	}
	r.PlayMS += s.PlayMS
	r.StallMS += s.StallMS
	for _, flag := range s.Flags {
		r.Flagged[flag]++
	}
	if s.StartupMS != nil {
		r.samples[0] = append(r.samples[0], float64(*s.StartupMS))
	}
	if s.RebufferRatio != nil {
		r.samples[1] = append(r.samples[1], *s.RebufferRatio)
	}
	if s.AvgBitrate != nil {
		r.samples[2] = append(r.samples[2], float64(*s.AvgBitrate))
	}
	if s.Outcome == Played || s.Outcome == PlaybackFailure {
		r.samples[3] = append(r.samples[3], float64(s.Switches))
	}
}

func (r *Rollup) finish() {
	if r.Flagged == nil {
		r.Flagged = map[Flag]int{}
	}
	for i, to := range [...]*Spread{&r.StartupMS, &r.RebufferRatio, &r.AvgBitrate, &r.Switches} {
		*to = r.samples[i].spread()
	}
	r.samples = [4]sampleList{}
}

// spread sorts by rank: the least value that so many per cent are not above.
func (l sampleList) spread() Spread {
	if len(l) == 0 {
		return Spread{}
	}
	slices.Sort(l)
	rank := func(part float64) *float64 {
		value := l[max(int(math.Ceil(part*float64(len(l))))-1, 0)]
		return &value
	}
	return Spread{Count: len(l), Median: rank(0.5), P95: rank(0.95)}
}

// Point is what the sessions have in common that began within one step of time.
type Point struct {
	At int64 `json:"at"` // when the step begins, milliseconds since 1970
	Rollup
}

// Series rolls sessions up by when they began, in steps of the clock, the oldest first. A step in which none began is left out.
func Series(summaries []Summary, step time.Duration) []Point {
	ms := max(step.Milliseconds(), 1)
	points := map[int64]*Point{}
	for i := range summaries {
		at := summaries[i].ReceivedAt / ms * ms
		if points[at] == nil {
			points[at] = &Point{At: at}
		}
		points[at].add(&summaries[i])
	}
	series := make([]Point, 0, len(points))
	for _, at := range slices.Sorted(maps.Keys(points)) {
		points[at].finish()
		series = append(series, *points[at])
	}
	return series
}
