package packager

import (
	"context"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"unreel/cache"
	"unreel/demux/testmedia"
)

// take asks for a segment as a client does, and says that it was taken.
func (o *origin) take(path, hint string) (hit bool) {
	o.t.Helper()
	a, err := o.HLS(o.t.Context(), path)
	if err != nil {
		o.t.Fatal(err)
	}
	hit = a.Segment.Cached()
	if err = a.Segment.WriteRange(o.t.Context(), io.Discard, 0, a.Segment.Size()); err != nil {
		o.t.Fatal(err)
	}
	format, inside := below(path)
	if a.Segment.Cached() {
		o.Ahead(o.t.Context(), format, inside, hint)
	}
	synctest.Wait()
	return hit
}

// hot are those of some paths whose segments are in the cache.
func (o *origin) hot(paths []string) (hot []int) {
	o.t.Helper()
	for i, path := range paths {
		a, err := o.HLS(o.t.Context(), path)
		if err != nil {
			o.t.Fatal(err)
		}
		if a.Segment.Cached() {
			hot = append(hot, i)
		}
	}
	return hot
}

func (o *origin) wantHot(paths []string, want ...int) {
	o.t.Helper()
	if hot := o.hot(paths); !slices.Equal(hot, want) {
		o.t.Errorf("segments %v are hot, want %v", hot, want)
	}
}

func cached(c *Config) { c.Cache = cache.DefaultConfig() }

// segmentsOf are the segments of a title's first media playlist below a prefix, whose links are fragments or segments.
func (o *origin) segmentsOf(master string, playlist int) []string {
	o.t.Helper()
	list := links(master, o.text(master))[playlist]
	return slices.DeleteFunc(links(list, o.text(list)), func(path string) bool { return strings.HasSuffix(path, ".mp4") })
}

// TestAhead: of a film that is watched the next segment is there before it is asked for, and of one that is read once none is.
func TestAhead(t *testing.T) {
	for _, master := range []string{filmMaster, cmafPrefix + filmMaster} {
		synctest.Test(t, func(t *testing.T) {
			o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(30)}), cached)
			paths := o.segmentsOf(master, 0)
			if len(paths) != 5 {
				t.Fatalf("%v", paths)
			}
			for _, path := range paths {
				o.take(path, "")
			}
			o.wantHot(paths) // one reader makes nothing hot
			if o.take(paths[0], "") {
				t.Error("the first segment is a hit when it is asked for the second time")
			}
			o.wantHot(paths, 0, 1)
			for _, path := range paths[1:] {
				if !o.take(path, "") {
					t.Errorf("%s is no hit", path)
				}
			}
			o.wantHot(paths, 0, 1, 2, 3, 4)
			if len(o.aheads.slots) != 0 {
				t.Errorf("%d slots are still taken", len(o.aheads.slots))
			}
		})
	}
}

// TestAheadBehindAProxy: where all is let in at once, whoever plays in order is known by the segment before.
func TestAheadBehindAProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(30)}), cached, func(c *Config) { c.Cache.AdmitFirst = true })
		paths := o.segmentsOf(filmMaster, 0)
		o.take(paths[2], "")
		o.wantHot(paths, 2)
		o.take(paths[0], "")
		o.wantHot(paths, 0, 2)
		o.take(paths[1], "")
		o.wantHot(paths, 0, 1, 2)
		o.take(paths[2], "")
		o.wantHot(paths, 0, 1, 2, 3)
	})
}

