package packager

import (
	"io"
	"strings"
	"testing"

	"unreel/cache"
	"unreel/demux/testmedia"
)

// warm is a request of a segment whose file's index is there: the path that hot servers walk.
func warm(o *origin, path string) func() {
	return func() {
		a, err := o.HLS(o.t.Context(), path)
		if err != nil {
			o.t.Fatal(err)
		}
		if err = a.Segment.WriteRange(o.t.Context(), io.Discard, 0, a.Segment.Size()); err != nil {
			o.t.Fatal(err)
		}
	}
}

// TestSegmentAllocations: a segment costs a bounded number of allocations, however long it is.
func TestSegmentAllocations(t *testing.T) {
	if !pooled {
		t.Skip("the race detector drops what pools hold")
	}
	const most = 12
	m := newMemory()
	m.putSource(filmPath, testmedia.Memory(movie(testmedia.Video(1800, 1080, 1), soundOf(60)).Bytes()))
	o := serve(t, m)
	kept, err := o.shelf.get(t.Context(), filmPath)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{}
	for _, span := range []string{"v1a2-0-0-60-00", "v1a2-1-60-300-00", "v1a2-0-0-1800-00"} {
		paths = append(paths, "film/1080p/"+kept.version.String()+"/"+span+".ts")
	}
	for _, track := range []string{"v1", "a2"} {
		list := cmafPrefix + "film/1080p/" + track + ".m3u8"
		paths = append(paths, links(list, o.text(list))[1])
	}
	for _, path := range paths {
		if n := testing.AllocsPerRun(20, warm(o, path)); n > most {
			t.Errorf("%s: %v allocations, want at most %d", path, n, most)
		}
	}
}

// BenchmarkSegment makes a segment of 6 s and 4 MB from a file in memory.
func BenchmarkSegment(b *testing.B) {
	m := newMemory()
	m.putSource(filmPath, testmedia.Memory(movie(testmedia.Video(180, 1080, 24), soundOf(6)).Bytes()))
	f := func(name string, config cache.Config) {
		b.Run(name, func(b *testing.B) {
			o := serve(b, m, func(c *Config) { c.Cache = config })
			list := links(filmMaster, o.text(filmMaster))[0]
			request := warm(o, links(list, o.text(list))[0])
			request()
			b.SetBytes(o.firstSegment().Size())
			b.ReportAllocs()
			for b.Loop() {
				request()
			}
		})
	}
	f("muxed", cache.Config{})
	f("cached", cache.Config{MaxBytes: 64 << 20, AdmitFirst: true})
}

// BenchmarkPlaylistCold reads the index of a film of two hours, and makes the title and one of its playlists.
func BenchmarkPlaylistCold(b *testing.B) {
	m := newMemory(testmedia.File{Name: filmPath, Movie: testmedia.Film(120)})
	o := serve(b, m)
	list := links(filmMaster, o.text(filmMaster))[0]
	b.ReportAllocs()
	for b.Loop() {
		m.touch(filmPath)
		o.text(list)
	}
}

// BenchmarkMasterCold is that of the master, whose bit rates take a plan of every segment.
func BenchmarkMasterCold(b *testing.B) {
	m := newMemory(testmedia.File{Name: filmPath, Movie: testmedia.Film(120)})
	o := serve(b, m)
	b.ReportAllocs()
	for b.Loop() {
		m.touch(filmPath)
		o.text(filmMaster)
	}
}

// BenchmarkTitleCold is that of the title alone, its index being there.
func BenchmarkTitleCold(b *testing.B) {
	o := serve(b, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.Film(120)}))
	list := links(filmMaster, o.text(filmMaster))[0]
	b.ReportAllocs()
	for b.Loop() {
		o.shelf.mu.Lock()
		o.shelf.drop("film")
		o.shelf.mu.Unlock()
		o.text(list)
	}
}

// BenchmarkPlaylistWarm asks for a playlist that is there.
func BenchmarkPlaylistWarm(b *testing.B) {
	o := serve(b, newMemory(testmedia.Ladder()...))
	const path = "library/master.m3u8"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.HLS(b.Context(), path); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFragment makes a segment of 6 s and 4 MB of the picture alone.
func BenchmarkFragment(b *testing.B) {
	m := newMemory()
	m.putSource(filmPath, testmedia.Memory(movie(testmedia.Video(180, 1080, 24), soundOf(6)).Bytes()))
	o := serve(b, m)
	path := o.fragments("film/1080p/v1.m3u8")[0]
	request := warm(o, path)
	b.SetBytes(int64(len(o.body(path))))
	b.ReportAllocs()
	for b.Loop() {
		request()
	}
}

// BenchmarkTrackFileCold lays out the virtual file of a film of two hours, as its first request does.
func BenchmarkTrackFileCold(b *testing.B) {
	o := serve(b, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.Film(120)}))
	list := links(cmafPrefix+"film/master.m3u8", o.text(cmafPrefix+"film/master.m3u8"))[1]
	_, inside := below(list)
	segment := o.fragments(inside)[0]
	_, inside = below(segment[:strings.LastIndexByte(segment, '/')] + "/v1.mp4")
	ref, err := Parse(CMAF, inside)
	if err != nil {
		b.Fatal(err)
	}
	track := ref.(TrackRef)
	key := cutKey{track.Tracks, track.Cuts}
	kept, program, err := o.programOf(b.Context(), CMAF, track.Title, track.Rendition, track.Version, track.Tracks)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l := kept.cuts[key]
		kept.cuts[key] = cutList{bounds: l.bounds}
		if _, err = o.placesOf(b.Context(), kept, program, key, l.bounds); err != nil {
			b.Fatal(err)
		}
	}
}
