// Package webhook tells another server of new titles: it posts what is known of each, as JSON. It never waits on behalf of anybody
// who is served, and gives up what it can't tell.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Titles is what there is to tell of. It knows nothing of webhooks.
type Titles interface {
	// Names are those of all titles now, in any order.
	Names() []string
	// Describe is what is posted of one; ready is false while it is still being made, and is to be asked for again.
	Describe(ctx context.Context, title string) (body []byte, ready bool, err error)
}

// Result is what became of a title.
type Result string

// Results.
const (
	Told   Result = "told"
	Failed Result = "failed"  // refused, or not answered however often it was tried
	PutOff Result = "put_off" // more are new than wait to be told; they are offered at the next look
)

// Results are all there are.
func Results() []Result { return []Result{Told, Failed, PutOff} }

// Config is where and how to tell.
type Config struct {
	URL      string            // http or https
	Known    []string          // titles that are no news
	Every    time.Duration     // between two looks for new titles
	Timeout  time.Duration     // of one attempt
	Attempts int               // at most, for one title
	Backoff  time.Duration     // before the second attempt; doubled for each that follows, up to maxBackoff
	Queue    int               // titles that wait
	Count    func(Result)      // is told what became of each
	Client   http.RoundTripper // nil is one of its own
}

const maxBackoff = time.Minute

// DefaultConfig gives up after some 15 seconds of errors, or a minute without any answer.
func DefaultConfig(url string) Config {
	return Config{URL: url, Timeout: 10 * time.Second, Attempts: 5, Backoff: time.Second, Queue: 256, Count: func(Result) {}}
}

// Run tells of titles that come to be, until ctx ends. A title that is replaced is none that is new; one that
// was gone for a look is.
func Run(ctx context.Context, cfg Config, titles Titles, log *slog.Logger) {
	transport := cfg.Client
	if transport == nil {
		own := &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, ResponseHeaderTimeout: cfg.Timeout}
		defer own.CloseIdleConnections()
		transport = own
	}
	t := &teller{cfg: cfg, titles: titles, log: log, queue: make(chan string, cfg.Queue), client: &http.Client{
		Transport: transport, Timeout: cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it was not told where to
	}}
	known := map[string]bool{}
	for _, name := range cfg.Known {
		known[name] = true
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { t.tell(ctx) })
	tick := time.NewTicker(cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			known = t.look(known)
		}
	}
}

type teller struct {
	cfg    Config
	titles Titles
	log    *slog.Logger
	client *http.Client
	queue  chan string

	mu    sync.Mutex
	again map[string]bool // that were not ready; they count as unknown
}

// look offers the titles that are not known, and gives those that are.
func (t *teller) look(known map[string]bool) (now map[string]bool) {
	t.mu.Lock()
	again := t.again
	t.again = nil
	t.mu.Unlock()
	now = map[string]bool{}
	for _, name := range t.titles.Names() {
		now[name] = true
		if known[name] && !again[name] {
			continue
		}
		select {
		case t.queue <- name:
		default:
			delete(now, name)
			t.cfg.Count(PutOff)
		}
	}
	return now
}

// tell posts what is offered, one after the other.
func (t *teller) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case name := <-t.queue:
			body, ready, err := t.titles.Describe(ctx, name)
			switch {
			case ctx.Err() != nil:
				return
			case err == nil && !ready:
				t.mu.Lock()
				if t.again == nil {
					t.again = map[string]bool{}
				}
				t.again[name] = true
				t.mu.Unlock()
				continue
			case err == nil:
				err = t.insist(ctx, body)
			}
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				t.cfg.Count(Failed)
				t.log.WarnContext(ctx, "a new title could not be told of", slog.String("title", name), slog.Any("err", err))
				continue
			}
			t.cfg.Count(Told)
		}
	}
}

// errRefused is an answer that another attempt would not change.
var errRefused = errors.New("refused")

// insist posts until it is taken, or refused, or too often.
func (t *teller) insist(ctx context.Context, body []byte) error {
	wait := t.cfg.Backoff
	for attempt := 1; ; attempt++ {
		err := t.post(ctx, body)
		if err == nil || errors.Is(err, errRefused) || attempt >= t.cfg.Attempts {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		wait = min(2*wait, maxBackoff)
	}
}

// post is one attempt. The URL, which may hold a secret, is in none of its errors.
func (t *teller) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: the URL can't be asked", errRefused)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "unreel")
	resp, err := t.client.Do(req)
	if err != nil {
		return bare(err)
	}
	if err = resp.Body.Close(); err != nil {
		return bare(err)
	}
	switch {
	case resp.StatusCode < http.StatusMultipleChoices:
		return nil
	case resp.StatusCode >= http.StatusInternalServerError, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("it answers %d", resp.StatusCode)
	}
	return fmt.Errorf("%w: it answers %d", errRefused, resp.StatusCode)
}

// bare takes the URL off an error of net/http.
func bare(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
