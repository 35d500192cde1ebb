package packager

import (
	"reflect"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// A table says the same on any number of processors: two replicas must answer alike.
func TestTableOnAnyMachine(t *testing.T) {
	f := func(name string, film testmedia.Movie) {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
			title, err := o.title(t.Context(), "film")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range title.streams() {
				want, failed := s.layOut(title, 1)
				if failed != nil {
					t.Fatal(failed)
				}
				if len(want.segments) < 2*leastRun {
					t.Fatalf("%d segments are one run", len(want.segments))
				}
				for _, processors := range []int{2, 3, 64} {
					got, wrong := s.layOut(title, processors)
					if wrong != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("%s on %d processors: %v, or another table", s.link(false), processors, wrong)
					}
				}
			}
		})
	}
	f("a film", testmedia.Film(60))
	f("of key frames alone", movie(each(testmedia.Video(maxIFrames+1000, 360, 1), func(_ int, s *testmedia.Sample) {
		s.Size, s.NALs, s.Composition, s.Sync = 10, nil, 0, true
	})))
}

// What panics beside a request is the request's, like all else: it must not end the process.
func TestSideBySide(t *testing.T) {
	var done [100]bool
	sideBySide(len(done), func(i int) { done[i] = true })
	for i := range done {
		if !done[i] {
			t.Errorf("piece %d of the work was not done", i)
		}
	}
	for _, n := range []int{1, 8} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), "a bug") {
					t.Errorf("of %d pieces of work, one with a bug: %v", n, r)
				}
			}()
			sideBySide(n, func(i int) {
				if i == n-1 {
					panic("a bug") //nolint:forbidigo // that is what is tested
				}
			})
		}()
	}
}
