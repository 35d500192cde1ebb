package packager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"unreel/demux/testmedia"
)

const filmPath, filmMaster = "film.mp4", "film/master.m3u8"

func oneFilm() *memory {
	return newMemory(testmedia.File{Name: filmPath, Movie: testmedia.H264AAC(12)})
}

// TestFileIsReplacedWhileItIsOpened: an index is kept under the stamp of the file that it was read from, and no other.
func TestFileIsReplacedWhileItIsOpened(t *testing.T) {
	next := testmedia.H264AAC(18)
	f := func(name string, arrange func(m *memory)) {
		t.Run(name, func(t *testing.T) {
			m := oneFilm()
			o := serve(t, m)
			arrange(m)
			if _, err := o.HLS(t.Context(), filmMaster); err != nil {
				t.Fatal(err)
			}
			kept, err := o.shelf.get(t.Context(), filmPath)
			if err != nil {
				t.Fatal(err)
			}
			if n := kept.index.Tracks[0].End; n != 540 {
				t.Errorf("the index of the file that is there now has %d frames, want 540", n)
			}
		})
	}
	f("before its stamp is taken", func(m *memory) {
		var once sync.Once
		m.opened = func(string) { once.Do(func() { m.put(filmPath, next) }) }
	})
	f("while it is read", func(m *memory) {
		file := m.file(filmPath)
		var once sync.Once
		file.Hook = func(context.Context, int64, int) error {
			once.Do(func() { m.put(filmPath, next) })
			return nil
		}
	})
}

// TestFileThatNeverRests: who reads a file that changes each time is told so.
func TestFileThatNeverRests(t *testing.T) {
	m := oneFilm()
	o := serve(t, m)
	m.opened = m.touch
	if _, err := o.HLS(t.Context(), filmMaster); !errors.Is(err, ErrChanged) {
		t.Errorf("%v, want ErrChanged", err)
	}
	m.opened = nil
	o.text(filmMaster)
}

// TestStampede: however many ask for a cold title, its index is read once.
func TestStampede(t *testing.T) {
	alone := oneFilm()
	serve(t, alone).text(filmMaster)
	once := alone.reads()

	synctest.Test(t, func(t *testing.T) {
		m, gate := oneFilm(), make(chan struct{})
		o := serve(t, m)
		m.file(filmPath).Hook = func(context.Context, int64, int) error { <-gate; return nil }
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if _, err := o.HLS(t.Context(), filmMaster); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(gate)
		all.Wait()
		if n := m.reads(); n != once {
			t.Errorf("%d reads for a crowd, %d for one", n, once)
		}
		if n := o.seen.stages[StageTimeline]; n != 1 {
			t.Errorf("%d timelines for a crowd", n)
		}
	})
}

// TestRefusalIsRemembered by the file's stamp: it isn't read again until that changes. A storage that fails is asked again.
func TestRefusalIsRemembered(t *testing.T) {
	m := newMemory()
	bad := testmedia.Broken()[4]
	file := m.putSource(filmPath, testmedia.Memory(bad.File))
	o := serve(t, m)
	for range 3 {
		if _, err := o.HLS(t.Context(), filmMaster); !errors.Is(err, bad.Err) {
			t.Fatalf("%v, want %v", err, bad.Err)
		}
	}
	once := file.Reads.Load()
	m.touch(filmPath)
	if _, err := o.HLS(t.Context(), filmMaster); !errors.Is(err, bad.Err) || once == 0 || file.Reads.Load() != 2*once {
		t.Errorf("%d reads, then %d for a new stamp: %v", once, file.Reads.Load(), err)
	}

	broken := errors.New("broken")
	m = oneFilm()
	o = serve(t, m)
	m.file(filmPath).Hook = func(context.Context, int64, int) error { return broken }
	if _, err := o.HLS(t.Context(), filmMaster); !errors.Is(err, ErrStorage) || !errors.Is(err, broken) {
		t.Errorf("%v, want ErrStorage", err)
	}
	m.file(filmPath).Hook = nil
	o.text(filmMaster)
	m.fail(filmPath, fs.ErrPermission)
	m.touch(filmPath)
	if _, err := o.HLS(t.Context(), filmMaster); !errors.Is(err, ErrStorage) {
		t.Errorf("%v, want ErrStorage", err)
	}
	m.fail(filmPath, nil)
	o.text(filmMaster)
}

