package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// How many connections the tests of many open; 10000 and 2000 are what the machine of a small origin should bear.
var (
	idleClients   = flag.Int("idle-clients", 1000, "connections that ask for nothing")
	activeClients = flag.Int("active-clients", 200, "connections that each take a segment slowly")
)

// exchangeRaw sends bytes as they stand and gives all that comes back until the server closes. It hangs up itself after
// what is no whole request: who does so after one is taken for a client that left.
func exchangeRaw(t *testing.T, base, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(base, "http:"), "/"))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	if err = conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Error(err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, request) // the server may answer, and close, before it took all
		if !strings.Contains(request, "\r\n\r\n") {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	var answer bytes.Buffer
	_, err = io.Copy(&answer, conn)
	<-sent
	if err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("%.60q: %v after %.200q", request, err, answer.String())
	}
	return answer.String()
}

// statusOf is the status of a raw answer, 0 where there is none.
func statusOf(answer string) int {
	fields := strings.Fields(answer)
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/") {
		return 0
	}
	n, _ := strconv.Atoi(fields[1])
	return n
}

const secret = "the secret beside the library"

// TestTraversal asks for what lies outside of the library, or hidden within, in every spelling: nothing of it ever comes,
// and no answer is one of ours failing.
func TestTraversal(t *testing.T) {
	root := t.TempDir()
	library := filepath.Join(root, "library")
	film := testmedia.H264AAC(2).Bytes()
	outside := append(bytes.Clone(film), testmedia.Box("free", []byte(secret))...)
	for name, body := range map[string][]byte{
		"library/film.mp4": film, "library/dir/1080p.mp4": film, "secret.mp4": outside, "library/.hidden.mp4": outside,
		"library/.git/secret.mp4": outside, "library/dir/.1080p.mp4.part": outside, "library/dir/notes.txt": []byte(secret),
	} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"linked.mp4": "../secret.mp4", "up": "..", "absolute.mp4": filepath.Join(root, "secret.mp4"), "loop": "."} {
		if err := os.Symlink(target, filepath.Join(library, link)); err != nil {
			t.Fatal(err)
		}
	}
	base := startServer(t, library)

	names := []string{"secret", ".hidden", ".git/secret", "dir/.1080p", "dir/notes.txt", "linked", "up/secret", "absolute", "up/library/film", "etc/passwd"}
	for _, up := range []string{
		"..", "%2e%2e", "%2E.", "%252e%252e", "..%2f..", "..%5c..", `..\..`, "%c0%ae%c0%ae", "%u002e%u002e", "..;", "....", "..%00", "%00..",
		".", "%2e", "", "film/..", "dir/../..", "dir%2f..%2f..", "film.mp4/..", "%2f", "C:", "file:",
	} {
		for _, name := range names[:4] {
			names = append(names, up+"/"+name, up+"%2f"+name, up+`\`+name, up+"%5c"+name)
		}
	}
	names = append(names, root+"/secret", "/"+root+"/secret", strings.ReplaceAll(root, "/", "%2f")+"%2fsecret", "secret%00", "film%00.mp4", "film/")
	for _, name := range names {
		for _, form := range []string{"/hls/%s/master.m3u8", "/cmaf/%s/master.m3u8", "/cmaf/%s/manifest.mpd", "/mp4/%s/1080p.mp4", "/mp4/%s.mp4", "/info/%s.json", "/%s.mp4", "/%s"} {
			path := fmt.Sprintf(form, name)
			answer := exchangeRaw(t, base, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if status := statusOf(answer); status < 400 || status >= 500 || strings.Contains(answer, secret) {
				if form == "/%s" && statusOf(answer) == http.StatusOK && !strings.Contains(answer, secret) && strings.Trim(name, "/") == "" {
					continue // the page
				}
				t.Errorf("GET %s: %.300s", path, answer)
			}
		}
	}
	if titles, err := titlesAt(t.Context(), newClient(t), base); err != nil || strings.Join(titles, " ") != "dir film" {
		t.Errorf("the titles are %q, %v", titles, err)
	}
}

// TestOverlong sends more than any request needs.
func TestOverlong(t *testing.T) {
	base := startServer(t, "demo")
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		request string
		want    []int
	}{
		"a title of 8 kB":         {"GET /hls/" + long(8<<10) + "/master.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{404}},
		"a title of escapes":      {"GET /hls/" + strings.Repeat("%ff", 4<<10) + "/master.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{404}},
		"a path of slashes":       {"GET /hls" + strings.Repeat("/", 8<<10) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{404}},
		"a URL of 1 MB":           {"GET /hls/" + long(1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{431, 0}},
		"a URL without an end":    {"GET /" + long(8<<20), []int{431, 0}},
		"a method of 1 MB":        {long(1<<20) + " / HTTP/1.1\r\nHost: x\r\n\r\n", []int{431, 400, 0}},
		"a header of 1 MB":        {"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + long(1<<20) + "\r\n\r\n", []int{431, 0}},
		"20,000 headers":          {"GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 20000) + "\r\n", []int{431, 0}},
		"a Host of 10 kB":         {"GET / HTTP/1.1\r\nHost: " + long(10<<10) + "\r\nConnection: close\r\n\r\n", []int{200, 400}},
		"a range of 10 kB digits": {"GET /mp4/countdown/720p.mp4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=" + strings.Repeat("9", 10<<10) + "-\r\n\r\n", []int{200, 416}},
		"a query of 10 kB":        {"GET /api/titles?q=" + long(10<<10) + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", []int{200, 400}},
		"a tag of 10 kB":          {"GET /hls/countdown/master.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: \"" + long(10<<10) + "\"\r\n\r\n", []int{200}},
		"10 kB of tags":           {"GET /hls/countdown/master.m3u8 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-None-Match: " + strings.Repeat(`"",`, 3<<10) + "\r\n\r\n", []int{200}},
	} {
		answer := exchangeRaw(t, base, c.request)
		found := false
		for _, want := range c.want {
			found = found || statusOf(answer) == want
		}
		if !found {
			t.Errorf("%s: %.200q, want one of %v", name, answer, c.want)
		}
	}
	if status, _ := getBody(t, base+"healthz"); status != http.StatusOK {
		t.Error("it lives no more")
	}
}

// TestTenThousandRanges asks for as many as fit in a header, of all that has ranges: whatever is answered is no longer than
// the body and what frames a few parts.
func TestTenThousandRanges(t *testing.T) {
	base := startServer(t, "demo")
	segment := "/" + piecesOf(t, base, demoMaster)[0]
	for _, path := range []string{segment, "/hls/countdown/master.m3u8", "/mp4/countdown/720p.mp4"} {
		_, whole := getBody(t, strings.TrimSuffix(base, "/")+path)
		for name, set := range map[string]string{
			"10,000 small ones": strings.Repeat("0-0,", 10_000), "3,500 small ones": strings.Repeat("1-2,", 3500), "the whole, 3,500 times": strings.Repeat("0-,", 3500),
			"suffixes": strings.Repeat("-1,", 4000), "commas": strings.Repeat(",", 12_000), "overlapping": "0-100," + strings.Repeat("50-200,", 1500), "backwards": strings.Repeat("9-1,", 3000),
		} {
			answer := exchangeRaw(t, base, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes="+set+"5-9\r\n\r\n")
			switch status := statusOf(answer); {
			case status == http.StatusRequestHeaderFieldsTooLarge, status == 0 && name == "10,000 small ones":
			case status != http.StatusOK && status != http.StatusPartialContent && status != http.StatusRequestedRangeNotSatisfiable,
				len(answer) > len(whole)+16<<10:
				t.Errorf("%s of %s: %d, %d bytes for a body of %d", name, path, status, len(answer), len(whole))
			}
		}
	}
}

// TestOldAndOddHTTP speaks as old clients do, and as none should.
func TestOldAndOddHTTP(t *testing.T) {
	base := startServer(t, "demo")
	const list = "/hls/countdown/master.m3u8"
	_, whole := getBody(t, base+list[1:])
	for name, c := range map[string]struct {
		request string
		answers int // complete ones with the playlist
	}{
		"HTTP/1.0":                         {"GET " + list + " HTTP/1.0\r\n\r\n", 1},
		"HTTP/1.0 that stays":              {"GET " + list + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET " + list + " HTTP/1.0\r\n\r\n", 2},
		"HTTP/1.0 with a Host":             {"GET " + list + " HTTP/1.0\r\nHost: x\r\n\r\nGET " + list + " HTTP/1.0\r\n\r\n", 1},
		"an absolute URL":                  {"GET http://x" + list + " HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n", 1},
		"another host's absolute URL":      {"GET https://user:pass@y" + list + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1},
		"HTTP/0.9":                         {"GET " + list + "\r\n\r\n", 0},
		"HTTP/2's preface":                 {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
		"HTTP/1.2":                         {"GET " + list + " HTTP/1.2\r\nHost: x\r\nConnection: close\r\n\r\n", 1},
		"HTTP/9.9":                         {"GET " + list + " HTTP/9.9\r\nHost: x\r\n\r\n", 0},
		"no Host":                          {"GET " + list + " HTTP/1.1\r\n\r\n", 0},
		"two Hosts":                        {"GET " + list + " HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 0},
		"TLS":                              {"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 0},
		"nothing":                          {"", 0},
		"zeros":                            {strings.Repeat("\x00", 4096), 0},
		"a space in the path":              {"GET /hls/a b HTTP/1.1\r\nHost: x\r\n\r\n", 0},
		"CONNECT":                          {"CONNECT y:443 HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n", 0},
		"a folded header":                  {"GET " + list + " HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nConnection: close\r\n\r\n", 1},
		"empty lines in front":             {"\r\n\r\nGET " + list + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 0},
		"a fragment in the target":         {"GET " + list + "#x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 0},
		"fifty of them, one after another": {strings.Repeat("GET "+list+" HTTP/1.1\r\nHost: x\r\n\r\n", 49) + "GET " + list + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 50},
	} {
		answer := exchangeRaw(t, base, c.request)
		if n := strings.Count(answer, whole); n != c.answers || strings.Contains(answer, " 500 ") {
			t.Errorf("%s: %d playlists, want %d:\n%.300q", name, n, c.answers, answer)
		}
	}
}

// TestSmuggling sends requests whose length two servers could read differently, each with another request inside. One answer
// comes, or none, and then the connection ends: the inner one is never answered.
func TestSmuggling(t *testing.T) {
	base := startServer(t, "demo")
	const inner = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	var all sync.WaitGroup
	for name, head := range map[string]string{
		"both lengths":                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"both lengths, turned":        "Transfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n0\r\n\r\n",
		"two lengths":                 "Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
		"a list of lengths":           "Content-Length: 0, 40\r\n\r\n",
		"a negative length":           "Content-Length: -1\r\n\r\n",
		"a length with a plus":        "Content-Length: +0\r\n\r\n",
		"a length in hexadecimal":     "Content-Length: 0x0\r\n\r\n",
		"a length past 2^64":          "Content-Length: 18446744073709551616\r\n\r\n",
		"chunked twice":               "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
		"chunked and identity":        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"chunked, not quite":          "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"chunked behind a tab":        "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
		"chunked behind a vertical":   "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
		"a space before the colon":    "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"a bare line feed":            "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a carriage return within":    "X: y\rContent-Length: 40\r\n\r\n",
		"a chunk without an end":      "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"a chunk of a negative size":  "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n",
		"a chunk's long extension":    "Transfer-Encoding: chunked\r\n\r\n0;" + strings.Repeat("x", 10<<10) + "\r\n\r\n",
		"a body that is announced":    "Content-Length: 5\r\n\r\nhello",
		"a body that is chunked":      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"a trailer":                   "Transfer-Encoding: chunked\r\nTrailer: Host\r\n\r\n0\r\nHost: y\r\n\r\n",
		"an upgrade":                  "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
		"a body that waits for a 100": "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	} {
		for _, method := range []string{"GET /api/titles", "HEAD /api/titles", "POST /api/titles", "OPTIONS /api/titles", "GET /nothing"} {
			all.Go(func() {
				answer := exchangeRaw(t, base, method+" HTTP/1.1\r\nHost: x\r\n"+head+inner)
				answers := strings.Count(answer, "HTTP/1.1 ") - strings.Count(answer, "HTTP/1.1 100")
				if answers > 1 || strings.Contains(answer, "ok, unreel") || statusOf(answer) >= 500 && statusOf(answer) != http.StatusNotImplemented {
					t.Errorf("%s, %s: %d answers:\n%.600q", method, name, answers, answer)
				}
			})
		}
	}
	all.Wait()
}

// TestSlowHeaders sends a header a byte at a time: it is cut after a while, however patient the client.
func TestSlowHeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes the 5 s of the server's patience")
	}
	base := startServer(t, "demo")
	conn, err := net.Dial("tcp", strings.Trim(strings.TrimPrefix(base, "http:"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's connection
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	header := "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: " + strings.Repeat("y", 10_000)
	for _, c := range []byte(header) {
		if _, err = conn.Write([]byte{c}); err != nil {
			return // cut, as it should be
		}
		<-tick.C
		if err = conn.SetReadDeadline(time.Now().Add(time.Microsecond)); err != nil {
			t.Fatal(err)
		}
		if _, err = conn.Read(make([]byte, 1)); err == nil || err == io.EOF { //nolint:errorlint // net.Conn gives it bare
			return
		}
	}
	t.Error("a header of 10,000 bytes, at 20 a second, was awaited to its end")
}

// heap is what lives, after what doesn't was collected.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestIdleClients keeps many connections that ask for nothing more, after one request each. They cost little, and others are
// served as ever. In this process are both ends: a client's is counted in.
func TestIdleClients(t *testing.T) {
	const most = 64 << 10 // bytes for both ends of a connection
	base := startServer(t, "demo")
	address := strings.Trim(strings.TrimPrefix(base, "http:"), "/")
	before := heap()
	for range *idleClients {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if status, failed := bufio.NewReaderSize(conn, 16).ReadString('\n'); failed != nil || !strings.Contains(status, "200") {
			t.Fatalf("%q, %v", status, failed)
		}
	}
	each := (heap() - before) / int64(*idleClients)
	if each > most {
		t.Errorf("%d bytes for each of %d idle connections", each, *idleClients)
	}
	t.Logf("%d bytes for each of %d idle connections, both ends", each, *idleClients)
	if status, _ := getBody(t, base+"hls/countdown/master.m3u8"); status != http.StatusOK {
		t.Errorf("beside them: %d", status)
	}
}

// TestActiveClients has many take a segment at the same time, all half-way through before any goes on: the memory that they
// hold doesn't depend on what a segment weighs, and all get it whole.
func TestActiveClients(t *testing.T) {
	const most = 512 << 10 // bytes for both ends of a connection: a block, and buffers
	dir := bigFilm(t)
	base, _ := serveFaulty(t, dir, "--cache-size=0")
	ctx, cancel := context.WithTimeout(t.Context(), crowdLimit)
	defer cancel()
	segment := firstSegment(ctx, t, base)
	client := newClient(t)
	client.Transport.(*http.Transport).DialContext = narrow
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = *activeClients
	want, err := ask(ctx, client, http.MethodGet, segment)
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	var half, all sync.WaitGroup
	goOn := make(chan struct{})
	half.Add(*activeClients)
	for range *activeClients {
		all.Go(func() {
			same := &comparing{want: want.body}
			reached := sync.OnceFunc(half.Done)
			defer reached()
			req, failed := http.NewRequestWithContext(ctx, http.MethodGet, segment, nil)
			if failed != nil {
				t.Error(failed)
				return
			}
			resp, failed := client.Do(req)
			if failed != nil {
				t.Error(failed)
				return
			}
			defer resp.Body.Close()
			if _, failed = io.CopyN(same, resp.Body, 64<<10); failed != nil {
				t.Error(resp.Status, failed)
				return
			}
			reached()
			<-goOn
			if _, failed = io.Copy(same, resp.Body); failed != nil || len(same.want) != 0 {
				t.Errorf("%v, %d bytes are missing", failed, len(same.want))
			}
		})
	}
	half.Wait()
	each := (heap() - before) / int64(*activeClients)
	close(goOn)
	all.Wait()
	if each > most {
		t.Errorf("%d bytes for each of %d clients that are half-way through", each, *activeClients)
	}
	t.Logf("%d bytes for each of %d clients that are half-way through, both ends", each, *activeClients)
}

// TestStampedeOnAColdTitle has 200 clients ask at once for a title that nobody has asked for before: its file is read once.
func TestStampedeOnAColdTitle(t *testing.T) {
	dir := bigFilm(t)
	once := func(n int) int64 {
		base, storage := serveFaulty(t, dir)
		storage.through(slowSource)
		var all sync.WaitGroup
		barrier := make(chan struct{})
		for i := range n {
			client, path := newClient(t), []string{"hls/film/master.m3u8", "cmaf/film/master.m3u8", "cmaf/film/manifest.mpd", "info/film.json"}[i%4]
			all.Go(func() {
				<-barrier
				if a, err := ask(t.Context(), client, http.MethodGet, base+path); err != nil || a.status != http.StatusOK {
					t.Errorf("%s: %d %v", path, a.status, err)
				}
			})
		}
		close(barrier)
		all.Wait()
		return storage.bytes()
	}
	if few, many := once(4), once(200); many != few {
		t.Errorf("%d bytes were read for 200 clients, %d for one of each document", many, few)
	}
}
