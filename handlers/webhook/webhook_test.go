package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// shelf is a library that tests put titles into.
type shelf struct {
	mu      sync.Mutex
	names   []string
	unready map[string]int // how often a title says that it is not ready
}

func newShelf(names ...string) *shelf {
	return &shelf{names: names, unready: map[string]int{}}
}

func (s *shelf) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

func (s *shelf) add(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = append(s.names, names...)
}

func (s *shelf) Describe(_ context.Context, title string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if title == "broken" {
		return nil, false, errors.New("gone again")
	}
	s.unready[title]--
	return []byte(title), s.unready[title] < 0, nil
}

// hearing runs a webhook against a server that answers with statuses, each in turn and the last for ever, until the test ends.
func hearing(t *testing.T, titles *shelf, change func(*Config), statuses ...int) (heard chan string, results chan Result) {
	t.Helper()
	heard, results = make(chan string, 100), make(chan Result, 100)
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s of %q, %v", r.Method, r.Header, err)
		}
		mu.Lock()
		status := statuses[0]
		if len(statuses) > 1 {
			statuses = statuses[1:]
		}
		mu.Unlock()
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		heard <- string(body)
	}))
	t.Cleanup(server.Close)
	cfg := DefaultConfig(server.URL)
	cfg.Known = titles.Names()
	cfg.Every, cfg.Backoff, cfg.Timeout = time.Millisecond, time.Millisecond, time.Minute
	cfg.Count = func(r Result) {
		select {
		case results <- r:
		default: // nobody looks any more
		}
	}
	if change != nil {
		change(&cfg)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Run(ctx, cfg, titles, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return heard, results
}

// next is what comes next, or the test fails.
func next[T comparable](t *testing.T, from chan T, want T) {
	t.Helper()
	select {
	case got := <-from:
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("nothing came, want %v", want)
	}
}

// Titles that are there before are not told of; each that comes is, once, when it is ready.
func TestNewTitlesAreTold(t *testing.T) {
	titles := newShelf("old")
	titles.unready["copied"] = 3
	heard, results := hearing(t, titles, nil, http.StatusNoContent)
	titles.add("new")
	next(t, heard, "new")
	next(t, results, Told)
	titles.add("copied")
	next(t, heard, "copied")
	next(t, results, Told)
	titles.add("another")
	next(t, heard, "another")
	next(t, results, Told)
	if len(heard) > 0 {
		t.Errorf("%q was told too", <-heard)
	}
}

// A server that is down is asked again; one that refuses, or sends us elsewhere, is not.
func TestAttempts(t *testing.T) {
	f := func(want Result, attempts int, statuses ...int) {
		t.Helper()
		titles := newShelf()
		heard, results := hearing(t, titles, func(c *Config) { c.Attempts = 3 }, statuses...)
		titles.add("film")
		next(t, results, want)
		for range attempts {
			next(t, heard, "film")
		}
		if len(heard) > 0 {
			t.Errorf("%v: asked more than %d times", statuses, attempts)
		}
	}
	f(Told, 3, http.StatusInternalServerError, http.StatusTooManyRequests, http.StatusOK)
	f(Failed, 3, http.StatusBadGateway)
	f(Failed, 1, http.StatusBadRequest)
	f(Failed, 1, http.StatusTemporaryRedirect)
}

// What can't be described is given up, and holds up nothing.
func TestTitleThatIsGone(t *testing.T) {
	titles := newShelf()
	heard, results := hearing(t, titles, nil, http.StatusOK)
	titles.add("broken", "film")
	next(t, results, Failed)
	next(t, heard, "film")
}

// What doesn't fit the queue is put off, and told in the end; a server that hangs ends with the context.
func TestQueueIsBounded(t *testing.T) {
	titles := newShelf()
	hang, asked := make(chan struct{}), make(chan string, 100)
	heard, results := hearing(t, titles, func(c *Config) {
		c.Queue = 1
		plain := &http.Transport{}
		c.Client = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked <- "asked"
			select {
			case <-hang:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			return plain.RoundTrip(r)
		})
		t.Cleanup(plain.CloseIdleConnections)
	}, http.StatusOK)
	titles.add("a")
	next(t, asked, "asked")
	titles.add("b", "c", "d")
	next(t, results, PutOff)
	close(hang)
	var told []string
	for range 4 {
		select {
		case name := <-heard:
			told = append(told, name)
		case <-time.After(2 * time.Minute):
			t.Fatalf("only %q were told", told)
		}
	}
	slices.Sort(told)
	if !slices.Equal(told, []string{"a", "b", "c", "d"}) {
		t.Errorf("told %q", told)
	}
}

func TestHangingServerEndsWithTheContext(t *testing.T) {
	titles := newShelf()
	asked := make(chan string, 100)
	hearing(t, titles, func(c *Config) {
		c.Client = roundTrip(func(r *http.Request) (*http.Response, error) {
			asked <- "asked"
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
	}, http.StatusOK)
	titles.add("a")
	next(t, asked, "asked") // and the test ends, which ends Run
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