// TestAheadHints: a player that says what it asks for next is believed if that is the next segment of some rendition.
func TestAheadHints(t *testing.T) {
	const master = "library/master.m3u8"
	f := func(name, hint string, believed bool) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other := testmedia.File{Name: "other/720p.mp4", Movie: testmedia.H264AAC(18)}
				o := serve(t, newMemory(append(testmedia.Ladder(), other)...), cached)
				high, low := o.segmentsOf(master, 0), o.segmentsOf(master, 1)
				others := o.segmentsOf("other/master.m3u8", 0)
				relative := func(path string) string { return "../../" + strings.TrimPrefix(path, "library/") }
				hint = strings.NewReplacer("NEXT", relative(low[1]), "LAST", relative(low[0]), "OTHER", "../../../"+others[1]).Replace(hint)
				opened := 0
				for range 2 {
					o.memory.opened = func(string) { opened++ }
					o.take(high[0], hint)
				}
				o.memory.opened = nil
				if believed {
					o.wantHot(high, 0)
					o.wantHot(low, 1)
				} else {
					o.wantHot(high, 0, 1)
					o.wantHot(low)
				}
				o.wantHot(others)
				if opened != 3 {
					t.Errorf("%d files were opened for 2 answers and 1 that was made ahead", opened)
				}
				if all := strings.Join(o.logs.take(), "\n"); strings.Contains(all, "ahead") {
					t.Error(all)
				}
			})
		})
	}
	f("a switch", "NEXT", true)
	f("a switch, by detours", "./../../x/../NEXT", false) // leads elsewhere: the detour eats an element
	f("with a query", "NEXT?x=1#y", true)
	f("the past", "LAST", false)
	f("another title", "OTHER", false)
	f("no such segment", strings.Replace("NEXT", "NEXT", "v1a2-1-2-3-00.ts", 1), false)
	f("out of the prefix", "../../../../../../etc/passwd", false)
	f("absolute", "/hls/NEXT", false)
	f("another server", "http://localhost:1/NEXT", false)
	f("another server, by protocol", "//localhost:1/NEXT", false)
	f("no URL", "%zz\x00\xff", false)
	f("a master", "../../master.m3u8", false)
	f("huge", strings.Repeat("./", maxHint)+"NEXT", false)
	f("itself", "", false)
}

// TestAheadHasNoTime: nothing is made ahead while there is enough to do.
func TestAheadHasNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(30)}), cached)
		paths := o.segmentsOf(filmMaster, 0)
		o.take(paths[0], "")
		o.aheads.working.Add(int32(runtime.GOMAXPROCS(0)))
		o.take(paths[0], "")
		o.wantHot(paths, 0)
		o.aheads.working.Add(-int32(runtime.GOMAXPROCS(0)))
		for range maxAheads {
			o.aheads.slots <- struct{}{}
		}
		o.take(paths[0], "")
		o.wantHot(paths, 0)
		for range maxAheads {
			o.aheads.leave()
		}
		o.take(paths[0], "")
		o.wantHot(paths, 0, 1)

		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
		o.Ahead(t.Context(), TS, paths[1], "")
		o.wantHot(paths, 0, 1)
	})
}

// TestAheadIsSlow: as many as may be are made ahead at once, and their places come back when they are made, or can't be.
func TestAheadIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(60)}), cached)
		paths := o.segmentsOf(filmMaster, 0)
		for range 2 {
			for _, i := range []int{0, 3, 6} {
				a, err := o.HLS(t.Context(), paths[i])
				if err != nil {
					t.Fatal(err)
				}
				if err = a.Segment.WriteRange(t.Context(), io.Discard, 0, a.Segment.Size()); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Wait()
		gate := make(chan struct{})
		o.memory.file(filmPath).Hook = func(context.Context, int64, int) error { <-gate; return io.ErrClosedPipe }
		for _, i := range []int{0, 3, 6} {
			o.Ahead(t.Context(), TS, paths[i], "")
			synctest.Wait()
		}
		if n := len(o.aheads.slots); n > maxAheads || n == 0 {
			t.Errorf("%d are made at once", n)
		}
		close(gate)
		synctest.Wait()
		if len(o.aheads.slots) != 0 || o.aheads.working.Load() != 0 {
			t.Errorf("%d slots are taken, %d are at work", len(o.aheads.slots), o.aheads.working.Load())
		}
		o.wantHot(paths, 0, 3, 6)
	})
}
