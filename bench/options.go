package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"
)

// options are what a load is made of.
type options struct {
	clients  int
	duration time.Duration // of a turn
	format   string        // hls or cmaf: below which path the masters are
	titles   []string      // their names; none means all that the origin lists
	paths    string        // a file of paths that are fetched at random; no playlist is read then
	zipf     float64       // exponent of the titles' popularity
	pace     float64       // of real time; 0 is as fast as it goes
	ahead    time.Duration // what a paced player holds before it waits
	switches float64       // chance to change the variant before a segment
	seeks    float64       // chance to jump before a segment
	leaves   float64       // chance to choose another title before a segment
	rate     int64         // bytes/s that each client takes; 0 is all
	timeout  time.Duration // of one request, at wire speed
	seed     uint64
	peer     string
	turns    int
	json     bool
	quiet    bool
}

const loadHead = `bench load plays from an origin as many players do: a client chooses a title, reads its master, a playlist of each
kind of track, and segments one after the other, now and then switches to another quality or seeks. The length of every
body is checked. Ctrl-C ends early, with the figures so far.

Usage:
  go run ./bench load [flags] URL`

func (o *options) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("load", pflag.ContinueOnError)
	f.IntVar(&o.clients, "clients", 20, "clients that play at the same time, on a connection each")
	f.DurationVar(&o.duration, "duration", 30*time.Second, "how long; with --peer, each turn")
	f.StringVar(&o.format, "format", "hls", "which masters: hls (MPEG-TS) or cmaf (fMP4)")
	f.StringArrayVar(&o.titles, "title", nil, "play this title, the most popular first; else all that /api/titles lists")
	f.StringVar(&o.paths, "paths", "", "fetch the paths of this file at random, one a line, and play nothing")
	f.Float64Var(&o.zipf, "zipf", 0.9, "exponent of the titles' popularity: title n is chosen 1/n^s times as often as the first")
	f.Float64Var(&o.pace, "pace", 0, "speed of the players: 1 is real time, 0 as fast as bytes come")
	f.DurationVar(&o.ahead, "buffer", 30*time.Second, "what a paced player fetches ahead")
	f.Float64Var(&o.switches, "switches", 0.05, "chance that a player changes the quality before a segment")
	f.Float64Var(&o.seeks, "seeks", 0.02, "chance that it seeks")
	f.Float64Var(&o.leaves, "leaves", 0.01, "chance that it turns to another title")
	f.Int64Var(&o.rate, "client-rate", 0, "bytes a second that a client takes; 0 is what it gets")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "count a request as failed after so long without a byte")
	f.Uint64Var(&o.seed, "seed", 1, "of all chances: the same seed makes the same choices")
	f.StringVar(&o.peer, "peer", "", "another origin with the same paths: both are loaded in turns, and compared")
	f.IntVar(&o.turns, "turns", 5, "with --peer, turns of each")
	f.BoolVar(&o.json, "json", false, "print the figures as JSON")
	f.BoolVar(&o.quiet, "quiet", false, "show no progress")
	return f
}

// validate names every mistake at once, by the flag's name.
func (o *options) validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	wrong(o.clients < 1, "clients: %d is less than 1", o.clients)
	wrong(o.duration <= 0, "duration: %v is not positive", o.duration)
	wrong(o.format != "hls" && o.format != "cmaf", "format: %q is neither hls nor cmaf", o.format)
	wrong(o.zipf < 0, "zipf: %v is negative", o.zipf)
	wrong(o.pace < 0, "pace: %v is negative", o.pace)
	wrong(o.timeout <= 0, "timeout: %v is not positive", o.timeout)
	wrong(o.rate < 0, "client-rate: %d is negative", o.rate)
	wrong(o.turns < 1, "turns: %d is less than 1", o.turns)
	for name, chance := range map[string]float64{"switches": o.switches, "seeks": o.seeks, "leaves": o.leaves} {
		wrong(chance < 0 || chance > 1, "%s: %v is no chance between 0 and 1", name, chance)
	}
	return errors.Join(errs...)
}
