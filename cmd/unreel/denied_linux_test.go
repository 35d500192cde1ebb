package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Root may read everything, so this test becomes somebody else for the file system, on a thread of its own that then ends.
func TestUnreadableDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(dir, 0o300); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--listen", "127.0.0.1:0", dir}, {"inspect", dir}} {
		var stdout, stderr bytes.Buffer
		ended := make(chan int)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			if os.Geteuid() == 0 {
				const nobody = 65534
				_, _ = unix.SetfsuidRetUid(nobody)
			}
			ended <- run(t.Context(), args, &stdout, &stderr, environment(nil))
		}()
		if code := <-ended; code != exitError || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), dir) {
			t.Errorf("%q: code %d, stderr %q; want code 1 and one line about it", args, code, &stderr)
		}
	}
}
