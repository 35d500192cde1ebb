package testmedia

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sort"

	"unreel/demux"
)

// Source is the file without being built: media is made up as it is read.
func (m Movie) Source() demux.Source { return &virtual{layout: m.layout()} }

// virtual is a Source of a layout.
type virtual struct{ *layout }

// Size is what Bytes would give.
func (v *virtual) Size() int64 { return v.size }

// Stamp never changes.
func (v *virtual) Stamp(context.Context) (demux.Stamp, error) {
	return demux.Stamp{Size: v.Size(), ModTime: 1, Inode: 1}, nil
}

// ReadRange has nothing to announce.
func (v *virtual) ReadRange(ctx context.Context, off, n int64) (demux.Reader, error) {
	if off < 0 || n < 0 {
		return nil, fmt.Errorf("range of %d bytes at %d", n, off)
	}
	return &virtualReader{virtual: v}, context.Cause(ctx)
}

// virtualReader keeps the sample that it made up last.
type virtualReader struct {
	*virtual
	made   *Track // that it is one of
	number int
	bytes  []byte
}

// ReadAt makes up the samples that it needs.
func (r *virtualReader) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if off < 0 || off+int64(len(p)) > r.Size() {
		return io.ErrUnexpectedEOF
	}
	for len(p) > 0 {
		n := copy(p, r.at(off))
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// at gives some bytes from off on, at least one.
func (r *virtualReader) at(off int64) []byte {
	k := sort.Search(len(r.pieces), func(k int) bool { return r.pieces[k].offset > off }) - 1
	p := &r.pieces[k]
	if p.literal != nil {
		return p.literal[off-p.offset:]
	}
	return r.sample(p, off-p.offset)
}

// sample makes up the sample of a chunk that holds its byte off, from that byte on.
func (r *virtualReader) sample(p *piece, off int64) []byte {
	t := &r.movie.Tracks[p.chunk.track]
	number := p.chunk.first
	for size := int64(t.Samples[number].size()); off >= size; size = int64(t.Samples[number].size()) {
		off -= size
		number++
	}
	if r.made != t || r.number != number {
		room := slices.Grow(r.bytes[:0], t.Samples[number].size()+8)
		r.made, r.number, r.bytes = t, number, t.appendSample(room, number)
	}
	return r.bytes[off:]
}

// Close has nothing to give back.
func (r *virtualReader) Close() error { return nil }
