package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestIndexDir: after a restart titles are served by their kept indexes, and none is read from the films.
func TestIndexDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "indexes")
	session := func(want ...string) {
		t.Helper()
		p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--access-log=false", "--state-dir=", "--index-dir", dir, "demo")
		base := p.url(t)
		if _, master := getBody(t, base+"hls/countdown/master.m3u8"); !strings.Contains(master, "720p") {
			t.Errorf("no master:\n%s", master)
		}
		_, metrics := getBody(t, base+"metrics")
		for _, line := range want {
			if !strings.Contains(metrics, "\n"+line+"\n") {
				t.Errorf("no %q in the metrics:\n%s", line, metrics)
			}
		}
		p.end(t)
	}
	files, err := filepath.Glob("demo/countdown/*.mp4")
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	session(`unreel_index_store_reads_total{result="miss"} 3`, `unreel_index_store_reads_total{result="hit"} 0`)
	session(`unreel_index_store_reads_total{result="miss"} 0`, `unreel_index_store_reads_total{result="hit"} 3`, `unreel_stage_seconds_count{stage="index"} 0`)
}
