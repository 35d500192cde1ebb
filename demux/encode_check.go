package demux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// What was kept is checked as far as walking it needs: that columns are whole, that numbers point to what is there, and that
// no sum overflows. That samples lie where the media is, the storage tells when they are read.

// maxFileBytes is the longest file of which an index is kept.
const maxFileBytes = 1 << 50

// check makes sure that the Index can be walked, and finds where each block's columns begin.
func (x *Index) check() error {
	switch {
	case x.Timescale == 0:
		return errors.New("timescale 0")
	case x.Stamp.Size < 0 || x.Stamp.Size > maxFileBytes:
		return fmt.Errorf("a file of %d bytes", x.Stamp.Size)
	case x.MoovOffset < 0 || x.MoovSize < 0 || x.MoovOffset > x.Stamp.Size || x.MoovSize > x.Stamp.Size:
		return fmt.Errorf("a moov of %d bytes at byte %d", x.MoovSize, x.MoovOffset)
	case len(x.Tracks) > maxTracks:
		return fmt.Errorf("%d tracks", len(x.Tracks))
	}
	seen := map[uint32]bool{}
	for _, companions := range [...]bool{true, false} { // the others are checked against theirs
		for _, t := range x.Tracks {
			if companions != (t.Samples.companion == nil) {
				continue
			}
			if seen[t.ID] {
				return fmt.Errorf("track_ID %d stands twice", t.ID)
			}
			seen[t.ID] = true
			if err := t.check(x.Stamp.Size); err != nil {
				return fmt.Errorf("track %d: %w", t.ID, err)
			}
		}
	}
	return nil
}

func (t *Track) check(fileBytes int64) error {
	if t.ID == 0 || t.Timescale == 0 || t.Kind > KindText {
		return fmt.Errorf("timescale %d, kind %d", t.Timescale, t.Kind)
	}
	if err := t.Samples.check(fileBytes); err != nil {
		return err
	}
	for _, time := range [...]Ticks{t.Shift, t.DecodeLead, t.Start, t.Stop} {
		if time > 2*most || time < -2*most {
			return fmt.Errorf("%d ticks", time)
		}
	}
	if t.First < 0 || t.First > t.End || t.End > t.Samples.n {
		return fmt.Errorf("samples %d to %d of %d", t.First, t.End, t.Samples.n)
	}
	if v := t.Video; v != nil && (v.NALLengthBytes < 0 || v.NALLengthBytes > 4 || v.PixelAspect[0] == 0 || v.PixelAspect[1] == 0) {
		return fmt.Errorf("NAL lengths of %d bytes, pixels of %v", v.NALLengthBytes, v.PixelAspect)
	}
	if t.Refusal != nil || t.Kind == KindOther {
		return nil
	}
	switch {
	case t.First == t.End:
		return errors.New("nothing to deliver")
	case !t.Samples.IsSync(t.First):
		return fmt.Errorf("sample %d is no sync sample", t.First)
	case t.Kind == KindVideo && t.Video == nil, t.Kind == KindAudio && t.Audio == nil:
		return errors.New("no format")
	}
	return nil
}

// check makes sure that the table can be walked, and finds where each block's columns begin.
func (s *Samples) check(fileBytes int64) error {
	if s.n < 0 || int64(s.n) > math.MaxInt32 || len(s.blocks) != (s.n+blockLen-1)/blockLen {
		return fmt.Errorf("%d blocks of %d samples", len(s.blocks), s.n)
	}
	if s.companion != nil && s.companion.companion != nil {
		return errors.New("its companion has one of its own")
	}
	c := columnCheck{samples: s, fileBytes: fileBytes, left: s.data[:max(len(s.data)-loadPad, 0)]}
	for i := range s.blocks {
		b := &s.blocks[i]
		b.data = number(len(s.data) - loadPad - len(c.left))
		switch {
		case b.offset < 0 || b.offset > fileBytes:
			return fmt.Errorf("block %d lies at byte %d", i, b.offset)
		case b.decode < 0 || b.decode > most || i > 0 && b.decode < s.blocks[i-1].decode:
			return fmt.Errorf("block %d is decoded at %d", i, b.decode)
		}
		if err := c.block(b, min(s.n-i*blockLen, blockLen)); err != nil {
			return fmt.Errorf("block %d: %w", i, err)
		}
	}
	if len(c.left) > 0 {
		return fmt.Errorf("%d bytes behind the last block", len(c.left))
	}
	return s.checkCuts()
}

