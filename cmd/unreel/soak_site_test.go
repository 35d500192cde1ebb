package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"unreel/demux/testmedia"
	"unreel/playback/redistest"
)

// soakSiteFor is how long TestSoakSite plays: half an hour for a proof, a few seconds to see that the test itself works.
var soakSiteFor = flag.Duration("soak-site", 0, "how long players play behind Nginx while replicas, Redis and films come and go; 0 is not at all")

const (
	sitePlayers = 16
	siteSteps   = 12 // things that happen, evenly over the time
)

// site is two replicas with one Redis and one Kafka behind the Nginx of deploy/nginx, each a process of its own, and their players.
type site struct {
	soaking
	front    string
	library  string
	redis    *redistest.Server
	kafka    *kafkaBroker
	replicas [2]*process
	args     [2][]string

	told, untold, files, seen atomic.Int64 // what viewers reported, and could not; parts of whole files; errors of players

	mu       sync.Mutex
	reported []string // sessions of which a report was taken
}

// TestSoakSite has players watch a site while one of its replicas is restarted, Redis and Kafka are killed, and films are replaced. They
// see no error but that of a replaced film, and no process grows.
func TestSoakSite(t *testing.T) {
	if *soakSiteFor == 0 {
		t.Skip("-soak-site says for how long")
	}
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), *soakSiteFor)
	defer cancel()
	var all sync.WaitGroup
	for i := range sitePlayers {
		client, random := newClient(t), rand.New(rand.NewPCG(2, uint64(i)))
		all.Go(func() { s.player(ctx, t, client, i, random) })
	}
	all.Go(func() { s.premiere(ctx, t) })

	restarts, outages := 0, 0
	before, middle := map[string]int64{}, map[string]int64{}
	for step := range siteSteps {
		rest(ctx, *soakSiteFor/(siteSteps+1))
		switch {
		case step == 0:
			before = s.figures(t, "at the start")
		case step == siteSteps/2:
			middle = s.figures(t, "in the middle")
		case step == siteSteps-1: // the last stretch is quiet, so that the end is not that of a process just born
		case step%2 == 1:
			s.restart(t, 1)
			restarts++
		default:
			s.redis.Stop(t)
			s.kafka.stop()
			rest(ctx, *soakSiteFor/100)
			s.redis.Run(t)
			s.kafka.run(t)
			outages++
		}
	}
	untold := s.untold.Load()
	rest(ctx, *soakSiteFor)
	all.Wait()
	after := s.figures(t, "at the end")
	t.Logf("%v, %d players: %d pieces, %d parts of whole files, %d seeks, %d films replaced, %d playlists loaded again for that, %d errors beyond; "+
		"%d reports taken, %d not; %d restarts of a replica, %d of Redis and Kafka", *soakSiteFor, sitePlayers, s.pieces.Load(), s.files.Load(), s.seeks.Load(),
		s.replaced.Load(), s.reloads.Load(), s.seen.Load(), s.told.Load(), s.untold.Load(), restarts, outages)
	if s.pieces.Load() == 0 || s.told.Load() == 0 || s.files.Load() == 0 || s.replaced.Load() == 0 {
		t.Error("nothing happened")
	}
	if n := s.untold.Load(); n != untold {
		t.Errorf("%d reports were not taken after all was well again", n-untold)
	}
	missing := s.kafka.missing(s.reported)
	t.Logf("of %d sessions whose report was taken, %d are missing in Kafka", len(s.reported), missing)
	if missing > 0 {
		t.Error("reports that were taken have not come to Kafka")
	}
	for what, slack := range map[string]int64{"goroutines": 64, "descriptors": 64, "resident": 48 << 20} {
		for _, earlier := range []map[string]int64{before, middle} {
			if now, was := after["unreel 0 "+what], earlier["unreel 0 "+what]; now > was+slack {
				t.Errorf("%s of the replica that was never restarted: %d, %d before", what, now, was)
			}
		}
	}
	for _, p := range s.replicas {
		p.signal(t, syscall.SIGTERM)
		if code := p.code(t); code != exitOK || strings.Contains(p.stderr.String(), "panic") {
			t.Errorf("exit code %d\n%.2000s", code, p.stderr.String())
		}
	}
}

