package disk

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// sweepShare is which part of what the directory may hold is written between two sweeps. So it holds that much more at
	// most, by each who writes to it.
	sweepShare = 16
	// sweptShare is what a sweep leaves, in parts of 16.
	sweptShare = 15
	// tempAge is when a file that isn't finished is given up.
	tempAge = time.Hour
	// unit is what a disk rounds a file up to.
	unit = 4 << 10
)

// kept is a file of ours, small since there may be a million of them.
type kept struct {
	name  [nameBytes]byte
	bytes int64
	used  int64 // Unix nanoseconds
}

// wrote counts what was written, and asks for a sweep where it was much.
func (d *Dir) wrote(bytes int64) {
	d.mu.Lock()
	d.written += bytes
	due := d.written > d.cfg.MaxBytes/sweepShare
	if due {
		d.written = 0
	}
	d.mu.Unlock()
	if due {
		d.askForSweep()
	}
}

func (d *Dir) askForSweep() {
	select {
	case d.sweeps <- struct{}{}:
	default: // one is asked for already
	}
}

// sweep keeps the directory below its bound.
func (d *Dir) sweep() {
	for {
		select {
		case <-d.stop:
			return
		case <-d.sweeps:
		}
		d.sweepOnce()
	}
}

// sweepOnce deletes what was used longest ago until the rest is small enough.
func (d *Dir) sweepOnce() {
	all, bytes := d.list()
	if bytes > d.cfg.MaxBytes {
		slices.SortFunc(all, func(a, b kept) int { return cmp.Compare(a.used, b.used) })
		gone := 0
		for gone < len(all) && bytes > d.cfg.MaxBytes/16*sweptShare && !d.stopped() {
			if err := ignoreMissing(os.Remove(d.pathOf(all[gone].name[:]))); err != nil {
				d.tell("", "they can't be deleted", err)
				break
			}
			bytes -= all[gone].bytes
			gone++
		}
		all = all[gone:]
	}
	d.observer.DiskSwept(len(all), bytes)
}

func (d *Dir) stopped() bool {
	select {
	case <-d.stop:
		return true
	default:
		return false
	}
}

// list finds all files of ours, and deletes those that nobody will finish.
func (d *Dir) list() (all []kept, bytes int64) {
	folders, err := os.ReadDir(d.cfg.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.tell("", "they can't be listed", err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 || d.stopped() {
			continue
		}
		path := filepath.Join(d.cfg.Path, folder.Name())
		files, _ := os.ReadDir(path) // one that goes meanwhile holds nothing
		for _, file := range files {
			info, failed := file.Info()
			if failed != nil || !info.Mode().IsRegular() {
				continue
			}
			if name, ok := nameOf(folder.Name(), file.Name()); ok {
				n := (info.Size() + unit - 1) / unit * unit
				all = append(all, kept{name, n, info.ModTime().UnixNano()})
				bytes += n
			} else if isTemp(file.Name()) && time.Since(info.ModTime()) > tempAge {
				_ = os.Remove(filepath.Join(path, file.Name()))
			}
		}
	}
	return all, bytes
}

// isTemp tells the names that store gives to what is not finished: 26 letters and digits in base 32 (crypto/rand.Text).
func isTemp(name string) bool {
	letters, ok := strings.CutSuffix(name, tempExt)
	return ok && len(letters) == 26 && strings.Trim(letters, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}
