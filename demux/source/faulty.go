package source

import (
	"context"
	"io"
	"sync/atomic"

	"unreel/demux"
)

// Faulty wraps a Source for tests: it counts what is read, and breaks it in chosen ways. Set its fields before use.
type Faulty struct {
	demux.Source

	// Hook, where set, runs before every read of the storage and may wait, or answer an error in its place.
	Hook func(ctx context.Context, off int64, n int) error
	// Truncated, where above 0, is where the bytes end although Size says otherwise.
	Truncated int64
	// Restamp, where set, answers in place of the Source's own Stamp.
	Restamp func(ctx context.Context) (demux.Stamp, error)

	// Ranges, Reads and Bytes count the ranges that were announced, the reads, and the bytes that they gave. Open counts
	// the Readers that are not closed yet.
	Ranges, Reads, Bytes, Open atomic.Int64
}

var _ demux.Source = (*Faulty)(nil)

// Stamp is the Source's, or what Restamp says.
func (s *Faulty) Stamp(ctx context.Context) (demux.Stamp, error) {
	if s.Restamp != nil {
		return s.Restamp(ctx)
	}
	return s.Source.Stamp(ctx)
}

// ReadRange is the Source's, with faults.
func (s *Faulty) ReadRange(ctx context.Context, off, n int64) (demux.Reader, error) {
	r, err := s.Source.ReadRange(ctx, off, n)
	if err != nil {
		return nil, err
	}
	s.Ranges.Add(1)
	s.Open.Add(1)
	return &faultyReader{source: s, r: r}, nil
}

type faultyReader struct {
	source *Faulty
	r      demux.Reader
	closed bool
}

// ReadAt is the Reader's, with faults.
func (r *faultyReader) ReadAt(ctx context.Context, p []byte, off int64) error {
	s := r.source
	s.Reads.Add(1)
	if s.Hook != nil {
		if err := s.Hook(ctx, off, len(p)); err != nil {
			return err
		}
	}
	if s.Truncated > 0 && off+int64(len(p)) > s.Truncated {
		return io.ErrUnexpectedEOF
	}
	err := r.r.ReadAt(ctx, p, off)
	if err == nil {
		s.Bytes.Add(int64(len(p)))
	}
	return err
}

// Close is the Reader's.
func (r *faultyReader) Close() error {
	if !r.closed {
		r.closed = true
		r.source.Open.Add(-1)
	}
	return r.r.Close()
}