// newSite starts all of it.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{library: t.TempDir(), redis: redistest.Start(t), kafka: startKafka(t)}
	s.pace, s.patience = 100*time.Millisecond, time.Second
	for _, title := range []string{"a", "b", "c", "d"} {
		writeFile(t, filepath.Join(s.library, title+".mp4"), string(testmedia.H264AAC(18).Bytes()))
	}
	heavy := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(900, 1080, 8), testmedia.Audio(30 * 48000 / 1024)}}
	writeFile(t, filepath.Join(s.library, "heavy.mp4"), string(heavy.Bytes()))
	replaced := map[string]string{}
	for i, port := range []string{"8080", "8081"} {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := free.Addr().String()
		free.Close()
		replaced["server 127.0.0.1:"+port] = "server " + address
		s.args[i] = []string{
			"--listen", address, "--access-log=false", "--cache-size=16MiB", "--index-cache-size=1MiB", "--cache-admit=first", "--rescan-interval=2s",
			"--drain-delay=1s", "--state-dir", t.TempDir(), "--redis", "redis://" + s.redis.Address, "--kafka", s.kafka.address, s.library,
		}
		s.replicas[i] = startProcess(t, s.args[i]...)
	}
	config, err := os.ReadFile(filepath.Join(root, "deploy/nginx/unreel.conf"))
	if err != nil {
		t.Fatal(err)
	}
	s.front = startNginx(t, string(config), replaced)
	return s
}

// restart ends a replica as an operator does, and brings it back.
func (s *site) restart(t *testing.T, i int) {
	t.Helper()
	s.replicas[i].signal(t, syscall.SIGTERM)
	if code := s.replicas[i].code(t); code != exitOK {
		t.Errorf("exit code %d\n%.2000s", code, s.replicas[i].stderr.String())
	}
	s.replicas[i] = startProcess(t, s.args[i]...)
}

// player watches one film after another, takes parts of whole files, and tells of it all.
func (s *site) player(ctx context.Context, t *testing.T, client *http.Client, number int, random *rand.Rand) {
	t.Helper()
	for n := 0; ctx.Err() == nil; n++ {
		title := []string{"a", "b", "c", "d", "heavy"}[random.IntN(5)]
		if err := s.play(ctx, client, s.front, title, random); err != nil && ctx.Err() == nil {
			s.see(t, err)
		}
		s.tell(ctx, client, fmt.Sprintf("player-%d-%d", number, n), title)
		from := random.IntN(1 << 20)
		a, err := ask(ctx, client, http.MethodGet, s.front+"mp4/heavy/1080p.mp4", "Range", fmt.Sprintf("bytes=%d-%d", from, from+100_000))
		switch {
		case ctx.Err() != nil:
		case err != nil || a.status != http.StatusPartialContent || len(a.body) != 100_001:
			s.see(t, fmt.Errorf("a part of a whole file: %d, %d bytes %w", a.status, len(a.body), err))
		default:
			s.files.Add(1)
		}
	}
}

// see notes an error that a player saw, and tells of the first ones.
func (s *site) see(t *testing.T, err error) {
	t.Helper()
	const shown = 20
	if s.seen.Add(1) <= shown {
		t.Errorf("%s: a player saw: %v", time.Now().UTC().Format(time.TimeOnly), err)
	}
}

