package packager

import (
	"runtime"
	"testing"

	"unreel/demux/testmedia"
)

// TestFootprint holds what the shelf counts for a title to what the heap grows by.
func TestFootprint(t *testing.T) {
	intra := testmedia.Film(10)
	for i := range intra.Tracks[0].Samples {
		s := &intra.Tracks[0].Samples[i]
		s.Sync, s.Composition = true, 0
	}
	f := func(name string, film testmedia.Movie, want func(o *origin)) {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
			if _, err := o.shelf.get(t.Context(), filmPath); err != nil {
				t.Fatal(err)
			}
			before, counted := heap(), o.seen.bytes
			want(o)
			grown, counted := heap()-before, o.seen.bytes-counted
			t.Logf("%d bytes are counted for %d", counted, grown)
			if counted < grown*3/4 || counted > grown*4/3 {
				t.Errorf("%d bytes are counted, the heap grew by %d", counted, grown)
			}
			runtime.KeepAlive(o)
		})
	}
	master := func(o *origin) { o.text(filmMaster) }
	all := func(o *origin) {
		for _, link := range links(filmMaster, o.text(filmMaster)) {
			o.text(link)
		}
		if _, err := o.Info(o.t.Context(), "film"); err != nil {
			o.t.Error(err)
		}
	}
	f("master", testmedia.Film(60), master)
	f("everything", testmedia.Film(60), all)
	f("key frames alone", intra, all)
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
