package demux

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// maxTopBoxes bounds the walk over a file's top level: a progressive file has a handful.
const maxTopBoxes = 1 << 14

// Open reads the structure of a file: its moov and moofs, whole, and next to nothing else. An error that is about the file is a
// *FormatError; others come from the Source or from ctx.
func Open(ctx context.Context, src Source, limits Limits) (*Index, error) {
	stamp, err := src.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	f := file{src: src, limits: limits, size: src.Size()}
	if err = f.find(ctx); err != nil {
		return nil, err
	}
	buffer := moovs.Get().(*[]byte)
	defer keep(&moovs, buffer)
	f.moov.body = room(buffer, int(f.moovBytes))
	if err = f.readInto(ctx, f.moov.body, f.moov.offset+int64(f.moov.header)); err != nil {
		return nil, fmt.Errorf("read moov: %w", err)
	}
	f.structure.Reset()
	_, _ = f.structure.Write(f.moov.body) // it never fails
	if mvex := f.moov.child("mvex"); mvex.found() {
		if err = f.readFragments(ctx); err != nil {
			return nil, err
		}
	}
	m := movie{file: &f, index: &Index{
		Stamp: stamp, Brand: f.brand, MoovOffset: f.moov.offset,
		MoovSize: int64(f.moov.header) + f.moovBytes, MoovLast: f.mediaFirst,
	}}
	if err = m.parse(); err != nil {
		return nil, err
	}
	if err = m.finish(ctx); err != nil {
		return nil, err
	}
	return m.index, nil
}

// file is a Source and its top level.
type file struct {
	src        Source
	limits     Limits
	size       int64
	brand      string
	mediaFirst bool  // an mdat stands before the moov
	moov       box   // its body is read by Open
	moovBytes  int64 // of its body
	stump      box   // the moof within which the file ends
	junk       int64 // where, behind the moov, no box stands; 0 where nothing is amiss

	fragments pages[fragment] // each moof after a moov that announces them
	structure xxhash.Digest   // of the bodies of the moov, each moof and sidx, in the order of the file

	glance   []byte // what peek read last
	glanceAt int64  // where that stands
	ahead    int64  // how much peek reads at least
}

// read gives n bytes from off.
func (f *file) read(ctx context.Context, off, n int64) ([]byte, error) {
	b := make([]byte, n)
	return b, f.readInto(ctx, b, off)
}

func (f *file) readInto(ctx context.Context, b []byte, off int64) error {
	r, err := f.src.ReadRange(ctx, off, int64(len(b)))
	if err != nil {
		return err
	}
	return errors.Join(r.ReadAt(ctx, b, off), r.Close())
}

// find walks the top level up to the moov (§6.2.3). Boxes of any other type are stepped over.
func (f *file) find(ctx context.Context) error {
	at := int64(0)
	for range maxTopBoxes {
		typ, header, size, err := f.topBox(ctx, at)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch typ {
		case "ftyp":
			if size-header < 4 || at+header+4 > f.size {
				break
			}
			brand, failed := f.read(ctx, at+header, 4)
			if failed != nil {
				return fmt.Errorf("read ftyp: %w", failed)
			}
			f.brand = fourCC(brand)
		case "mdat":
			f.mediaFirst = true
		case "moov":
			f.moov = box{name: [4]byte([]byte(typ)), offset: at, header: int(header)}
			f.moovBytes = size - header
			return f.checkMoov()
		case "moof":
			return &FormatError{Box: typ, Offset: at, Err: fmt.Errorf("a fragment without a moov before it: %w", ErrUnsupported)}
		}
		at += size
		if at >= f.size {
			break
		}
	}
	return &FormatError{
		Box: "moov", Offset: min(at, f.size),
		Err: fmt.Errorf("none in the file: it is no MP4, or was not finished: %w", ErrCorrupt),
	}
}

// topBox reads the header at byte at. io.EOF stands for too few bytes for one.
func (f *file) topBox(ctx context.Context, at int64) (typ string, header, size int64, err error) {
	if f.size-at < 8 {
		return "", 0, 0, io.EOF
	}
	b, err := f.peek(ctx, at, min(16, f.size-at))
	if err != nil {
		return "", 0, 0, fmt.Errorf("read box header at byte %d: %w", at, err)
	}
	typ = fourCC(b[4:8])
	header, size = 8, int64(u32(b))
	switch {
	case size == 0:
		size = f.size - at
	case size == 1 && len(b) == 16:
		header, size = 16, int64(min(u64(b[8:]), 1<<62))
	}
	if size < header {
		return "", 0, 0, &FormatError{Box: typ, Offset: at, Err: fmt.Errorf("size %d is less than its header: %w", size, ErrCorrupt)}
	}
	return typ, header, size, nil
}

// checkMoov checks the moov's size before it is allocated.
func (f *file) checkMoov() error {
	if f.moovBytes > f.size-f.moov.offset-int64(f.moov.header) {
		return f.moov.errorf("%d bytes, the file ends after %d: %w", f.moovBytes, f.size-f.moov.offset, ErrCorrupt)
	}
	if f.moovBytes > f.limits.MaxMoovBytes {
		return f.moov.errorf("%d bytes, limit %d (--max-moov-size): %w", f.moovBytes, f.limits.MaxMoovBytes, ErrTooLarge)
	}
	return nil
}
