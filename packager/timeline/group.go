package timeline

import (
	"slices"
	"time"

	"unreel/demux"
)

// group is renditions that are cut together. The one that gathered it is its seed: places of its points stand for the
// shared cuts.
type group struct {
	size    int
	matches [][]int32 // by rendition: for each of the seed's points the place of the same cut, -1 where there is none; nil outside the group
	chosen  []int32   // places in the seed's points
}

// largest is the largest group of renditions that align, by the rule that Align states.
func (l *ladder) largest() group {
	best := group{matches: make([][]int32, len(l.tracks))}
	for seed := range l.tracks {
		if g := l.gather(seed); g.size > best.size {
			best = g
		}
		if best.size == len(l.tracks) {
			break
		}
	}
	return best
}

// gather adds the others to one rendition, in order, as long as nobody suffers.
func (l *ladder) gather(seed int) group {
	s := l.tracks[seed]
	g := group{size: 1, matches: make([][]int32, len(l.tracks)), chosen: s.alone}
	shared := make([]int32, len(s.points))
	for p := range shared {
		shared[p] = int32(p)
	}
	g.matches[seed] = shared
	members := []*track{s}
	for i, t := range l.tracks {
		if i == seed {
			continue
		}
		g.matches[i] = match(s, t)
		both := make([]int32, 0, len(shared))
		for _, p := range shared {
			if g.matches[i][p] >= 0 {
				both = append(both, p)
			}
		}
		unchecked := g.matches
		chosen := l.choose(append(members, t), both)
		if slices.Equal(chosen, g.chosen) { // the usual case: nothing changes for those who agreed
			unchecked = make([][]int32, len(l.tracks))
			unchecked[i] = g.matches[i]
		}
		if l.agree(unchecked, chosen) {
			shared, members = both, append(members, t)
			g.chosen = chosen
			g.size++
		} else {
			g.matches[i] = nil
		}
	}
	return g
}

// match finds, for each of a's points, the point of b that is the same cut: they are nearest to each other (the earlier on
// a tie), and within half a frame. -1 is none.
func match(a, b *track) []int32 {
	same := make([]int32, len(a.points))
	frame := max(a.frame, b.frame)
	k := 0
	for i, p := range a.points {
		same[i] = -1
		for k+1 < len(b.points) && apart(b.points[k+1], p) < apart(b.points[k], p) {
			k++
		}
		if k == len(b.points) || 2*apart(b.points[k], p) > frame {
			continue
		}
		q := b.points[k]
		if i > 0 && apart(a.points[i-1], q) <= apart(p, q) || i+1 < len(a.points) && apart(a.points[i+1], q) < apart(p, q) {
			continue
		}
		same[i] = int32(k)
	}
	return same
}

func apart(a, b point) demux.Ticks {
	return max(a.time-b.time, b.time-a.time)
}

// agree tells whether none of those that have matches gets a segment beyond the limit that it wouldn't have when cut on its
// own.
func (l *ladder) agree(matches [][]int32, chosen []int32) bool {
	for i, t := range l.tracks {
		if matches[i] != nil && !t.agrees(project(chosen, matches[i]), l.limit) {
			return false
		}
	}
	return true
}

// agrees tells whether t, cut at the chosen points, has no segment beyond the limit that its own cuts would divide.
func (t *track) agrees(chosen []int32, limit time.Duration) bool {
	own := t.alone
	from, place := t.Start, int32(-1)
	for k := range len(chosen) + 1 {
		to, next := t.Stop, int32(len(t.points))
		if k < len(chosen) {
			to, next = t.boundary(chosen[k]).Time, chosen[k]
		}
		for len(own) > 0 && own[0] <= place {
			own = own[1:]
		}
		if len(own) > 0 && own[0] < next && longer(to-from, t.Timescale, demux.Ticks(limit), nanoseconds) {
			return false
		}
		from, place = to, next
	}
	return true
}

// project turns places in the seed's points into those of one member.
func project(chosen, match []int32) []int32 {
	out := make([]int32, len(chosen))
	for i, p := range chosen {
		out[i] = match[p]
	}
	return out
}
