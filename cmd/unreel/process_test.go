package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"unreel/demux/testmedia"
)

// TestMain is the program itself where a test started it so: signals and exit codes belong to processes.
func TestMain(m *testing.M) {
	if os.Getenv("UNREEL_TEST_AS_PROGRAM") != "" {
		main()
	}
	quietLibraries()
	// No test leaves anything in the home of whoever runs it.
	state, err := os.MkdirTemp("", "unreel-state")
	if err == nil {
		err = os.Setenv("XDG_STATE_HOME", state)
	}
	code := m.Run()
	if err = errors.Join(err, os.RemoveAll(state)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code) //nolint:forbidigo // this is the tests' main
}

// process is the program in a process of its own.
type process struct {
	*exec.Cmd
	url    string
	stderr bytes.Buffer
}

// startProcess waits until the program has said where it serves.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return startProcessBy(t, nil, args...)
}

// startProcessBy has another command run it, given as the last arguments of that.
func startProcessBy(t *testing.T, by []string, args ...string) *process {
	t.Helper()
	line := slices.Concat(by, []string{os.Args[0]}, args)
	p := &process{Cmd: exec.CommandContext(t.Context(), line[0], line[1:]...)}
	p.Env = append(os.Environ(), "UNREEL_TEST_AS_PROGRAM=1")
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = p.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if url, ok := strings.CutPrefix(lines.Text(), "Open "); ok {
			p.url = url
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return p
		}
	}
	_ = p.Wait()
	t.Fatalf("unreel %q did not serve:\n%s", args, p.stderr.String())
	return nil
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// code waits for the end.
func (p *process) code(t *testing.T) int {
	t.Helper()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}

// heavyLibrary holds a film whose only segment is larger than the buffers of any socket.
func heavyLibrary(t *testing.T) string {
	t.Helper()
	video := testmedia.Video(60, 720, 1)
	for i := range video.Samples {
		video.Samples[i].Size, video.Samples[i].NALs = 1<<20, nil
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "heavy", "720p.mp4"), string(testmedia.Movie{Tracks: []testmedia.Track{video}}.Bytes()))
	return dir
}

// slowRequest asks for that segment and takes only its header: the request is under way until the body is read.
func slowRequest(t *testing.T, base string) (body io.Reader, size int64) {
	t.Helper()
	folder := base + "hls/heavy/720p/"
	_, list := getBody(t, folder+"v1.m3u8")
	segment := regexp.MustCompile(`(?m)^\S+\.ts$`).FindString(list)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, folder+segment, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.ContentLength < 60<<20 {
		t.Fatalf("%s of %d bytes; the playlist is\n%s", resp.Status, resp.ContentLength, list)
	}
	return resp.Body, resp.ContentLength
}

func TestSignalDrains(t *testing.T) {
	dir := heavyLibrary(t)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		if signal.Ignored(s) { // below nohup, of which the program hears as we do
			continue
		}
		p := startProcess(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "1s", dir)
		body, size := slowRequest(t, p.url)
		p.signal(t, s)
		for { // /readyz says no while the server still serves
			if status, _ := getBody(t, p.url+"readyz"); status == http.StatusServiceUnavailable {
				break
			}
		}
		if status, _ := getBody(t, p.url+"hls/heavy/master.m3u8"); status != http.StatusOK {
			t.Errorf("%v: while draining, a master answers %d", s, status)
		}
		if n, err := io.Copy(io.Discard, body); err != nil || n != size {
			t.Errorf("%v: a request under way got %d bytes of %d, %v", s, n, size, err)
		}
		if code := p.code(t); code != exitOK {
			t.Errorf("%v: exit code %d\n%s", s, code, p.stderr.String())
		}
	}
}

func TestSecondSignalExits(t *testing.T) {
	p := startProcess(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "1h", "demo")
	begin := time.Now()
	p.signal(t, syscall.SIGTERM)
	for {
		if status, _ := getBody(t, p.url+"readyz"); status == http.StatusServiceUnavailable {
			break
		}
	}
	p.signal(t, syscall.SIGINT)
	if code := p.code(t); code != 130 || time.Since(begin) > 30*time.Second {
		t.Errorf("exit code %d after %v, want 130 at once", code, time.Since(begin))
	}
}

// What does not end in time is cut, and the exit is no failure: somebody asked for it.
func TestDrainTimeoutCuts(t *testing.T) {
	p := startProcess(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "0s", "--drain-timeout", "100ms", heavyLibrary(t))
	body, size := slowRequest(t, p.url)
	p.signal(t, syscall.SIGTERM)
	code := p.code(t)
	if n, err := io.Copy(io.Discard, body); err == nil {
		t.Errorf("a request that did not end in time got %d bytes of %d and no error", n, size)
	}
	if code != exitOK {
		t.Errorf("exit code %d\n%s", code, p.stderr.String())
	}
}

