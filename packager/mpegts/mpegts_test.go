package mpegts

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// film is a movie opened, with its first video and audio track.
type film struct {
	reader       demux.Reader
	video, audio *demux.Track
	program      *Program
}

func open(t testing.TB, file []byte) film {
	t.Helper()
	src := testmedia.Memory(file)
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var f film
	for _, track := range index.Tracks {
		switch {
		case track.Kind == demux.KindVideo && f.video == nil:
			f.video = track
		case track.Kind == demux.KindAudio && f.audio == nil:
			f.audio = track
		}
	}
	if f.reader, err = src.ReadRange(t.Context(), 0, src.Size()); err != nil {
		t.Fatal(err)
	}
	if f.program, err = (Options{HEVC: true}).NewProgram(f.video, f.audio); err != nil {
		t.Fatal(err)
	}
	return f
}

// whole is the span of everything.
func (f *film) whole() Span {
	var s Span
	if f.video != nil {
		s.Video = demux.Range{First: f.video.First, End: f.video.End}
	}
	if f.audio != nil {
		s.Audio = demux.Range{First: f.audio.First, End: f.audio.End}
	}
	return s
}

// spans cuts the film at every cut of its video that is at least so many samples after the last; audio by frames.
func (f *film) spans(samples int) (spans []Span) {
	whole := f.whole()
	if f.video == nil {
		for first := whole.Audio.First; first < whole.Audio.End; first += samples {
			end := min(first+samples, whole.Audio.End)
			spans = append(spans, Span{Number: len(spans), Audio: demux.Range{First: first, End: end}})
		}
		return spans
	}
	span := whole
	for cut := range f.video.Cuts() {
		if cut.Sample-span.Video.First < samples {
			continue
		}
		next := span
		span.Video.End, next.Video.First = cut.Sample, cut.Sample
		if f.audio != nil {
			time, _ := cut.Time.Rescale(f.video.Timescale, f.audio.Timescale)
			span.Audio.End = max(f.audio.FirstFrom(time), span.Audio.First) // cuts needn't be presented in order
			next.Audio.First = span.Audio.End
		}
		spans = append(spans, span)
		next.Number++
		span = next
	}
	return append(spans, span)
}

// mux is the bytes of one span's segment, with the counters that follow.
func (f *film) mux(t testing.TB, span Span) ([]byte, Counters) {
	t.Helper()
	pl := f.program.Plan(span)
	defer pl.Release()
	b := read(t, f.reader, pl, 0, 188*1024)
	if int64(len(b)) != pl.Size() {
		t.Fatalf("muxed %d bytes, planned %d", len(b), pl.Size())
	}
	return b, pl.Next()
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

// concatenate is all segments of the film, one after the other.
func (f *film) concatenate(t testing.TB, samples int) (stream []byte, segments [][]byte) {
	t.Helper()
	var counters Counters
	for _, span := range f.spans(samples) {
		span.Counters = counters
		var b []byte
		b, counters = f.mux(t, span)
		stream = append(stream, b...)
		segments = append(segments, b)
	}
	return stream, segments
}

func TestAnyReadGivesTheSameBytes(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	for _, span := range f.spans(120) {
		want, _ := f.mux(t, span)
		pl := f.program.Plan(span)
		random := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{1 << 20, 188 * 7, 188*1024 + 1, 187, 189, 1000, 60000} {
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

// differ is the first byte that differs.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestShortestSegments: ffmpeg takes no less than a dozen packets for a transport stream, so null packets fill them up.
func TestShortestSegments(t *testing.T) {
	f := open(t, testmedia.Movie{Tracks: tiny(1).Tracks[:1]}.Bytes())
	span := f.whole()
	span.Video.End = span.Video.First + 1
	whole, _ := f.mux(t, span)
	if len(whole) != leastPackets*188 {
		t.Fatalf("%d bytes, want %d packets", len(whole), leastPackets)
	}
	for at := 0; at < len(whole); at += 188 {
		if whole[at] != 0x47 {
			t.Errorf("packet %d begins with %#x", at/188, whole[at])
		}
	}
	if last := whole[len(whole)-188:]; last[1] != 0x1F || last[2] != 0xFF {
		t.Errorf("the last packet is none without content: % x", last[:4])
	}
}
