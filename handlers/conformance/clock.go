package conformance

import "time"

// ticks counts the 90 kHz of PTS and DTS, unwrapped: it runs on where the 33 bits in the stream start again.
type ticks int64

const (
	tickRate  ticks = 90000
	clockWrap ticks = 1 << 33 // ISO/IEC 13818-1 §2.4.3.7
)

// near unwraps raw, a value of 33 bits, to the one nearest to a time already known.
func near(raw int64, to ticks) ticks {
	d := (ticks(raw) - to) % clockWrap
	switch {
	case d < -clockWrap/2:
		d += clockWrap
	case d >= clockWrap/2:
		d -= clockWrap
	}
	return to + d
}

// halfWrapped tells a clock that a muxer kept in 32 bits and that started again at half of what it should have: the time
// raw is far from the one before it, but near to it with the bit that is lost.
func halfWrapped(raw int64, before ticks) (now ticks, lost bool) {
	const far, soon = clockWrap / 4, 60 * tickRate
	now = near(raw, before)
	if (now - before).abs() < far {
		return now, false
	}
	if again := near(raw+int64(clockWrap/2), before); (again - before).abs() < soon {
		return again, true
	}
	return now, false
}

// raw is the value as the stream has it.
func (t ticks) raw() int64 { return int64((t%clockWrap + clockWrap) % clockWrap) }

// duration is the time as nanoseconds, rounded down.
func (t ticks) duration() time.Duration {
	return time.Duration(t) * (time.Second / 10000) / time.Duration(tickRate/10000)
}

// ticksOf is the nearest number of ticks.
func ticksOf(d time.Duration) ticks {
	const unit = time.Second / 10000
	n := d * time.Duration(tickRate/10000)
	if n < 0 {
		return -ticks((-n + unit/2) / unit)
	}
	return ticks((n + unit/2) / unit)
}

func (t ticks) abs() ticks { return max(t, -t) }

// apart is the distance of two clocks that may have begun in different turns of their bits.
func apart(a, b ticks) ticks {
	now, _ := halfWrapped(a.raw(), b)
	return now - b
}