// TestLastWaiterLeaves: a load ends when nobody waits for it any more, and not before.
func TestLastWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := oneFilm()
		o := serve(t, m)
		var ended atomic.Bool
		m.file(filmPath).Hook = func(ctx context.Context, _ int64, _ int) error {
			<-ctx.Done()
			ended.Store(true)
			return context.Cause(ctx)
		}
		first, leave := context.WithCancel(t.Context())
		second, leaveToo := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for _, ctx := range []context.Context{first, second} {
			all.Go(func() {
				if _, err := o.HLS(ctx, filmMaster); !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want a cancelled context", err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		if ended.Load() {
			t.Error("the load ended although somebody waits")
		}
		leaveToo()
		all.Wait()
		synctest.Wait()
		if !ended.Load() {
			t.Error("the load goes on although nobody waits")
		}
		m.file(filmPath).Hook = nil
		o.text(filmMaster) // what was given up is no answer
	})
}

// TestPanicOfALoad is an error for all who wait, and no end of the server.
func TestPanicOfALoad(t *testing.T) {
	m := oneFilm()
	o := serve(t, m)
	m.file(filmPath).Hook = func(context.Context, int64, int) error {
		panic("ouch") //nolint:forbidigo // what a bug of ours would do
	}
	if _, err := o.HLS(t.Context(), filmMaster); err == nil {
		t.Error("no error")
	}
	m.file(filmPath).Hook = nil
	o.text(filmMaster)
}

