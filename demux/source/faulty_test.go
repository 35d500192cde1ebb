package source_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

func TestFaulty(t *testing.T) {
	moved := demux.Stamp{Size: 5}
	broken := errors.New("broken")
	fail := false
	f := &source.Faulty{
		Source: testmedia.Memory([]byte("0123456789")), Truncated: 8,
		Restamp: func(context.Context) (demux.Stamp, error) { return moved, nil },
		Hook: func(context.Context, int64, int) error {
			if fail {
				return broken
			}
			return nil
		},
	}
	if stamp, err := f.Stamp(t.Context()); stamp != moved || err != nil {
		t.Errorf("%+v, %v", stamp, err)
	}
	r, err := f.ReadRange(t.Context(), 0, 10)
	if err != nil || f.Open.Load() != 1 || f.Ranges.Load() != 1 {
		t.Fatalf("%v, %d open", err, f.Open.Load())
	}
	p := make([]byte, 4)
	if err = r.ReadAt(t.Context(), p, 2); err != nil || string(p) != "2345" || f.Bytes.Load() != 4 {
		t.Errorf("%q, %v, %d bytes", p, err, f.Bytes.Load())
	}
	if err = r.ReadAt(t.Context(), p, 5); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("truncated: %v", err)
	}
	fail = true
	if err = r.ReadAt(t.Context(), p, 0); !errors.Is(err, broken) || f.Reads.Load() != 3 {
		t.Errorf("%v after %d reads", err, f.Reads.Load())
	}
	if err = errors.Join(r.Close(), r.Close()); err != nil || f.Open.Load() != 0 {
		t.Errorf("%v, %d open", err, f.Open.Load())
	}
}
