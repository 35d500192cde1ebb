package demux_test

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

var update = flag.Bool("update", false, "write golden files anew")

// sameKinds compares what errors say and are: a kept one is another value.
func sameKinds(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	for _, kind := range []error{demux.ErrCorrupt, demux.ErrTooLarge, demux.ErrUnsupported} {
		if errors.Is(a, kind) != errors.Is(b, kind) {
			return false
		}
	}
	return a.Error() == b.Error()
}

// checkKept holds an Index that was kept to the one that was read.
func checkKept(t *testing.T, name string, want *demux.Index) {
	t.Helper()
	kept := want.AppendTo([]byte("before"))[len("before"):]
	got, err := demux.Decode(kept)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if len(kept) > got.Bytes()+256 || got.Bytes() > want.Bytes()+64 {
		t.Errorf("%s: %d bytes are kept of %d, and become %d", name, len(kept), want.Bytes(), got.Bytes())
	}
	plain := *want // without the errors, which were compared
	plain.Tracks = nil
	for i, track := range want.Tracks {
		if !sameKinds(track.Refusal, got.Tracks[i].Refusal) {
			t.Errorf("%s: track %d is refused: %v, was: %v", name, track.ID, got.Tracks[i].Refusal, track.Refusal)
		}
		bare := *track
		bare.Refusal, got.Tracks[i].Refusal = nil, nil
		plain.Tracks = append(plain.Tracks, &bare)
	}
	if !reflect.DeepEqual(got, &plain) {
		t.Errorf("%s: kept was\n%+v\nand came back as\n%+v", name, plain, *got)
	}
}

// TestKeptIndex: what is kept of a film comes back as it was read.
func TestKeptIndex(t *testing.T) {
	for _, file := range append(testmedia.Good(), testmedia.Fragmented()...) {
		index, err := demux.Open(t.Context(), file.Source(), demux.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		checkKept(t, file.Name, index)
	}
}

// TestKeptCorpus is the same of real files, good, odd and damaged.
func TestKeptCorpus(t *testing.T) {
	read := 0
	for _, file := range slices.Concat(corpus(t, "good"), corpus(t, "odd"), corpus(t, "damaged"), corpus(t, "fragmented")) {
		dir, err := source.OpenDir(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		src, err := dir.Open(t.Context(), filepath.Base(file))
		if err == nil {
			var index *demux.Index
			if index, err = demux.Open(t.Context(), src, demux.DefaultLimits()); err == nil {
				checkKept(t, file, index)
				read++
			}
			src.Close()
		}
		dir.Close()
	}
	t.Logf("%d files", read)
	if read < 50 {
		t.Errorf("%d files could be read", read)
	}
}

// goldenFile has the IndexFormat in its first line, and then a line for each film: its name and the hash of its kept index.
const goldenFile = "testdata/indexes.txt"

// TestGoldenIndexes holds what is kept of a film. Who finds an index on disk takes it for what Open would give now, so if
// that has become another, or is written in another way, IndexFormat must go up.
func TestGoldenIndexes(t *testing.T) {
	written, err := os.ReadFile(goldenFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(written), "\n")
	raised := head != fmt.Sprint("format ", demux.IndexFormat)
	var body strings.Builder
	for _, file := range append(testmedia.Good(), testmedia.Fragmented()...) {
		index, failed := demux.Open(t.Context(), file.Source(), demux.DefaultLimits())
		if failed != nil {
			t.Fatal(failed)
		}
		fmt.Fprintf(&body, "%s\t%x\n", file.Name, sha256.Sum256(index.AppendTo(nil)))
	}
	for line := range strings.Lines(rest) {
		name, _, _ := strings.Cut(line, "\t")
		if !raised && strings.Contains("\n"+body.String(), "\n"+name+"\t") && !strings.Contains(body.String(), line) {
			t.Fatalf("%s has another index than before, and the one before may be kept on disks: raise demux.IndexFormat, "+
				"and run go test -run TestGoldenIndexes -update", name)
		}
	}
	if *update {
		if err = os.WriteFile(goldenFile, fmt.Appendf(nil, "format %d\n%s", demux.IndexFormat, body.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if raised || rest != body.String() {
		t.Errorf("%s is of another format, or of other films: run go test -run TestGoldenIndexes -update", goldenFile)
	}
}

// FuzzDecode holds Decode to its promise: whatever the bytes are, what it gives can be walked.
func FuzzDecode(f *testing.F) {
	for _, file := range append(testmedia.Good(), testmedia.Fragmented()...) {
		shorten(&file.Movie)
		index, err := demux.Open(f.Context(), file.Source(), demux.DefaultLimits())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(index.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, kept []byte) {
		index, err := demux.Decode(kept)
		if err != nil {
			if !errors.Is(err, demux.ErrCorrupt) {
				t.Fatalf("%v is no ErrCorrupt", err)
			}
			return
		}
		if n := index.Bytes(); n > 64*len(kept)+4096 {
			t.Errorf("%d bytes become %d", len(kept), n)
		}
		walk(t, index)
		if again, failed := demux.Decode(index.AppendTo(nil)); failed != nil || !reflect.DeepEqual(again, index) {
			t.Errorf("what came back can't be kept: %v", failed)
		}
	})
}

// walk asks an Index for all that it has.
func walk(t *testing.T, index *demux.Index) {
	for _, track := range index.Tracks {
		n, last := track.Samples.Len(), demux.Ticks(0)
		c := track.Samples.From(0)
		for i := range n {
			s, ok := c.Next()
			if !ok {
				t.Fatalf("track %d has no sample %d of %d", track.ID, i, n)
			}
			if s.DecodeTime < 0 || s.Duration < 0 {
				t.Fatalf("track %d: sample %d at %d for %d", track.ID, i, s.DecodeTime, s.Duration)
			}
			if i%17 == 0 && track.Samples.DecodeTime(i) != s.DecodeTime {
				t.Fatalf("track %d: sample %d is decoded at %d and at %d", track.ID, i, s.DecodeTime, track.Samples.DecodeTime(i))
			}
			last = max(last, s.DecodeTime)
			track.CutAt(i)
		}
		if all := track.Samples.Extremes(demux.Range{First: 0, End: n}); n > 0 && all.LeastDuration > all.MostDuration {
			t.Fatalf("track %d: %+v", track.ID, all)
		}
		for cut := range track.Cuts() {
			if cut.Sample < track.First || cut.Sample >= track.End {
				t.Fatalf("track %d: a cut at %d of [%d, %d)", track.ID, cut.Sample, track.First, track.End)
			}
		}
		for _, time := range []demux.Ticks{-1, 0, last / 2, last, last + 1} {
			if i := track.Samples.FromDecodeTime(time); i < 0 || i > n {
				t.Fatalf("track %d: sample %d of %d at %d", track.ID, i, n, time)
			}
		}
	}
}

// BenchmarkDecode reads the kept index of a film of two hours, which BenchmarkOpen reads the moov of.
func BenchmarkDecode(b *testing.B) {
	index, err := demux.Open(b.Context(), testmedia.Film(120).Source(), demux.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	kept := index.AppendTo(nil)
	b.SetBytes(int64(len(kept)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err = demux.Decode(kept); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendTo keeps the index of the same film.
func BenchmarkAppendTo(b *testing.B) {
	index, err := demux.Open(b.Context(), testmedia.Film(120).Source(), demux.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	var kept []byte
	b.ReportAllocs()
	for b.Loop() {
		kept = index.AppendTo(kept[:0])
	}
	b.ReportMetric(float64(len(kept)), "kept-B")
}
