package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"unreel/playback/redistest"
)

// composeArgs is how deploy/compose.yaml starts unreel, with Redis and the films where they are here.
func composeArgs(t *testing.T, redis string) []string {
	t.Helper()
	var compose struct {
		Services struct {
			Unreel struct {
				Command []string `json:"command"`
			} `json:"unreel"`
		} `json:"services"`
	}
	if err := yaml.Unmarshal([]byte(deployed(t, "compose.yaml")), &compose); err != nil {
		t.Fatal(err)
	}
	args := []string{"--listen", "127.0.0.1:0", "--drain-delay", "0s", "--access-log=false"}
	for _, arg := range compose.Services.Unreel.Command {
		switch {
		case strings.HasPrefix(arg, "--redis="):
			arg = "--redis=redis://" + redis + "/0"
		case arg == "/media":
			arg = "demo"
		}
		args = append(args, arg)
	}
	return args
}

func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replaceOnce replaces what must stand there once.
func replaceOnce(t *testing.T, text, old, now string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q stands %d times in\n%s", old, strings.Count(text, old), text)
	}
	return strings.Replace(text, old, now, 1)
}

// startPrometheus runs Prometheus with what deploy/prometheus has, but for the names of containers, and gives its URL.
func startPrometheus(t *testing.T, targets ...string) string {
	t.Helper()
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("no prometheus on the PATH (Debian: prometheus)")
	}
	dir := t.TempDir()
	const found = "    dns_sd_configs:\n      - names: [unreel]\n        type: A\n        port: 8080\n"
	config := replaceOnce(t, deployed(t, "prometheus/prometheus.yml"), found,
		"    static_configs:\n      - targets: ['"+strings.Join(targets, "', '")+"']\n")
	config = strings.ReplaceAll(config, "_interval: 15s", "_interval: 1s")
	writeFile(t, filepath.Join(dir, "prometheus.yml"), config)
	writeFile(t, filepath.Join(dir, "rules.yml"), deployed(t, "prometheus/rules.yml"))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	cmd := exec.CommandContext(t.Context(), prometheus, "--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err = cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it was meant
		if t.Failed() {
			t.Logf("prometheus said\n%s", &said)
		}
	})
	return "http://" + address + "/"
}

// askPrometheus waits until an answer of its API is as it should be.
func askPrometheus[T any](t *testing.T, url string, enough func(T) bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		var answer struct {
			Data T `json:"data"`
		}
		resp, err := http.Get(url)
		if err == nil {
			err = json.NewDecoder(resp.Body).Decode(&answer)
			resp.Body.Close()
		}
		if err == nil && enough(answer.Data) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s after two minutes: %+v, %v", url, answer.Data, err)
		}
	}
}

// The set of deploy/compose.yaml works together, started by hand: films come through Nginx from two unreels, which share what
// they know of viewers by Redis, and Prometheus sees both and knows its rules.
func TestComposeByHand(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts five programs")
	}
	args := composeArgs(t, redistest.Start(t).Address)
	a, b := start(t, args...).url(t), start(t, args...).url(t)
	hosts := [2]string{strings.Trim(strings.TrimPrefix(a, "http:"), "/"), strings.Trim(strings.TrimPrefix(b, "http:"), "/")}
	config := replaceOnce(t, deployed(t, "compose/nginx.conf"), "    server unreel:8080 resolve;\n", "    server "+hosts[0]+";\n    server "+hosts[1]+";\n")
	front := startNginx(t, replaceOnce(t, config, "listen 8080;", "listen 80;"), nil)
	prometheus := startPrometheus(t, hosts[:]...)

	segment := piecesOf(t, a, demoMaster)[0]
	for _, path := range []string{demoMaster, "cmaf/countdown/manifest.mpd", segment} {
		cached(t, path, askPlainly(t, front+path), http.StatusOK, "MISS")
		again := askPlainly(t, front+path)
		cached(t, path+" again", again, http.StatusOK, "HIT")
		if _, want := getBody(t, a+path); again.body != want {
			t.Errorf("%s: %d bytes, not %d, or others", path, len(again.body), len(want))
		}
	}
	cached(t, "the page", askPlainly(t, front), http.StatusOK, "")
	cached(t, "the metrics", askPlainly(t, front+"metrics"), http.StatusNotFound, "")

	const report = `{"videoId":"countdown","deviceId":"tv","timestamp":12.5}`
	resp, err := http.Post(front+"api/progress", "application/json", strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	for _, base := range []string{a, b} {
		if status, text := getBody(t, base+"api/progress?videoId=countdown&deviceId=tv"); status != http.StatusOK || !strings.Contains(text, "12.5") {
			t.Errorf("where the viewer stopped: %d, %s", status, text)
		}
	}

	type targets struct {
		ActiveTargets []struct {
			Health string            `json:"health"`
			Labels map[string]string `json:"labels"`
		} `json:"activeTargets"`
	}
	askPrometheus(t, prometheus+"api/v1/targets", func(found targets) bool {
		for _, target := range found.ActiveTargets {
			if target.Health != "up" || target.Labels["job"] != "unreel" {
				return false
			}
		}
		return len(found.ActiveTargets) == 2
	})
	type rules struct {
		Groups []struct {
			Rules []struct {
				Health string `json:"health"`
			} `json:"rules"`
		} `json:"groups"`
	}
	askPrometheus(t, prometheus+"api/v1/rules", func(found rules) bool {
		n := 0
		for _, group := range found.Groups {
			for _, rule := range group.Rules {
				if rule.Health == "err" {
					t.Fatalf("a rule can't be evaluated: %+v", found)
				}
				n++
			}
		}
		return n >= 10
	})
}
