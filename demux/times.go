package demux

import "math"

// maxDuration is the longest sample duration that is one. What is above is a negative number, by which some writers take
// back time that earlier samples took too much of. The bound is ffmpeg's.
const maxDuration = math.MaxUint32 - 48000*10

// durations is a cursor over stts (§8.6.1.2).
type durations struct {
	table []byte
	left  uint32
	value Ticks

	now, meant Ticks // with and without corrections
}

func (d *durations) open(b, trak *box) (err error) {
	if !b.found() {
		return trak.errorf("no stts: %w", ErrCorrupt)
	}
	var n int
	if d.table, n, err = b.entries(4, 8); err == nil && n == 0 {
		err = b.errorf("no entry: %w", ErrCorrupt)
	}
	return err
}

// fill gives the next samples' durations, and their sum. Samples past the last entry have its duration, as in ffmpeg.
func (d *durations) fill(dst []int64) (sum Ticks) {
	for len(dst) > 0 {
		for d.left == 0 && len(d.table) > 0 {
			d.entry(u32(d.table), u32(d.table[4:]), s32(d.table[4:]))
			d.table = d.table[8:]
		}
		n := len(dst)
		if d.left > 0 {
			n = int(min(int64(n), int64(d.left)))
			d.left -= number(n)
		}
		for k := range dst[:n] {
			dst[k] = int64(d.value)
		}
		sum += d.value * Ticks(n)
		dst = dst[n:]
	}
	return sum
}

// entry opens an entry. Time never runs backwards: a negative duration becomes one tick, and the entries that follow are
// shortened until they have caught up with what was meant.
func (d *durations) entry(count, duration uint32, signed int32) {
	d.left, d.value = count, Ticks(duration)
	n := Ticks(count)
	if duration > maxDuration {
		d.value = 1
		d.meant += Ticks(signed) * n
	} else {
		d.meant += d.value * n
	}
	d.now += d.value * n
	if d.now > d.meant && n > 0 {
		correction := min((d.now-d.meant)/n, d.value-1)
		if correction > 0 {
			d.value -= correction
			d.now -= correction * n
		}
	}
	d.now, d.meant = min(d.now, most), max(min(d.meant, most), -most)
}

// compositions is a cursor over ctts (§8.6.1.3). Offsets are signed in version 0 too, as QuickTime writes them.
type compositions struct {
	table []byte
	left  uint32
	value int64
}

func (c *compositions) open(b *box, t *trak) error {
	if !b.found() {
		return nil
	}
	table, n, err := b.entries(4, 8)
	if err != nil {
		return err
	}
	if t.track.Kind == KindAudio && !constant(table, n) {
		t.warnOffsets()
		return nil
	}
	for i := 0; i+2 < n; i++ {
		if offset := s32(table[8*i+4 : 8*i+8]); offset > 1<<28 || offset < -1<<28 {
			return nil // nonsense throughout: ffmpeg, too, drops such a table
		}
	}
	c.table = table
	return nil
}

// constant tells whether n entries of ctts say the same of all samples.
func constant(table []byte, n int) bool {
	first, seen := int32(0), false
	for i := range n {
		count, offset := u32(table[8*i:]), s32(table[8*i+4:])
		switch {
		case count == 0:
		case !seen:
			first, seen = offset, true
		case offset != first:
			return false
		}
	}
	return true
}

// warnOffsets tells that composition offsets are not heeded: frames of sound are presented in the order of decoding, and
// some encoders give the first one the priming as its offset, so that it would come after the second. Browsers refuse
// such fragments.
func (t *trak) warnOffsets() {
	t.warn("track %d is sound with composition offsets, which are ignored", t.track.ID)
}

// fill gives the next samples' offsets; 0 past the end.
func (c *compositions) fill(dst []int64) {
	left := c.left
	for k := range dst {
		for left == 0 {
			if len(c.table) == 0 {
				c.value, left = 0, math.MaxUint32
				break
			}
			left = c.entry()
		}
		left--
		dst[k] = c.value
	}
	c.left = left
}

// entry opens an entry, and tells for how many samples it is good.
func (c *compositions) entry() uint32 {
	n := u32(c.table)
	c.value = int64(s32(c.table[4:]))
	c.table = c.table[8:]
	if n > math.MaxInt32 {
		return 0
	}
	return n
}

// syncs is a cursor over the tables that name sync samples: stss (§8.6.2), QuickTime's stps, and the "rap " sample group
// (§10.4) of open GOPs.
type syncs struct {
	full, partial numbers
	groups        []byte // sbgp entries, 8 bytes each
	left          uint32
	grouped       bool
}

func (y *syncs) open(s *tables) error {
	if err := y.full.open(&s.stss); err != nil {
		return err
	}
	if s.stps.found() {
		if err := y.partial.open(&s.stps); err != nil {
			return err
		}
	}
	if !s.rap.found() {
		return nil
	}
	at := 8
	if s.rap.version() == 1 {
		at = 12 // grouping_type_parameter
	}
	var err error
	y.groups, _, err = s.rap.entries(at, 8)
	return err
}

// fill tells of the samples from number i on, counted from 0, which are sync samples.
func (y *syncs) fill(dst []bool, i int) {
	clear(dst)
	y.full.mark(dst, i)
	y.partial.mark(dst, i)
	y.group(dst)
}

func (y *syncs) group(dst []bool) {
	for k := range dst {
		for y.left == 0 {
			if len(y.groups) == 0 {
				return
			}
			y.left, y.grouped = u32(y.groups), u32(y.groups[4:]) != 0
			y.groups = y.groups[8:]
		}
		y.left--
		dst[k] = dst[k] || y.grouped
	}
}

// numbers is a cursor over a table of rising sample numbers.
type numbers struct {
	table []byte
	base  int64 // number of the first sample: 1, but 0 in files whose writer did not know
}

func (u *numbers) open(b *box) error {
	table, n, err := b.entries(4, 4)
	u.table, u.base = table, 1
	if n > 0 && u32(table) == 0 {
		u.base = 0
	}
	return err
}

// mark marks the samples from number i on that are listed. Numbers that don't rise are stepped over.
func (u *numbers) mark(dst []bool, i int) {
	next, end := int64(i), int64(i+len(dst))
	for ; len(u.table) > 0; u.table = u.table[4:] {
		number := int64(u32(u.table)) - u.base
		if number >= end {
			return
		}
		if number >= next {
			dst[number-int64(i)] = true
			next = number + 1
		}
	}
}
