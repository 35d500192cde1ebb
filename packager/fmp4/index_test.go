package fmp4

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// virtual is a track as one file with an index, and what the index says.
func (f *film) virtual(t *testing.T, k *Track, samples int) (file []byte, listed []Subsegment) {
	t.Helper()
	spans := k.spans(samples)
	time := func(i int) demux.Ticks {
		if i == len(spans) {
			return k.source.Stop
		}
		cut, ok := k.source.CutAt(spans[i].Samples.First)
		if !ok {
			t.Fatalf("segment %d begins at no cut", i)
		}
		return max(cut.Time-cut.Lead, 0)
	}
	var media []byte
	for i, span := range spans {
		pl := k.Plan(span)
		cut, _ := k.source.CutAt(span.Samples.First)
		listed = append(listed, Subsegment{Size: pl.Size(), Duration: time(i+1) - time(i), Closed: cut.Lead == 0})
		pl.Release()
		media = append(media, f.mux(t, k, span)...)
	}
	file, err := k.AppendIndex(append([]byte(nil), k.Init()...), time(0), listed)
	if err != nil {
		t.Fatal(err)
	}
	return append(file, media...), listed
}

// TestIndex: mp4ff finds every segment where the index says, and ffmpeg reads the same from the virtual file.
func TestIndex(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "film.mp4")
	ffmpeg(t, append(strings.Fields("-f lavfi -i testsrc2=s=160x90:d=8:r=25 -f lavfi -i sine=d=8 -c:v libx264 -preset ultrafast "+
		"-x264-params open-gop=1:bframes=3:keyint=26:scenecut=0 -c:a aac"), path)...)
	f := carried(t, path)
	for _, k := range f.tracks {
		file, listed := f.virtual(t, k, 40)
		sidx := parse(t, file).Sidx
		if sidx == nil || sidx.ReferenceID != trackID || sidx.Timescale != uint32(k.source.Timescale) || sidx.FirstOffset != 0 ||
			sidx.EarliestPresentationTime != 0 || len(sidx.SidxRefs) != len(listed) {
			t.Fatalf("index %+v of %d segments", sidx, len(listed))
		}
		at := uint64(len(k.Init())) + sidx.Size()
		open := 0
		for i, ref := range sidx.SidxRefs {
			want := uint8(1)
			if !listed[i].Closed {
				want = 3
				open++
			}
			if string(file[at+4:at+8]) != "styp" || ref.StartsWithSAP != 1 || ref.SAPType != want ||
				demux.Ticks(ref.SubSegmentDuration) != listed[i].Duration {
				t.Errorf("segment %d is %+v, want %+v, and at %d stands %q", i, ref, listed[i], at, file[at+4:at+8])
			}
			at += uint64(ref.ReferencedSize)
		}
		if at != uint64(len(file)) || open == 0 && k.source.Kind == demux.KindVideo {
			t.Errorf("the index ends at %d of %d, %d segments are open", at, len(file), open)
		}
		name := filepath.Join(dir, "virtual.mp4")
		if err := os.WriteFile(name, file, 0o600); err != nil {
			t.Fatal(err)
		}
		want, _, err := framehash(t, path, k.source.ID, copying...)
		got, _, bad := framehash(t, name, trackID, copying...)
		if err != nil || bad != nil || len(got) != len(want) {
			t.Fatalf("%s: %d packets, want %d (%v, %v)", k.CodecID(), len(got), len(want), err, bad)
		}
		for i := range got {
			if got[i].pts != want[i].pts || got[i].hash != want[i].hash {
				t.Fatalf("%s: packet %d is %+v, want %+v", k.CodecID(), i, got[i], want[i])
			}
		}
	}
}

// TestIndexLimits: what doesn't fit the box is refused.
func TestIndexLimits(t *testing.T) {
	f := open(t, testmedia.H264AAC(1).Bytes())
	for _, segments := range [][]Subsegment{
		make([]Subsegment, 1<<16),
		{{Size: 1 << 31}},
		{{Size: -1}},
		{{Duration: math.MaxUint32 + 1}},
		{{Duration: -1}},
	} {
		if _, err := f.tracks[0].AppendIndex(nil, 0, segments); !errors.Is(err, demux.ErrUnsupported) {
			t.Errorf("%d segments, %+v: %v", len(segments), segments[0], err)
		}
	}
}
