package routing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Observer is told how rules are read.
type Observer interface {
	// Routes tells how many rules hold from now on, and whether what was read last is what holds.
	Routes(rules int, ok bool)
}

// Table is the rules that hold: those that were given by themselves, and those of a file, which may change. It is safe for
// concurrent use; a nil *Table has none.
type Table struct {
	fixed    *Rules
	file     string // "" for none
	observer Observer
	log      *slog.Logger
	current  atomic.Pointer[Rules]

	mu      sync.Mutex
	text    string // of the file as it was read last, good or bad
	problem string // why the file's rules are not what stands in it; "" for nothing
	loaded  time.Time
}

// NewTable makes a table of rules, and of those of a file, "" for none, which must be good to begin with.
func NewTable(fixed *Rules, file string, observer Observer, log *slog.Logger) (*Table, error) {
	t := &Table{fixed: fixed, file: file, observer: observer, log: log, loaded: time.Now()}
	rules := fixed.Then(nil)
	if file != "" {
		text, err := readRules(file)
		if err != nil {
			return nil, err
		}
		read, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		t.text, rules = text, fixed.Then(read)
	}
	t.current.Store(rules)
	observer.Routes(rules.Len(), true)
	return t, nil
}

// Rules are those that hold now. The pointer is another once they have changed.
func (t *Table) Rules() *Rules {
	if t == nil {
		return nil
	}
	return t.current.Load()
}

// Run reads the file again every so often, until ctx ends. A file that can't be read, or is wrong, changes nothing; the log says so once.
func (t *Table) Run(ctx context.Context, every time.Duration) {
	if t == nil || t.file == "" {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		text, err := readRules(t.file)
		if err != nil || text == last { // one that is being written says something else each time
			t.Reload(ctx)
		}
		last = text
	}
}

// Reload reads the file again now.
func (t *Table) Reload(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, err := readRules(t.file)
	if err == nil && text == t.text {
		if t.problem == "" || t.problem == t.wrong(text) {
			return
		}
	}
	var read *Rules
	if err == nil {
		t.text = text
		if read, err = Parse(text); err != nil {
			err = fmt.Errorf("%s: %w", t.file, err)
		}
	}
	if err != nil {
		if t.problem != err.Error() {
			t.problem = err.Error()
			t.log.WarnContext(ctx, "the rules of routes are wrong; those from before hold on", slog.String("file", t.file), slog.Any("err", err))
			t.observer.Routes(t.current.Load().Len(), false)
		}
		return
	}
	rules := t.fixed.Then(read)
	t.problem, t.loaded = "", time.Now()
	t.current.Store(rules)
	t.observer.Routes(rules.Len(), true)
	t.log.InfoContext(ctx, "rules of routes were read", slog.String("file", t.file), slog.Int("rules", rules.Len()))
}

// wrong is what is wrong with a text.
func (t *Table) wrong(text string) string {
	if _, err := Parse(text); err != nil {
		return fmt.Errorf("%s: %w", t.file, err).Error()
	}
	return ""
}

// readRules reads a file of rules.
func readRules(file string) (text string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, MaxText+1))
	return string(b), err
}

// Report is what a table holds, for people.
type Report struct {
	Rules   []Rule    `json:"rules"`             // in order: the first that fits wins
	File    string    `json:"file,omitempty"`    // that some of them are in
	Problem string    `json:"problem,omitempty"` // why what stands in the file now is not what holds
	Loaded  time.Time `json:"loaded"`            // since when they hold
}

// Report tells what holds, and why something doesn't.
func (t *Table) Report() Report {
	if t == nil {
		return Report{Rules: []Rule{}}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return Report{Rules: t.current.Load().List(), File: t.file, Problem: t.problem, Loaded: t.loaded.UTC()}
}
