package packager

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// TestOwnName: a film whose name has no label is named by its height, as it is shown, and answers to no other name.
func TestOwnName(t *testing.T) {
	upright := testmedia.H264AAC(12)
	upright.Tracks[0].Matrix = [9]int32{0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000}
	sound := testmedia.H264AAC(12)
	sound.Tracks = sound.Tracks[1:]
	for name, film := range map[string]testmedia.Movie{"360p": testmedia.H264AAC(12), "640p": upright, "audio": sound} {
		o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
		playlist := links(filmMaster, o.text(filmMaster))[0]
		if !strings.HasPrefix(strings.TrimPrefix(playlist, cmafPrefix), "film/"+name+"/") {
			t.Fatalf("the playlist is %s, want %s", playlist, name)
		}
		segment := links(playlist, o.text(playlist))[0]
		o.body(segment)
		for _, path := range []string{playlist, segment} {
			for _, wrong := range []string{"720p", "361p", "1"} {
				other := strings.Replace(path, name, wrong, 1)
				if _, err := o.HLS(t.Context(), other); !errors.Is(err, ErrNotFound) {
					t.Errorf("%s: %v, want ErrNotFound", other, err)
				}
			}
		}
	}
}

// TestProgramsAreBounded: a client that pairs all tracks of a film of very many makes nobody keep all pairs.
func TestProgramsAreBounded(t *testing.T) {
	film := testmedia.H264AAC(2)
	for range 2 * maxPrograms {
		film.Tracks = append(film.Tracks, testmedia.Audio(len(film.Tracks[1].Samples)))
	}
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	m, err := o.shelf.get(t.Context(), filmPath)
	if err != nil {
		t.Fatal(err)
	}
	for id := range uint32(2 * maxPrograms) {
		path := fmt.Sprintf("film/360p/%v/v1a%d-0-0-60-00.ts", m.version, id+2)
		o.body(path)
		o.body(path)
	}
	for id := range uint32(10) { // what doesn't exist isn't kept either
		if _, err = o.HLS(t.Context(), fmt.Sprintf("film/360p/%v/v1a%d-0-0-60-00.ts", m.version, 1000+id)); !errors.Is(err, ErrNotFound) {
			t.Errorf("%v, want ErrNotFound", err)
		}
	}
	if n := len(m.programs); n > maxPrograms {
		t.Errorf("%d programs are kept", n)
	}
}
