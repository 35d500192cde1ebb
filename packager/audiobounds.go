package packager

import (
	"time"

	"unreel/demux"
	"unreel/packager/timeline"
)

// millis is the grid's clock.
const millis demux.Timescale = 1000

// gridBounds cuts an audio track at multiples of the segment duration. It goes from frame to frame, never from line to
// line: a duration that lies costs nothing.
func gridBounds(audio *demux.Track, target time.Duration) []timeline.Boundary {
	step := demux.Ticks(target / time.Millisecond)
	bounds := []timeline.Boundary{{Sample: audio.First, Time: audio.Start}}
	for len(bounds) <= maxSegments { // more are refused, whatever follows
		at, ok := bounds[len(bounds)-1].Time.Rescale(audio.Timescale, millis)
		line := (max(at, 0)/step + 1) * step
		sample := follow(audio, line, millis)
		if !ok || sample >= audio.End {
			break
		}
		begin, _ := boundaryTime(audio, sample)
		if sample <= bounds[len(bounds)-1].Sample || begin >= audio.Stop {
			break
		}
		bounds = append(bounds, timeline.Boundary{Sample: sample, Time: begin})
	}
	return append(bounds, timeline.Boundary{Sample: audio.End, Time: audio.Stop})
}

// followBounds cuts an audio track where another clock's timeline is cut, to one frame. Where the track has no frame of
// its own between two cuts, it has one segment for both: an empty one hangs players. Where it begins long before the other
// or goes on long after, it is cut on the grid.
func followBounds(audio *demux.Track, lead []timeline.Boundary, scale demux.Timescale, target time.Duration) []timeline.Boundary {
	first, end := lead[0].Time, lead[len(lead)-1].Time
	step, ok := demux.Ticks(target/time.Millisecond).Rescale(millis, scale)
	start, ok1 := audio.Start.Rescale(audio.Timescale, scale)
	stop, ok2 := audio.Stop.Rescale(audio.Timescale, scale)
	var times []demux.Ticks
	lines := func(from, to demux.Ticks) { // those of the grid that leave half a segment to either side
		if ok && ok1 && ok2 {
			for at := (from/step + 1) * step; at < to-step/2 && len(times) <= maxSegments; at += step {
				times = append(times, at)
			}
		}
	}
	lines(max(start, 0)+step/2, first)
	for _, b := range lead[1 : len(lead)-1] {
		times = append(times, b.Time)
	}
	lines(end-1, stop)
	bounds := []timeline.Boundary{{Sample: audio.First, Time: audio.Start}}
	for _, at := range times {
		sample := follow(audio, at, scale)
		if sample <= bounds[len(bounds)-1].Sample || sample >= audio.End {
			continue
		}
		begin, _ := boundaryTime(audio, sample)
		bounds = append(bounds, timeline.Boundary{Sample: sample, Time: begin})
	}
	return append(bounds, timeline.Boundary{Sample: audio.End, Time: audio.Stop})
}
