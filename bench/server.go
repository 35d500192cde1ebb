package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// server is a program under test, in a process of its own.
type server struct {
	cmd   *exec.Cmd
	url   *url.URL
	said  *bytes.Buffer
	ended chan struct{}
}

// pinned runs a program on one core, where the machine knows taskset.
func pinned(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	if path, err := exec.LookPath("taskset"); err == nil && core >= 0 {
		args = append([]string{"-c", strconv.Itoa(core), name}, args...)
		name = path
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// pinSelf keeps this process on one core.
func pinSelf(ctx context.Context, core int) {
	if core < 0 {
		return
	}
	runtime.GOMAXPROCS(1)
	_ = exec.CommandContext(ctx, "taskset", "-acp", strconv.Itoa(core), strconv.Itoa(os.Getpid())).Run() // where there is no taskset, nothing is pinned
}

func newServer(cmd *exec.Cmd) (*server, error) {
	s := &server{cmd: cmd, said: &bytes.Buffer{}, ended: make(chan struct{})}
	cmd.Stderr = s.said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// stop ends the program.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	<-s.ended
}

// startUnreel serves a library and waits until it is listed.
func startUnreel(ctx context.Context, core int, program, library string, flags ...string) (*server, error) {
	args := append([]string{"--listen", "127.0.0.1:0", "--drain-delay", "0s", "--drain-timeout", "1s", "--access-log=false"}, flags...)
	cmd := pinned(ctx, core, program, append(args, library)...)
	out, in := io.Pipe()
	cmd.Stdout = in
	s, err := newServer(cmd)
	if err != nil {
		return nil, err
	}
	go func() {
		<-s.ended
		_ = in.Close()
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "Open "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			s.url, err = url.Parse(strings.TrimSuffix(text, "/"))
			return s, err
		}
	}
	s.stop()
	return nil, fmt.Errorf("unreel did not serve: %s", s.said)
}

// staticNginx is stock Nginx as it serves files, but for what a test on one machine needs.
const staticNginx = `daemon off;
master_process off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log stderr;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    gzip_static on;
    types { video/mp2t ts; video/mp4 mp4 m4s; application/vnd.apple.mpegurl m3u8; }
    client_body_temp_path %[1]s/t; proxy_temp_path %[1]s/t; fastcgi_temp_path %[1]s/t; uwsgi_temp_path %[1]s/t; scgi_temp_path %[1]s/t;
    server { listen %[2]s; root %[3]s; }
}
`

// startNginx serves files.
func startNginx(ctx context.Context, core int, work, root string) (*server, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	_ = free.Close()
	config := filepath.Join(work, "nginx.conf")
	if err = os.WriteFile(config, fmt.Appendf(nil, staticNginx, work, address, root), 0o600); err != nil {
		return nil, err
	}
	s, err := newServer(pinned(ctx, core, "nginx", "-p", work, "-c", config))
	if err != nil {
		return nil, err
	}
	s.url = &url.URL{Scheme: "http", Host: address}
	for {
		conn, refused := net.Dial("tcp", address)
		if refused == nil {
			return s, conn.Close()
		}
		select {
		case <-s.ended:
			return nil, errors.New("nginx ended: " + s.said.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// cpu is the processor time that the server's process took so far, in seconds; resident what memory it holds, in bytes.
// Where the system doesn't tell, they are 0.
func (s *server) cpu() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	fields := strings.Fields(rest)
	const user, system, ticks = 11, 12, 100 // proc(5): utime and stime, of which Linux tells 100 a second
	if len(fields) <= system {
		return 0
	}
	u, _ := strconv.ParseFloat(fields[user], 64)
	k, _ := strconv.ParseFloat(fields[system], 64)
	return (u + k) / ticks
}

func (s *server) resident() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
