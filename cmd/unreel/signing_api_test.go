package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// signedNginx runs deploy/nginx/signed.conf in front of a server.
func signedNginx(t *testing.T, base string) (front string) {
	t.Helper()
	config, err := os.ReadFile(filepath.Join(root, "deploy/nginx/signed.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return startNginx(t, string(config), map[string]string{"server 127.0.0.1:8080": "server " + newGate(t, base).address()})
}

// apiCalls are what players and operators ask of /api/, by what it needs where paths are signed.
var apiCalls = []struct {
	method, path, body string
	want               int
	viewers            bool // a viewer's own: another token opens it than the rest
}{
	{http.MethodPut, "api/progress", `{"videoId":"v","userId":"u","deviceId":"d","timestamp":2}`, http.StatusOK, true},
	{http.MethodGet, "api/progress?videoId=v&userId=u", "", http.StatusOK, true},
	{http.MethodPost, "api/sessions", `{"id":"s","videoId":"v","userId":"u","state":"playing"}`, http.StatusCreated, true},
	{http.MethodPut, "api/sessions/s", `{"state":"paused"}`, http.StatusOK, true},
	{http.MethodPost, "api/events", `[{"session_id":"s","video_id":"v","event":"heartbeat","timestamp":1700000000000}]`, http.StatusAccepted, true},
	{http.MethodGet, "api/sessions", "", http.StatusOK, false},
	{http.MethodGet, "api/qoe?by=video", "", http.StatusOK, false},
	{http.MethodGet, "api/titles", "", http.StatusOK, false},
	{http.MethodDelete, "api/progress?videoId=v&userId=u", "", http.StatusNoContent, true},
}

// TestSignedAPI asks for viewers' data where paths are signed: without a token nobody has any of it, a viewer's token opens
// what is a viewer's own and no film, a title's opens none of it, one for everything opens all.
func TestSignedAPI(t *testing.T) {
	keys := keyFile(t, "a")
	base := startServer(t, "demo", "--sign-key-file", keys)
	viewer := strings.TrimPrefix(signed(t, "--sign-key-file", keys, "--print", "api"), "/")
	viewer = strings.TrimSuffix(viewer, "api/")
	all := strings.TrimPrefix(signed(t, "--sign-key-file", keys), "/")
	film, _, _ := strings.Cut(strings.TrimPrefix(signed(t, "--sign-key-file", keys, "countdown"), "/"), "/")
	expired := strings.TrimSuffix(strings.TrimPrefix(signed(t, "--sign-key-file", keys, "--print", "api", "--for", "1ns"), "/"), "api/")
	noSkew := startServer(t, "demo", "--sign-key-file", keys, "--sign-skew", "0s")
	for name, front := range map[string]string{"unreel": base, "nginx": signedNginx(t, base)} {
		for _, c := range apiCalls {
			f := func(prefix string, want int) {
				t.Helper()
				if status, _, body := call(t, c.method, front+prefix+c.path, c.body); status != want {
					t.Errorf("%s: %s /%s%s: %d %s, want %d", name, c.method, prefix, c.path, status, body, want)
				}
			}
			mine := http.StatusForbidden
			if c.viewers {
				mine = c.want
			}
			f("", http.StatusForbidden)
			f(film+"/", http.StatusForbidden)
			f(viewer, mine)
			if c.method != http.MethodDelete { // it is gone by now
				f(all, c.want)
			}
		}
		for _, path := range []string{demoMaster, "info/countdown.json", "mp4/countdown/240p.mp4"} {
			if a := askPlainly(t, front+viewer+path); a.status != http.StatusForbidden {
				t.Errorf("%s: a viewer's token opens /%s: %d", name, path, a.status)
			}
		}
	}
	if status, _, _ := call(t, http.MethodGet, noSkew+expired+"api/progress?videoId=v&userId=u", ""); status != http.StatusForbidden {
		t.Errorf("a token that has expired: %d", status)
	}
}

// TestNothingSecretIsLogged has a server log all that it can while secrets come by every way that there is: in paths, headers
// and queries, of requests that succeed, fail, and are no requests.
func TestNothingSecretIsLogged(t *testing.T) {
	keys, tokens := keyFile(t, "a", "b"), filepath.Join(t.TempDir(), "tokens")
	const bearer, password, query = "correct horse battery staple", "hunter2hunter2", "query5ecret5"
	if err := os.WriteFile(tokens, []byte(bearer+"\n"), 0o644); err != nil { // which others may read, so that it is warned of
		t.Fatal(err)
	}
	for _, format := range []string{"text", "json"} {
		p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir=", "--log-level", "debug", "--log-format", format,
			"--sign-key-file", keys, "--api-token-file", tokens, "--redis", "redis://user:"+password+"@127.0.0.1:1/0", "demo")
		base := strings.TrimSuffix(p.url(t), "/")
		var tokensOfPaths []string
		for _, args := range [][]string{nil, {"countdown"}, {"other"}, {"--print", "api"}, {"--for", "1ns", "countdown"}, {"--client", "192.0.2.7", "countdown"}} {
			tokensOfPaths = append(tokensOfPaths, signed(t, append([]string{"--sign-key-file", keys, "--print", "token"}, withoutPrint(args)...)...))
		}
		secrets := append([]string{strings.Repeat("a", 64), strings.Repeat("b", 64), bearer, password, query}, tokensOfPaths...)
		for _, token := range tokensOfPaths {
			signedPrefix := "/signed-" + token
			for _, tail := range []string{
				"/", "/hls/countdown/master.m3u8", "/cmaf/countdown/manifest.mpd", "/hls/countdown/1080p/0000000000000000/v1a2-0-0-1-00.ts", "/mp4/countdown/240p.mp4", "/info/countdown.json", "/api/titles", "/api/progress",
				"/api/sessions", "/nothing", "", "%2Fhls/countdown/master.m3u8", "/" + strings.TrimPrefix(signedPrefix, "/") + "/hls/x/master.m3u8", "//hls/countdown/master.m3u8", "/metrics", "/healthz", "/auth",
			} {
				address := base + signedPrefix + tail + "?token=" + query
				askPlainly(t, address, "Authorization", "Bearer "+bearer, "Range", "bytes=0-9", "Cookie", "s="+query, "X-Original-URI", signedPrefix+tail+"?t="+query)
				askPlainly(t, address, "Authorization", "Bearer "+bearer+"x", "Referer", base+signedPrefix+"/", "If-None-Match", `"`+query+`"`)
			}
			_, _, _ = call(t, http.MethodPut, base+signedPrefix+"/api/progress", fmt.Sprintf(`{"videoId":%q,"timestamp":1}`, token))
			_, _, _ = call(t, http.MethodPost, base+signedPrefix+"/api/sessions/s", "{"+query)
			for _, before := range []string{"/vod", "/", "/hls/film", "/info", "/api/sessions"} {
				askPlainly(t, base+before+signedPrefix+"/hls/countdown/master.m3u8")
				askPlainly(t, base+before+"/%53igned-"+token+"/../master.m3u8")
			}
			exchangeRaw(t, base, "GET "+signedPrefix+"/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			exchangeRaw(t, base, "G@T "+signedPrefix+"/hls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+bearer+"\r\nConnection: close\r\n\r\n")
		}
		p.end(t)
		log := p.stderr.String()
		if strings.Count(log, "\n") < 100 {
			t.Errorf("%s: hardly anything is logged:\n%s", format, log)
		}
		for _, secret := range secrets {
			for _, form := range []string{secret, strings.ReplaceAll(secret, " ", "%20"), secret[max(0, len(secret)-20):]} {
				if i := strings.Index(log, form); i >= 0 {
					t.Errorf("%s: a secret is logged: …%s…", format, log[max(0, i-300):min(len(log), i+100)])
					break
				}
			}
		}
	}
}

// withoutPrint makes a scope of what isn't printed as such: --print token stands before.
func withoutPrint(args []string) []string {
	if len(args) > 0 && args[0] == "--print" {
		return nil
	}
	return args
}
