package demux

import "math"

// chunks is a cursor over stsc and stco or co64 (§8.7.4, §8.7.5).
type chunks struct {
	runs    []byte // stsc entries, 12 bytes each
	offsets []byte
	width   int // bytes of an offset: 4 or 8
	count   int // of chunks

	chunk  int    // chunks opened so far
	run    int    // runs opened so far
	until  int    // chunks before the next of them
	per    uint32 // samples in each chunk of this run
	left   uint32 // samples left in the open chunk
	offset int64  // of the next sample
}

func (c *chunks) open(s *tables) (err error) {
	offsets := &s.stco
	c.width = 4
	if !offsets.found() {
		offsets, c.width = &s.co64, 8
	}
	if !offsets.found() || !s.stsc.found() {
		return s.stbl.errorf("no stsc, or no stco or co64: %w", ErrCorrupt)
	}
	if c.offsets, c.count, err = offsets.entries(4, c.width); err != nil {
		return err
	}
	n := 0
	if c.runs, n, err = s.stsc.entries(4, 12); err != nil {
		return err
	}
	last := uint32(0)
	for i := range n {
		first, per := u32at(c.runs, 12*i), u32at(c.runs, 12*i+4)
		if first <= last || (i == 0 && first != 1) || per == 0 {
			return s.stsc.errorf("entry %d gives %d samples to each chunk from %d on, after chunk %d: %w", i+1, per, first, last, ErrCorrupt)
		}
		last = first
	}
	return nil
}

// fill gives the places of the samples that come next, whose sizes are known, and tells how many of them the chunks hold.
func (c *chunks) fill(offset, size []int64) int {
	at, left := c.offset, c.left
	for k := range offset {
		if left == 0 {
			if c.chunk == c.until {
				c.openRun()
			}
			if left = c.per; left == 0 || c.chunk >= c.count {
				return k
			}
			at = c.place()
			c.chunk++
		}
		left--
		offset[k] = at
		at += size[k]
	}
	c.offset, c.left = at, left
	return len(offset)
}

// place is where the next chunk lies.
func (c *chunks) place() int64 {
	if c.width == 4 {
		return int64(u32at(c.offsets, 4*c.chunk))
	}
	return int64(min(u64at(c.offsets, 8*c.chunk), most))
}

// openRun opens the next entry of stsc.
func (c *chunks) openRun() {
	at := 12 * c.run
	c.until = math.MaxInt
	if at < len(c.runs) {
		c.per = u32at(c.runs, at+4)
		c.run++
	}
	if at += 12; at < len(c.runs) {
		c.until = int(u32at(c.runs, at)) - 1
	}
}
