package packager

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"unreel/cache"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

// everything is all answers of a title by path, playlists and segments of both formats.
func (o *origin) everything(title string) map[string][]byte {
	o.t.Helper()
	all := map[string][]byte{}
	for _, path := range []string{MasterRef{title}.String(), cmafPrefix + MasterRef{title}.String()} {
		text := o.text(path)
		all[path] = []byte(text)
		for _, list := range links(path, text) {
			all[list] = []byte(o.text(list))
			for _, segment := range links(list, o.text(list)) {
				all[segment] = o.body(segment)
			}
		}
	}
	return all
}

// TestReplicas: two servers of the same files answer byte for byte the same, whatever they were asked before.
func TestReplicas(t *testing.T) {
	sequential(t)
	eachLayout(t, func(t *testing.T, o *origin, title string) {
		all := o.everything(title)
		m := newMemory()
		for name, file := range o.memory.files {
			m.putSource(name, file.Source)
		}
		other := serve(t, m, func(c *Config) { c.IndexCacheBytes = 1 << 10 }) // and has forgotten all of it
		for _, path := range slices.Backward(slices.Sorted(maps.Keys(all))) {
			a, err := other.HLS(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if a.Document != nil {
				if !bytes.Equal(a.Document.Body, all[path]) {
					t.Errorf("%s: another text:\n%s\n%s", path, a.Document.Body, all[path])
				}
			} else if !bytes.Equal(other.body(path), all[path]) {
				t.Errorf("%s: other bytes", path)
			}
		}
	})
}

// placeOf is the file that a path is about, and its Version; a playlist has none.
func placeOf(t *testing.T, path string) (title, rendition string, version Version) {
	t.Helper()
	format, inside := below(path)
	ref, err := Parse(format, inside)
	if err != nil {
		t.Fatal(err)
	}
	switch ref := ref.(type) {
	case SegmentRef:
		return ref.Title, ref.Rendition, ref.Version
	case InitRef:
		return ref.Title, ref.Rendition, ref.Version
	case FragmentRef:
		return ref.Title, ref.Rendition, ref.Version
	case TrackRef:
		return ref.Title, ref.Rendition, ref.Version
	}
	return ref.TitleName(), "", version
}

// TestSegmentsStay: what changes around a file changes nothing for a player that has its playlist.
func TestSegmentsStay(t *testing.T) {
	sequential(t)
	f := func(name string, moves bool, change func(m *memory), config ...func(*Config)) {
		t.Run(name, func(t *testing.T) {
			m := newMemory(testmedia.Ladder()...)
			all := serve(t, m).everything("library")
			change(m)
			o := serve(t, m, config...)
			o.everything("library")
			for path, want := range all {
				_, rendition, version := placeOf(t, path)
				if version == (Version{}) || moves && strings.Contains(path, "/a2-") { // the sound follows the pictures
					continue
				}
				if _, ok := m.files[rendition+".mp4"]; ok && !bytes.Equal(o.body(path), want) {
					t.Errorf("%s has other bytes", path)
				}
			}
		})
	}
	rare := testmedia.Ladder()[1].Movie
	for i := range rare.Tracks[0].Samples {
		rare.Tracks[0].Samples[i].Sync = i%90 == 0
	}
	none := func(*memory) {}
	f("the segment duration", false, none, func(c *Config) { c.SegmentDuration = 2 * time.Second })
	f("a rung that cuts elsewhere", true, func(m *memory) { m.put("480p.mp4", rare) })
	f("a rung that goes", false, func(m *memory) { m.remove("720p.mp4") })
	f("a second sound", false, func(m *memory) { m.put("audio_fr.m4a", movie(soundOf(12))) })
	f("a copy", false, func(m *memory) { m.put("720p.mp4", testmedia.Ladder()[1].Movie) })
}

// TestReplacedFile: an old Version's path is stale, and the new file has paths of its own; a copy has the same.
func TestReplacedFile(t *testing.T) {
	m := oneFilm()
	o := serve(t, m)
	list := links(filmMaster, o.text(filmMaster))[0]
	old := links(list, o.text(list))
	m.put(filmPath, testmedia.H264AAC(18))
	for _, path := range old {
		if _, err := o.HLS(t.Context(), path); !errors.Is(err, ErrStale) {
			t.Errorf("%s: %v, want ErrStale", path, err)
		}
	}
	next := links(list, o.text(list))
	if len(next) != 3 || slices.ContainsFunc(next, func(path string) bool { return slices.Contains(old, path) }) {
		t.Errorf("the new file has %v, the old one had %v", next, old)
	}
	m.put(filmPath, testmedia.H264AAC(18))
	m.touch(filmPath)
	for _, path := range next {
		o.body(path)
	}
}

// onDisk is a directory as the program gives it.
type onDisk struct{ *source.Dir }

func (d onDisk) Open(ctx context.Context, name string) (Source, error) {
	f, err := d.Dir.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// TestFromDisk: a real directory answers what memory does, and a real file that is renamed over gives no mixture.
func TestFromDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "library")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, film testmedia.Movie) {
		if err := os.WriteFile(filepath.Join(dir, name), film.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range testmedia.Ladder() {
		write(file.Name, file.Movie)
	}
	opened, err := source.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	storage := onDisk{opened}
	p := New(testConfig(), storage, scan(t, storage), &watcher{}, cache.Silent{}, slog.New(slog.DiscardHandler))
	o := &origin{Packager: p, t: t}
	for path, want := range serve(t, newMemory(testmedia.Ladder()...)).everything("library") {
		a, failed := o.HLS(t.Context(), path)
		if failed != nil {
			t.Fatal(failed)
		}
		if a.Document != nil && !bytes.Equal(a.Document.Body, want) || a.Segment != nil && !bytes.Equal(o.body(path), want) {
			t.Errorf("%s is another one on disk", path)
		}
	}

	list := links("library/", "720p/v1a2.m3u8")[0]
	a, err := o.HLS(t.Context(), links(list, o.text(list))[0])
	if err != nil {
		t.Fatal(err)
	}
	write("new.part", testmedia.H264AAC(12))
	if err = os.Rename(filepath.Join(dir, "new.part"), filepath.Join(dir, "720p.mp4")); err != nil {
		t.Fatal(err)
	}
	w := &silent{}
	if err = a.Segment.WriteRange(t.Context(), w, 0, a.Segment.Size()); !errors.Is(err, ErrChanged) || w.n != 0 {
		t.Errorf("%v after %d bytes, want ErrChanged", err, w.n)
	}
}
