package fmp4

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
	"unreel/packager/box"
)

// TestReadsOnce: a segment reads what it carries and no more, each run of it in the source once for each block.
func TestReadsOnce(t *testing.T) {
	alone := func(m testmedia.Movie) testmedia.Movie { return testmedia.Movie{Tracks: m.Tracks[:1]} }
	cases := []struct {
		name  string
		movie testmedia.Movie
		runs  int64 // of the track's samples in the source
	}{
		{"a chunk for each frame", testmedia.Bitrate(5), 180},
		{"one chunk", alone(testmedia.Bitrate(5)), 1},
		{"sound in one chunk", testmedia.Movie{Tracks: []testmedia.Track{testmedia.Audio(1000)}}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, c.movie.Bytes())
			k := f.tracks[0]
			pl := k.Plan(k.whole())
			defer pl.Release()
			r := &testmedia.Counted{Reader: f.reader}
			size, err := testmedia.Drain(t.Context(), pl.Muxer(0), r, make([]byte, testmedia.BlockSize))
			if err != nil || size != pl.Size() {
				t.Fatalf("%d of %d bytes, %v", size, pl.Size(), err)
			}
			media, low, high := int64(0), int64(1<<62), int64(0)
			for i := k.source.First; i < k.source.End; i++ {
				s := k.source.Samples.At(i)
				media += int64(s.Size)
				low, high = min(low, s.Offset), max(high, s.Offset+int64(s.Size))
			}
			if r.Bytes != media {
				t.Errorf("%d bytes read for %d bytes of media", r.Bytes, media)
			}
			if most := c.runs + size/testmedia.BlockSize + 6; r.Reads > most { // a fragment's boxes stand between two reads
				t.Errorf("%d reads, want %d at most", r.Reads, most)
			}
			if off, n := pl.Extent(); off != low || n != high-low {
				t.Errorf("extent %d+%d, want %d+%d", off, n, low, high-low)
			}
		})
	}
}

// TestReadErrors: an error of the source comes out as it is, whichever read it meets.
func TestReadErrors(t *testing.T) {
	f := open(t, testmedia.Bitrate(1).Bytes())
	pl := f.tracks[0].Plan(f.tracks[0].whole())
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
		for _, k := range f.tracks {
			span := k.whole()
			allocs := testing.AllocsPerRun(50, func() {
				pl := k.Plan(span)
				if n, err := testmedia.Drain(context.Background(), pl.Muxer(0), f.reader, p); n != pl.Size() || err != nil {
					t.Errorf("%d of %d bytes, %v", n, pl.Size(), err)
				}
				pl.Release()
			})
			if allocs > 1 { // now and then a garbage collection empties a pool
				t.Errorf("%d s of %s: %v allocations", seconds, k.CodecID(), allocs)
			}
		}
	}
}

// TestIFrames: an I-frame's range begins with the moof that describes it first, and ends with its last byte.
func TestIFrames(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	k := f.tracks[0]
	pl := k.Plan(k.whole())
	defer pl.Release()
	segment := read(t, f.reader, pl, 0, testmedia.BlockSize)
	frames := pl.IFrames()
	if len(frames) != 5 || frames[0].Offset != int64(len(segmentType)) {
		t.Fatalf("I-frames %+v, want 5, the first behind styp", frames)
	}
	for i, frame := range frames {
		if frame.Sample != 60*i {
			t.Errorf("I-frame %d is sample %d", i, frame.Sample)
		}
		b := segment[frame.Offset : frame.Offset+frame.Size]
		moof := binary.BigEndian.Uint32(b)
		s := k.source.Samples.At(frame.Sample)
		want := make([]byte, s.Size)
		if err := f.reader.ReadAt(t.Context(), want, s.Offset); err != nil {
			t.Fatal(err)
		}
		if string(b[4:8]) != "moof" || string(b[moof+4:moof+8]) != "mdat" || string(b[moof+8:]) != string(want) {
			t.Errorf("the range of I-frame %d doesn't hold its moof and then the sample alone", i)
		}
	}
	if sound := f.tracks[1].Plan(f.tracks[1].whole()); len(sound.IFrames()) > 0 {
		t.Errorf("sound has I-frames: %+v", sound.IFrames())
	}
}

// TestIFramesApart: key frames less than half a second apart share a fragment, of which only the first is listed.
func TestIFramesApart(t *testing.T) {
	m := testmedia.H264AAC(3)
	m.Tracks[0].Edits = nil
	for i := range m.Tracks[0].Samples {
		m.Tracks[0].Samples[i].Sync, m.Tracks[0].Samples[i].Composition = true, 0
	}
	f := open(t, m.Bytes())
	k := f.tracks[0]
	_, segments := f.concatenate(t, k, 45)
	f.check(t, k, segments)
	pl := k.Plan(k.whole())
	defer pl.Release()
	for i, frame := range pl.IFrames() {
		if frame.Sample != 15*i {
			t.Errorf("I-frame %d is sample %d of 30 a second", i, frame.Sample)
		}
	}
	if len(pl.IFrames()) != 6 {
		t.Errorf("%d I-frames in 3 s", len(pl.IFrames()))
	}
}

// TestEmptySpan: no samples make no fragment.
func TestEmptySpan(t *testing.T) {
	f := open(t, testmedia.H264AAC(1).Bytes())
	pl := f.tracks[0].Plan(Span{Samples: demux.Range{First: 5, End: 5}})
	defer pl.Release()
	if b := read(t, f.reader, pl, 0, 100); string(b) != segmentType || pl.Size() != int64(len(b)) {
		t.Errorf("%q, planned %d bytes", b, pl.Size())
	}
	if off, n := pl.Extent(); off != 0 || n != 0 {
		t.Errorf("extent %d+%d", off, n)
	}
}

// TestWideMedia: samples of more than 4 GiB together need an mdat with a 64-bit size.
func TestWideMedia(t *testing.T) {
	m := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(70, 360, 1), testmedia.Audio(200)}}
	for i := range m.Tracks[0].Samples {
		s := &m.Tracks[0].Samples[i]
		s.Size, s.NALs, s.Sync = 64<<20, nil, i == 0
	}
	src := m.Source()
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	k, err := NewTrack(index.Tracks[0])
	if err != nil {
		t.Fatal(err)
	}
	pl := k.Plan(k.whole())
	defer pl.Release()
	boxes := pl.pieces[0].size
	if want := boxes + 70*(64<<20); pl.Size() != want {
		t.Fatalf("planned %d bytes, want %d", pl.Size(), want)
	}
	mux := pl.Muxer(0)
	defer mux.Release()
	b := make([]byte, boxes)
	if n, bad := mux.Read(t.Context(), nil, b); n != len(b) || bad != nil {
		t.Fatal(n, bad)
	}
	moof := b[len(segmentType):]
	mdat := moof[binary.BigEndian.Uint32(moof):]
	if len(mdat) != box.WideHeaderSize || binary.BigEndian.Uint32(mdat) != 1 || binary.BigEndian.Uint64(mdat[8:]) != 70*(64<<20)+box.WideHeaderSize {
		t.Errorf("mdat begins % x", mdat)
	}
	trun := moof[bytes.Index(moof, []byte("trun")):]
	if offset := binary.BigEndian.Uint32(trun[12:]); int(offset) != len(moof) {
		t.Errorf("the data offset is %d, want %d", offset, len(moof))
	}
}