// tell says where a viewer is, as players do.
func (s *site) tell(ctx context.Context, client *http.Client, session, title string) {
	for _, what := range [...]struct{ method, path, body string }{
		{http.MethodPost, "api/sessions", fmt.Sprintf(`{"id":%q,"videoId":%q,"userId":"u","state":"playing","position":1}`, session, title)},
		{http.MethodPut, "api/sessions/" + session, `{"state":"paused","position":2}`},
		{http.MethodPut, "api/progress", fmt.Sprintf(`{"videoId":%q,"userId":"u-%s","deviceId":"d","timestamp":2}`, title, session)},
		{http.MethodPost, "api/events", fmt.Sprintf(`[{"session_id":%q,"video_id":%q,"event":"heartbeat","timestamp":%d}]`, session, title, time.Now().UnixMilli())},
	} {
		req, err := http.NewRequestWithContext(ctx, what.method, s.front+what.path, strings.NewReader(what.body))
		if err != nil {
			s.untold.Add(1)
			continue
		}
		resp, err := client.Do(req)
		switch {
		case ctx.Err() != nil:
		case err != nil || resp.StatusCode/100 != 2:
			s.untold.Add(1)
		default:
			s.told.Add(1)
			if what.path == "api/events" {
				s.mu.Lock()
				s.reported = append(s.reported, session)
				s.mu.Unlock()
			}
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}

// premiere puts a film that nobody has seen in the place of an old one, again and again; d stays as it is.
func (s *site) premiere(ctx context.Context, t *testing.T) {
	t.Helper()
	const every = 3 * time.Second
	for n := uint32(0); ; n++ {
		if rest(ctx, min(every, *soakSiteFor/20)); ctx.Err() != nil {
			return
		}
		film := testmedia.H264AAC(12 + 6*int(n%3)).Bytes()
		film = append(film, testmedia.Box("free", bytes.Repeat(binary.BigEndian.AppendUint32(nil, n), 1+int(n%5000)))...)
		path := filepath.Join(s.library, []string{"a", "b", "c"}[n%3]+".mp4")
		if err := errors.Join(os.WriteFile(path+".part", film, 0o600), os.Rename(path+".part", path)); err != nil {
			t.Error(err)
			return
		}
		s.replaced.Add(1)
	}
}

// figures are those of every process: what Linux says of it, and unreel of itself.
func (s *site) figures(t *testing.T, when string) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	note := func(name string, pid int) string {
		resident, open := residentBytes(t, pid), descriptorsOf(t, pid)
		all[name+" resident"], all[name+" descriptors"] = resident, int64(open)
		return fmt.Sprintf("%s %.1f MB, %d descriptors", name, float64(resident)/1e6, open)
	}
	var words []string
	for i, p := range s.replicas {
		name := fmt.Sprintf("unreel %d", i)
		_, text := getBody(t, p.url+"metrics")
		if found := regexp.MustCompile(`(?m)^go_goroutines (\d+)$`).FindStringSubmatch(text); found != nil {
			all[name+" goroutines"], _ = strconv.ParseInt(found[1], 10, 64)
		}
		words = append(words, fmt.Sprintf("%s, %d goroutines", note(name, p.Process.Pid), all[name+" goroutines"]))
		if !strings.Contains(text, "\nunreel_http_panics_total 0\n") {
			t.Errorf("%s: a request ran into a bug", name)
		}
	}
	for _, name := range []string{"nginx", "redis-server"} {
		for _, pid := range childrenNamed(t, name) {
			words = append(words, note(name, pid))
		}
	}
	t.Logf("%s: %s", when, strings.Join(words, "; "))
	return all
}

// residentBytes is how much memory a process has, 0 where the system doesn't tell.
func residentBytes(t *testing.T, pid int) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)) // proc_pid_statm(5)
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		t.Logf("no memory is told of process %d: %v", pid, err)
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// descriptorsOf is how many a process has open.
func descriptorsOf(t *testing.T, pid int) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Logf("no descriptors are told of process %d: %v", pid, err)
	}
	return len(open)
}

// childrenNamed are the processes of a name that this one has started.
func childrenNamed(t *testing.T, name string) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range stats {
		text, _ := os.ReadFile(file) // it may have ended
		begin, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
		if begin < 0 || end < begin || string(text[begin+1:end]) != name {
			continue
		}
		if fields := strings.Fields(string(text[end+1:])); len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		pid, _ := strconv.Atoi(string(bytes.TrimSpace(text[:begin])))
		pids = append(pids, pid)
	}
	return pids
}
