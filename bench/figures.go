package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// figuresOptions are how the figures are taken.
type figuresOptions struct {
	work, out  string
	program    string
	only       []string
	turns      int
	duration   time.Duration
	serverCore int
	clientCore int
}

const figuresHead = `bench figures takes the figures of bench/README.md, and writes them to bench/results. Media are made where they are not
there yet: 25 GB, in minutes. It wants two cores that have nothing else to do.

Usage:
  go run ./bench figures [flags]`

func figuresCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o figuresOptions
	f := pflag.NewFlagSet("figures", pflag.ContinueOnError)
	f.StringVar(&o.work, "work", filepath.Join(os.TempDir(), "unreel-bench"), "directory of media, of segments cut beforehand and of programs")
	f.StringVar(&o.out, "out", "bench/results", "directory of results")
	f.StringVar(&o.program, "unreel", "", "the program under test; else it is built of this directory")
	f.StringSliceVar(&o.only, "only", nil, "take only these figures: "+strings.Join(names(), ", "))
	f.IntVar(&o.turns, "turns", 5, "turns of each of two that are compared; the median counts")
	f.DurationVar(&o.duration, "duration", 4*time.Second, "of a turn")
	f.IntVar(&o.serverCore, "server-core", 0, "core that the servers are pinned to; -1 is any")
	f.IntVar(&o.clientCore, "client-core", 1, "core of the load; -1 is any")
	if err := parseFlags(f, figuresHead, args, stdout); err != nil {
		return err
	}
	for _, name := range o.only {
		if !slices.Contains(names(), name) {
			return &usageError{fmt.Errorf("only: there is no figure %q", name)}
		}
	}
	work, err := filepath.Abs(o.work)
	if err != nil {
		return err
	}
	o.work = work
	s := &study{o: &o, args: args, machine: machine(ctx), commit: said(ctx, "git", "describe", "--always", "--dirty"), media: filepath.Join(work, "media"), stderr: stderr}
	if err = s.prepare(ctx); err != nil {
		return err
	}
	pinSelf(ctx, o.clientCore)
	for _, c := range cases() {
		if len(o.only) > 0 && !slices.Contains(o.only, c.name) {
			continue
		}
		s.say("%s", c.name)
		if err = c.take(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return s.write(stdout)
}

// study is one taking of figures.
type study struct {
	o       *figuresOptions
	args    []string
	machine string
	commit  string
	media   string
	stderr  io.Writer
	figures []figure
	series  []series
}

func (s *study) say(format string, args ...any) {
	fmt.Fprintf(s.stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
}

// prepare makes what isn't there yet.
func (s *study) prepare(ctx context.Context) error {
	if err := makeMedia(ctx, s.media, s.say); err != nil {
		return err
	}
	if s.o.program != "" {
		return nil
	}
	s.o.program = filepath.Join(s.o.work, "unreel")
	return build(ctx, s.o.program)
}

// figure is one line of the table.
type figure struct {
	Name    string  `json:"name"`
	What    string  `json:"what"`
	Goal    string  `json:"goal"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Peer    float64 `json:"peer,omitempty"` // likewise, of what it is compared with
	Min     float64 `json:"min,omitempty"`  // of the pairs' ratios
	Max     float64 `json:"max,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"`    // median of the pairs
	PerCPU  float64 `json:"per_cpu,omitempty"`  // Value for a second of the server's processor time
	PeerCPU float64 `json:"peer_cpu,omitempty"` // likewise of the peer
	Reached bool    `json:"reached"`
}

// series is a plot.
type series struct {
	File, Title, X, Y string
	Xs                []string
	Lines             []line
}

type line struct {
	Name   string
	Values []float64
}

// one is a server in a comparison.
type one struct {
	server *server
	paths  string // a file of what is fetched
	o      options
}

// measured is what a turn came to, with the server's processor time.
type measured struct {
	result
	cpu float64 // seconds
}

// turn loads one server once.
func (s *study) turn(ctx context.Context, at *one, seed uint64) (measured, error) {
	o := at.o
	o.paths, o.duration, o.timeout, o.quiet = at.paths, s.o.duration, time.Minute, true
	if o.clients == 0 {
		o.clients = 8
	}
	r, err := newRunner(ctx, &o, at.server.url.String(), io.Discard)
	if err != nil {
		return measured{}, err
	}
	bar := newProgress(io.Discard, &o, 1)
	before := at.server.cpu()
	got := r.turn(ctx, at.server.url, seed, bar)
	bar.end()
	if got.Failed > 0 {
		return measured{}, fmt.Errorf("%s: %d requests failed: %s", at.server.url, got.Failed, got.Sample)
	}
	return measured{got, at.server.cpu() - before}, ctx.Err()
}

// compare loads two servers in turns, after one of each that doesn't count.
func (s *study) compare(ctx context.Context, ours, peer *one) (pairs [][2]measured, err error) {
	for turn := range s.o.turns + 1 {
		var pair [2]measured
		for i := range 2 {
			at := (turn + i) % 2
			if pair[at], err = s.turn(ctx, [2]*one{ours, peer}[at], uint64(turn)); err != nil {
				return nil, err
			}
		}
		if turn > 0 {
			pairs = append(pairs, pair)
		}
	}
	return pairs, nil
}

// of fills a figure's values from pairs.
func (f figure) of(pairs [][2]measured, value func(*measured) float64) figure {
	var mine, theirs, ratios, perCPU, peerCPU []float64
	for i := range pairs {
		a, b := value(&pairs[i][0]), value(&pairs[i][1])
		mine, theirs, ratios = append(mine, a), append(theirs, b), append(ratios, a/b)
		if pairs[i][0].cpu > 0 && pairs[i][1].cpu > 0 {
			perCPU = append(perCPU, a*pairs[i][0].Seconds/pairs[i][0].cpu)
			peerCPU = append(peerCPU, b*pairs[i][1].Seconds/pairs[i][1].cpu)
		}
	}
	f.Value, f.Peer, f.Ratio, f.Min, f.Max = median(mine), median(theirs), median(ratios), slices.Min(ratios), slices.Max(ratios)
	if len(perCPU) > 0 {
		f.PerCPU, f.PeerCPU = median(perCPU), median(peerCPU)
	}
	return f
}
