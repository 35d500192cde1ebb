package mpegts

import (
	"bytes"
	"testing"

	"unreel/demux/testmedia"
	"unreel/packager/golden"
)

// TestGolden holds every byte of a small segment. A change that is meant is one of packager.Revision too: URLs are
// cached for a year.
func TestGolden(t *testing.T) {
	m := testmedia.H264AAC(1)
	m.Tracks[0].Samples = m.Tracks[0].Samples[:3]
	m.Tracks[1].Samples = m.Tracks[1].Samples[:5]
	for i := range m.Tracks[0].Samples {
		m.Tracks[0].Samples[i].Size, m.Tracks[0].Samples[i].NALs = 200-70*i, nil
	}
	for i := range m.Tracks {
		m.Tracks[i].Edits = nil
	}
	m.Tracks[0].Samples[2].Duration = 6000 // and so a packet with nothing but a PCR
	f := open(t, m.Bytes())
	span := f.whole()
	span.Number, span.Counters = 37, Counters{Video: 14, Audio: 3}
	got, next := f.mux(t, span)
	golden.Compare(t, "golden.ts", got)
	if want := (Counters{Video: 2, Audio: 13}); next != want {
		t.Errorf("the next segment's counters are %+v, want %+v", next, want)
	}
}

// TestIFrames: an I-frame's range is its PES, whole, and holds nothing else.
func TestIFrames(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	pl := f.program.Plan(f.whole())
	defer pl.Release()
	segment := read(t, f.reader, pl, 0, 188*1024)
	frames := pl.IFrames()
	if len(frames) != 5 || frames[0].Offset != 2*188 {
		t.Fatalf("I-frames %+v, want 5, the first behind PAT and PMT", frames)
	}
	for i, frame := range frames {
		if frame.Sample != 60*i {
			t.Errorf("I-frame %d is sample %d", i, frame.Sample)
		}
		tables := segment[:2*188]
		p := parse(t, append(append([]byte{}, tables...), segment[frame.Offset:frame.Offset+frame.Size]...), 900000)
		p.headers(t)
		s := f.video.Samples.At(frame.Sample)
		var sets []byte
		sets = appendParameterSets(appendParameterSets(sets, f.video.Video.SPS), f.video.Video.PPS)
		want := annexB(f.read(t, &s), 4, true, sets)
		if len(p.order) != 1 || !bytes.Equal(p.units[videoPID][0].data, want) || !p.units[videoPID][0].random {
			t.Errorf("the range of I-frame %d doesn't hold that sample alone", i)
		}
	}
	if &frames[0] != &pl.IFrames()[0] {
		t.Error("the list is made twice")
	}
}
