package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

func TestFileIsReplaced(t *testing.T) {
	s := openShop(t, map[string][]byte{"film.mp4": testmedia.H264AAC(12).Bytes()})
	old := s.playing("film")
	playlist := s.ask(masterOf(s.url, "film")).header.Get("ETag")

	s.replace("film.mp4", testmedia.H264AAC(18).Bytes())
	for _, address := range old {
		s.want(address, http.StatusNotFound)
	}
	if words := s.ask(old[0]).body; !strings.Contains(string(words), "load the playlist again") {
		t.Errorf("an old segment is refused in the words %s", words)
	}
	next := s.playing("film")
	if slices.ContainsFunc(next, func(address string) bool { return slices.Contains(old, address) }) {
		t.Errorf("the new file has segments of the old one: %v and %v", old, next)
	}
	a, err := ask(t.Context(), s.client, http.MethodGet, masterOf(s.url, "film"), "If-None-Match", playlist)
	if err != nil || a.status != http.StatusOK {
		t.Errorf("the new master is taken for the old one: %d %v", a.status, err)
	}

	s.replace("film.mp4", testmedia.H264AAC(18).Bytes())
	if same := s.playing("film"); !slices.Equal(same, next) {
		t.Errorf("a copy of the same film has other segments: %v and %v", same, next)
	}
	for _, address := range next {
		s.want(address, http.StatusOK)
	}
}

func TestFileIsDeletedAndComesBack(t *testing.T) {
	film := testmedia.H264AAC(12).Bytes()
	s := openShop(t, map[string][]byte{"film.mp4": film, "other.mp4": film})
	segments := s.playing("film")
	s.remove("film.mp4")
	gone := append(segments, masterOf(s.url, "film"), s.url+"info/film.json")
	for _, address := range gone {
		s.want(address, http.StatusNotFound)
	}
	s.playing("other")
	s.write("film.mp4", film)
	for _, address := range gone {
		s.soon("it is back", func() error { return s.status(address, http.StatusOK) })
	}
}

func TestFileGetsAnotherName(t *testing.T) {
	s := openShop(t, map[string][]byte{"film.mp4": testmedia.H264AAC(12).Bytes()})
	segment := s.playing("film")[0]
	s.rename("film.mp4", "film.m4v")
	s.soon("the segment of the same title", func() error { return s.status(segment, http.StatusOK) })
	s.rename("film.m4v", "film.mov")
	s.soon("the same title", func() error { return s.status(masterOf(s.url, "film"), http.StatusOK) })
	s.rename("film.mov", "film.mp4")
	s.soon("its description", func() error { return s.status(s.url+"info/film.json", http.StatusOK) })
}

func TestNewFilesAppear(t *testing.T) {
	film := testmedia.H264AAC(12).Bytes()
	s := openShop(t, map[string][]byte{"old.mp4": film})
	s.playing("old")
	s.write("new.mp4", film)
	s.write("deep/down/new.mp4", film)
	for _, title := range []string{"new", "deep/down/new"} {
		s.soon(title, func() error { return s.status(masterOf(s.url, title), http.StatusOK) })
		s.playing(title)
	}
	names, err := titlesAt(t.Context(), s.client, s.url)
	if want := []string{"deep/down/new", "new", "old"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("the titles are %q, %v; want %q", names, err, want)
	}
}

