//go:build unix

package packager

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func (d *disk) link(t testing.TB, target, path string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(d.path, path)); err != nil {
		t.Fatal(err)
	}
}

func TestLinks(t *testing.T) {
	d := newDisk(t, "real/film.mp4", "real/deep/x_720p.mp4", "../outside/secret.mp4")
	d.link(t, "real/film.mp4", "file.mp4")
	d.link(t, "real/film.mp4", "noextension")
	d.link(t, "real", "dir")
	d.link(t, "real/deep", "dir.mp4") // a directory, whatever it is called
	d.link(t, "file.mp4", "link to a link.mov")
	d.link(t, "..", "real/loop")
	d.link(t, ".", "self")
	d.link(t, "../outside", "out")
	d.link(t, "../outside/secret.mp4", "out.mp4")
	d.link(t, filepath.Join(d.path, "real/film.mp4"), "absolute.mp4")
	d.link(t, "nowhere.mp4", "dangling.mp4")
	d.link(t, "circle.mp4", "circle.mp4")
	if err := syscall.Mkfifo(filepath.Join(d.path, "pipe.mp4"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.link(t, "pipe.mp4", "to a pipe")
	l := d.library()
	rescan(t, l)
	wantTitles(t, l,
		"dir/deep/x: 720p=dir/deep/x_720p.mp4", "dir/film: =dir/film.mp4", "dir.mp4/x: 720p=dir.mp4/x_720p.mp4", "file: =file.mp4",
		"link to a link: =link to a link.mov", "real/deep/x: 720p=real/deep/x_720p.mp4", "real/film: =real/film.mp4")
	logs := d.logged()
	for _, path := range []string{"out", "out.mp4", "absolute.mp4", "dangling.mp4", "circle.mp4", "self", "real/loop"} {
		if n := strings.Count(logs, " path="+path+" "); n != 1 {
			t.Errorf("%s is logged %d times", path, n)
		}
	}
	if n := strings.Count(logs, "\n"); n != 8 { // dir/loop is real/loop
		t.Errorf("%d lines are logged:\n%s", n, logs)
	}
	rescan(t, l)
	if logs = d.logged(); logs != "" {
		t.Errorf("logged again: %s", logs)
	}

	d.write(t, "nowhere.mp4") // its directory is listed anew, but the link's own entry is as it was
	if err := os.Remove(filepath.Join(d.path, "file.mp4")); err != nil {
		t.Fatal(err)
	}
	rescan(t, l)
	if _, err := l.Lookup(t.Context(), "dangling"); err != nil {
		t.Errorf("a link's new target: %v", err)
	}
	if logs = d.logged(); strings.Count(logs, "\n") != 1 || !strings.Contains(logs, `path="link to a link.mov"`) {
		t.Errorf("logged: %s", logs)
	}
}

// TestLinksAreBounded has a directory in which each level is reached in two ways.
func TestLinksAreBounded(t *testing.T) {
	d := newDisk(t)
	path := "."
	for range 12 {
		d.write(t, filepath.Join(path, "d/film.mp4"))
		d.link(t, "d", filepath.Join(path, "l"))
		path = filepath.Join(path, "d")
	}
	l := d.library()
	rescan(t, l)
	if _, err := l.Lookup(t.Context(), path+"/film"); err != nil {
		t.Error(err)
	}
	if logs := d.logged(); !strings.Contains(logs, "links on the way") {
		t.Errorf("logged: %s", logs)
	}
}

func TestLinkedDirectoriesAreBounded(t *testing.T) {
	var w walk
	var next []*place
	for range maxLinked + 10 {
		next = w.enter(next, &place{path: "a", hops: 1})
	}
	next = w.enter(next, &place{path: "b"})
	if len(next) != maxLinked+1 || len(w.notices) != 1 {
		t.Errorf("%d directories, %d notices", len(next), len(w.notices))
	}
	if next = w.enter(nil, &place{path: strings.Repeat("d/", maxPath/2) + "d"}); len(next) > 0 {
		t.Error("a path of any length is entered")
	}
}
