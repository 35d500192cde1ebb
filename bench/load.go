package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

func loadCommand(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := o.flags()
	if err := parseFlags(flags, loadHead, args, stdout); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return &usageError{fmt.Errorf("one URL, not %d", flags.NArg())}
	}
	if err := o.validate(); err != nil {
		return &usageError{err}
	}
	r, err := newRunner(ctx, &o, flags.Arg(0), stderr)
	if err != nil {
		return err
	}
	return r.report(ctx, stdout)
}

// runner runs loads on one origin or two.
type runner struct {
	o       *options
	origins []*url.URL // the one under test, then its peer
	targets *popularity
	lengths *lengths
	stderr  io.Writer
}

func newRunner(ctx context.Context, o *options, address string, stderr io.Writer) (*runner, error) {
	r := &runner{o: o, lengths: &lengths{known: map[string]int64{}}, stderr: stderr}
	for _, one := range []string{address, o.peer} {
		if one == "" {
			continue
		}
		u, err := url.Parse(one)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, &usageError{fmt.Errorf("%q is no http URL", one)}
		}
		r.origins = append(r.origins, u)
	}
	names, err := r.names(ctx)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has nothing to play", r.origins[0])
	}
	exponent := o.zipf
	if o.paths != "" {
		exponent = 0
	}
	r.targets = newPopularity(names, exponent)
	return r, nil
}

// names are the paths of masters, the most popular first, or those that are fetched as they are.
func (r *runner) names(ctx context.Context) (names []string, err error) {
	if r.o.paths != "" {
		return readLines(r.o.paths)
	}
	titles := r.o.titles
	if len(titles) == 0 {
		if titles, err = listTitles(ctx, r.origins[0], r.o); err != nil {
			return nil, fmt.Errorf("list the titles of %s: %w", r.origins[0], err)
		}
	}
	prefix := strings.TrimSuffix(r.origins[0].EscapedPath(), "/") + "/" + r.o.format + "/"
	for _, title := range titles {
		names = append(names, prefix+(&url.URL{Path: title}).EscapedPath()+"/master.m3u8")
	}
	return names, nil
}

func readLines(path string) (lines []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, scanner.Err()
}

// listTitles asks unreel for its titles, all pages.
func listTitles(ctx context.Context, base *url.URL, o *options) (titles []string, err error) {
	l := newLink(base, &options{timeout: o.timeout}, func(int64) {})
	defer l.Close()
	for {
		path := fmt.Sprintf("%s/api/titles?limit=1000&offset=%d", strings.TrimSuffix(base.EscapedPath(), "/"), len(titles))
		var answer fetched
		answer, err = l.get(ctx, path, true)
		if err == nil && answer.status/100 != 2 {
			err = &statusError{answer.status}
		}
		if err != nil {
			return nil, err
		}
		var page struct {
			Titles []struct {
				Title string `json:"title"`
			} `json:"titles"`
			Total int `json:"total"`
		}
		if err = json.Unmarshal(answer.body, &page); err != nil {
			return nil, err
		}
		for _, t := range page.Titles {
			titles = append(titles, t.Title)
		}
		if len(page.Titles) == 0 || len(titles) >= page.Total {
			return titles, nil
		}
	}
}

// turn loads one origin once. It ends early, and well, when ctx does.
func (r *runner) turn(ctx context.Context, origin *url.URL, seed uint64, bar *progress) result {
	ctx, stop := context.WithTimeout(ctx, r.o.duration)
	defer stop()
	t := newTally()
	bar.watch(t)
	begin := time.Now()
	var all sync.WaitGroup
	for i := range r.o.clients {
		p := &player{
			o: r.o, tally: t, lengths: r.lengths, titles: r.targets,
			link: newLink(origin, r.o, func(n int64) { t.bytes.Add(n) }),
			dice: rand.New(rand.NewPCG(seed, uint64(i))),
		}
		all.Go(func() {
			if r.o.paths != "" {
				p.pick(ctx)
				return
			}
			p.run(ctx)
		})
	}
	all.Wait()
	return t.result(origin.String(), r.o.clients, time.Since(begin))
}

// pick fetches paths at random, until ctx ends.
func (p *player) pick(ctx context.Context) {
	defer p.link.Close()
	for ctx.Err() == nil {
		path := p.titles.choose(p.dice)
		k, fields := kindSegment, []string(nil)
		if strings.HasSuffix(path, ".m3u8") || strings.HasSuffix(path, ".mpd") {
			k, fields = kindPlaylist, []string{"Accept-Encoding", "gzip"}
		}
		a, err := p.link.get(ctx, path, false, fields...)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && a.status/100 != 2:
			err = fmt.Errorf("%s: %w", path, &statusError{a.status})
		case err == nil && k == kindSegment && !p.lengths.same(path, a.size):
			err = fmt.Errorf("%s: %w: %d bytes now", path, errLength, a.size)
		}
		if err != nil {
			p.tally.fail(err)
			_ = wait(ctx, 100*time.Millisecond)
			continue
		}
		p.tally.add(k, a)
	}
}

// report runs the load, with a peer in turns, and prints what came of it.
func (r *runner) report(ctx context.Context, stdout io.Writer) error {
	turns := 1
	if len(r.origins) > 1 {
		turns = r.o.turns
	}
	bar := newProgress(r.stderr, r.o, turns*len(r.origins))
	var rounds [][]result
	for i := range turns {
		var round []result
		for j := range r.origins {
			// Who is first changes, so that a drift of the machine is nobody's gain.
			at := (i + j) % len(r.origins)
			round = append(round, r.turn(ctx, r.origins[at], r.o.seed+uint64(i), bar))
			if ctx.Err() != nil {
				break
			}
		}
		if len(r.origins) > 1 && i%2 == 1 && len(round) == 2 {
			round[0], round[1] = round[1], round[0]
		}
		rounds = append(rounds, round)
		if ctx.Err() != nil {
			break
		}
	}
	bar.end()
	out := newReport(rounds)
	if err := out.print(stdout, r.o.json); err != nil {
		return err
	}
	if n := out.failed(); n > 0 {
		return fmt.Errorf("%d requests failed, the first so: %w", n, errors.New(out.sample()))
	}
	return nil
}
