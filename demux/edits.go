package demux

// keptEdits is how many entries of an edit list are kept for people to see.
const keptEdits = 32

// edit is what an edit list comes to: after a delay, the media from one time to another, once. All in the track's clock.
type edit struct {
	delay      Ticks
	start, end Ticks // composition times; end is most where the list gives none

	media bool // a part of the media was named
	gap   bool // an empty edit stood after it, which does no harm at the end
}

// Playback rates as elst writes them (§8.6.6.2): 1.0, and the integer 1 that some writers put in its place.
const (
	rateOne    = 0x00010000
	rateOneOdd = 0x00000001
)

// edits reads elst. ok is false where it says what one run of samples cannot express: then the track is refused.
func (t *trak) edits() (e edit, ok bool, err error) {
	size := 12
	if t.elst.version() == 1 {
		size = 20
	}
	table, n, err := t.elst.entries(4, size)
	if err != nil {
		return edit{}, false, err
	}
	rest, hasRest := Ticks(0), false // the first entry without a duration
	for i := range n {
		entry := table[size*i : size*(i+1)]
		one := readEdit(entry)
		if i < keptEdits {
			t.track.Edits = append(t.track.Edits, one)
		}
		duration, fits := one.Duration.Rescale(t.index.Timescale, t.track.Timescale)
		rate := u32(entry[size-4:])
		switch {
		case !fits || one.MediaTime < -1 || one.MediaTime > most || duration < 0 || duration > most-e.delay:
			t.refuse("entry %d of its edit list is out of range", i+1)
			return e, false, nil
		case one.MediaTime == -1:
			e.empty(duration)
		case rate != rateOne && rate != rateOneOdd:
			t.refuse("entry %d of its edit list asks for another speed than 1 (rate %#08x)", i+1, rate)
			return e, false, nil
		case duration == 0:
			if !hasRest {
				rest, hasRest = one.MediaTime, true
			}
		case !e.play(one.MediaTime, duration, t.tolerance()):
			t.refuse("its edit list plays several parts of the media (entry %d)", i+1)
			return e, false, nil
		}
	}
	if !e.media { // a duration of 0 means to the end, where no other entry says better
		e.start, e.end = rest, most
	}
	return e, true, nil
}

// readEdit reads an entry of 12 or 20 bytes.
func readEdit(b []byte) Edit {
	if len(b) == 20 {
		return Edit{Duration: Ticks(s64(b)), MediaTime: Ticks(s64(b[8:]))}
	}
	return Edit{Duration: Ticks(u32(b)), MediaTime: Ticks(s32(b[4:]))}
}

// empty is an empty edit: a delay where it comes first.
func (e *edit) empty(duration Ticks) {
	if e.media {
		e.gap = e.gap || duration > 0
	} else {
		e.delay += duration
	}
}

// play is a part of the media; false where it does not just continue the part before it.
func (e *edit) play(start, duration, tolerance Ticks) bool {
	if e.media {
		apart := start - e.end
		if e.gap || apart > tolerance || apart < -tolerance {
			return false
		}
		e.end = max(e.end, start+duration)
		return true
	}
	e.media, e.start, e.end = true, start, start+duration
	return true
}

// tolerance is how far apart two parts may stand that continue each other: durations are rounded to the movie's clock.
func (t *trak) tolerance() Ticks {
	return Ticks(t.track.Timescale)/Ticks(t.index.Timescale) + 1
}
