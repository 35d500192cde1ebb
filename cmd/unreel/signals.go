package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"
)

// signalError is a second signal: somebody doesn't want to wait.
type signalError struct{ signal os.Signal }

func (e *signalError) Error() string { return fmt.Sprintf("a second signal: %v", e.signal) }

// code is what a shell reports for a program that the signal killed.
func (e *signalError) code() int {
	if number, ok := e.signal.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return exitError
}

// untilSignal does work until it ends by itself. The first signal ends its context and lets it finish what it is at; with
// the second it is left where it stands.
func untilSignal(ctx context.Context, signals <-chan os.Signal, log *slog.Logger, work func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- work(ctx) }()
	select {
	case err := <-ended:
		return err
	case s := <-signals:
		log.Info("draining", slog.String("signal", s.String()), slog.String("hint", "a second signal exits at once"))
		cancel()
	}
	select {
	case err := <-ended:
		return err
	case s := <-signals:
		return &signalError{s}
	}
}
