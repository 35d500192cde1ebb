package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"unreel/playback/redistest"
)

// call sends a request with a JSON body, and gives what came back; status is 0 where nothing did.
func call(t *testing.T, method, url, body string) (status int, header http.Header, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err.Error()
	}
	return resp.StatusCode, resp.Header, string(text)
}

// progressAt asks where a device stopped; -1 where nothing is kept.
func progressAt(t *testing.T, base, query string) float64 {
	t.Helper()
	status, _, text := call(t, http.MethodGet, base+"api/progress?"+query, "")
	if status == http.StatusNotFound {
		return -1
	}
	var body struct{ Timestamp float64 }
	if err := json.Unmarshal([]byte(text), &body); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s", query, status, text)
	}
	return body.Timestamp
}

// What was acknowledged is there after kill -9, again and again.
func TestProgressSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program several times")
	}
	const devices, rounds = 6, 4
	state := t.TempDir()
	var acknowledged [devices]int
	for round := range rounds {
		p := startProcess(t, "--listen", "127.0.0.1:0", "--access-log=false", "--state-dir", state, "demo")
		for d, want := range acknowledged {
			query := fmt.Sprintf("videoId=countdown&userId=ann&deviceId=%d", d)
			if got := progressAt(t, p.url, query); got < float64(want) && round > 0 {
				t.Errorf("round %d: device %d is at %v, %d was acknowledged", round, d, got, want)
			}
		}
		acks := make(chan int, 1<<16)
		var all sync.WaitGroup
		for d := range devices {
			all.Go(func() {
				for n := acknowledged[d] + 1; ; n++ {
					body := fmt.Sprintf(`{"videoId":"countdown","userId":"ann","deviceId":"%d","timestamp":%d}`, d, n)
					if status, _, _ := call(t, http.MethodPut, p.url+"api/progress", body); status != http.StatusOK {
						return
					}
					acknowledged[d] = n
					acks <- n
				}
			})
		}
		for range 30 { // then kill it in the middle of more
			<-acks
		}
		p.signal(t, syscall.SIGKILL)
		_ = p.Wait()
		all.Wait()
	}
}

// Two programs can't share a state directory, and the second says so.
func TestStateDirectoryIsOneServers(t *testing.T) {
	state := t.TempDir()
	startServer(t, "demo", "--state-dir", state)
	p := start(t, "--listen", "127.0.0.1:0", "--state-dir", state, "demo")
	code := <-p.ended
	p.ended <- exitOK // for the cleanup, which wants that
	if text := p.stderr.String(); code != exitError || !strings.Contains(text, "state-dir") || !strings.Contains(text, "another process") {
		t.Errorf("exit %d, said %s", code, text)
	}
}

// With Redis gone films play on, and what needs it says when to come back; when it is back, so is all.
func TestRedisGoesAndComes(t *testing.T) {
	server := redistest.Start(t)
	flags := []string{"--redis", "redis://" + server.Address + "/0"}
	one, two := startServer(t, "demo", flags...), startServer(t, "demo", flags...)
	put := func(base string, at int) (int, http.Header) {
		t.Helper()
		status, header, _ := call(t, http.MethodPut, base+"api/progress", `{"videoId":"countdown","userId":"ann","deviceId":"tv","timestamp":`+strconv.Itoa(at)+`}`)
		return status, header
	}
	const query = "videoId=countdown&userId=ann"
	if status, _ := put(one, 10); status != http.StatusOK {
		t.Fatalf("PUT: %d", status)
	}
	if got := progressAt(t, two, query); got != 10 {
		t.Errorf("the other replica has %v", got)
	}
	server.Stop(t)
	if status, header := put(one, 20); status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("without Redis: %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	for _, path := range []string{"hls/countdown/master.m3u8", "mp4/countdown/720p.mp4", "readyz", "metrics"} {
		if status, _ := getBody(t, one+path); status != http.StatusOK {
			t.Errorf("without Redis, %s: %d", path, status)
		}
	}
	server.Run(t)
	if status, _ := put(two, 30); status != http.StatusOK {
		t.Errorf("Redis is back, PUT: %d", status)
	}
	if got := progressAt(t, one, query); got != 30 {
		t.Errorf("Redis is back, %v", got)
	}
}

// With Kafka gone films are served, reports are taken, and the end is none in failure.
func TestKafkaIsGone(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir=", "--kafka", "127.0.0.1:9", "demo")
	base := p.url(t)
	report := `[{"session_id":"s","video_id":"countdown","event":"heartbeat","timestamp":1700000000000}]`
	if status, _, text := call(t, http.MethodPost, base+"api/events", report); status != http.StatusAccepted {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := getBody(t, base+"hls/countdown/master.m3u8"); status != http.StatusOK {
		t.Errorf("the film: %d", status)
	}
	p.end(t)
}

// What players report is measured, counted, and written to files that hold every report once.
func TestReportsAreKept(t *testing.T) {
	state := t.TempDir()
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir", state, "demo")
	base := p.url(t)
	const n = 300
	for i := range n {
		body := fmt.Sprintf(`[{"session_id":"s","video_id":"countdown","event":"heartbeat","timestamp":%d}]`, 1_700_000_000_000+int64(i))
		if status, _, text := call(t, http.MethodPost, base+"api/events", body); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, text)
		}
	}
	if status, text := getBody(t, base+"api/qoe?by=video"); status != http.StatusOK || !strings.Contains(text, `"total":{`) {
		t.Errorf("%d %s", status, text)
	}
	if _, text := getBody(t, base+"metrics"); !strings.Contains(text, `unreel_events_total{event="heartbeat"}`) || !strings.Contains(text, `unreel_sessions_active{state="playing"} 0`) {
		t.Error("no metrics of reports")
	}
	p.end(t)
	text, err := os.ReadFile(filepath.Join(state, "events", "events.jsonl"))
	if err != nil || strings.Count(string(text), "\n") != n || strings.Count(string(text), `"timestamp":1700000000299,`) != 1 {
		t.Errorf("%d reports of %d in the file, %v", strings.Count(string(text), "\n"), n, err)
	}
}
