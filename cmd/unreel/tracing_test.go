package main

import (
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"unreel/handlers/tracing/otlptest"
)

// The program sends traces, its log names them, and what waits when a signal comes still arrives.
func TestProcessTraces(t *testing.T) {
	collector := otlptest.Start(t)
	p := startProcess(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "0s", "--otlp-endpoint", collector.URL, "--trace-sample", "0", "demo")
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"hls/countdown/master.m3u8", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	p.signal(t, syscall.SIGTERM)
	if code := p.code(t); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	stages := map[string]bool{}
	for _, span := range collector.Spans() {
		stages[span.Name] = span.Trace == trace
	}
	for _, want := range []string{"GET playlist", "index", "timeline", "playlist"} {
		if !stages[want] {
			t.Errorf("no %s in %v", want, stages)
		}
	}
	if !strings.Contains(p.stderr.String(), "trace_id="+trace) {
		t.Errorf("the log names no trace:\n%s", p.stderr.String())
	}
}

// A collector that isn't there keeps nobody from serving, nor from going.
func TestProcessWithoutCollector(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	p := startProcess(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "0s", "--drain-timeout", "100ms",
		"--otlp-endpoint", "http://"+free.Addr().String(), "--trace-sample", "1", "demo")
	if status, _ := getBody(t, p.url+"hls/countdown/master.m3u8"); status != http.StatusOK {
		t.Errorf("a master answers %d", status)
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.code(t); code != exitOK || !strings.Contains(p.stderr.String(), "traces are dropped") {
		t.Errorf("exit code %d\n%s", code, p.stderr.String())
	}
}