func (s *Samples) checkCuts() error {
	for i, p := range s.cuts {
		switch {
		case int64(p.sample) >= int64(s.n) || i > 0 && p.sample <= s.cuts[i-1].sample:
			return fmt.Errorf("sync sample %d of %d", p.sample, s.n)
		case p.time > 2*most || p.time < -2*most || p.lead < 0 || p.lead > 4*most:
			return fmt.Errorf("sync sample %d at %d, lead %d", p.sample, p.time, p.lead)
		}
	}
	return nil
}

// columnCheck walks the columns of a table's blocks.
type columnCheck struct {
	samples   *Samples
	fileBytes int64
	left      []byte // not yet walked, without the load pad
	values    [blockLen]int64
}

// block checks the columns of one block of n samples, in the order of Samples.data.
func (c *columnCheck) block(b *block, n int) error {
	gap := 2*maxSkip*c.fileBytes + 1 // what a companion's samples fill is taken off
	for _, column := range [...]struct{ least, most int64 }{
		{0, math.MaxUint32}, // size
		{-gap, gap},
		{0, most / blockLen}, // duration
		{-most, most},        // composition
		{0, math.MaxUint32},  // growth
	} {
		packed, least, highest, err := c.next(n)
		if err != nil {
			return err
		}
		if least >= column.least && highest <= column.most {
			continue
		}
		highest = column.most
		if highest == most/blockLen {
			highest = most // one sample may last as long as all of them may
		}
		if err = c.exactly(packed, n, column.least, highest); err != nil {
			return err
		}
	}
	if c.samples.companion == nil {
		return nil
	}
	packed, _, _, err := c.next(n)
	if err == nil {
		err = c.exactly(packed, n, 0, maxSkip)
	}
	if err != nil {
		return err
	}
	at := int64(b.companion)
	for _, skip := range c.values[:n] {
		at += skip
	}
	if at > int64(c.samples.companion.n) {
		return fmt.Errorf("it counts %d of %d samples", at, c.samples.companion.n)
	}
	return nil
}

// exactly unpacks a column that was stepped over, and looks at each value.
func (c *columnCheck) exactly(packed []byte, n int, lowest, highest int64) error {
	unpackColumn(c.values[:n], packed)
	sum := int64(0)
	for _, v := range c.values[:n] {
		if v < lowest || v > highest {
			return fmt.Errorf("a value of %d", v)
		}
		if sum += v; sum > 2*most {
			return fmt.Errorf("values up to a sum of %d", sum)
		}
	}
	return nil
}

// errColumn is a column that unpackColumn must not see.
var errColumn = errors.New("no column")

// next steps over a column of n values: none of them is below least or above most.
func (c *columnCheck) next(n int) (column []byte, least, most int64, err error) {
	if len(c.left) == 0 {
		return nil, 0, 0, errColumn
	}
	column = c.left[:len(c.left)+loadPad]
	head, rest := c.left[0], c.left[1:]
	if head == allZero {
		c.left = rest
		return column, 0, 0, nil
	}
	width := int(head & widthBits)
	least, size := binary.Varint(rest)
	if size <= 0 || width > maxPackedBits {
		return nil, 0, 0, errColumn
	}
	rest = rest[size:]
	unit, exceptions := uint64(1), 0
	if head&withUnit != 0 {
		if unit, size = binary.Uvarint(rest); size <= 0 {
			return nil, 0, 0, errColumn
		}
		rest = rest[size:]
	}
	if head&withExceptions != 0 {
		if len(rest) == 0 {
			return nil, 0, 0, errColumn
		}
		exceptions, rest = int(rest[0]), rest[1:]
	}
	packed := 0
	if head != 0 {
		packed = (n*width + 7) / 8
	}
	if packed > len(rest) {
		return nil, 0, 0, errColumn
	}
	rest = rest[packed:]
	longest, place := width, -1
	for range exceptions {
		if len(rest) < 2 || int(rest[0]) >= n || int(rest[0]) <= place { // twice, its high bits would add up
			return nil, 0, 0, errColumn
		}
		place = int(rest[0])
		high, used := binary.Uvarint(rest[1:])
		if used <= 0 {
			return nil, 0, 0, errColumn
		}
		longest = max(longest, width+bits.Len64(high))
		rest = rest[1+used:]
	}
	c.left = rest
	if longest > 62 {
		return column, math.MinInt64, math.MaxInt64, nil
	}
	// All values are below least + unit x 2^longest.
	over, top := bits.Mul64(unit, 1<<longest-1)
	if over != 0 || top > math.MaxInt64 || least > math.MaxInt64-int64(top) {
		return column, math.MinInt64, math.MaxInt64, nil
	}
	return column, least, least + int64(top), nil
}
