package packager

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const bigFilms = 25 // in each folder, of four renditions

// bigDisk has 100 files in each folder.
func bigDisk(t testing.TB, folders int) *disk {
	t.Helper()
	d := newDisk(t)
	var errs []error
	for i := range folders {
		dir := filepath.Join(d.path, fmt.Sprintf("%02d", i%50), fmt.Sprintf("Series %d", i))
		errs = append(errs, os.MkdirAll(dir, 0o755))
		for j := range bigFilms {
			for _, label := range [...]string{"1080p", "720p", "480p", "audio_en"} {
				errs = append(errs, os.WriteFile(filepath.Join(dir, fmt.Sprintf("Episode %d - A Name_%s.mp4", j, label)), nil, 0o600))
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestScanAllocations(t *testing.T) {
	const folders, files = 50, 50 * bigFilms * 4
	d := bigDisk(t, folders)
	// Listing a directory costs package os six a file, where it has to ask for each one's type.
	if n := testing.AllocsPerRun(3, func() { scan(t, d) }); n > 10*files {
		t.Errorf("%.1f allocations a file", n/files)
	}
	l := d.library()
	rescan(t, l)
	if _, total := l.List("", 0, 0); total != folders*bigFilms {
		t.Errorf("%d titles", total)
	}
	for _, f := range l.seen.folders {
		f.since = f.since.Add(-settled)
	}
	if n := testing.AllocsPerRun(3, func() { rescan(t, l) }); n > files/4 {
		t.Errorf("%.2f allocations a file, with nothing new", n/files)
	}
}

func BenchmarkScan(b *testing.B) {
	d := bigDisk(b, 1000)
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scan(b, d)
		}
	})
	l := d.library()
	if err := l.Scan(b.Context()); err != nil {
		b.Fatal(err)
	}
	run := func(name string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Scan(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("again")
	for _, f := range l.seen.folders {
		f.since = f.since.Add(-settled)
	}
	run("quiet")
}

func BenchmarkLookup(b *testing.B) {
	l := scan(b, newListing("ROOT", "a/film_1080p.mp4", "a/film_720p.mp4"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Lookup(b.Context(), "a/film"); err != nil {
			b.Fatal(err)
		}
	}
}
