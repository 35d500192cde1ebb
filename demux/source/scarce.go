package source

import (
	"context"
	"errors"
	"syscall"
	"time"
)

const (
	// scarcePause is how long to wait before another try where there is no descriptor left; scarcePatience, in all.
	scarcePause    = 5 * time.Millisecond
	scarcePatience = 2 * time.Second
)

// withDescriptor does what takes a file descriptor, and tries again for a while where the process, or the system, has none left:
// others are given back all the time.
func withDescriptor[T any](ctx context.Context, do func() (T, error)) (got T, err error) {
	if got, err = do(); !isScarce(err) {
		return got, err
	}
	ctx, cancel := context.WithTimeout(ctx, scarcePatience)
	defer cancel()
	tick := time.NewTicker(scarcePause)
	defer tick.Stop()
	for isScarce(err) {
		select {
		case <-tick.C:
			got, err = do()
		case <-ctx.Done():
			return got, err
		}
	}
	return got, err
}

func isScarce(err error) bool {
	return err != nil && (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE))
}
