package demux_test

import (
	"testing"

	"unreel/demux"
)

// checkIndex holds an Index to what its documentation promises, whatever file it came from.
func checkIndex(t *testing.T, index *demux.Index, size int64) {
	t.Helper()
	if index.Timescale == 0 {
		t.Error("movie timescale 0")
	}
	seen := map[uint32]bool{}
	for _, track := range index.Tracks {
		if track.ID == 0 || seen[track.ID] || track.Timescale == 0 {
			t.Errorf("track ID %d, seen %v, timescale %d", track.ID, seen[track.ID], track.Timescale)
		}
		seen[track.ID] = true
		if track.Refusal == nil && track.Kind != demux.KindOther {
			checkTrack(t, track, size)
		}
	}
}

func checkTrack(t *testing.T, track *demux.Track, size int64) {
	t.Helper()
	n := track.Samples.Len()
	if track.First < 0 || track.First >= track.End || track.End > n {
		t.Fatalf("track %d delivers [%d, %d) of %d samples", track.ID, track.First, track.End, n)
	}
	start, stop := track.Stop, track.Start
	cursor := track.Samples.From(track.First)
	for i := track.First; i < track.End; i++ {
		s, ok := cursor.Next()
		if !ok {
			t.Fatalf("track %d: no sample %d", track.ID, i)
		}
		if s.Offset < 0 || s.Offset+int64(s.Size) > size {
			t.Fatalf("track %d: sample %d at %d, %d bytes, lies outside of a file of %d bytes", track.ID, i, s.Offset, s.Size, size)
		}
		time := track.PresentationTime(&s)
		if track.DecodeTimeOf(&s) > time {
			t.Fatalf("track %d: sample %d is decoded at %d, presented at %d", track.ID, i, track.DecodeTimeOf(&s), time)
		}
		start, stop = min(start, time), max(stop, time+s.Duration)
	}
	if start != track.Start || stop != track.Stop {
		t.Errorf("track %d: presented from %d to %d, its samples from %d to %d", track.ID, track.Start, track.Stop, start, stop)
	}
	for _, from := range []int{track.First + 1, (track.First + track.End) / 2, track.End - 1} {
		if from < track.End && track.Samples.At(from) != nth(track, from) {
			t.Fatalf("track %d: At(%d) is %+v, walking there gives %+v", track.ID, from, track.Samples.At(from), nth(track, from))
		}
	}
	checkCuts(t, track)
}

// nth walks to a sample from the first one.
func nth(track *demux.Track, n int) (s demux.Sample) {
	cursor := track.Samples.From(0)
	for range n + 1 {
		s, _ = cursor.Next()
	}
	return s
}

func checkCuts(t *testing.T, track *demux.Track) {
	t.Helper()
	next := track.First
	for cut := range track.Cuts() {
		if next == track.First && cut.Sample != track.First {
			t.Fatalf("track %d: the first cut stands at %d, not at %d", track.ID, cut.Sample, track.First)
		}
		if cut.Sample < next || cut.Sample >= track.End || cut.Lead < 0 {
			t.Fatalf("track %d: cut %+v of [%d, %d) after %d", track.ID, cut, track.First, track.End, next)
		}
		s := track.Samples.At(cut.Sample)
		if !s.Sync || !track.Samples.IsSync(cut.Sample) || track.PresentationTime(&s) != cut.Time {
			t.Fatalf("track %d: cut %+v at sample %+v", track.ID, cut, s)
		}
		if same, ok := track.CutAt(cut.Sample); !ok || same != cut {
			t.Fatalf("track %d: CutAt(%d) is %+v, %v, Cuts has %+v", track.ID, cut.Sample, same, ok, cut)
		}
		next = cut.Sample + 1
	}
	if next == track.First {
		t.Fatalf("track %d has no cut", track.ID)
	}
}
