package packager

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"unreel/cache"
	"unreel/demux/source"
)

// What the kernel sends of a file for us has left it before the last look at the file: enough is copied and written behind, in pieces
// of which the kernel takes none before most of the last has left.
func TestFileLeavesBeforeTheLastLook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "library")
	want := make([]byte, 3<<20+12345)
	for i := range want {
		want[i] = byte(i ^ i>>8 ^ i>>16)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "film_1080p.mp4"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := source.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	storage := onDisk{opened}
	config := testConfig()
	config.LargeBlocks = 1
	p := New(config, storage, scan(t, storage), &watcher{}, cache.Silent{}, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = p.Close() })
	f, err := p.Progressive(t.Context(), clipped)
	if err != nil {
		t.Fatal(err)
	}
	w := &client{quick: true} // its ReadFrom takes what is sent
	if err = f.WriteRange(t.Context(), w, 0, f.Size()); err != nil || !bytes.Equal(w.Bytes(), want) {
		t.Errorf("%v, or other bytes", err)
	}
	const leastWide = 512 << 10 // handlers
	copied := 0
	for _, n := range w.pieces {
		if copied += n; n >= leastWide {
			t.Errorf("%d bytes are written at once, of which the kernel may hold all", n)
		}
	}
	if copied != lastCopied {
		t.Errorf("%d bytes are copied, want %d", copied, lastCopied)
	}
}
