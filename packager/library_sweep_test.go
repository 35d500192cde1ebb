package packager

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pass lets the time of a synctest bubble pass.
func pass(d time.Duration) { <-time.After(d) }

func TestChangesShow(t *testing.T) {
	d := newDisk(t, "a.mp4", "sub/b_720p.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		rescan(t, l)
		wantTitles(t, l, "a: =a.mp4", "sub/b: 720p=sub/b_720p.mp4")
		d.write(t, "sub/b_1080p.mp4")
		d.write(t, "new/deep/c.mp4")
		if err := os.Remove(filepath.Join(d.path, "a.mp4")); err != nil {
			t.Fatal(err)
		}
		rescan(t, l)
		wantTitles(t, l, "new/deep/c: =new/deep/c.mp4", "sub/b: 1080p=sub/b_1080p.mp4 720p=sub/b_720p.mp4")
		if err := os.Rename(filepath.Join(d.path, "new"), filepath.Join(d.path, "old")); err != nil {
			t.Fatal(err)
		}
		rescan(t, l)
		wantTitles(t, l, "old/deep/c: =old/deep/c.mp4", "sub/b: 1080p=sub/b_1080p.mp4 720p=sub/b_720p.mp4")
		if err := os.RemoveAll(filepath.Join(d.path, "old")); err != nil {
			t.Fatal(err)
		}
		rescan(t, l)
		wantTitles(t, l, "sub/b: 1080p=sub/b_1080p.mp4 720p=sub/b_720p.mp4")
	})
}

// TestQuietDirectories holds when a directory is not listed again: its stamp was known for a while when it was listed.
func TestQuietDirectories(t *testing.T) {
	d := newDisk(t, "a/film.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		want := func(when string, lists int) {
			t.Helper()
			rescan(t, l)
			if n := d.listed("a"); n != lists {
				t.Errorf("%s: listed %d times, want %d", when, n, lists)
			}
		}
		want("first", 1)
		want("at once: another change may have the same stamp", 1)
		pass(settled)
		want("later", 1)
		want("settled", 0)
		before := l.current.Load()
		pass(relist - time.Second)
		want("settled for long", 0)
		pass(time.Second)
		want("too long: not every file system changes its stamps", 1)
		want("again", 0)
		if l.current.Load() != before {
			t.Error("the catalogue was made again, with nothing new")
		}
		d.write(t, "a/other.mp4")
		want("changed", 1)
		wantTitles(t, l, "a/film: =a/film.mp4", "a/other: =a/other.mp4")
	})
}

// TestStampThatStays is a directory that changes within the tick of its file system's clock.
func TestStampThatStays(t *testing.T) {
	d := newDisk(t, "a/film.mp4")
	dir := filepath.Join(d.path, "a")
	tick := time.Unix(1e9, 0)
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		for i := range 4 {
			d.write(t, fmt.Sprintf("a/%d.mp4", i))
			if err := os.Chtimes(dir, tick, tick); err != nil {
				t.Fatal(err)
			}
			rescan(t, l)
			if _, err := l.Lookup(t.Context(), fmt.Sprintf("a/%d", i)); err != nil {
				t.Error(err)
			}
			pass(settled / 4)
		}
	})
}

func TestLookupSweeps(t *testing.T) {
	d := newDisk(t, "a.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		if _, err := l.Lookup(t.Context(), "a"); err != nil {
			t.Errorf("before the first scan: %v", err)
		}
		d.write(t, "b.mp4")
		if _, err := l.Lookup(t.Context(), "b"); !errors.Is(err, ErrNotFound) {
			t.Errorf("right after a sweep: %v, want ErrNotFound", err)
		}
		pass(lookupPause)
		if _, err := l.Lookup(t.Context(), "b"); err != nil {
			t.Error(err)
		}
		if n := d.listed("."); n != 2 {
			t.Errorf("%d sweeps, want 2", n)
		}
	})
}

// TestLookupStampede has a crowd ask for titles that don't exist, for a minute, from a storage that takes 2 s a sweep.
func TestLookupStampede(t *testing.T) {
	d := newDisk(t, "a.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		rescan(t, l)
		d.listed(".")
		d.setHook(func(string) error {
			pass(2 * time.Second)
			return nil
		})
		var crowd sync.WaitGroup
		for i := range 100 {
			crowd.Go(func() {
				for n := range 60 {
					if _, err := l.Lookup(t.Context(), fmt.Sprintf("no/%d/%d", i, n)); !errors.Is(err, ErrNotFound) {
						t.Error(err)
					}
					if _, err := l.Lookup(t.Context(), "a"); err != nil {
						t.Error(err)
					}
					pass(time.Second)
				}
			})
		}
		crowd.Wait()
		if n := d.listed("."); n < 2 || n > 4 {
			t.Errorf("%d sweeps, want one every 22 s", n)
		}
	})
}

