package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"testing"
)

func TestFirstSignalLetsWorkFinish(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	finished := errors.New("finished")
	err := untilSignal(t.Context(), signals, slog.New(slog.DiscardHandler), func(ctx context.Context) error {
		<-ctx.Done()
		return finished
	})
	if !errors.Is(err, finished) {
		t.Errorf("%v, want what the work answered", err)
	}
}

func TestSecondSignalLeavesAtOnce(t *testing.T) {
	signals := make(chan os.Signal, 2)
	signals <- syscall.SIGTERM
	signals <- os.Interrupt
	stuck := make(chan struct{})
	defer close(stuck)
	err := untilSignal(t.Context(), signals, slog.New(slog.DiscardHandler), func(context.Context) error {
		<-stuck
		return nil
	})
	var signalled *signalError
	if !errors.As(err, &signalled) || signalled.code() != 130 {
		t.Errorf("%v, want the second signal, and code 130", err)
	}
}

func TestWorkThatEndsNeedsNoSignal(t *testing.T) {
	died := errors.New("died")
	err := untilSignal(t.Context(), nil, slog.New(slog.DiscardHandler), func(context.Context) error { return died })
	if !errors.Is(err, died) {
		t.Errorf("%v, want what the work answered", err)
	}
}
