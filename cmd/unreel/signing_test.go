package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// keyFile writes a file of keys, each of one letter of hexadecimal over and over.
func keyFile(t *testing.T, letters ...string) string {
	t.Helper()
	var text strings.Builder
	for _, letter := range letters {
		text.WriteString(strings.Repeat(letter, 64) + "\n")
	}
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// signed is what `unreel sign` prints.
func signed(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append([]string{"sign"}, args...), &stdout, &stderr, environment(nil)); code != exitOK || stderr.Len() > 0 {
		t.Fatalf("sign %q: %d %s", args, code, stderr.String())
	}
	return strings.TrimSpace(stdout.String())
}

// TestSign prints paths that a server with the same keys serves, in all forms.
func TestSign(t *testing.T) {
	keys := keyFile(t, "a")
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir=", "--sign-key-file", keys, "demo")
	base := strings.TrimSuffix(p.url(t), "/")
	f := func(want int, args ...string) (body string) {
		t.Helper()
		address := signed(t, append([]string{"--sign-key-file", keys, "--base", base + "/"}, args...)...)
		status, body := getBody(t, address)
		if status != want {
			t.Errorf("%s: %d %s", address, status, body)
		}
		return body
	}
	f(http.StatusOK, "countdown")
	f(http.StatusOK, "--print", "cmaf", "countdown")
	f(http.StatusOK, "--print", "dash", "countdown")
	f(http.StatusOK, "--client", "127.0.0.1", "countdown")
	f(http.StatusForbidden, "--client", "127.0.0.2", "countdown")
	f(http.StatusNotFound, "other") // its token opens it, but it isn't there
	if body := f(http.StatusOK); !strings.Contains(body, "<title>") {
		t.Errorf("without a title it is no page: %.100s", body)
	}
	if status, _ := getBody(t, base+"/hls/countdown/master.m3u8"); status != http.StatusForbidden {
		t.Errorf("the bare path: %d", status)
	}
	token := signed(t, "--sign-key-file", keys, "--print", "token", "countdown")
	if !regexp.MustCompile(`^[-\w]{32}$`).MatchString(token) {
		t.Errorf("token %q", token)
	}
	if log := p.stderr.String(); strings.Contains(log, "signed-") || strings.Contains(log, "aaaaaaaa") {
		t.Errorf("a secret is in the log:\n%s", log)
	}
	if got := signed(t, "--sign-key-file", keys, "a b/ü?"); !strings.HasSuffix(got, "/hls/a%20b/%C3%BC%3F/master.m3u8") {
		t.Errorf("a title's odd characters: %s", got)
	}
}

// TestSignNothing: a script whose variable is empty must not get a token for everything.
func TestSignNothing(t *testing.T) {
	keys := keyFile(t, "a")
	for _, title := range []string{"", "/", "//"} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"sign", "--sign-key-file", keys, title}, &stdout, &stderr, environment(nil)); code != exitUsage || stdout.Len() > 0 {
			t.Errorf("%q: %d %s%s", title, code, stdout.String(), stderr.String())
		}
	}
}

// TestKeysRotate plays with tokens of the old key after the new one came, until the old one goes.
func TestKeysRotate(t *testing.T) {
	before, during, after := keyFile(t, "a"), keyFile(t, "b", "a"), keyFile(t, "b")
	path := strings.TrimPrefix(signed(t, "--sign-key-file", before, "countdown"), "/")
	for file, want := range map[string]int{before: http.StatusOK, during: http.StatusOK, after: http.StatusForbidden} {
		if status, _ := getBody(t, startServer(t, "demo", "--sign-key-file", file)+path); status != want {
			t.Errorf("%d, want %d", status, want)
		}
	}
}

// TestSecretsThatAreNone tells what is wrong, and no secret.
func TestSecretsThatAreNone(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	writeFile(t, short, "5ec2e75ec2e7")
	for want, args := range map[string][]string{
		"sign-key-file: stat /nowhere: no such":     {"--sign-key-file", "/nowhere", "demo"},
		"a key of 6 bytes":                          {"--sign-key-file", short, "demo"},
		"a token of 12 characters":                  {"--api-token-file", short, "demo"},
		"trusted-proxy: \"x\" is no address":        {"--trusted-proxy", "x", "demo"},
		"max-inflight: -1 is negative":              {"--max-inflight", "-1", "demo"},
		"metrics-listen: \"x\" is no address":       {"--metrics-listen", "x", "demo"},
		"sign-skew: -1s is negative":                {"--sign-skew", "-1s", "demo"},
		"sign-key-file: which?":                     {"sign", "demo"},
		"for: 0s is not above zero":                 {"sign", "--sign-key-file", short, "--for", "0s"},
		"client: \"x\" is no address":               {"sign", "--sign-key-file", short, "--client", "x"},
		"print: api is of no title, film":           {"sign", "--sign-key-file", short, "--print", "api", "film"},
		"print: \"x\" is none of hls, cmaf, dash":   {"sign", "--sign-key-file", short, "--print", "x"},
		"one title at a time, not 2: a b":           {"sign", "--sign-key-file", short, "a", "b"},
		"sign-key-file: " + short + ": line 1 is a": {"sign", "--sign-key-file", short, "a"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append(args[:len(args):len(args)], listenArgs(args)...), &stdout, &stderr, environment(nil))
		if said := stderr.String(); code == exitOK || !strings.Contains(said, want) || strings.Contains(said, "5ec2e7") {
			t.Errorf("%q: %d, want %q:\n%s", args, code, want, said)
		}
	}
}

// listenArgs keeps a server that starts in spite of a mistake away from the usual port.
func listenArgs(args []string) []string {
	if args[0] == "sign" {
		return nil
	}
	return []string{"--listen", "127.0.0.1:0"}
}

