package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// A figure is the median of the pairs' ratios, not the ratio of medians.
func TestFigureOfPairs(t *testing.T) {
	var pairs [][2]measured
	for _, speeds := range [][2]int64{{100, 50}, {300, 100}, {100, 100}} {
		pair := [2]measured{{cpu: 0.5}, {cpu: 0.25}}
		for i := range pair {
			pair[i].Bytes, pair[i].Seconds = speeds[i], 1
		}
		pairs = append(pairs, pair)
	}
	f := figure{Name: "x"}.of(pairs, func(m *measured) float64 { return m.speed() })
	want := figure{Name: "x", Value: 100, Peer: 100, Ratio: 2, Min: 1, Max: 3, PerCPU: 200, PeerCPU: 400}
	if f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
	if got := median([]float64{4, 1, 2, 3}); math.Abs(got-2.5) > 1e-9 {
		t.Errorf("median %v, want 2.5", got)
	}
}

// The table is Markdown with a row for each figure, and a plot is XML that holds its names.
func TestResults(t *testing.T) {
	r := results{Figures: []figure{{Name: "a", What: "b", Goal: "c", Value: 1.5, Unit: "ms", Reached: true}, {Name: "d", Ratio: 2, Max: 3, Min: 1}}}
	table := r.table()
	for _, row := range []string{"| a | b | 1.5 ms |  |  |  |  |  | c | reached |", "| 2.00 (1.00 to 3.00) |"} {
		if !strings.Contains(table, row) {
			t.Errorf("no row %q in\n%s", row, table)
		}
	}
	s := series{Title: "throughput", X: "clients", Y: "MB/s", Xs: []string{"1", "10"}, Lines: []line{{"ours", []float64{1, 2}}, {"theirs", []float64{2, 1}}}}
	svg, err := s.draw()
	check(t, err)
	for decoder := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err = decoder.Token(); err != nil {
			break
		}
	}
	if !errors.Is(err, io.EOF) || !strings.Contains(string(svg), "theirs") || !strings.Contains(string(svg), "throughput") {
		t.Errorf("the plot ends with %v:\n%.300s", err, svg)
	}
}

// What is cut beforehand are the very answers, under the very paths.
func TestMirror(t *testing.T) {
	url := newOrigin(t, testmedia.Ladder(), nil)
	r, err := newRunner(t.Context(), &options{titles: []string{"library"}, format: "hls", timeout: 1e10}, url, io.Discard)
	check(t, err)
	root := t.TempDir()
	m := newMirror(r.origins[0], root)
	defer m.link.Close()
	_, all, err := m.segments(t.Context(), "/hls/library/master.m3u8")
	check(t, err)
	chosen := sample(all, 3)
	if len(chosen) != 3 || !slices.Contains(chosen, all[len(all)-1]) || !slices.Equal(chosen, sample(all, 3)) {
		t.Fatalf("%d of %d segments: %v", len(chosen), len(all), chosen)
	}
	check(t, m.write(t.Context(), chosen))
	for _, path := range chosen {
		want, failed := m.text(t.Context(), path)
		check(t, failed)
		got, failed := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		check(t, failed)
		if string(got) != string(want) || len(got) == 0 {
			t.Errorf("%s: %d bytes, want %d", path, len(got), len(want))
		}
	}
	for _, bad := range []string{"/../x", "/%2e%2e/x"} {
		if err = m.write(t.Context(), []string{bad}); err == nil {
			t.Errorf("%s was written", bad)
		}
	}
}

// Every figure has a name of its own.
func TestFigureNames(t *testing.T) {
	all := names()
	if slices.Sort(all); len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error(fmt.Sprint(all))
	}
	if code, _, stderr := bench(t.Context(), "figures", "--only", "nothing"); code != exitUsage || !strings.Contains(stderr, `no figure "nothing"`) {
		t.Errorf("code %d, %s", code, stderr)
	}
}
