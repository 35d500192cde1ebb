package mpegts

import (
	"context"
	"sort"
	"sync"

	"unreel/demux"
)

const (
	inputSize = 256 << 10 // bytes of media in memory at a time
	stageSize = 64 << 10  // bytes of media that are put together before they are cut into packets
	maxRuns   = 128       // reads to fill the input once
	// joinGap is how far apart two wanted ranges are read as one: a read of the page cache costs what copying this much
	// does. Gaps hold the other track's samples, so larger ones would be read twice.
	joinGap = 4 << 10
)

// input is the media that one round of a Muxer works on.
type input struct {
	runs  [maxRuns]run
	n     int   // runs in use, in the source's order, not touching
	bytes int64 // that they take
	hint  int   // run of the last look-up
	media [inputSize]byte
	stage [stageSize]byte
}

// A run is a range of the source that is read at once.
type run struct {
	off, end int64 // bytes from the start of the source
	place    int64 // in input.media
}

// Inputs are scratch: a Muxer holds one only while it works, never while a client blocks.
var inputs = sync.Pool{New: func() any { return new(input) }}

func (in *input) reset() { in.n, in.bytes, in.hint = 0, 0, 0 }

// room is how many more bytes of media fit for certain.
func (in *input) room() int64 { return inputSize - in.bytes - 2*joinGap }

// want adds a range that is to be read. ok is false where it finds no place; then nothing was added.
func (in *input) want(off, end int64) (ok bool) {
	if end <= off {
		return true
	}
	i := in.n
	for i > 0 && in.runs[i-1].off > off {
		i--
	}
	if i > 0 && in.runs[i-1].end >= end {
		return true
	}
	if end-off > in.room() {
		return false
	}
	switch {
	case i > 0 && off-in.runs[i-1].end <= joinGap:
		i--
	case i < in.n && in.runs[i].off-end <= joinGap:
		in.bytes += in.runs[i].off - off
		in.runs[i].off = off
	case in.n == maxRuns:
		return false
	default:
		copy(in.runs[i+1:in.n+1], in.runs[i:in.n])
		in.runs[i] = run{off: off, end: off}
		in.n++
	}
	in.grow(i, end)
	return true
}

// grow moves the end of run i, and takes in the runs that it then reaches.
func (in *input) grow(i int, end int64) {
	r := &in.runs[i]
	if end > r.end {
		in.bytes += end - r.end
		r.end = end
	}
	for i+1 < in.n && in.runs[i+1].off-r.end <= joinGap {
		next := in.runs[i+1]
		in.bytes -= next.end - next.off
		if next.end > r.end {
			in.bytes += next.end - r.end
			r.end = next.end
		}
		copy(in.runs[i+1:], in.runs[i+2:in.n])
		in.n--
	}
}

// read reads all runs.
func (in *input) read(ctx context.Context, r demux.Reader) error {
	place := int64(0)
	for i := range in.n {
		q := &in.runs[i]
		q.place = place
		place += q.end - q.off
		if err := r.ReadAt(ctx, in.media[q.place:place], q.off); err != nil {
			return err
		}
	}
	return nil
}

// from is the source's bytes from off on, as many as are there of one run but at most n. Those that were wanted are there.
func (in *input) from(off, n int64) []byte {
	if n <= 0 {
		return nil
	}
	r := &in.runs[in.hint]
	if off < r.off || off >= r.end {
		in.hint = sort.Search(in.n-1, func(i int) bool { return in.runs[i].end > off })
		r = &in.runs[in.hint]
	}
	start := r.place + off - r.off
	return in.media[start : start+min(n, r.end-off)]
}