// TestMetricsAside serves them on another address and nowhere else; a bearer opens the API.
func TestMetricsAside(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	writeFile(t, tokens, "# for the dashboard\ncorrect horse battery staple\n")
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir=", "--metrics-listen", "127.0.0.1:0", "--api-token-file", tokens, "demo")
	base := p.url(t)
	var aside []string
	for deadline := time.After(time.Minute); aside == nil; { // it may come after the line that url waits for
		more := p.stderr.more()
		if aside = regexp.MustCompile(`msg="listening aside" address=(\S+)`).FindStringSubmatch(p.stderr.String()); aside != nil {
			break
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("the log doesn't say where:\n%s", p.stderr.String())
		}
	}
	if status, body := getBody(t, "http://"+aside[1]+"/metrics"); status != http.StatusOK || !strings.Contains(body, "unreel_build_info") {
		t.Errorf("aside: %d %.100s", status, body)
	}
	for path, want := range map[string]int{"metrics": http.StatusNotFound, "api/titles": http.StatusUnauthorized, "hls/countdown/master.m3u8": http.StatusOK} {
		if status, _ := getBody(t, base+path); status != want {
			t.Errorf("/%s: %d, want %d", path, status, want)
		}
	}
	if a := askPlainly(t, base+"api/titles", "Authorization", "Bearer correct horse battery staple"); a.status != http.StatusOK {
		t.Errorf("with the token: %d", a.status)
	}
}

// TestNginxChecksTokens puts deploy/nginx/signed.conf in front: one copy for all tokens, and none for who has no good one.
func TestNginxChecksTokens(t *testing.T) {
	keys := keyFile(t, "a")
	base := startServer(t, "demo", "--cache-admit", "first", "--sign-key-file", keys, "--trusted-proxy", "127.0.0.0/8", "--sign-skew", "0s")
	g := newGate(t, base)
	config, err := os.ReadFile(filepath.Join(root, "deploy/nginx/signed.conf"))
	if err != nil {
		t.Fatal(err)
	}
	front := startNginx(t, string(config), map[string]string{"server 127.0.0.1:8080": "server " + g.address()})

	mine := strings.TrimPrefix(signed(t, "--sign-key-file", keys, "countdown"), "/")
	hers := strings.TrimPrefix(signed(t, "--sign-key-file", keys, "--for", "7h", "countdown"), "/")
	segment := piecesOf(t, base, mine)[0]
	first := askPlainly(t, front+segment)
	cached(t, "a segment", first, http.StatusOK, "MISS")
	_, below, _ := strings.Cut(segment, "/")
	herToken, _, _ := strings.Cut(hers, "/")
	second := askPlainly(t, front+herToken+"/"+below+"?CMCD=x")
	cached(t, "the same with another token", second, http.StatusOK, "HIT")
	if second.body != first.body || len(first.body) == 0 {
		t.Errorf("%d bytes, then %d", len(first.body), len(second.body))
	}
	for _, master := range []string{mine, hers} {
		if a := askPlainly(t, front+master); a.status != http.StatusOK || !strings.Contains(a.body, "#EXTM3U") {
			t.Errorf("%s: %d", master, a.status)
		}
	}
	for _, file := range []string{"/mp4/countdown/720p.mp4", "/cmaf/countdown/720p/0123456789abcdef/6000-0123abcd/v1.mp4"} {
		if a := askPlainly(t, front+herToken+file, "Range", "bytes=5-6"); a.header.Get("X-Cache-Status") != "BYPASS" {
			t.Errorf("%s, a whole film, is held in buffers: %d", file, a.status)
		}
	}
	reached := g.count(segment)

	other, _, _ := strings.Cut(strings.TrimPrefix(signed(t, "--sign-key-file", keys, "other"), "/"), "/")
	forged, _, _ := strings.Cut(strings.TrimPrefix(signed(t, "--sign-key-file", keyFile(t, "b"), "countdown"), "/"), "/")
	elsewhere, _, _ := strings.Cut(strings.TrimPrefix(signed(t, "--sign-key-file", keys, "--client", "192.0.2.7", "countdown"), "/"), "/")
	expired, _, _ := strings.Cut(strings.TrimPrefix(signed(t, "--sign-key-file", keys, "--for", "1ns", "countdown"), "/"), "/")
	for name, path := range map[string]string{
		"no token": below, "another title's": other + "/" + below, "another key's": forged + "/" + below, "no token at all": "signed-/" + below,
		"another client's": elsewhere + "/" + below, "expired": expired + "/" + below, "slashes": herToken + "//" + below,
		"a bare path behind another": other + "/hls/../" + below, "escaped": other + "/%2e%2e/" + herToken + "/" + below,
	} {
		a := askPlainly(t, front+path, "X-Forwarded-For", "192.0.2.7")
		if a.status != http.StatusForbidden && a.status != http.StatusNotFound && a.status != http.StatusBadRequest || len(a.body) > 1000 {
			t.Errorf("%s: %d, %d bytes", name, a.status, len(a.body))
		}
		if name != "slashes" && !strings.Contains(name, "behind") && name != "escaped" && name != "no token at all" && a.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	for _, path := range []string{"auth", "unreel-auth", "metrics", "signed-x/metrics", "signed-x/auth"} {
		if a := askPlainly(t, front+path, "X-Original-URI", "/"+segment); a.status != http.StatusNotFound {
			t.Errorf("/%s: %d", path, a.status)
		}
	}
	if n := g.count(segment); n != reached {
		t.Errorf("the segment reached unreel %d times more", n-reached)
	}
}
