package mpegts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestReadsOnce: a segment reads no more from its source than it has bytes, in few reads, wherever the audio stands.
func TestReadsOnce(t *testing.T) {
	cases := []struct {
		name  string
		movie testmedia.Movie
		reads int64 // per block of 188 KiB
	}{
		{"1 Mbit/s", testmedia.Bitrate(1), 12},
		{"5 Mbit/s", testmedia.Bitrate(5), 12},
		{"25 Mbit/s", testmedia.Bitrate(25), 12},
		{"video only", testmedia.Movie{Tracks: testmedia.Bitrate(5).Tracks[:1]}, 2},
		{"audio only", testmedia.Movie{Tracks: []testmedia.Track{testmedia.Audio(1000)}}, 2},
		{"audio behind the video", separate(testmedia.Bitrate(5)), 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, c.movie.Bytes())
			pl := f.program.Plan(f.whole())
			defer pl.Release()
			r := &testmedia.Counted{Reader: f.reader}
			size, err := testmedia.Drain(t.Context(), pl.Muxer(0), r, make([]byte, testmedia.BlockSize))
			if err != nil || size != pl.Size() {
				t.Fatalf("%d of %d bytes, %v", size, pl.Size(), err)
			}
			blocks := size/testmedia.BlockSize + 1
			t.Logf("%d bytes from %d, in %d reads of %d blocks", size, r.Bytes, r.Reads, blocks)
			if r.Bytes > size {
				t.Errorf("%d bytes read for a segment of %d", r.Bytes, size)
			}
			if r.Reads > c.reads*blocks {
				t.Errorf("%d reads for %d blocks", r.Reads, blocks)
			}
			off, n := pl.Extent()
			low, high := int64(1<<62), int64(0)
			for _, track := range []*demux.Track{f.video, f.audio} {
				if track == nil {
					continue
				}
				for i := track.First; i < track.End; i++ {
					s := track.Samples.At(i)
					low, high = min(low, s.Offset), max(high, s.Offset+int64(s.Size))
				}
			}
			if off != low || n != high-low {
				t.Errorf("extent %d+%d, want %d+%d", off, n, low, high-low)
			}
		})
	}
}

// separate puts each track in one chunk, the audio behind the video.
func separate(m testmedia.Movie) testmedia.Movie {
	var late uint32 = 1 << 30
	m.Tracks[1].Samples = append([]testmedia.Sample{{Size: 100, Duration: late, Sync: true}}, m.Tracks[1].Samples...)
	m.Tracks[1].Edits = []demux.Edit{{Duration: 6000, MediaTime: demux.Ticks(late)}}
	return m
}

// TestReadErrors: an error of the source comes out as it is, whichever read it meets.
func TestReadErrors(t *testing.T) {
	f := open(t, testmedia.Bitrate(5).Bytes())
	pl := f.program.Plan(f.whole())
	defer pl.Release()
	whole := &testmedia.Counted{Reader: f.reader}
	if _, err := testmedia.Drain(t.Context(), pl.Muxer(0), whole, make([]byte, testmedia.BlockSize)); err != nil {
		t.Fatal(err)
	}
	for fail := int64(1); fail <= whole.Reads; fail++ {
		r := &testmedia.Counted{Reader: f.reader, Fail: fail}
		if _, err := testmedia.Drain(t.Context(), pl.Muxer(0), r, make([]byte, testmedia.BlockSize)); !errors.Is(err, testmedia.ErrDisk) {
			t.Fatalf("read %d fails, and the muxer says %v", fail, err)
		}
		if r.Reads != fail {
			t.Fatalf("%d reads after the one that failed", r.Reads-fail)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := testmedia.Drain(ctx, pl.Muxer(0), f.reader, make([]byte, testmedia.BlockSize)); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that left gives %v", err)
	}
}

// TestAllocations: what a segment allocates doesn't depend on how long it is.
func TestAllocations(t *testing.T) {
	if !pooled {
		t.Skip("the race detector empties pools")
	}
	p := make([]byte, testmedia.BlockSize)
	for _, seconds := range []int{2, 60} {
		f := open(t, testmedia.H264AAC(seconds).Bytes())
		span := f.whole()
		allocs := testing.AllocsPerRun(50, func() {
			pl := f.program.Plan(span)
			if n, err := testmedia.Drain(context.Background(), pl.Muxer(0), f.reader, p); n != pl.Size() || err != nil {
				t.Errorf("%d of %d bytes, %v", n, pl.Size(), err)
			}
			pl.Release()
		})
		if allocs > 1 { // now and then a garbage collection empties a pool
			t.Errorf("%d s: %v allocations", seconds, allocs)
		}
	}
}

// TestClockWraps: PTS, DTS and PCR are 33 bits, and a day and 2.5 hours of film are more.
func TestClockWraps(t *testing.T) {
	for _, after := range []demux.Ticks{0, 300, 700, 1000, 9000} { // ms after which DTS wraps
		t.Run(fmt.Sprint(after, " ms"), func(t *testing.T) {
			m := testmedia.H264AAC(12)
			for i := range m.Tracks {
				delay := demux.Edit{Duration: 1<<33/90 - 10000 - after, MediaTime: -1}
				m.Tracks[i].Edits = append([]demux.Edit{delay}, m.Tracks[i].Edits...)
			}
			f := open(t, m.Bytes())
			stream, segments := f.concatenate(t, 60)
			f.check(t, stream, segments)
		})
	}
}

// TestMuxersSideBySide: a program is shared, and a plan too.
func TestMuxersSideBySide(t *testing.T) {
	f := open(t, testmedia.H264AAC(4).Bytes())
	want, _ := f.mux(t, f.whole())
	shared := f.program.Plan(f.whole())
	defer shared.Release()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 5 {
				own := f.program.Plan(f.whole())
				for _, pl := range []*Plan{shared, own} {
					from := int64(i) * 1000
					if got := read(t, f.reader, pl, from, 188*(1+100*i)); !bytes.Equal(got, want[from:]) {
						t.Errorf("muxer %d differs at %d", i, differ(got, want[from:]))
					}
				}
				own.Release()
			}
		})
	}
	all.Wait()
}
