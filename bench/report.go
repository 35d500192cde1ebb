package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// result is what one turn of a load came to.
type result struct {
	Origin   string           `json:"origin"`
	Clients  int              `json:"clients"`
	Seconds  float64          `json:"seconds"`
	Bytes    int64            `json:"bytes"` // of bodies, also of those that the end cut
	Requests int64            `json:"requests"`
	Failed   int64            `json:"failed"`
	Errors   map[string]int64 `json:"errors,omitempty"` // by reason
	Sample   string           `json:"sample,omitempty"` // the first error
	Kinds    []kindResult     `json:"kinds"`
}

// kindResult is that of one kind of thing.
type kindResult struct {
	Kind      string `json:"kind"`
	Requests  int64  `json:"requests"`
	Bytes     int64  `json:"bytes"`
	FirstByte times  `json:"first_byte"`
	Total     times  `json:"total"`
}

// times are percentiles, in seconds.
type times struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func timesOf(h *hdrhistogram.Histogram) times {
	at := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1e6 }
	return times{at(50), at(90), at(99), float64(h.Max()) / 1e6}
}

// result is what the tally holds now.
func (t *tally) result(origin string, clients int, took time.Duration) result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := result{
		Origin: origin, Clients: clients, Seconds: took.Seconds(), Bytes: t.bytes.Load(), Requests: t.requests.Load(),
		Failed: t.failed.Load(), Errors: maps.Clone(t.errors),
	}
	if t.sample != nil {
		r.Sample = t.sample.Error()
	}
	for k := range t.kinds {
		one := &t.kinds[k]
		if one.requests > 0 {
			r.Kinds = append(r.Kinds, kindResult{kind(k).String(), one.requests, one.bytes, timesOf(one.first), timesOf(one.total)})
		}
	}
	return r
}

// speed is bytes a second.
func (r *result) speed() float64 { return float64(r.Bytes) / r.Seconds }

// perSecond is answered requests a second.
func (r *result) perSecond() float64 { return float64(r.Requests) / r.Seconds }

// firstByte is the median time to the first byte of the most frequent kind, in seconds.
func (r *result) firstByte() float64 {
	if len(r.Kinds) == 0 {
		return 0
	}
	return slices.MaxFunc(r.Kinds, func(a, b kindResult) int { return int(a.Requests - b.Requests) }).FirstByte.P50
}

// report is what a load came to: its turns, and how the two origins compare.
type report struct {
	Turns  []result `json:"turns"`
	Ratios []ratio  `json:"ratios,omitempty"` // the origin under test over its peer
}

// ratio is a figure of the origin over its peer's, over all turns.
type ratio struct {
	Of     string  `json:"of"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// newReport is that of rounds, each of the origin and, where there is one, its peer.
func newReport(rounds [][]result) report {
	var out report
	var pairs [][]result
	for _, round := range rounds {
		out.Turns = append(out.Turns, round...)
		if len(round) == 2 {
			pairs = append(pairs, round)
		}
	}
	if len(pairs) == 0 {
		return out
	}
	for _, figure := range []struct {
		name string
		of   func(*result) float64
	}{{"bytes/s", (*result).speed}, {"requests/s", (*result).perSecond}, {"time to first byte", (*result).firstByte}} {
		var all []float64
		for _, pair := range pairs {
			if below := figure.of(&pair[1]); below > 0 {
				all = append(all, figure.of(&pair[0])/below)
			}
		}
		if len(all) > 0 {
			out.Ratios = append(out.Ratios, ratio{figure.name, median(all), slices.Min(all), slices.Max(all)})
		}
	}
	return out
}

// median is the middle one; of an even number the mean of the two.
func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (out *report) failed() (n int64) {
	for i := range out.Turns {
		n += out.Turns[i].Failed
	}
	return n
}

// sample is one error of them.
func (out *report) sample() string {
	for i := range out.Turns {
		if out.Turns[i].Sample != "" {
			return out.Turns[i].Sample
		}
	}
	return ""
}

// print writes the report as a table, or as JSON.
func (out *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(out)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i := range out.Turns {
		out.Turns[i].write(table)
	}
	for i, r := range out.Ratios {
		if i == 0 {
			fmt.Fprintf(table, "\n%s over %s\tmedian\tmin\tmax\t\n", out.Turns[0].Origin, out.Turns[1].Origin)
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.2f\t\n", r.Of, r.Median, r.Min, r.Max)
	}
	return table.Flush()
}

// write adds a turn to a table. Times are in milliseconds.
func (r *result) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %d clients, %.1f s, %d requests (%.0f/s), %.1f MB (%.0f Mbit/s), %d failed%s\n",
		r.Origin, r.Clients, r.Seconds, r.Requests, r.perSecond(), float64(r.Bytes)/1e6, r.speed()*8/1e6, r.Failed, r.reasons())
	fmt.Fprint(w, "ms\trequests\tMB\tfirst byte p50\tp90\tp99\tmax\tlast byte p50\tp90\tp99\tmax\t\n")
	for _, k := range r.Kinds {
		fmt.Fprintf(w, "%s\t%d\t%.1f\t", k.Kind, k.Requests, float64(k.Bytes)/1e6)
		for _, t := range []times{k.FirstByte, k.Total} {
			fmt.Fprintf(w, "%.2f\t%.2f\t%.2f\t%.2f\t", t.P50*1e3, t.P90*1e3, t.P99*1e3, t.Max*1e3)
		}
		fmt.Fprintln(w)
	}
}

// reasons tells why requests failed.
func (r *result) reasons() string {
	if r.Failed == 0 {
		return ""
	}
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(r.Errors)) {
		all = append(all, fmt.Sprintf("%s: %d", reason, r.Errors[reason]))
	}
	return " (" + strings.Join(all, ", ") + ")"
}
