package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"unreel/handlers/conformance"
	"unreel/packager/routing"
)

// TestConformanceOfRoutes walks films of which some renditions lead to another server: nothing is wrong with them.
func TestConformanceOfRoutes(t *testing.T) {
	away := startServer(t, "demo")
	base := startServer(t, "demo", "--route", "height>=720="+strings.TrimSuffix(away, "/"), "--route", "kind=audio="+away)
	master := askPlainly(t, base+"cmaf/countdown/master.m3u8").body
	if n := strings.Count(master, away+"cmaf/countdown/"); n < 2 || !strings.Contains(master, "\n480p/") {
		t.Errorf("%d links lead away:\n%s", n, master)
	}
	if report := validate(t, base, "countdown"); len(report.Findings) > 0 {
		t.Error(report.String())
	}
	for _, manifest := range []string{"manifest.mpd", "ondemand.mpd"} {
		if text := askPlainly(t, base+"cmaf/countdown/"+manifest).body; !strings.Contains(text, "<BaseURL>"+away+"cmaf/countdown/") {
			t.Errorf("%s does not lead away:\n%s", manifest, text)
		}
		report, err := conformance.CheckDASH(t.Context(), http.DefaultClient, base+"cmaf/countdown/"+manifest, conformance.Options{MaxPerRule: 3})
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Errors()) > 0 || report.Segments == 0 {
			t.Error(report.String())
		}
	}
}

// TestRoutesFile edits the file of rules while films are served.
func TestRoutesFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes")
	writeFile(t, file, "height>=720=https://a.example\n")
	base := startServer(t, "demo", "--routes", file, "--route", "title=nothing=/none")
	report := func() (r routing.Report) {
		if err := json.Unmarshal([]byte(askPlainly(t, base+"api/routes").body), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	until := func(what string, reached func() bool) {
		t.Helper()
		tick, limit := time.NewTicker(50*time.Millisecond), time.After(2*time.Minute)
		defer tick.Stop()
		for !reached() {
			select {
			case <-tick.C:
			case <-limit:
				t.Fatalf("%s: %+v", what, report())
			}
		}
	}
	leads := func(to string) bool {
		return strings.Contains(askPlainly(t, base+"hls/countdown/master.m3u8").body, "\n"+to+"hls/countdown/720p/")
	}
	first := askPlainly(t, base+"hls/countdown/master.m3u8")
	if r := report(); len(r.Rules) != 2 || r.Rules[0].Base != "/none/" || r.Rules[1].Line != 1 || r.Problem != "" || !leads("https://a.example/") {
		t.Errorf("at first: %+v", r)
	}
	writeFile(t, file, "heigth>=720=https://b.example\n")
	until("a bad edit is told", func() bool { return strings.Contains(report().Problem, `line 1, column 1: no field "heigth"`) })
	if !leads("https://a.example/") {
		t.Error("a bad edit changed the rules")
	}
	if text := askPlainly(t, base+"metrics").body; !strings.Contains(text, "unreel_routes_stale 1\n") || !strings.Contains(text, "unreel_routes_reload_failures_total 1\n") {
		t.Error("no metric tells of the bad edit")
	}
	writeFile(t, file, "height>=720=https://b.example\n")
	until("a good edit holds", func() bool { return leads("https://b.example/") })
	again := askPlainly(t, base+"hls/countdown/master.m3u8", "If-None-Match", first.header.Get("ETag"))
	if again.status != http.StatusOK || report().Problem != "" {
		t.Errorf("after the edit, a player that has the old master is answered with %d", again.status)
	}
	var info struct {
		Streams []struct{ Base, Rule, Rendition, Tracks string }
	}
	if err := json.Unmarshal([]byte(askPlainly(t, base+"info/countdown.json").body), &info); err != nil {
		t.Fatal(err)
	}
	for _, s := range info.Streams {
		if (s.Rendition == "720p" && s.Tracks[0] == 'v') != (s.Base == "https://b.example/") {
			t.Errorf("/info/ tells of %+v", s)
		}
	}
}

// TestRoutesThatAreWrong: mistakes on the command line are told before anything is served, and secrets are not repeated.
func TestRoutesThatAreWrong(t *testing.T) {
	f := func(words string, args ...string) {
		t.Helper()
		p := start0(t, append(args, "demo")...)
		if !strings.Contains(p, words) {
			t.Errorf("unreel %q says %q", args, p)
		}
	}
	f(`route: "heigth=1=/x": column 1: no field "heigth"`, "--route", "heigth=1=/x")
	f("on-title: this is no URL", "--on-title", "ftp://x.example/secret")
	f("routes: open ", "--routes", filepath.Join(t.TempDir(), "none"), "--listen", "127.0.0.1:0")
}

// start0 runs the program, which must fail, and gives what it complains of.
func start0(t *testing.T, args ...string) string {
	t.Helper()
	var out, complaint printed
	if code := run(t.Context(), args, &out, &complaint, environment(nil)); code == exitOK {
		t.Errorf("unreel %q exits with 0", args)
	}
	return complaint.String()
}

// TestRoutesForNginx has the real Nginx read the map that unreel routes prints, and answer by it.
func TestRoutesForNginx(t *testing.T) {
	library := t.TempDir()
	for _, name := range []string{"720p.mp4", "480p.mp4"} {
		text, err := os.ReadFile(filepath.Join("demo", "countdown", name))
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(library, `Ünlü "films" $1 {a}`, "a+b (c)")
		if err = os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err = os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var printedMap, complaint printed
	args := []string{"routes", "--nginx", "--route", "height>=720=https://uhd.cdn.example/films", "--route", "kind=audio=/sound", library}
	if code := run(t.Context(), args, &printedMap, &complaint, environment(nil)); code != exitOK {
		t.Fatal(complaint.String())
	}
	front := startNginx(t, printedMap.String()+"proxy_cache_path /var/cache/nginx/unreel keys_zone=unreel:1m;\nserver {\n    listen 80;\n    location / {\n        return 200 \"$unreel_base\";\n    }\n}\n", nil)
	title := escapeTitle(`Ünlü "films" $1 {a}/a+b (c)`)
	f := func(path, want string) {
		t.Helper()
		if got := askPlainly(t, front+path); got.body != want {
			t.Errorf("%s leads to %q, want %q", path, got.body, want)
		}
	}
	const away = "https://uhd.cdn.example/films"
	f("cmaf/"+title+"/720p/v1.m3u8", away)
	f("cmaf/"+title+"/720p/v1.iframes.m3u8", away)
	f("cmaf/"+title+"/720p/0123456789abcdef/v1-init.mp4", away)
	f("cmaf/"+title+"/720p/0123456789abcdef/6000-01234567/v1-0-0.m4s", away)
	f("cmaf/"+title+"/720p/0123456789abcdef/6000-01234567/v1.mp4", away)
	f("cmaf/"+title+"/480p/v1.m3u8", "")
	f("cmaf/"+title+"/720p/v11.m3u8", "")
	f("cmaf/"+title+"/master.m3u8", "")
	f("cmaf/another/720p/v1.m3u8", "")
	f("hls/"+title+"/720p/v1a2.m3u8", away)
	f("hls/"+title+"/720p/0123456789abcdef/v1a2-0-0-10-00.ts", away)
	f("hls/"+title+"/480p/v1a2.m3u8", "")
	f("cmaf/"+title+"/720p/a2.m3u8", "/sound")
}
