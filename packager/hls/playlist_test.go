package hls

import (
	"testing"

	"unreel/demux"
)

// segments are of the given durations in one timescale.
func segments(scale demux.Timescale, ticks ...demux.Ticks) []Segment {
	out := make([]Segment, len(ticks))
	for i, t := range ticks {
		out[i] = Segment{Duration: Duration{Ticks: t, Timescale: scale}, URI: "s.ts"}
	}
	return out
}

func TestAppendToAllocatesNothing(t *testing.T) {
	p := film(1200)
	m := &Master{
		Media:    []Rendition{{GroupID: "a", Name: "English", Language: "en", URI: "a.m3u8"}},
		Variants: []Variant{{Codecs: []string{"avc1.640028"}, Width: 1920, Height: 1080, FrameRate: Rate{25, 1}, URI: "v.m3u8"}},
	}
	dst := make([]byte, 0, 1<<20)
	if n := testing.AllocsPerRun(10, func() { m.AppendTo(p.AppendTo(dst)) }); n != 0 {
		t.Errorf("%v allocations into a dst with room", n)
	}
	if got := p.AppendTo(nil); len(got) > p.estimate() {
		t.Errorf("%d bytes where %d were foreseen: dst grows more than once", len(got), p.estimate())
	}
	if got := string(p.AppendTo([]byte("before"))[:13]); got != "before#EXTM3U" {
		t.Errorf("appended to %q", got)
	}
}

// BenchmarkPlaylist writes a film of two hours.
func BenchmarkPlaylist(b *testing.B) {
	p := film(1200)
	dst := p.AppendTo(nil)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst = p.AppendTo(dst[:0])
	}
}
