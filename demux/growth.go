package demux

import (
	"context"
	"errors"
	"fmt"
)

// windowBytes is how much media the count of NAL units reads at once.
const windowBytes = 256 << 10

// growth gives the function that counts a sample's NAL units, for H.264 whose NAL lengths are not 4 bytes long
// (ISO/IEC 14496-15 §5.3.3.1); nil for all other tracks.
func (t *trak) growth(ctx context.Context) (func(*Sample) error, error) {
	v := t.track.Video
	if t.track.Codec != H264 || v == nil || v.NALLengthBytes == 4 {
		return nil, nil
	}
	total := t.fragments.bytes + t.tables.sizes.total()
	if total > t.limits.MaxCountBytes {
		v.Uncounted = true
		t.warn("track %d has NAL lengths of %d bytes, and with %d bytes of media it is too large to count its NAL units",
			t.track.ID, v.NALLengthBytes, total)
		return nil, nil
	}
	w := &window{src: t.src, left: betweenCounted * t.limits.MaxCountBytes}
	perUnit := uint32(4 - v.NALLengthBytes) //nolint:gosec // 1 to 3
	return func(s *Sample) error {
		if v.Uncounted {
			return nil
		}
		n, err := w.count(ctx, s, v.NALLengthBytes)
		s.Growth = n * perUnit
		switch {
		case errors.Is(err, errOutside):
			return nil // a sample like this is refused if it is delivered at all
		case errors.Is(err, errScattered):
			v.Uncounted = true
			t.warn("track %d has NAL lengths of %d bytes, and its %d bytes of media lie too far apart to count its NAL units",
				t.track.ID, v.NALLengthBytes, total)
			return nil
		}
		return err
	}, nil
}

// betweenCounted is how much more may be read than is counted, since other tracks' media lie between.
const betweenCounted = 2

var (
	// errOutside is a sample that does not lie in the file.
	errOutside = errors.New("outside of the file")
	// errScattered are samples between which so much lies that reading them comes to more than it may.
	errScattered = errors.New("too far apart")
)

// window reads a Source forwards through one buffer.
type window struct {
	src    Source
	buffer []byte
	start  int64 // of the buffer, in the source
	left   int64 // bytes that may still be read
}

// count counts the NAL lengths in a sample. One that points past the sample's end is the last.
func (w *window) count(ctx context.Context, s *Sample, lengthBytes int) (n uint32, err error) {
	at, end := s.Offset, s.Offset+int64(s.Size)
	for end-at >= int64(lengthBytes) {
		length, failed := w.at(ctx, at, lengthBytes, end)
		if failed != nil {
			return n, failed
		}
		size := int64(0)
		for _, c := range length {
			size = size<<8 | int64(c)
		}
		n++
		at += int64(lengthBytes) + size
	}
	return n, nil
}

// at gives n bytes from off, which end before end. It reads on past end for the samples that follow.
func (w *window) at(ctx context.Context, off int64, n int, end int64) ([]byte, error) {
	if off < w.start || off+int64(n) > w.start+int64(len(w.buffer)) {
		size := w.src.Size()
		if off < 0 || end > size {
			return nil, errOutside
		}
		want := min(windowBytes, size-off)
		if w.left -= want; w.left < 0 {
			return nil, errScattered
		}
		r, err := w.src.ReadRange(ctx, off, want)
		if err != nil {
			return nil, err
		}
		if w.buffer == nil {
			w.buffer = make([]byte, windowBytes)
		}
		w.buffer, w.start = w.buffer[:want], off
		if err = errors.Join(r.ReadAt(ctx, w.buffer, off), r.Close()); err != nil {
			w.buffer = w.buffer[:0]
			return nil, fmt.Errorf("count NAL units at byte %d: %w", off, err)
		}
	}
	at := off - w.start
	return w.buffer[at : at+int64(n)], nil
}
