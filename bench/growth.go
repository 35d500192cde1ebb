package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"unreel/demux"
	"unreel/demux/source"
)

// indexCost is what the index of a film costs: the processor time to build it, which other programs don't change as they do
// the clock, in milliseconds, and what it keeps, in MiB.
type indexCost struct{ ms, mib float64 }

// openIndex builds a film's index again and again.
func (s *study) openIndex(ctx context.Context, dir *source.Dir, name string) (cost indexCost, err error) {
	f, err := dir.Open(ctx, name+".mp4")
	if err != nil {
		return cost, err
	}
	defer f.Close()
	var took []float64
	for i := range 4*s.o.turns + 1 {
		begin := ownCPU()
		index, failed := demux.Open(ctx, f, demux.DefaultLimits())
		if failed != nil {
			return cost, failed
		}
		if i > 0 {
			took = append(took, (ownCPU()-begin)*1e3)
		}
		cost.mib = float64(index.Bytes()) / (1 << 20)
	}
	cost.ms = median(took)
	return cost, nil
}

// indexFigures tell what indexes cost.
func indexFigures(ctx context.Context, s *study) error {
	dir, err := source.OpenDir(s.media)
	if err != nil {
		return err
	}
	defer dir.Close()
	open := func(name string) (indexCost, error) { return s.openIndex(ctx, dir, name) }
	film, err := open("film/1080p")
	if err != nil {
		return err
	}
	middle, err := open("middle/360p")
	if err != nil {
		return err
	}
	long, err := open("long/360p")
	if err != nil {
		return err
	}
	s.add(figure{Name: "index-time", What: "index of a 2 h rendition, built", Goal: "at most 20 ms", Unit: "ms", Value: film.ms, Reached: film.ms <= 20})
	s.add(figure{Name: "index-size", What: "index of a 2 h rendition, resident", Goal: "at most 2 MB", Unit: "MiB", Value: film.mib, Reached: film.mib <= 2})
	s.add(figure{
		Name: "index-10h-time", What: "index of 10 h, beside 2 h", Goal: "at most 5.5 x", Unit: "ms",
		Value: long.ms, Peer: middle.ms, Ratio: long.ms / middle.ms, Reached: long.ms <= 5.5*middle.ms,
	})
	s.add(figure{
		Name: "index-10h-size", What: "index of 10 h, beside 2 h", Goal: "at most 5.5 x", Unit: "MiB",
		Value: long.mib, Peer: middle.mib, Ratio: long.mib / middle.mib, Reached: long.mib <= 5.5*middle.mib,
	})
	return nil
}

