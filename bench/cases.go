package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// a taking is a figure, or several that belong together.
type taking struct {
	name string
	take func(ctx context.Context, s *study) error
}

func cases() []taking {
	return []taking{
		{"cold-ts", func(ctx context.Context, s *study) error {
			return s.segments(ctx, "cold-ts", "hls", 1, "--cache-size=0")
		}},
		{"cold-fmp4", func(ctx context.Context, s *study) error {
			return s.segments(ctx, "cold-fmp4", "cmaf", 1, "--cache-size=0")
		}},
		{"hot-ts", func(ctx context.Context, s *study) error {
			return s.segments(ctx, "hot-ts", "hls", 1.5, "--cache-size=3GiB", "--cache-admit=first")
		}},
		{"hot-fmp4", func(ctx context.Context, s *study) error {
			return s.segments(ctx, "hot-fmp4", "cmaf", 1.5, "--cache-size=3GiB", "--cache-admit=first")
		}},
		{"first-byte", firstByteFigures},
		{"playlist", playlistFigures},
		{"index", indexFigures},
		{"memory", memoryFigures},
		{"clients", clientsFigures},
		{"length", lengthFigures},
	}
}

func names() (all []string) {
	for _, c := range cases() {
		all = append(all, c.name)
	}
	return all
}

// segmentCount is how many segments are cut beforehand: of 4.6 MB each, they are in the page cache of a small machine.
const segmentCount = 300

// withSample serves the film, cuts some of its segments beforehand, and lists their paths in a file.
func (s *study) withSample(ctx context.Context, format, title string, flags []string, use func(ours *one, root string) error) error {
	unreel, err := startUnreel(ctx, s.o.serverCore, s.o.program, s.media, flags...)
	if err != nil {
		return err
	}
	defer unreel.stop()
	root := filepath.Join(s.o.work, "cut")
	m := newMirror(unreel.url, root)
	defer m.link.Close()
	_, all, err := m.segments(ctx, "/"+format+"/"+title+"/master.m3u8")
	if err != nil {
		return err
	}
	paths := sample(all, segmentCount)
	if err = os.RemoveAll(root); err != nil {
		return err
	}
	if err = m.write(ctx, paths); err != nil {
		return err
	}
	list := filepath.Join(s.o.work, format+".paths")
	if err = os.WriteFile(list, []byte(strings.Join(paths, "\n")), 0o600); err != nil {
		return err
	}
	return use(&one{server: unreel, paths: list}, root)
}

// segments compares random segments with Nginx that serves the same ones as files.
func (s *study) segments(ctx context.Context, name, format string, goal float64, flags ...string) error {
	err := s.withSample(ctx, format, "film", flags, func(ours *one, root string) error {
		nginx, err := startNginx(ctx, s.o.serverCore, s.o.work, root)
		if err != nil {
			return err
		}
		defer nginx.stop()
		pairs, err := s.compare(ctx, ours, &one{server: nginx, paths: ours.paths})
		if err != nil {
			return err
		}
		f := figure{
			Name: name, What: "random segments of a 2 h film of 6 Mbit/s, beside Nginx that serves them as files",
			Goal: fmt.Sprintf("at least %.1f x Nginx", goal), Unit: "MB/s",
		}.of(pairs, func(m *measured) float64 { return m.speed() / 1e6 })
		f.Reached = f.Ratio >= goal
		s.add(f)
		return nil
	})
	var status *statusError
	if errors.As(err, &status) && status.status == 404 && format != "hls" {
		s.say("%s: this unreel has none", name)
		return nil
	}
	return err
}

func (s *study) add(f figure) {
	s.figures = append(s.figures, f)
	s.say("  %s", f.line())
}

// firstByteFigures tells how long the first byte of a cold segment takes, and whether the last one's takes longer than the first's.
func firstByteFigures(ctx context.Context, s *study) error {
	return s.withSample(ctx, "hls", "film", []string{"--cache-size=0"}, func(ours *one, _ string) error {
		ours.o.clients = 1
		single := func(pick func(all []string) string) (*one, error) {
			all, err := readLines(ours.paths)
			if err != nil {
				return nil, err
			}
			path := pick(all)
			file := filepath.Join(s.o.work, "one.paths"+fmt.Sprint(len(path)))
			return &one{server: ours.server, paths: file, o: ours.o}, os.WriteFile(file, []byte(path), 0o600)
		}
		m := newMirror(ours.server.url, "")
		defer m.link.Close()
		_, all, err := m.segments(ctx, "/hls/film/master.m3u8")
		if err != nil {
			return err
		}
		last, err := single(func([]string) string { return all[len(all)-1] })
		if err != nil {
			return err
		}
		first, err := single(func([]string) string { return all[1] })
		if err != nil {
			return err
		}
		whole, err := s.compare(ctx, ours, ours)
		if err != nil {
			return err
		}
		f := figure{Name: "first-byte", What: "first byte of a cold segment, one client", Goal: "under 1 ms", Unit: "ms"}.
			of(whole, func(m *measured) float64 { return m.firstByte() * 1e3 })
		f.Peer, f.Ratio, f.Min, f.Max, f.PerCPU, f.PeerCPU = 0, 0, 0, 0, 0, 0
		f.Reached = f.Value < 1
		s.add(f)
		pairs, err := s.compare(ctx, last, first)
		if err != nil {
			return err
		}
		f = figure{Name: "last-segment", What: "first byte of the last segment of 2 h, beside segment 1", Goal: "ratio under 1.1", Unit: "ms"}.
			of(pairs, func(m *measured) float64 { return m.firstByte() * 1e3 })
		f.PerCPU, f.PeerCPU = 0, 0
		f.Reached = f.Ratio < 1.1
		s.add(f)
		return nil
	})
}

// playlistFigures asks for the playlist of 2 h again and again.
func playlistFigures(ctx context.Context, s *study) error {
	unreel, err := startUnreel(ctx, s.o.serverCore, s.o.program, s.media)
	if err != nil {
		return err
	}
	defer unreel.stop()
	m := newMirror(unreel.url, "")
	defer m.link.Close()
	list, _, err := m.segments(ctx, "/hls/film/master.m3u8")
	if err != nil {
		return err
	}
	file := filepath.Join(s.o.work, "list.paths")
	if err = os.WriteFile(file, []byte(list), 0o600); err != nil {
		return err
	}
	var all, perCPU []float64
	for i := range s.o.turns {
		got, failed := s.turn(ctx, &one{server: unreel, paths: file}, uint64(i))
		if failed != nil {
			return failed
		}
		all = append(all, got.perSecond())
		if got.cpu > 0 {
			perCPU = append(perCPU, float64(got.Requests)/got.cpu)
		}
	}
	f := figure{
		Name: "playlist", What: "media playlist of 2 h, made and gzip'd before", Goal: "at least 15,000/s a core", Unit: "/s", Value: median(all),
	}
	if len(perCPU) > 0 {
		f.PerCPU = median(perCPU)
	}
	f.Reached = max(f.Value, f.PerCPU) >= 15000
	s.add(f)
	return nil
}
