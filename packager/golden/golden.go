// Package golden holds what tests make to files that were looked at once: testdata/ of the package that is tested.
package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// Updating tells whether the files are written instead of compared with.
func Updating() bool { return *update }

// Compare holds got to testdata/name, byte for byte.
func Compare(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	t.Errorf("%s differs: %d bytes, want %d; from %d on. If the change is meant, go test -update and review the diff.", path, len(got), len(want), at)
	const shown = 64 << 10
	if len(got) <= shown && bytes.IndexByte(got, 0) < 0 {
		t.Logf("it is now:\n%s", got)
	}
}
