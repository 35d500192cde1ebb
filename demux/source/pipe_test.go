//go:build unix

package source_test

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"unreel/demux/source"
)

// TestPipe holds that a name which is a pipe is refused at once, and does not wait for a writer.
func TestPipe(t *testing.T) {
	dir, root := library(t)
	if err := syscall.Mkfifo(filepath.Join(root, "pipe.mp4"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	if _, err := dir.Open(t.Context(), "pipe.mp4"); !errors.Is(err, source.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// TestPipeIsNoDirectory holds that listing a pipe fails at once, and does not wait for a writer.
func TestPipeIsNoDirectory(t *testing.T) {
	dir, root := library(t)
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	if entries, err := dir.ReadDir("pipe"); err == nil {
		t.Errorf("a pipe lists %v", entries)
	}
}