// TestLadderChanges takes rungs out of a title and puts them in. Another replica's master may name a rung that we have
// not seen, so its playlist and its segments show us that it is there.
func TestLadderChanges(t *testing.T) {
	s := openShop(t, nil)
	rungs := map[string][]byte{}
	for _, rung := range testmedia.Ladder() {
		rungs[rung.Name] = rung.Bytes()
		s.write("film/"+rung.Name, rungs[rung.Name])
	}
	s.soon("the ladder", func() error { return s.status(masterOf(s.url, "film"), http.StatusOK) })
	if n := s.rungs("film"); n != 3 {
		t.Fatalf("%d rungs of 3", n)
	}
	segments := s.playing("film")
	top := slices.IndexFunc(segments, func(address string) bool { return strings.Contains(address, "/1080p/") })

	s.remove("film/1080p.mp4")
	if n := s.rungs("film"); n != 2 {
		t.Errorf("%d rungs where one of 3 was deleted", n)
	}
	s.want(segments[top], http.StatusNotFound)
	s.soon("a list without it", func() error {
		if n := len(fetchInfo(t, s.url, "film").Renditions); n != 2 {
			return fmt.Errorf("%d files", n)
		}
		return nil
	})

	s.write("film/1080p.mp4", rungs["1080p.mp4"])
	s.soon("a segment of it", func() error { return s.status(segments[top], http.StatusOK) })
	s.remove("film/720p.mp4")
	s.soon("a list without the other", func() error {
		if n := len(fetchInfo(t, s.url, "film").Renditions); n != 2 {
			return fmt.Errorf("%d files", n)
		}
		return nil
	})
	s.write("film/720p.mp4", rungs["720p.mp4"])
	s.soon("a playlist of it", func() error { return s.status(s.url+"hls/film/720p/v1a2.m3u8", http.StatusOK) })
	if n := s.rungs("film"); n != 3 {
		t.Errorf("%d rungs of 3", n)
	}
}

// TestHalfCopiedFile asks for a film at every stage of its copy: it is refused in words until it is whole, and plays then.
func TestHalfCopiedFile(t *testing.T) {
	first := testmedia.H264AAC(12)
	last := first
	last.MoovLast = true
	for name, film := range map[string]testmedia.Movie{"moov first": first, "moov last": last} {
		t.Run(name, func(t *testing.T) {
			whole := film.Bytes()
			s := openShop(t, map[string][]byte{"film.mp4": nil})
			for _, part := range []int{0, 1, 2, 3} {
				s.write("film.mp4", whole[:len(whole)*part/4])
				s.want(masterOf(s.url, "film"), http.StatusUnprocessableEntity)
				s.want(masterOf(s.url, "film"), http.StatusUnprocessableEntity) // remembered
				s.want(s.url+"info/film.json", http.StatusOK)
			}
			s.write("film.mp4", whole)
			s.playing("film")
		})
	}
}

// TestFileChangesWhileItIsRead changes a file while a segment of it is made: whatever was sent, the client can tell that
// it isn't whole.
func TestFileChangesWhileItIsRead(t *testing.T) {
	changes := map[string]func(path string) error{
		"truncated": func(path string) error { return os.Truncate(path, 1<<20) },
		"overwritten": func(path string) error {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteAt(make([]byte, 1<<20), 1<<20)
			return errors.Join(err, file.Close())
		},
		"replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+".part", testmedia.H264AAC(12).Bytes(), 0o644), os.Rename(path+".part", path))
		},
		"deleted": os.Remove,
	}
	for name, change := range changes {
		for _, cache := range []string{"--cache-size=0", "--cache-admit=first"} {
			t.Run(name+cache, func(t *testing.T) { changeWhileRead(t, change, cache) })
		}
	}
}

func changeWhileRead(t *testing.T, change func(path string) error, cache string) {
	t.Helper()
	dir := bigFilm(t)
	path := filepath.Join(dir, "film.mp4")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	base, storage := serveFaulty(t, dir, cache)
	segment, client := firstSegment(t.Context(), t, base), newClient(t)
	var reads atomic.Int64
	storage.through(func(context.Context, int64, int) error {
		if reads.Add(1) == 10 { // some blocks are out
			return change(path)
		}
		return nil
	})
	a, err := ask(t.Context(), client, http.MethodGet, segment)
	cut := a.status == http.StatusOK && err != nil && int64(len(a.body)) < a.length
	refused := (a.status == http.StatusNotFound || a.status == http.StatusServiceUnavailable) && err == nil // nothing was sent yet
	if !cut && !refused || reads.Load() < 10 {
		t.Errorf("after %d reads the client got %d, %d bytes of %d, %v; want a cut", reads.Load(), a.status, len(a.body), a.length, err)
	}
	if !cut && cache == "--cache-size=0" {
		t.Errorf("the answer is %d, although some blocks were out", a.status)
	}
	storage.through(nil)
	if a, err = ask(t.Context(), client, http.MethodGet, segment); err != nil || a.status < 400 || a.status >= 500 {
		t.Errorf("afterwards the segment is answered with %d, %d bytes, %v", a.status, len(a.body), err)
	}
}
