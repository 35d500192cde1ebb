package demux

import (
	"context"
	"math"
)

// tables are the boxes of an stbl that describe samples one by one (§8.6, §8.7), walked as run-length cursors over
// their bytes: nothing is expanded.
type tables struct {
	stbl                                           box
	stsd, stts, ctts, stsc, stsz, stz2, stco, co64 box
	stss, stps, rap                                box

	n       int // samples
	allSync bool
	times   durations
	shifts  compositions
	chunks  chunks
	sizes   sizes
	syncs   syncs
}

// find notes where the tables are. A second box of a type is not looked at.
func (s *tables) find(stbl box) {
	s.stbl = stbl
	for b := range stbl.children(0) {
		at := s.place(&b)
		if at != nil && !at.found() {
			*at = b
		}
	}
}

func (s *tables) place(b *box) *box {
	switch b.typ() {
	case "stsd":
		return &s.stsd
	case "stts":
		return &s.stts
	case "ctts":
		return &s.ctts
	case "stsc":
		return &s.stsc
	case "stsz":
		return &s.stsz
	case "stz2":
		return &s.stz2
	case "stco":
		return &s.stco
	case "co64":
		return &s.co64
	case "stss":
		return &s.stss
	case "stps":
		return &s.stps
	case "sbgp":
		if len(b.body) >= 8 && string(b.body[4:8]) == "rap " {
			return &s.rap
		}
	}
	return nil
}

// open opens every cursor; no count is believed that the bytes don't bear out.
func (s *tables) open(t *trak) error {
	if err := s.sizes.open(s, &t.box); err != nil {
		return err
	}
	s.n = s.sizes.n
	if err := s.times.open(&s.stts, &t.box); err != nil {
		return err
	}
	if err := s.shifts.open(&s.ctts, t); err != nil {
		return err
	}
	if err := s.chunks.open(s); err != nil {
		return err
	}
	// Sound that has an stss all the same has it by mistake; only xHE-AAC has frames that depend on others.
	if s.allSync = !s.stss.found() || t.track.Kind == KindAudio && !t.track.Audio.dependent(); s.allSync {
		return nil
	}
	return s.syncs.open(s)
}

// mostPacked bounds a packed table so that its places fit in 32 bits, on any machine.
const mostPacked = 1 << 30

// feed walks all tables at once, in decoding order and a block at a time. grow, where not nil, counts a sample's NAL units.
func (s *tables) feed(ctx context.Context, b *builder, grow func(*Sample) error) error {
	for i := 0; i < s.n; {
		if i%(1<<16) == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		n := min(b.room(), s.n-i)
		duration, err := s.fill(&b.open, b.k, n, i)
		if err != nil {
			return err
		}
		if grow != nil {
			if err = b.open.grow(b.k, n, grow); err != nil {
				return err
			}
		}
		b.took(n, duration)
		i += n
		if b.full() {
			return s.stbl.errorf("%w", b.overflow())
		}
	}
	return nil
}

// fill reads n samples, from number i on, into a block from place k on, and gives what their durations come to.
func (s *tables) fill(f *fields, k, n, i int) (Ticks, error) {
	size := f.size[k:][:n]
	s.sizes.fill(size, i)
	if placed := s.chunks.fill(f.offset[k:][:n], size); placed < n {
		return 0, s.stsc.errorf("the chunks hold %d samples of %d: %w", i+placed, s.n, ErrCorrupt)
	}
	s.shifts.fill(f.composition[k:][:n])
	if !s.allSync {
		s.syncs.fill(f.sync[k:][:n], i)
	}
	return s.times.fill(f.duration[k:][:n]), nil
}

// grow counts the NAL units of n samples from place k on.
func (f *fields) grow(k, n int, grow func(*Sample) error) error {
	for ; n > 0; k, n = k+1, n-1 {
		s := Sample{Offset: f.offset[k], Size: uint32(f.size[k])} //nolint:gosec // was a uint32
		if err := grow(&s); err != nil {
			return err
		}
		f.growth[k] = int64(s.Growth)
	}
	return nil
}

// count is how many samples stsz or stz2 claims; 1 where neither can be read.
func (s *tables) count() uint32 {
	for _, b := range [...]*box{&s.stsz, &s.stz2} {
		if len(b.body) >= 12 {
			return u32(b.body[8:])
		}
	}
	return 1
}

// sizes is a cursor over stsz or stz2 (§8.7.3).
type sizes struct {
	table []byte
	n     int
	fixed uint32
	bits  int // 32, or the field size of stz2
}

func (z *sizes) open(s *tables, trak *box) error {
	b := &s.stsz
	if !b.found() {
		b = &s.stz2
	}
	if !b.found() {
		return trak.errorf("no stsz: %w", ErrCorrupt)
	}
	if len(b.body) < 12 {
		return b.short(12)
	}
	count := u32(b.body[8:])
	z.bits = 32
	if b == &s.stsz {
		z.fixed = u32(b.body[4:])
	} else if z.bits = int(b.body[7]); z.bits != 4 && z.bits != 8 && z.bits != 16 {
		return b.errorf("field size %d: %w", z.bits, ErrCorrupt)
	}
	z.table = b.body[12:]
	if z.fixed == 0 && (int64(count)*int64(z.bits)+7)/8 > int64(len(z.table)) {
		return b.errorf("%d sizes of %d bits in %d bytes: %w", count, z.bits, len(z.table), ErrCorrupt)
	}
	if count > math.MaxInt32 {
		return b.errorf("%d samples (--max-samples): %w", count, ErrTooLarge)
	}
	z.n = int(count)
	return nil
}

// fill gives the sizes of the samples from number i on.
func (z *sizes) fill(dst []int64, i int) {
	switch {
	case z.fixed != 0:
		for k := range dst {
			dst[k] = int64(z.fixed)
		}
	case z.bits == 32:
		table := z.table[4*i:]
		for k := range dst {
			dst[k] = int64(u32at(table, 4*k))
		}
	default:
		for k := range dst {
			dst[k] = int64(z.narrow(i + k))
		}
	}
}

// narrow is the size of sample i in a field of less than 32 bits.
func (z *sizes) narrow(i int) uint32 {
	switch {
	case z.bits == 16:
		return uint32(u16(z.table[2*i:]))
	case z.bits == 8:
		return uint32(z.table[i])
	case i%2 == 0:
		return uint32(z.table[i/2] >> 4)
	default:
		return uint32(z.table[i/2] & 15)
	}
}

// total is what all samples come to, in bytes.
func (z *sizes) total() (bytes int64) {
	var size [blockLen]int64
	for i := 0; i < z.n; i += blockLen {
		part := size[:min(blockLen, z.n-i)]
		z.fill(part, i)
		for _, n := range part {
			bytes += n
		}
	}
	return bytes
}