// TestLoadsAreBounded: a crawler that asks for every title at once has no more files' structures in memory than a few.
func TestLoadsAreBounded(t *testing.T) {
	film := func(i int) string { return fmt.Sprintf("film %d", i) }
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		for i := range 3 * maxLoads {
			m.put(film(i)+".mp4", testmedia.H264AAC(1))
		}
		o := serve(t, m)
		var running, most atomic.Int64
		gate := make(chan struct{})
		for i := range 3 * maxLoads {
			m.file(film(i) + ".mp4").Hook = func(context.Context, int64, int) error {
				most.Store(max(most.Load(), running.Add(1)))
				<-gate
				running.Add(-1)
				return nil
			}
		}
		var all sync.WaitGroup
		for i := range 3 * maxLoads {
			all.Go(func() {
				if _, err := o.HLS(t.Context(), MasterRef{film(i)}.String()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := running.Load(); n != maxLoads {
			t.Errorf("%d loads at once, want %d", n, maxLoads)
		}
		close(gate)
		all.Wait()
		if n := most.Load(); n > maxLoads {
			t.Errorf("%d loads at once, limit %d", n, maxLoads)
		}
	})
}

// TestShelfCounts: what is resident is counted, bounded, and gone when it is gone.
func TestShelfCounts(t *testing.T) {
	m := newMemory()
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		m.put(name+".mp4", testmedia.H264AAC(60))
	}
	m.putSource("bad.mp4", testmedia.Memory([]byte("no MP4")))
	const most = 150 << 10
	o := serve(t, m, func(c *Config) { c.IndexCacheBytes = most })
	for range 3 {
		for _, name := range append(names, "bad") {
			a, err := o.HLS(t.Context(), name+"/master.m3u8")
			if err != nil {
				if name != "bad" {
					t.Fatal(err)
				}
				continue
			}
			for _, link := range links(name+"/master.m3u8", string(a.Document.Body)) {
				o.text(link)
			}
			if _, err = o.Info(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			o.checkShelf(0)
		}
	}
	if o.seen.indexes == 0 || o.seen.bytes == 0 || o.seen.bytes > most {
		t.Errorf("%d indexes with %d bytes are kept, limit %d", o.seen.indexes, o.seen.bytes, most)
	}
	o.empty()
}

// TestLeastRecentlyUsedLeaves: of the indexes in memory, whose bytes are bounded, the one that was asked for longest ago leaves.
func TestLeastRecentlyUsedLeaves(t *testing.T) {
	m := newMemory()
	for _, name := range []string{"a", "b", "c"} {
		m.put(name+".mp4", testmedia.H264AAC(60))
	}
	get := func(o *origin, names ...string) {
		t.Helper()
		for _, name := range names {
			if _, err := o.shelf.get(t.Context(), name+".mp4"); err != nil {
				t.Fatal(err)
			}
		}
	}
	one := serve(t, m)
	get(one, "a")
	o := serve(t, m, func(c *Config) { c.IndexCacheBytes = one.seen.bytes * 5 / 2 })
	get(o, "a", "b", "a", "c")
	if left := o.shelf.lru.Keys(); !slices.Equal(left, []string{"a.mp4", "c.mp4"}) || o.seen.indexes != 2 {
		t.Errorf("%v are left, %d counted; b was asked for longest ago", left, o.seen.indexes)
	}
}

// TestFileMovesToAnotherTitle: a title that nobody will ask for again doesn't stay.
func TestFileMovesToAnotherTitle(t *testing.T) {
	o := serve(t, oneFilm())
	o.text(filmMaster)
	kept, err := o.shelf.get(t.Context(), filmPath)
	if err != nil {
		t.Fatal(err)
	}
	o.shelf.title("other", []*media{kept}, []error{nil}, func() *title {
		return newTitle(o.Packager, Entry{Title: "other", Files: []File{{Path: filmPath}}}, o.config.SegmentDuration, []*media{kept}, []error{nil}, o.log)
	})
	if n := len(o.shelf.titles); n != 1 {
		t.Errorf("%d titles of one file", n)
	}
	o.empty()
}

// TestTitleWithAFileThatFails is made once, and anew when the file comes back.
func TestTitleWithAFileThatFails(t *testing.T) {
	m := newMemory(testmedia.Ladder()...)
	o := serve(t, m)
	broken := errors.New("broken")
	m.fail("720p.mp4", broken)
	for range 3 {
		if n := len(links("", o.text("library/master.m3u8"))); n != 4 {
			t.Errorf("%d links, want 4", n)
		}
	}
	if n := o.seen.stages[StageTimeline]; n != 1 {
		t.Errorf("the timeline was made %d times", n)
	}
	m.fail("720p.mp4", nil)
	if n := len(links("", o.text("library/master.m3u8"))); n != 6 {
		t.Errorf("%d links, want 6", n)
	}
	o.empty()
}

// checkShelf holds the shelf's sum to what it holds.
func (o *origin) checkShelf(want int64) {
	o.t.Helper()
	x := o.shelf
	x.mu.Lock()
	defer x.mu.Unlock()
	sum := int64(0)
	for _, m := range x.lru.Values() {
		sum += m.bytes()
	}
	for _, t := range x.titles {
		sum += t.bytes
	}
	if sum != x.bytes || len(x.flights) != 0 {
		o.t.Errorf("%d bytes are counted, %d are held, %d flights", x.bytes, sum, len(x.flights))
	}
	if want < 0 && (sum != 0 || len(x.titles) != 0) {
		o.t.Errorf("%d bytes and %d titles remain", sum, len(x.titles))
	}
}

// empty lets everything leave, and looks what remains.
func (o *origin) empty() {
	o.t.Helper()
	o.checkShelf(0)
	o.shelf.mu.Lock()
	o.shelf.max = -1
	o.shelf.trim()
	o.shelf.mu.Unlock()
	o.checkShelf(-1)
}
