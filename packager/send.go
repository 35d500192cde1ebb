package packager

import (
	"context"
	"fmt"
	"io"
	"time"
)

const (
	// leastSent is how long a run of the source's own bytes is worth a call of its own that lets the kernel send it
	// (bench/results/hotpath.md).
	leastSent = 12 << 10
	// mostSent is sent at once, between two looks at whether the client still wants it.
	mostSent = 4 << 20
	// finalBytes of a segment's last lastCopied wait for the last check of the stamp, and all of these are read and written
	// rather than sent from the file: what the kernel sends for us it reads when it sends it. Since it holds no more than mostUnsent
	// that it hasn't sent, all bytes of the file have left when that check is made.
	lastCopied = mostUnsent + finalBytes
	finalBytes = 32 << 10
	// mostUnsent is what handlers lets the kernel hold, 128 KiB, and the packet of 64 KiB at which it notices.
	mostUnsent = 192 << 10
)

// runMuxer is a muxer that tells where it only copies the source. *fmp4.Muxer is one.
type runMuxer interface {
	segmentMuxer
	Run() (off, n int64)
	Skip(n int64)
	Until(least int64) int64
}

// shortcut is how a segment's media gets from its file to a client without passing through us.
type shortcut struct {
	from interface {
		Extent(off, n int64) io.Reader
	}
	to    io.ReaderFrom
	muxer runMuxer
}

// shortcutOf finds out whether all who take part can; ok is false where they can't.
func shortcutOf(source Source, m segmentMuxer, w io.Writer) (s shortcut, ok bool) {
	if s.muxer, ok = m.(runMuxer); !ok {
		return s, false
	}
	if s.to, ok = w.(io.ReaderFrom); !ok {
		return s, false
	}
	s.from, ok = source.(interface {
		Extent(off, n int64) io.Reader
	})
	return s, ok
}

// send sends all of n bytes but the last ones, and returns how many are left. Short runs and boxes are muxed in block.
func (q *shortcut) send(ctx context.Context, s *Segment, r *timedReader, w io.Writer, block []byte, n int64, t *stageTimes) (left int64, err error) {
	if n < lastCopied+leastSent {
		return n, nil
	}
	for n > finalBytes {
		if err = context.Cause(ctx); err != nil {
			return n, err
		}
		k := n - finalBytes
		if n > lastCopied {
			k = min(q.muxer.Until(leastSent), n-lastCopied)
		}
		if k == 0 {
			k, err = q.run(s, min(n-lastCopied, mostSent), t)
		} else {
			k = min(k, int64(len(block)))
			err = s.copyBlock(ctx, r, q.muxer, w, block[:k], t)
		}
		if err != nil {
			return n, err
		}
		n -= k
	}
	return n, nil
}

// run lets the kernel send the next run, or most of it.
func (q *shortcut) run(s *Segment, most int64, t *stageTimes) (sent int64, err error) {
	off, n := q.muxer.Run()
	n = min(n, most)
	begin := time.Now()
	sent, err = q.to.ReadFrom(q.from.Extent(off, n))
	t.write += time.Since(begin)
	q.muxer.Skip(sent)
	if sent < n && (err == nil || isShort(err)) {
		err = fmt.Errorf("%q ends early: %w", s.path, ErrChanged)
	}
	return sent, err
}

// copyBlock muxes a whole block and writes it.
func (s *Segment) copyBlock(ctx context.Context, r *timedReader, m segmentMuxer, w io.Writer, block []byte, t *stageTimes) error {
	for filled := 0; filled < len(block); {
		got, err := s.read(ctx, r, m, block[filled:], t)
		if err != nil {
			return s.readError(ctx, err)
		}
		filled += got
	}
	return writeBlock(w, block, t)
}