// memoryFigures is what unreel holds resident while clients read 4K slowly.
func memoryFigures(ctx context.Context, s *study) error {
	counts := []int{10, 100, 300, 1000}
	plot := series{File: "memory-clients", Title: "Memory while clients read 4K at 200 kB/s", X: "clients", Y: "MiB resident", Lines: []line{{Name: "unreel"}}}
	for _, n := range counts {
		err := s.withSample(ctx, "hls", "large", []string{"--cache-size=0"}, func(ours *one, _ string) error {
			idle := ours.server.resident()
			ours.o.clients, ours.o.rate = n, 200_000
			sampling, stop := context.WithCancel(ctx)
			var most int64
			var watching sync.WaitGroup
			watching.Go(func() {
				for wait(sampling, 50*time.Millisecond) == nil {
					most = max(most, ours.server.resident())
				}
			})
			at := *s
			at.o = &figuresOptions{duration: 8 * time.Second}
			_, err := at.turn(ctx, ours, 1)
			stop()
			watching.Wait()
			plot.Xs = append(plot.Xs, strconv.Itoa(n))
			plot.Lines[0].Values = append(plot.Lines[0].Values, float64(most)/(1<<20))
			if n == counts[len(counts)-1] {
				f := figure{
					Name: "memory", What: "resident memory while 1,000 clients read cold 4K slowly", Goal: "under 300 MB", Unit: "MB",
					Value: float64(most) / 1e6, Reached: most < 300e6,
				}
				s.say("  idle: %d MB", idle/1e6)
				s.add(f)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	s.series = append(s.series, plot)
	return nil
}

// clientsFigures plots throughput against the number of clients.
func clientsFigures(ctx context.Context, s *study) error {
	plot := series{
		File: "throughput-clients", Title: "Cold TS segments", X: "clients", Y: "MB for a second of CPU",
		Lines: []line{{Name: "unreel"}, {Name: "Nginx, cut beforehand"}},
	}
	err := s.withSample(ctx, "hls", "film", []string{"--cache-size=0"}, func(ours *one, root string) error {
		nginx, err := startNginx(ctx, s.o.serverCore, s.o.work, root)
		if err != nil {
			return err
		}
		defer nginx.stop()
		for _, n := range []int{1, 4, 16, 64, 256, 1024} {
			plot.Xs = append(plot.Xs, strconv.Itoa(n))
			for i, at := range []*one{ours, {server: nginx, paths: ours.paths}} {
				at.o.clients = n
				got, failed := s.turn(ctx, at, 1)
				if failed != nil {
					return failed
				}
				spent := got.cpu
				if spent == 0 {
					spent = got.Seconds
				}
				plot.Lines[i].Values = append(plot.Lines[i].Values, float64(got.Bytes)/1e6/spent)
			}
		}
		return nil
	})
	s.series = append(s.series, plot)
	return err
}

// lengthFigures plots what a film's length costs: the first playlist after a start, and the last segment.
func lengthFigures(ctx context.Context, s *study) error {
	plot := series{File: "latency-length", Title: "What a film's length costs", X: "length", Y: "ms", Lines: []line{{Name: "first playlist, cold"}, {Name: "first byte of the last segment"}}}
	for _, film := range []struct{ title, length string }{{"clip", "2 min"}, {"short", "20 min"}, {"middle", "2 h"}, {"long", "10 h"}} {
		plot.Xs = append(plot.Xs, film.length)
		var lists, lasts []float64
		for range s.o.turns {
			list, last, err := s.coldStart(ctx, film.title)
			if err != nil {
				return err
			}
			lists, lasts = append(lists, list), append(lasts, last)
		}
		s.say("  %s: first playlist %.1f ms, last segment %.2f ms", film.length, median(lists), median(lasts))
		if film.title == "middle" {
			s.add(figure{
				Name: "first-playlist", What: "first playlist of 2 h after a start", Goal: "nginx-vod-module: about 16 ms", Unit: "ms",
				Value: median(lists), Reached: median(lists) <= 16,
			})
		}
		plot.Lines[0].Values = append(plot.Lines[0].Values, median(lists))
		plot.Lines[1].Values = append(plot.Lines[1].Values, median(lasts))
	}
	s.series = append(s.series, plot)
	return nil
}

// coldStart asks a server that has just started for a title's playlist, then for its last segment: both in milliseconds.
func (s *study) coldStart(ctx context.Context, title string) (list, last float64, err error) {
	unreel, err := startUnreel(ctx, s.o.serverCore, s.o.program, s.media, "--cache-size=0")
	if err != nil {
		return 0, 0, err
	}
	defer unreel.stop()
	m := newMirror(unreel.url, "")
	defer m.link.Close()
	name := filepath.ToSlash(title)
	path, segments, err := m.segments(ctx, "/hls/"+name+"/master.m3u8")
	if err != nil {
		return 0, 0, err
	}
	file := filepath.Join(s.media, title, filepath.Base(films()[0].name)+".mp4")
	if matches, _ := filepath.Glob(filepath.Join(s.media, title, "*.mp4")); len(matches) > 0 {
		file = matches[0]
	}
	now := time.Now()
	if err = os.Chtimes(file, now, now); err != nil { // so that it is indexed again
		return 0, 0, err
	}
	a, err := m.link.get(ctx, path, false, "Accept-Encoding", "gzip")
	if err != nil || a.status/100 != 2 {
		return 0, 0, fmt.Errorf("%s: status %d: %w", path, a.status, err)
	}
	list = a.total.Seconds() * 1e3
	if a, err = m.link.get(ctx, segments[len(segments)-1], false); err != nil || a.status/100 != 2 {
		return 0, 0, fmt.Errorf("%s: status %d: %w", segments[len(segments)-1], a.status, err)
	}
	return list, a.first.Seconds() * 1e3, nil
}
