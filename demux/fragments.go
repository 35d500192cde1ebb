package demux

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// maxFragmentBoxes bounds the walk over the fragments: a day of fragments of two seconds has 200,000 boxes, a film of two
// hours in fragments of one frame has 900,000.
const maxFragmentBoxes = 1 << 20

// How much is read at once where a fragment begins, so that its header boxes and moof come in one read: the least, doubled
// for as long as they don't fit, to the most. A film of two hours in fragments of two seconds, of 2 KB of moof each, costs
// 3,600 reads of 4 KiB; where media between two moofs is smaller than that, fewer.
const (
	leastAhead = 4 << 10
	mostAhead  = 64 << 10
)

// fragment is a moof that is kept: a box of which there may be half a million.
type fragment struct {
	offset int64 // of its header, from the start of the file
	header int   // bytes of its header
	body   []byte
}

// box is the moof as boxes are walked.
func (f *fragment) box() box {
	return box{name: [4]byte([]byte("moof")), offset: f.offset, header: f.header, body: f.body}
}

// untyped is what fourCC makes of four bytes that are no type, such as those of space that was allocated and never written.
const untyped = "????"

// readFragments walks the top level on from the moov (§8.8), by the boxes' own sizes: what sidx and mfra say of places is
// not believed. It keeps each moof, bounded together with the moov and each sidx; of the media it reads what stands within reach.
// A file that ends within a moof is a recording that was cut off: what was whole before that stands. So does what is before
// bytes that are no box.
func (f *file) readFragments(ctx context.Context) error {
	f.ahead = leastAhead
	total := f.moovBytes
	at := f.moov.offset + int64(f.moov.header) + f.moovBytes
	for range maxFragmentBoxes {
		if f.size-at < 8 {
			return nil
		}
		typ, header, size, err := f.topBox(ctx, at)
		var broken *FormatError
		if errors.As(err, &broken) || err == nil && typ == untyped && size >= f.size-at {
			f.junk = at
			return nil
		}
		if err != nil {
			return err
		}
		if typ == "moof" || typ == "sidx" {
			b := box{name: [4]byte([]byte(typ)), offset: at, header: int(header)}
			if size > f.size-at {
				f.stump = b
				return nil
			}
			if total += size; total > f.limits.MaxMoovBytes {
				return b.errorf("%d bytes with the moov and the fragments before it, limit %d (--max-moov-size): %w",
					total, f.limits.MaxMoovBytes, ErrTooLarge)
			}
			if b.body, err = f.fragmentBody(ctx, at+header, size-header); err != nil {
				return fmt.Errorf("read %s: %w", typ, err)
			}
			_, _ = f.structure.Write(b.body) // it never fails
			if typ == "moof" {
				f.fragments.add(fragment{header: b.header, offset: at, body: b.body})
			}
		}
		at += size
	}
	return f.moov.errorf("more than %d boxes of fragments follow it: %w", maxFragmentBoxes, ErrTooLarge)
}

// fragmentBody gives the body of a moof or sidx, which may be kept. One that is not within reach says that it pays to read more.
func (f *file) fragmentBody(ctx context.Context, off, n int64) ([]byte, error) {
	if b, ok := f.within(off, n); ok {
		return slices.Clone(b), nil
	}
	f.ahead = min(2*f.ahead, mostAhead)
	return f.read(ctx, off, n)
}

// peek gives n bytes from off, from what was read last if they are in there. They are good until the next peek.
func (f *file) peek(ctx context.Context, off, n int64) ([]byte, error) {
	if b, ok := f.within(off, n); ok {
		return b, nil
	}
	want := min(max(n, f.ahead), f.size-off)
	f.glance = slices.Grow(f.glance[:0], int(want))[:want]
	f.glanceAt = off
	if err := f.readInto(ctx, f.glance, off); err != nil {
		f.glance = f.glance[:0]
		return nil, err
	}
	return f.glance[:n], nil
}

// within gives n bytes from off if they were read last.
func (f *file) within(off, n int64) (b []byte, ok bool) {
	if off < f.glanceAt || off+n > f.glanceAt+int64(len(f.glance)) {
		return nil, false
	}
	return f.glance[off-f.glanceAt:][:n], true
}
