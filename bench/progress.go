package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows a person how far a load is.
type progress struct {
	bar     *progressbar.ProgressBar
	tallies chan *tally
	ended   chan struct{}
}

// newProgress shows turns of one load each, unless nobody looks at w.
func newProgress(w io.Writer, o *options, turns int) *progress {
	p := &progress{tallies: make(chan *tally), ended: make(chan struct{})}
	const tick = 250 * time.Millisecond
	p.bar = progressbar.NewOptions64(int64(turns)*int64(o.duration/tick),
		progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(!o.quiet && isTerminal(w)),
		progressbar.OptionSetWidth(24), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	go p.run(tick)
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// watch tells whose figures are shown from now on.
func (p *progress) watch(t *tally) { p.tallies <- t }

// end takes the bar away.
func (p *progress) end() {
	close(p.tallies)
	<-p.ended
}

func (p *progress) run(tick time.Duration) {
	defer close(p.ended)
	defer func() { _ = p.bar.Finish() }()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var now *tally
	var before int64
	for {
		select {
		case t, ok := <-p.tallies:
			if !ok {
				return
			}
			now, before = t, 0
		case <-ticker.C:
			if now == nil {
				continue
			}
			bytes := now.bytes.Load()
			p.bar.Describe(fmt.Sprintf("%7.0f Mbit/s %7d requests %d failed", float64(bytes-before)*8/tick.Seconds()/1e6,
				now.requests.Load(), now.failed.Load()))
			_ = p.bar.Add(1)
			before = bytes
		}
	}
}
