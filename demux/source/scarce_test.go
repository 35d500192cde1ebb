package source

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
)

// TestScarceDescriptors waits for one as long as there is hope, and for nothing else.
func TestScarceDescriptors(t *testing.T) {
	f := func(ctx context.Context, scarce int, kind, want error, wantTries int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			_, err := withDescriptor(ctx, func() (int, error) {
				if tries++; tries <= scarce {
					return 0, fmt.Errorf("open: %w", kind)
				}
				return 1, nil
			})
			if !errors.Is(err, want) || wantTries > 0 && tries != wantTries {
				t.Errorf("%d times %v: %v after %d tries", scarce, kind, err, tries)
			}
		})
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	const forever = 1 << 30
	f(context.Background(), 0, syscall.EMFILE, nil, 1)
	f(context.Background(), 3, syscall.EMFILE, nil, 4)
	f(context.Background(), 100, syscall.ENFILE, nil, 101)
	f(context.Background(), forever, syscall.EMFILE, syscall.EMFILE, 0)
	f(context.Background(), forever, syscall.EACCES, syscall.EACCES, 1)
	f(gone, forever, syscall.EMFILE, syscall.EMFILE, 0)
}
