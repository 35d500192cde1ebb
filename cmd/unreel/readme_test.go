package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readREADME(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whatever the README tells to make can be made.
func TestREADMETellsTargets(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	told := regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)").FindAllStringSubmatch(readREADME(t), -1)
	if len(told) < 5 {
		t.Errorf("only %d targets told", len(told))
	}
	for _, target := range told {
		if !regexp.MustCompile(`(?m)^` + target[1] + `:.* ## `).Match(makefile) {
			t.Errorf("make %s is told, but there is no such target with a line of help", target[1])
		}
	}
}

// Its links lead somewhere.
func TestREADMELinks(t *testing.T) {
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(readREADME(t), -1) {
		if _, err := os.Stat(filepath.Join(root, link[1])); err != nil {
			t.Error(err)
		}
	}
}

// nginxOf runs the README's Nginx in front of a server, and gives its URL.
func nginxOf(t *testing.T, base string) string {
	t.Helper()
	found := regexp.MustCompile("(?s)```nginx\n(.*?)```").FindStringSubmatch(readREADME(t))
	if found == nil {
		t.Fatal("the README has no Nginx")
	}
	return startNginx(t, found[1], map[string]string{
		"server 127.0.0.1:8080;": "server " + strings.Trim(strings.TrimPrefix(base, "http:"), "/") + ";",
	})
}

// reply is one answer of Nginx, whole.
type reply struct {
	status int
	header http.Header
	body   string
}

// askPlainly asks for a URL with header fields, name and value, and takes what comes as it is.
func askPlainly(t *testing.T, url string, fields ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Set(fields[i], fields[i+1])
	}
	plain := &http.Transport{DisableCompression: true} // or it would ask for gzip by itself
	defer plain.CloseIdleConnections()
	resp, err := plain.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err = body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, body.String()}
}

// The README's Nginx keeps what may be kept, by a key without the query, and answers ranges and conditions itself.
func TestREADMENginx(t *testing.T) {
	base := startServer(t, "demo", "--cache-admit", "first")
	front := nginxOf(t, base)
	expect := func(what string, got reply, status int, cached string) {
		t.Helper()
		if x := got.header.Values("X-Cache"); got.status != status || strings.Join(x, ", ") != cached {
			t.Errorf("%s: %d, X-Cache %q; want %d, %q", what, got.status, x, status, cached)
		}
	}

	const folder = "hls/countdown/720p/"
	list := askPlainly(t, front+folder+"v1a2.m3u8")
	expect("a playlist", list, http.StatusOK, "MISS")
	expect("the playlist for another session", askPlainly(t, front+folder+"v1a2.m3u8?session=1"), http.StatusOK, "HIT")
	expect("the playlist, gzip'd", askPlainly(t, front+folder+"v1a2.m3u8", "Accept-Encoding", "gzip"), http.StatusOK, "MISS")

	segment := folder + regexp.MustCompile(`(?m)^\S+\.ts$`).FindString(list.body)
	_, want := getBody(t, base+segment)
	got := askPlainly(t, front+segment)
	expect("a segment", got, http.StatusOK, "MISS")
	if got.body != want {
		t.Errorf("the segment has %d bytes through Nginx, %d without", len(got.body), len(want))
	}
	got = askPlainly(t, front+segment, "Range", "bytes=1000-1999")
	expect("a range of it", got, http.StatusPartialContent, "HIT")
	if got.body != want[1000:2000] {
		t.Errorf("the range has %d bytes, or others", len(got.body))
	}
	expect("the segment for who has it", askPlainly(t, front+segment, "If-None-Match", got.header.Get("ETag")), http.StatusNotModified, "HIT")
	expect("no such title", askPlainly(t, front+"hls/nothing/master.m3u8"), http.StatusNotFound, "MISS")
	expect("the metrics", askPlainly(t, front+"metrics"), http.StatusNotFound, "")
	expect("the page", askPlainly(t, front), http.StatusOK, "")
}
