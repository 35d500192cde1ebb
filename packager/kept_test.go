package packager

import (
	"bytes"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ondisk "unreel/cache/disk"
	"unreel/demux"
	"unreel/demux/testmedia"
	"unreel/packager/subtitles"
)

var _ IndexStore = (*ondisk.Dir)(nil)

// drawer is an IndexStore in memory.
type drawer struct {
	mu     sync.Mutex
	bodies map[string][]byte
	puts   int
}

func (d *drawer) Get(key string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, ok := d.bodies[key]
	return bytes.Clone(body), ok
}

func (d *drawer) Put(key string, body func([]byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bodies == nil {
		d.bodies = map[string][]byte{}
	}
	d.puts++
	d.bodies[key] = body(nil)
}

func (d *drawer) config(c *Config) { c.Indexes = d }

// TestRestart: a title whose index is kept on disk costs its storage nothing but a look at its stamp until a segment is made.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	m := newMemory(testmedia.Ladder()...)
	session := func(f func(o *origin)) {
		t.Helper()
		store, err := ondisk.Open(ondisk.Config{Path: dir, MaxBytes: 1 << 30}, ondisk.Silent{}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		f(serve(t, m, func(c *Config) { c.Indexes = store }))
		if err = store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var all map[string][]byte
	session(func(o *origin) { all = o.everything("library") })

	before := m.reads()
	session(func(o *origin) {
		m.opened = func(name string) { t.Errorf("%s is opened", name) }
		for _, path := range []string{"library/master.m3u8", "../cmaf/library/master.m3u8", "../cmaf/library/manifest.mpd"} {
			for _, list := range links(path, o.text(path)) {
				if _, listed := all[list]; listed && !bytes.Equal([]byte(o.text(list)), all[list]) {
					t.Errorf("%s has another text", list)
				}
			}
		}
		if n := m.reads() - before; n != 0 || o.seen.stages[StageIndex] != 0 {
			t.Errorf("files are read %d times, %d are parsed", n, o.seen.stages[StageIndex])
		}
		m.opened = nil
		for _, path := range slices.Sorted(maps.Keys(all)) {
			if !bytes.Equal(o.body(path), all[path]) {
				t.Errorf("%s has other bytes", path)
			}
		}
	})

	m.touch("720p.mp4")
	m.put("360p.mp4", testmedia.Ladder()[1].Movie)
	session(func(o *origin) {
		o.text("library/master.m3u8")
		if n := o.seen.stages[StageIndex]; n != 2 {
			t.Errorf("2 files have changed, %d are read", n)
		}
	})

	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files are kept, %v", len(files), err)
	}
	for _, file := range files {
		if err = os.Truncate(file, 1000); err != nil {
			t.Fatal(err)
		}
	}
	session(func(o *origin) {
		o.text("library/master.m3u8")
		if n := o.seen.stages[StageIndex]; n != 3 {
			t.Errorf("3 kept indexes are torn, %d files are read", n)
		}
	})
	session(func(o *origin) {
		o.text("library/master.m3u8")
		if n := o.seen.stages[StageIndex]; n != 0 {
			t.Errorf("torn indexes were not written again: %d files are read", n)
		}
	})
}

// TestKeptLayouts: what is kept answers what was read, in all shapes that titles have.
func TestKeptLayouts(t *testing.T) {
	sequential(t)
	eachLayout(t, func(t *testing.T, o *origin, title string) {
		store := &drawer{}
		serve(t, o.memory, store.config).everything(title)
		again := serve(t, o.memory, store.config)
		for path, want := range again.everything(title) {
			var got []byte
			if a, err := o.HLS(t.Context(), path); err != nil {
				t.Fatal(err)
			} else if a.Document != nil {
				got = a.Document.Body
			} else {
				got = o.body(path)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is another", path)
			}
		}
		if n := again.seen.stages[StageIndex]; n != 0 {
			t.Errorf("%d files are read", n)
		}
	})
}

// TestKeptIsWrong: what comes from a store is looked at, and made again where it is nothing.
func TestKeptIsWrong(t *testing.T) {
	m, store := oneFilm(), &drawer{}
	want := serve(t, m, store.config).text(filmMaster)
	for name, damage := range map[string]func(body []byte) []byte{
		"nothing":      func([]byte) []byte { return nil },
		"half":         func(b []byte) []byte { return b[:len(b)/2] },
		"zeros":        func(b []byte) []byte { return make([]byte, len(b)) },
		"another film": func([]byte) []byte { return otherKept(t) },
	} {
		t.Run(name, func(t *testing.T) {
			store.puts = 0
			for key, body := range store.bodies {
				store.bodies[key] = damage(body)
			}
			o := serve(t, m, store.config)
			if got := o.text(filmMaster); got != want {
				t.Errorf("another master:\n%s", got)
			}
			logs := strings.Join(o.logs.take(), "\n")
			if n := strings.Count(logs, "can't be read"); n != 1 || store.puts != 1 {
				t.Errorf("%d warnings, kept %d times:\n%s", n, store.puts, logs)
			}
		})
	}
}

func otherKept(t *testing.T) (kept []byte) {
	store := &drawer{}
	m := oneFilm()
	m.touch(filmPath)
	serve(t, m, store.config).text(filmMaster)
	for _, kept = range store.bodies {
		return kept
	}
	return nil
}

// TestKeptLimits: a file that was fine under other limits is asked again.
func TestKeptLimits(t *testing.T) {
	m, store := oneFilm(), &drawer{}
	serve(t, m, store.config).text(filmMaster)
	o := serve(t, m, store.config, func(c *Config) { c.Limits.MaxSamples = 10 })
	if _, err := o.HLS(t.Context(), filmMaster); err == nil {
		t.Error("more samples than are allowed are served from the store")
	}
}

// TestRestlessFile: an index is kept on disk only of a file that has been left alone for longer than times are exact.
func TestRestlessFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, store := oneFilm(), &drawer{}
		written := time.Now()
		m.files[filmPath].stamp.ModTime = written.UnixNano()
		for _, c := range []struct {
			after time.Duration
			kept  int
		}{{0, 0}, {time.Second, 0}, {3 * time.Second, 1}} {
			<-time.After(time.Until(written.Add(c.after)))
			serve(t, m, store.config).text(filmMaster)
			if len(store.bodies) != c.kept {
				t.Errorf("%v after it was written: %d indexes are kept", c.after, len(store.bodies))
			}
		}
	})
}

// TestKeptCaptions: of captions all is kept that is known.
func TestKeptCaptions(t *testing.T) {
	empty := &demux.Index{Timescale: 1}
	for _, want := range []subtitles.Captions{
		{},
		{Carried: true},
		{Carried: true, CC: [4]bool{true, false, false, true}},
		{CC: [4]bool{false, true, true}, Services: [64]bool{1: true, 63: true}},
	} {
		_, got, err := readKept(appendKept(nil, empty, &want))
		if err != nil || got != want {
			t.Errorf("%+v is kept as %+v, %v", want, got, err)
		}
	}
	if n := reflect.TypeFor[subtitles.Captions]().NumField(); n != 3 {
		t.Errorf("captions have %d fields, 3 are kept", n)
	}
}
