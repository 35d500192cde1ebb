package events

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	fileName   = "events.jsonl"
	maxFiles   = 8   // beside the one that is written
	fileQueue  = 256 // batches
	flushEvery = time.Second
)

// File writes reports as JSON lines into a file, which it puts aside when it grew to a size; the oldest that were put aside
// are deleted. A disk that is slow or full costs reports, and nothing else.
type File struct {
	dir   string
	most  int64 // bytes of one file
	log   *slog.Logger
	queue chan []Event
	stop  chan struct{}
	done  chan struct{}
	err   error        // of the end; read after done
	lost  atomic.Int64 // reports since Put last said so

	file    *os.File
	out     *bufio.Writer
	size    int64
	waiting int // reports that out holds, or a part of
}

var _ Sink = (*File)(nil)

// OpenFile opens the directory's file, of at most maxBytes, to go on with it.
func OpenFile(dir string, maxBytes int64, log *slog.Logger) (*File, error) {
	f := &File{dir: dir, most: maxBytes, log: log, queue: make(chan []Event, fileQueue), stop: make(chan struct{}), done: make(chan struct{})}
	if err := f.open(); err != nil {
		return nil, err
	}
	go f.run()
	return f, nil
}

func (f *File) open() error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(f.dir, fileName), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = endLine(file, info.Size())
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size, f.out = file, info.Size(), bufio.NewWriterSize(file, 64<<10)
	return nil
}

// endLine ends a line that was broken off, where the process was killed or the disk was full: what follows is none of it.
func endLine(file *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], size-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err := file.WriteString("\n")
	return err
}

// Put implements Sink. What is found later not to be writable is told by a later Put.
func (f *File) Put(reports []Event) (dropped int) {
	dropped = int(f.lost.Swap(0))
	if len(reports) == 0 {
		return dropped
	}
	select {
	case f.queue <- reports:
		return dropped
	default:
		return dropped + len(reports)
	}
}

// Close implements Sink.
func (f *File) Close(ctx context.Context) error {
	close(f.stop)
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return fmt.Errorf("write the last events: %w", context.Cause(ctx))
	}
}

func (f *File) run() {
	defer close(f.done)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	failing := false
	note := func(err error) {
		if err != nil && !failing {
			f.log.Warn("events can't be written", slog.Any("err", err))
		}
		failing = err != nil
	}
	for {
		select {
		case reports := <-f.queue:
			note(f.write(reports))
		case <-tick.C:
			note(f.flush())
		case <-f.stop:
			for len(f.queue) > 0 {
				note(f.write(<-f.queue))
			}
			if f.err = f.flush(); f.file != nil {
				f.err = errors.Join(f.err, f.file.Close())
			}
			return
		}
	}
}

// flush writes what is buffered. After an error the file is opened anew, since a bufio.Writer keeps its first error.
func (f *File) flush() error {
	if f.file == nil {
		return f.open()
	}
	err := f.out.Flush()
	if err != nil {
		f.lost.Add(int64(f.waiting)) // some of them may be there
		err = errors.Join(err, f.file.Close())
		f.file = nil
	}
	f.waiting = 0
	return err
}

func (f *File) write(reports []Event) error {
	if f.file == nil {
		if err := f.open(); err != nil {
			f.lost.Add(int64(len(reports)))
			return err
		}
	}
	for i := range reports {
		line, err := json.Marshal(&reports[i])
		if err != nil {
			f.lost.Add(1)
			return err
		}
		n, err := f.out.Write(append(line, '\n'))
		f.size += int64(n)
		f.waiting++
		if err != nil {
			f.lost.Add(int64(len(reports) - i - 1))
			return f.flush()
		}
		if f.out.Buffered() < n { // all before it has left
			f.waiting = 1
		}
	}
	if f.size >= f.most {
		return f.rotate()
	}
	return nil
}

// rotate puts the file aside under a name that sorts by time, and deletes the oldest.
func (f *File) rotate() error {
	err := errors.Join(f.flush(), f.closeFile())
	aside := fmt.Sprintf("events-%s.jsonl", time.Now().UTC().Format("20060102T150405.000000000"))
	err = errors.Join(err, os.Rename(filepath.Join(f.dir, fileName), filepath.Join(f.dir, aside)))
	entries, failed := os.ReadDir(f.dir)
	err = errors.Join(err, failed)
	var old []string
	for _, entry := range entries {
		if name := entry.Name(); strings.HasPrefix(name, "events-") && strings.HasSuffix(name, ".jsonl") {
			old = append(old, name)
		}
	}
	slices.Sort(old)
	for _, name := range old[:max(len(old)-maxFiles, 0)] {
		err = errors.Join(err, os.Remove(filepath.Join(f.dir, name)))
	}
	return errors.Join(err, f.open())
}

func (f *File) closeFile() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
