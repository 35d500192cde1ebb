package timeline

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"unreel/demux"
)

// Rendition is what Align knows of one rendition: of its video, or of its audio in a title without video.
type Rendition struct {
	Timescale demux.Timescale
	// Start and Stop are when its earliest frame is presented and when its last one ends. Where nothing lasts any time
	// (Stop is not after Start), one Frame is taken for it.
	Start, Stop demux.Ticks
	Frame       demux.Ticks // nominal frame duration: renditions agree on a cut within half of it
	Cuts        []demux.Cut // in decoding order; the first stands at the first sample
	End         int         // sample number after the last
}

// Config is what the operator chooses. Both are whole milliseconds; what is finer is dropped.
type Config struct {
	Target time.Duration // T, the distance of the grid's lines
	Max    time.Duration // the longest segment that is made where keyframes are rare; at least Target
}

// Boundary is where a segment starts.
type Boundary struct {
	Sample int         // its first sample
	Time   demux.Ticks // when its earliest frame is presented, in the rendition's Timescale
}

// Timeline is where every rendition of a title is cut.
type Timeline struct {
	// Renditions holds the boundaries of each rendition, in the order they were given; the last is {End, Stop}, so n
	// segments have n+1. Samples and times rise strictly.
	Renditions [][]Boundary
	// Aligned tells which renditions are in the group that shares one timeline. The others are cut on their own.
	Aligned []bool
	// Closed is whether every cut that is used is closed, so that EXT-X-INDEPENDENT-SEGMENTS is true (RFC 8216 §4.3.5.1).
	Closed bool
}

// GapError is a film with too long a way from one keyframe to the next. It wraps demux.ErrUnsupported.
type GapError struct {
	Rendition int         // which one, by its place in Align's arguments
	From, To  demux.Ticks // presentation times between which it can't be cut, in Timescale
	Timescale demux.Timescale
	Max       time.Duration
}

func (e *GapError) Error() string {
	return fmt.Sprintf("no keyframe for %.3f s, from %.3f s to %.3f s, but a segment may last %v: %v", (e.To - e.From).Seconds(e.Timescale),
		e.From.Seconds(e.Timescale), e.To.Seconds(e.Timescale), e.Max, demux.ErrUnsupported)
}

// Unwrap gives demux.ErrUnsupported.
func (e *GapError) Unwrap() error { return demux.ErrUnsupported }

// Align cuts all renditions of a title at the keyframes that they share.
//
// If that makes a segment longer than 2T (or than Max) which one of them needn't have, the largest group that does align
// shares a timeline and each other rendition is cut on its own. The group is found by a fixed rule in polynomial time, so
// that every replica finds the same: each rendition in turn gathers the others in their order, leaving out whoever would
// give such a segment to one that was gathered; the largest gathering wins, the first of equals. A keyframe gap
// that all of them have is no reason to part: there a segment is just long.
//
// A segment longer than Max is a *GapError about the longest one; the timeline comes with it, for those who explain. A
// rendition that can't be cut at all is an error that wraps demux.ErrUnsupported.
func Align(renditions []Rendition, cfg Config) (Timeline, error) {
	cfg.Target, cfg.Max = cfg.Target.Truncate(time.Millisecond), cfg.Max.Truncate(time.Millisecond)
	if cfg.Target <= 0 || cfg.Max < cfg.Target {
		return Timeline{}, fmt.Errorf("segments of %v, at most %v, make no timeline", cfg.Target, cfg.Max)
	}
	ladder, err := newLadder(renditions, cfg)
	if err != nil {
		return Timeline{}, err
	}
	best := ladder.largest()
	out := Timeline{Renditions: make([][]Boundary, len(renditions)), Aligned: make([]bool, len(renditions)), Closed: true}
	for i, t := range ladder.tracks {
		chosen := t.alone
		if best.matches[i] != nil {
			out.Aligned[i] = true
			chosen = project(best.chosen, best.matches[i])
		}
		out.Renditions[i] = t.boundaries(chosen)
		out.Closed = out.Closed && t.closed(chosen)
	}
	return out, widest(renditions, out.Renditions, cfg.Max)
}

// widest is the longest segment of all as a *GapError, if it is longer than allowed.
func widest(renditions []Rendition, cut [][]Boundary, most time.Duration) error {
	worst := GapError{Rendition: -1, To: demux.Ticks(most), Timescale: nanoseconds, Max: most}
	for i, boundaries := range cut {
		for k := range boundaries[1:] {
			from, to := boundaries[k].Time, boundaries[k+1].Time
			if scale := renditions[i].Timescale; longer(to-from, scale, worst.To-worst.From, worst.Timescale) {
				worst = GapError{Rendition: i, From: from, To: to, Timescale: scale, Max: most}
			}
		}
	}
	if worst.Rendition < 0 {
		return nil
	}
	return &worst
}

// nanoseconds is the clock of a time.Duration.
const nanoseconds = demux.Timescale(time.Second)

// longer tells exactly whether a lasts longer than b.
func longer(a demux.Ticks, aScale demux.Timescale, b demux.Ticks, bScale demux.Timescale) bool {
	hi, lo := bits.Mul64(uint64(max(a, 0)), uint64(bScale))
	otherHi, otherLo := bits.Mul64(uint64(max(b, 0)), uint64(aScale))
	return hi > otherHi || hi == otherHi && lo > otherLo
}

var errTimes = errors.New("times beyond what a clock can hold")
