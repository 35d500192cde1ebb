package fmp4

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// film is a movie opened, with the tracks that CMAF carries.
type film struct {
	reader demux.Reader
	size   int64
	index  *demux.Index
	tracks []*Track
}

func open(t testing.TB, file []byte) film {
	t.Helper()
	src := testmedia.Memory(file)
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	f := film{index: index, size: src.Size()}
	if f.reader, err = src.ReadRange(t.Context(), 0, src.Size()); err != nil {
		t.Fatal(err)
	}
	for _, source := range index.Tracks {
		if source.Kind != demux.KindVideo && source.Kind != demux.KindAudio {
			continue
		}
		track, refusal := NewTrack(source)
		if refusal != nil {
			t.Fatal(refusal)
		}
		f.tracks = append(f.tracks, track)
	}
	return f
}

// whole is the span of everything.
func (k *Track) whole() Span {
	return Span{Samples: demux.Range{First: k.source.First, End: k.source.End}}
}

// spans cuts a track at every cut that is at least so many samples after the last.
func (k *Track) spans(samples int) (spans []Span) {
	span := k.whole()
	for cut := range k.source.Cuts() {
		if cut.Sample-span.Samples.First < samples {
			continue
		}
		next := span
		span.Samples.End, next.Samples.First = cut.Sample, cut.Sample
		spans = append(spans, span)
		span = next
	}
	return append(spans, span)
}

// mux is the bytes of one span's segment.
func (f *film) mux(t testing.TB, k *Track, span Span) []byte {
	t.Helper()
	pl := k.Plan(span)
	defer pl.Release()
	b := read(t, f.reader, pl, 0, 256<<10)
	if int64(len(b)) != pl.Size() {
		t.Fatalf("muxed %d bytes, planned %d", len(b), pl.Size())
	}
	return b
}

// read is all from one byte on, by Reads of n bytes.
func read(t testing.TB, r demux.Reader, pl *Plan, from int64, n int) []byte {
	t.Helper()
	m := pl.Muxer(from)
	defer m.Release()
	var all []byte
	p := make([]byte, n)
	for {
		got, err := m.Read(t.Context(), r, p)
		all = append(all, p[:got]...)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if got == 0 {
			t.Fatal("a Read gave nothing")
		}
	}
}

// concatenate is the init section and all segments of a track.
func (f *film) concatenate(t testing.TB, k *Track, samples int) (stream []byte, segments [][]byte) {
	t.Helper()
	stream = append(stream, k.Init()...)
	for _, span := range k.spans(samples) {
		b := f.mux(t, k, span)
		stream = append(stream, b...)
		segments = append(segments, b)
	}
	return stream, segments
}

// TestGoodShapes holds films in every shape that a sound file may have against their tables.
func TestGoodShapes(t *testing.T) {
	for _, file := range testmedia.Good() {
		t.Run(file.Name, func(t *testing.T) {
			f := open(t, file.Bytes())
			for _, k := range f.tracks {
				_, segments := f.concatenate(t, k, 20)
				f.check(t, k, segments)
			}
		})
	}
}

func TestAnyReadGivesTheSameBytes(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	for _, k := range f.tracks {
		for _, span := range k.spans(120) {
			want := f.mux(t, k, span)
			pl := k.Plan(span)
			random := rand.New(rand.NewPCG(1, 2))
			for _, n := range []int{1 << 20, 1, 7, 1000, 60000} {
				if got := read(t, f.reader, pl, 0, n); !bytes.Equal(got, want) {
					t.Fatalf("Reads of %d bytes give other bytes, from %d on", n, differ(got, want))
				}
				for range 10 {
					from := random.Int64N(int64(len(want) + 10))
					rest := want[min(from, int64(len(want))):]
					if got := read(t, f.reader, pl, from, n); !bytes.Equal(got, rest) {
						t.Fatalf("Reads of %d bytes from %d give other bytes, from %d on", n, from, differ(got, rest))
					}
				}
			}
			pl.Release()
		}
	}
}

// differ is the first byte that differs.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
