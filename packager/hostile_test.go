package packager

import (
	"errors"
	"fmt"
	"strconv"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// TestTimesThatLie: tables that make much of little are refused in words before they take memory, and what plays of them
// is bounded.
func TestTimesThatLie(t *testing.T) {
	sequential(t)
	f := func(name string, film testmedia.Movie) {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}), func(c *Config) { c.Limits.MaxSamples = 1 << 24 })
			_, err := o.HLS(t.Context(), filmMaster)
			if !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrTooLarge) || errors.Is(err, ErrNotFound) {
				t.Errorf("%v, want a refusal", err)
			}
			m, err := o.shelf.get(t.Context(), filmPath)
			if err != nil {
				t.Fatal(err)
			}
			track := m.index.Tracks[0]
			whole := fmt.Sprintf("film/%s/%v/%v-0-0-%d-00.ts", m.ownName(), m.version, tracksOf(track), track.End)
			if _, err = o.HLS(t.Context(), whole); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", whole, err)
			}
		})
	}
	f("a hundred thousand frames at once", movie(each(testmedia.Video(100_000, 360, 1), func(i int, s *testmedia.Sample) {
		s.Size, s.NALs, s.Duration, s.Composition, s.Sync = 10, nil, 0, 0, i == 0
	})))
	f("shown at once, decoded over days", movie(each(testmedia.Video(1000, 360, 1), func(i int, s *testmedia.Sample) {
		s.Duration, s.Composition, s.Sync = 120*15360, -int32(i)*120*15360+int32(i), i == 0
	})))
	f("a segment for each of very many frames", movie(each(testmedia.Video(maxSegments+10, 360, 1), func(_ int, s *testmedia.Sample) {
		s.Size, s.NALs, s.Duration, s.Composition, s.Sync = 10, nil, 10*15360, 0, true
	})))
	f("the same of sound", movie(each(testmedia.Audio(maxSegments+10), func(_ int, s *testmedia.Sample) {
		s.Size, s.Duration = 10, 10*48000
	})))
}

// TestKeyFramesAlone: of very many key frames an I-frame playlist lists some, evenly.
func TestKeyFramesAlone(t *testing.T) {
	sequential(t)
	const n = 5*maxIFrames/2 + 1
	film := movie(each(testmedia.Video(n, 360, 1), func(_ int, s *testmedia.Sample) {
		s.Size, s.NALs, s.Composition, s.Sync = 10, nil, 0, true
	}))
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	made, err := o.title(t.Context(), "film")
	if err != nil {
		t.Fatal(err)
	}
	list, err := made.layouts[TS].pictures[0].table()
	if err != nil {
		t.Fatal(err)
	}
	if len(list.iframes) != (n+3)/4 {
		t.Errorf("%d I-frames of %d", len(list.iframes), n)
	}
	for i, frame := range list.iframes {
		if frame.time != demux.Ticks(4*i*512) {
			t.Fatalf("I-frame %d is at %d ticks", i, frame.time)
		}
	}
}

// TestVeryManyCuts: a timeline chooses from no more than it can hold.
func TestVeryManyCuts(t *testing.T) {
	film := movie(each(testmedia.Video(100, 360, 1), func(_ int, s *testmedia.Sample) {
		s.Size, s.NALs, s.Composition, s.Sync = 10, nil, 0, true
	}))
	index, err := demux.Open(t.Context(), film.Source(), demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r := rendition{video: index.Tracks[0]}
	for most, want := range map[int]int{1000: 100, 100: 100, 99: 50, 50: 50, 49: 34, 1: 1} {
		input := r.timelineInput(most)
		if len(input.Cuts) != want || want > 1 && input.Cuts[1].Sample != (99+want)/want {
			t.Errorf("%d cuts for at most %d, want %d", len(input.Cuts), most, want)
		}
	}
}

// each changes every sample of a track, which then has no edit list.
func each(t testmedia.Track, change func(i int, s *testmedia.Sample)) testmedia.Track {
	t.Edits, t.CttsV1 = nil, true
	for i := range t.Samples {
		change(i, &t.Samples[i])
	}
	return t
}

// TestHostileSpans: what no playlist of ours says is not found, and costs nothing.
func TestHostileSpans(t *testing.T) {
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(120)}))
	m, err := o.shelf.get(t.Context(), filmPath)
	if err != nil {
		t.Fatal(err)
	}
	end, sound := m.index.Tracks[0].End, m.index.Tracks[1].End
	before := o.memory.reads()
	for _, span := range []string{
		"v1a2-0-0-1-00", "v1a2-0-1-60-00", "v1a2-0-0-2147483647-00", "v1a2-0-2147483646-2147483647-00", "v1a2-1-0-60-00",
		"v1a2-61-60-120-00", "v1a2-2147483647-60-120-00", fmt.Sprintf("v1a2-0-0-%d-00", end), fmt.Sprintf("v1a2-0-0-%d-00", end+1),
		fmt.Sprintf("v1a2-%d-%d-%d-00", end, end, end+1), fmt.Sprintf("v1a2-%d-%d-%d-00", 60, end, 2*end),
		"v2a1-0-0-60-00", "v1a1-0-0-60-00", "v2-0-0-60-00", "a1-0-0-60-00", "v3-0-0-60-00", "v4294967295-0-0-60-00", "v1a3-0-0-60-00",
		fmt.Sprintf("a2-0-0-%d-00", sound), fmt.Sprintf("a2-0-%d-%d-00", sound, sound+1), "a2-2-1-2-00",
	} {
		path := fmt.Sprintf("film/360p/%v/%s.ts", m.version, span)
		if _, err = o.HLS(t.Context(), path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", path, err)
		}
	}
	if n := o.memory.reads() - before; n != 0 {
		t.Errorf("%d reads for what is not found", n)
	}
	for _, span := range []string{"v1-0-0-60-00", "v1a2-60-60-120-ff", "a2-0-3-4-00", "v1a2-0-0-1800-00"} {
		o.body(fmt.Sprintf("film/360p/%v/%s.ts", m.version, span))
	}
	other := Version{}
	if _, err = o.HLS(t.Context(), fmt.Sprintf("film/360p/%v/v1a2-0-0-60-00.ts", other)); !errors.Is(err, ErrStale) {
		t.Errorf("%v, want ErrStale", err)
	}
}