func TestLookupDoesNotWaitForEver(t *testing.T) {
	d := newDisk(t, "a.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		stuck := make(chan struct{})
		d.setHook(func(string) error {
			<-stuck
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if _, err := l.Lookup(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("before the first scan, after %v: %v, want to wait", time.Since(begin), err)
		}
		close(stuck)
		synctest.Wait()
		if _, err := l.Lookup(t.Context(), "a"); err != nil {
			t.Errorf("what somebody waited for in vain is there for the next: %v", err)
		}

		pass(time.Hour)
		stuck = make(chan struct{})
		begin = time.Now()
		if _, err := l.Lookup(t.Context(), "b"); !errors.Is(err, ErrNotFound) || time.Since(begin) != lookupWait {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if _, err := l.Lookup(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		close(stuck)
	})
}

// TestScanSeesWhatWasBefore has a scan asked for while another has already passed what is new.
func TestScanSeesWhatWasBefore(t *testing.T) {
	d := newDisk(t, "a/a.mp4", "z/z.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		d.setHook(func(name string) error {
			if name == "." {
				return nil
			}
			pass(time.Second)
			return nil
		})
		var all sync.WaitGroup
		all.Go(func() { rescan(t, l) })
		pass(time.Millisecond)
		d.write(t, "b/b.mp4")
		for range 10 {
			all.Go(func() {
				rescan(t, l)
				if _, err := l.Lookup(t.Context(), "b/b"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := d.listed("."); n != 2 {
			t.Errorf("%d sweeps, want 2: ten scans share one", n)
		}
	})
}

func TestRun(t *testing.T) {
	d := newDisk(t, "a.mp4")
	synctest.Test(t, func(t *testing.T) {
		l := d.library()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			l.Run(ctx, 10*time.Second)
			close(done)
		}()
		pass(11 * time.Second)
		wantTitles(t, l, "a: =a.mp4")
		d.setHook(func(string) error { return syscall.EIO })
		pass(30 * time.Second)
		if logs := d.logged(); strings.Count(logs, "\n") != 1 || !strings.Contains(logs, "input/output error") {
			t.Errorf("logged: %s", logs)
		}
		d.setHook(nil)
		d.write(t, "b.mp4")
		pass(30 * time.Second)
		if logs := d.logged(); strings.Count(logs, "\n") != 1 || !strings.Contains(logs, "readable again") {
			t.Errorf("logged: %s", logs)
		}
		wantTitles(t, l, "a: =a.mp4", "b: =b.mp4")
		cancel()
		<-done
	})
}

func TestRunNever(t *testing.T) {
	d := newDisk(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if d.library().Run(ctx, 0); d.listed(".") != 0 || ctx.Err() == nil {
			t.Error("it ran")
		}
	})
}

func TestList(t *testing.T) {
	var paths []string
	for i := range 30 {
		paths = append(paths, fmt.Sprintf("Series/Episode %d.mp4", i+1))
	}
	l := scan(t, newListing("ROOT", append(paths, "Ödipus ΟΔΟΣ.mp4", "\xff.mp4", "straße.mp4")...))
	for _, c := range []struct {
		query         string
		offset, limit int
		first         string
		n, total      int
	}{
		{"", 0, 10, "Series/Episode 1", 10, 33},
		{"", 9, 1, "Series/Episode 10", 1, 33},
		{"", 30, 10, "straße", 3, 33},
		{"", 33, 10, "", 0, 33},
		{"", math.MaxInt, 10, "", 0, 33},
		{"", -5, 1, "Series/Episode 1", 1, 33},
		{"", 0, -1, "", 0, 33},
		{"EPISODE 1", 0, 3, "Series/Episode 1", 3, 11},
		{"episode 1", 10, 3, "Series/Episode 19", 1, 11},
		{"episode 1", 11, 3, "", 0, 11},
		{"ödipus οδος", 0, 3, "Ödipus ΟΔΟΣ", 1, 1},
		{"STRAßE", 0, 3, "straße", 1, 1},
		{"s/e", 0, 1, "Series/Episode 1", 1, 30},
		{"nothing", 0, 10, "", 0, 0},
	} {
		page, total := l.List(c.query, c.offset, c.limit)
		if len(page) != c.n || total != c.total || c.n > 0 && page[0].Title != c.first {
			t.Errorf("%q from %d: %d of %d titles: %v", c.query, c.offset, len(page), total, page)
		}
	}
	if page, total := NewLibrary(newListing("ROOT"), nil).List("", 0, 10); page != nil || total != 0 {
		t.Error("an empty library has titles")
	}
}