func TestHealthcheck(t *testing.T) {
	base := startServer(t, "demo")
	address := strings.TrimSuffix(strings.TrimPrefix(base, "http://"), "/")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"healthcheck", "--listen", address}, &stdout, &stderr, environment(nil)); code != exitOK {
		t.Errorf("code %d, %s", code, stderr.String())
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := environment(map[string]string{"UNREEL_LISTEN": free.Addr().String()})
	free.Close()
	if code := run(t.Context(), []string{"healthcheck"}, &stdout, &stderr, nobody); code != exitError || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("nobody listens: code %d, %q; want %d and one line", code, stderr.String(), exitError)
	}
}

func TestLocalURL(t *testing.T) {
	for address, want := range map[string]string{
		":8080": "http://localhost:8080/", "0.0.0.0:80": "http://localhost:80/", "[::]:8080": "http://localhost:8080/",
		"127.0.0.1:1": "http://127.0.0.1:1/", "[::1]:1": "http://[::1]:1/", "films.example:1": "http://films.example:1/",
	} {
		if got := localURL(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestWhatCannotBeServed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	gone := filepath.Join(t.TempDir(), "gone")
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"a port in use", []string{"--listen", taken.Addr().String(), "demo"}, []string{taken.Addr().String(), "another program"}},
		{"a port in use, for profiles", []string{"--listen", "127.0.0.1:0", "--pprof-listen", taken.Addr().String(), "demo"}, []string{taken.Addr().String(), "another program"}},
		{"no such directory", []string{gone}, []string{gone, "no such file or directory"}},
		{"a file", []string{"demo/countdown/240p.mp4"}, []string{"is a file", "unreel inspect", "unreel demo/countdown serves"}},
		{"inspect: no such file", []string{"inspect", gone}, []string{gone, "no such file or directory"}},
		{"inspect: no films", []string{"inspect", t.TempDir()}, []string{"no films"}},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), c.args, &stdout, &stderr, environment(map[string]string{"UNREEL_LOG_LEVEL": "error"}))
		if code != exitError || stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%s: code %d, stdout %q, stderr %q; want code 1 and one line", c.name, code, &stdout, &stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%s: %q doesn't say %q", c.name, &stderr, want)
			}
		}
	}
}

func TestProfiles(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	base := startServer(t, "demo", "--pprof-listen", address)
	if status, body := getBody(t, "http://"+address+"/debug/pprof/goroutine?debug=1"); !strings.Contains(body, "goroutine profile") {
		t.Errorf("%d\n%.200s", status, body)
	}
	if status, _ := getBody(t, base+"debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("profiles on the public address: %d", status)
	}
}

func TestAnnounceAnEmptyLibrary(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "0s", t.TempDir())
	p.url(t)
	if !strings.HasPrefix(p.stdout.String(), "No titles in ") {
		t.Errorf("%q", &p.stdout)
	}
}

func TestAnnounceTheFirstOfMany(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d", "e\x1b[31m", "f", "g"} {
		writeFile(t, filepath.Join(dir, name+".mp4"), "")
	}
	p := start(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "0s", dir)
	url := p.url(t)
	if want := "7 titles in " + dir + ":\n  a\n  b\n  c\n  d\n  e\uFFFD[31m\n  and 2 more\nOpen " + url + "\n"; p.stdout.String() != want {
		t.Errorf("%q, want %q", &p.stdout, want)
	}
}

// A start lists names and opens nothing, so that it is quick however large the library is.
func TestStartWithManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 files")
	}
	const folders, each = 1000, 100
	dir := t.TempDir()
	for i := range folders {
		folder := filepath.Join(dir, "season "+string(rune('a'+i%26)), "film "+strings.Repeat("x", i/26))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for k := range each {
			f, err := os.Create(filepath.Join(folder, string(rune('a'+k%25))+strings.Repeat("y", k/25)+".mp4"))
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	begin := time.Now()
	p := start(t, "--listen", "127.0.0.1:0", "--state-dir=", "--drain-delay", "0s", dir)
	p.url(t)
	took := time.Since(begin)
	t.Logf("served %d files after %v", folders*each, took)
	if !strings.HasPrefix(p.stdout.String(), "100000 titles in ") || took > 20*time.Second {
		t.Errorf("after %v:\n%s", took, &p.stdout)
	}
}
