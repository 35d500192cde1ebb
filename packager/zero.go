package packager

import (
	"time"

	"unreel/demux"
)

// zero is the time of a title's clock at which the film begins, where that is no time near 0: recordings of live streams count from
// 1970, and those that were cut out of longer ones from where they began. HLS begins with the first segment whatever its
// time is; in DASH this is @presentationTimeOffset. The zero value is time 0.
type zero struct {
	ticks demux.Ticks
	scale demux.Timescale
}

// leastZero is a delay that is one, and no part of the film. Below it is what encoders' reordering and priming leave.
const leastZero = time.Second

// findZero finds when the first of the title's pictures and sounds begins.
func (t *title) findZero() (z zero) {
	l := &t.layouts[CMAF]
	if l.err != nil {
		l = &t.layouts[TS]
	}
	earliest := time.Duration(0)
	for _, s := range l.streams() {
		start, _ := s.extent(0)
		scale := s.program.lead().Timescale
		at := duration(start, scale)
		if at < leastZero {
			return zero{}
		}
		if z.scale == 0 || at < earliest {
			z, earliest = zero{start, scale}, at
		}
	}
	return z
}

// on is the zero on another clock. It is never later than a whole tick of that clock that is not before it, so no segment comes out
// as one that begins before the film.
func (z zero) on(scale demux.Timescale) demux.Ticks {
	if z.scale == 0 {
		return 0
	}
	at, _ := z.ticks.Rescale(z.scale, scale) // a stream of that clock begins no earlier, and its times fit
	return at
}
