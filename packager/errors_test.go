package packager

import (
	"errors"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// TestEveryErrorHasAKind: whatever is wrong with a file, handlers find the answer to it, and people the file.
func TestEveryErrorHasAKind(t *testing.T) {
	f := func(name string, m *memory, title string) {
		t.Helper()
		o := serve(t, m)
		_, err := o.HLS(t.Context(), MasterRef{title}.String())
		kinds := 0
		for _, kind := range []error{ErrCorrupt, ErrTooLarge, ErrUnsupported} {
			if errors.Is(err, kind) {
				kinds++
			}
		}
		if kinds == 0 || errors.Is(err, ErrNotFound) || errors.Is(err, ErrStorage) {
			t.Errorf("%s: %v", name, err)
		}
		info, failed := o.Info(t.Context(), title)
		if failed != nil || info.Error != err.Error() || len(info.Streams) != 0 {
			t.Errorf("%s: the description says %+v, %v; want the error %v", name, info, failed, err)
		}
		o.empty()
	}
	for _, bad := range testmedia.Broken() {
		m := newMemory()
		m.putSource(filmPath, testmedia.Memory(bad.File))
		f(bad.Name, m, "film")
		m.putSource("720p.mp4", testmedia.Memory(bad.File))
		m.putSource("360p.mp4", testmedia.Memory(bad.File))
		f("a ladder of "+bad.Name, m, "library")
	}
	ulaw := testmedia.H264AAC(3)
	ulaw.Tracks = ulaw.Tracks[1:]
	ulaw.Tracks[0].Entries = [][]byte{testmedia.AudioEntry("ulaw", 1, 8000)}
	f("no codec that we carry", newMemory(testmedia.File{Name: filmPath, Movie: ulaw}), "film")
	f("no track at all", newMemory(testmedia.File{Name: filmPath}), "film")
}

// TestNotFound: what isn't there has no other answer.
func TestNotFound(t *testing.T) {
	o := serve(t, oneFilm())
	for _, path := range []string{
		"", "film", "other/master.m3u8", "film/360p/v1.m3u8", "film/360p/v2a1.m3u8", "film/360p/a2.m3u8", "film/360p/v9a9.m3u8",
		"film/720p/v1a2.m3u8", "film/360p/v1a2.mp4", "film.mp4", "../film/master.m3u8", "film/master.m3u8/",
	} {
		if _, err := o.HLS(t.Context(), path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", path, err)
		}
	}
	sound := testmedia.H264AAC(3)
	sound.Tracks = sound.Tracks[1:]
	o = serve(t, newMemory(testmedia.File{Name: filmPath, Movie: sound}))
	if _, err := o.HLS(t.Context(), "film/audio/a1.iframes.m3u8"); !errors.Is(err, ErrNotFound) {
		t.Errorf("I-frames of sound: %v, want ErrNotFound", err)
	}
}

// TestTracksWithoutNumber: a film of hundreds of tracks, as many as a file may have, is a title of some.
func TestTracksWithoutNumber(t *testing.T) {
	sequential(t)
	film := movie(pictureOf(3))
	for range 255 {
		film.Tracks = append(film.Tracks, soundOf(3))
	}
	refused := soundOf(3)
	refused.Entries = [][]byte{testmedia.AudioEntry("ulaw", 1, 8000)}
	for range 256 {
		film.Tracks = append(film.Tracks, refused)
	}
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	if master := o.text(filmMaster); strings.Count(master, "TYPE=AUDIO") != maxSounds {
		t.Errorf("%d audio renditions", strings.Count(master, "TYPE=AUDIO"))
	}
	if lines := o.logs.take(); len(lines) != maxRefusals+2 || !strings.Contains(lines[maxRefusals], "240 tracks more") {
		t.Errorf("%d lines are logged:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}
