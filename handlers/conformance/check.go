package conformance

import (
	"context"
	"fmt"
	"net/http"
)

// Fetcher sends one request. *http.Client is one; a redirect that it follows is seen by the URL of Response.Request.
type Fetcher interface {
	Do(*http.Request) (*http.Response, error)
}

// Options bound a walk. The zero value is ready to use.
type Options struct {
	Concurrency int   // playlists whose segments are fetched at the same time; 0 means 4
	MaxPerRule  int   // findings that are kept of each rule; 0 means 20
	MaxPlaylist int64 // bytes of one playlist, 0 means 16 MiB
	// PlaylistsOnly leaves the segments alone, and with them every rule that needs their bytes.
	PlaylistsOnly bool
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.MaxPerRule <= 0 {
		o.MaxPerRule = 20
	}
	if o.MaxPlaylist <= 0 {
		o.MaxPlaylist = 16 << 20
	}
	return o
}

// Check walks the HLS presentation under masterURL (a lone media playlist will do too) and reports what breaks a rule.
// The error is of the walk itself: a cancelled ctx, or a master that can't be fetched at all. What a server answers
// wrongly is a finding. Memory grows with the number of segments, not with their size.
func Check(ctx context.Context, client Fetcher, masterURL string, opts Options) (Report, error) {
	opts = opts.withDefaults()
	w := walk{fetch: fetcher{client: client}, opts: opts}
	p, err := w.presentation(ctx, masterURL)
	if err != nil {
		return Report{}, fmt.Errorf("walk %s: %w", masterURL, err)
	}
	return p.judge(), nil
}

// judge runs every rule over the facts.
func (p *presentation) judge() Report {
	report := Report{Playlists: len(p.documents), Segments: p.segments, Bytes: p.bytes}
	for _, rule := range rules {
		if rule.media && p.opts.PlaylistsOnly || !rule.holds(p) {
			continue
		}
		r := reporter{report: &report, rule: rule.name, most: p.opts.MaxPerRule}
		rule.check(p, &r)
		r.done()
	}
	return report
}
