package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// A file beyond 4 GiB is served by ranges from anywhere in it, in a memory that doesn't grow with them.
func TestHugeFile(t *testing.T) {
	const size = 5<<30 + 12345
	dir := t.TempDir()
	name := filepath.Join(dir, "huge_1080p.mp4")
	marks := map[int64]string{0: "the start", 4<<30 - 5: "over 4 GiB", size - 7: "the end"}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err = f.Truncate(size); err != nil {
		t.Skipf("this file system holds no file of 5 GiB: %v", err)
	}
	for at, mark := range marks {
		if _, err = f.WriteAt([]byte(mark), at); err != nil {
			t.Fatal(err)
		}
	}
	if err = f.Close(); err != nil {
		t.Fatal(err)
	}
	url := startServer(t, dir) + "mp4/huge/1080p.mp4"
	for at, mark := range marks {
		got := askPlainly(t, url, "Range", fmt.Sprintf("bytes=%d-%d", at, at+int64(len(mark))-1))
		want := fmt.Sprintf("bytes %d-%d/%d", at, at+int64(len(mark))-1, int64(size))
		if got.status != http.StatusPartialContent || got.body != mark || got.header.Get("Content-Range") != want {
			t.Errorf("at %d: %d %q, %s", at, got.status, got.body, got.header.Get("Content-Range"))
		}
	}
	if got := askPlainly(t, url, "Range", "bytes=-7"); got.body != "the end" {
		t.Errorf("the last bytes: %d %q", got.status, got.body)
	}
	if got := askPlainly(t, url, "Range", fmt.Sprintf("bytes=%d-", int64(size))); got.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("past the end: %d", got.status)
	}
	several := askPlainly(t, url, "Range", fmt.Sprintf("bytes=0-8,%d-%d,-7", int64(4<<30-5), int64(4<<30+4)))
	for _, mark := range marks {
		if several.status != http.StatusPartialContent || !bytes.Contains([]byte(several.body), []byte("\r\n\r\n"+mark)) {
			t.Errorf("several ranges: %d, no %q in %q", several.status, mark, several.body)
		}
	}

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if n := bytesOfRange(t, url, "bytes=4000000000-4400000000"); n != 400000001 {
		t.Errorf("%d bytes over 4 GiB", n)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("400 MB cost %d bytes of allocations", grown)
	}
}

// A clip has a length, ranges and an entity tag like any file, and replaces none.
func TestClipIsAFile(t *testing.T) {
	url := startServer(t, "demo") + "mp4/countdown/720p.mp4"
	whole := askPlainly(t, url+"?start=3&end=7&token=x")
	tag := whole.header.Get("ETag")
	if whole.status != http.StatusOK || len(whole.body) < 10_000 || whole.header.Get("Content-Length") != fmt.Sprint(len(whole.body)) || tag == "" {
		t.Fatalf("%d, %d bytes, %v", whole.status, len(whole.body), whole.header)
	}
	if plain := askPlainly(t, url+"?token=x"); plain.header.Get("ETag") == tag || len(plain.body) <= len(whole.body) {
		t.Errorf("the file itself is %d bytes, the clip %d", len(plain.body), len(whole.body))
	}
	for _, from := range []int{0, 1000, len(whole.body) / 2, len(whole.body) - 10} {
		part := askPlainly(t, url+"?start=3&end=7", "Range", fmt.Sprintf("bytes=%d-%d", from, from+9), "If-Range", tag)
		if part.status != http.StatusPartialContent || part.body != whole.body[from:from+10] {
			t.Errorf("bytes from %d: %d, %q", from, part.status, part.body)
		}
	}
	for _, query := range []string{"start=50", "start=5&end=5", "start=x", "end=-1", "start=NaN"} {
		if got := askPlainly(t, url+"?"+query); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", query, got.status)
		}
	}
}

func bytesOfRange(t *testing.T, url, value string) int64 {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Range", value)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		t.Error(err)
	}
	return n
}
