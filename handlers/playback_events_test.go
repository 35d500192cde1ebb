package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"unreel/packager"
	"unreel/playback/events"
	"unreel/playback/sessions"
)

// newEventsSite measures sessions when over is called.
func newEventsSite(t *testing.T, perSecond int) (s *site, over func()) {
	t.Helper()
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	store := events.NewMemory(clock)
	var c *events.Collector
	s = newSite(t, func(cfg *Config) {
		c = events.NewCollector(store, perSecond, nil, NewMetrics(newRegistry(), "test"), slog.New(slog.DiscardHandler))
		cfg.Playback.Events = c
		cfg.Playback.Sessions = sessions.NewRegister(sessions.NewMemory(clock), time.Minute)
	})
	return s, func() {
		t.Helper()
		check(t, c.Close(t.Context())) // works off what was taken
		mu.Lock()
		now = now.Add(time.Hour)
		mu.Unlock()
		again := events.NewCollector(store, perSecond, nil, NewMetrics(newRegistry(), "test"), slog.New(slog.DiscardHandler))
		for { // until it has swept
			found, err := again.Summaries(t.Context(), time.UnixMilli(0))
			check(t, err)
			if len(found) > 0 {
				break
			}
			check(t, context.Cause(t.Context()))
		}
		check(t, again.Close(t.Context()))
	}
}

func TestEvents(t *testing.T) {
	s, over := newEventsSite(t, 1000)
	at := time.Now().Add(-time.Minute).UnixMilli()
	report := func(session, kind string, after int, more string) string {
		return fmt.Sprintf(`{"session_id":%q,"video_id":"film","event":%q,"timestamp":%d%s}`, session, kind, at+int64(after), more)
	}
	take := func(body, contentType string, want int) {
		t.Helper()
		a := s.send(t, http.MethodPost, "/api/events", body, "Content-Type: "+contentType)
		if a.StatusCode != http.StatusAccepted || string(a.body) != fmt.Sprintf("{\"accepted\":%d}\n", want) {
			t.Errorf("%.80s: %s %s", body, a.Status, a.body)
		}
	}
	take("["+report("1", "play_intent", 0, `,"region":"eu"`)+","+report("1", "first_frame", 2500, `,"bandwidth":1000000`)+"]", "application/json", 2)
	take(`{"events":[`+report("1", "ended", 12500, "")+"]}", "text/plain", 1)
	take(report("2", "play_intent", 0, `,"region":"us"`), "", 1)
	take(fmt.Sprintf("e=ps,sta=s,ts=%d,sid=\"3\",cid=\"film\"\ne=ps,sta=p,ts=%d,sid=\"3\",cid=\"film\"\n", at, at+500), "application/cmcd", 2)
	take("[]", "application/json", 0)
	over()

	var got rollups
	a := s.must(t, "/api/qoe?videoId=film&since=1h&by=region")
	check(t, json.Unmarshal(a.body, &got))
	if got.Total.Sessions != 3 || got.Total.Played != 2 || got.Total.ExitsBeforeStart != 1 || *got.Total.StartupMS.Median != 500 ||
		*got.Total.StartupMS.P95 != 2500 || got.Total.Flagged[events.SlowStart] != 1 || len(got.Groups) != 3 {
		t.Errorf("%s", a.body)
	}
	check(t, json.Unmarshal(s.must(t, "/api/qoe?videoId=other").body, &got))
	if got.Total.Sessions != 0 || got.Total.StartupMS.Median != nil {
		t.Errorf("%+v", got)
	}
	for query, want := range map[string]bool{"videoId=other": false, "videoId=other&step=24h": true} {
		if body := string(s.must(t, "/api/qoe?"+query).body); strings.Contains(body, `"series":[]`) != want || strings.Contains(body, "series") != want {
			t.Errorf("%s: %s", query, body)
		}
	}
	check(t, json.Unmarshal(s.must(t, "/api/qoe?since=1h&step=24h").body, &got)) // sessions of a step or, at midnight, of two
	n := 0
	for _, point := range got.Series {
		n += point.Sessions
	}
	if n != 3 || len(got.Series) > 2 || got.Series[0].At%(24*time.Hour).Milliseconds() != 0 {
		t.Errorf("%+v", got.Series)
	}
	for _, query := range []string{"by=moon", "since=yesterday", "since=-5m", "step=x", "step=1ms", "since=1000&step=1s"} {
		errorOf(t, s.get(t, "/api/qoe?"+query), http.StatusBadRequest)
	}
}

func TestEventsRefuse(t *testing.T) {
	s, _ := newEventsSite(t, 600)
	good := `{"session_id":"1","video_id":"film","event":"heartbeat","timestamp":1700000000000}`
	f := func(body string, status int, words string) {
		t.Helper()
		if e := errorOf(t, s.send(t, http.MethodPost, "/api/events", body), status); !strings.Contains(e.Error, words) {
			t.Errorf("%.60s: %q doesn't tell of %q", body, e.Error, words)
		}
	}
	for old, change := range map[string][2]string{
		`"timestamp":1700000000000`: {`"timestamp":"x"`, "events[1].timestamp: is a JSON string where a number"},
		`"event":"heartbeat"`:       {`"event":"dance"`, "events[1].event: "},
		`"session_id":"1",`:         {``, "events[1].session_id: is missing"},
		`"video_id":"film"`:         {`"video_id":7`, "events[1].video_id: is a JSON number"},
		`1700000000000`:             {`1700000000000,"playback_position":-1`, "events[1].playback_position: "},
		`}`:                         {`,"bandwidth":-1}`, "events[1].bandwidth: "},
	} {
		f("["+good+","+strings.Replace(good, old, change[0], 1)+"]", 400, change[1])
	}
	f(`["x"]`, 400, "events[0]: is a JSON string where an object is expected")
	f("["+good+","+strings.Replace(good, "1700000000000", "1700000000000.5", 1)+"]", 400, "events[1].timestamp: is a JSON number 1700000000000.5 where a number that is whole")
	f("["+good+","+strings.Replace(good, "1700000000000", "99999999999999999999", 1)+"]", 400, "events[1].timestamp: is a JSON number 99999999999999999999 where a number that is whole")
	f("nothing", 400, "no JSON")
	f("["+strings.Repeat(good+",", maxEvents)+good+"]", 400, "events: are 501")
	f(strings.Repeat(" ", maxEventBody+1), 413, "too large")
	batch := "[" + strings.Repeat(good+",", 399) + good + "]"
	if a := s.send(t, http.MethodPost, "/api/events", batch); a.StatusCode != http.StatusAccepted {
		t.Errorf("%s %s", a.Status, a.body)
	}
	a := s.send(t, http.MethodPost, "/api/events", batch)
	if errorOf(t, a, http.StatusTooManyRequests); a.Header.Get("Retry-After") == "" {
		t.Errorf("%v", a.Header)
	}
	a = s.get(t, "/api/events")
	if errorOf(t, a, http.StatusMethodNotAllowed); a.Header.Get("Allow") != "OPTIONS, POST" {
		t.Errorf("Allow: %s", a.Header.Get("Allow"))
	}
}

// hear requests something whose CMCD is heard when hear returns; a client wouldn't know when it is.
func (s *site) hear(t *testing.T, path string, headers ...string) {
	t.Helper()
	r, w := request(headers...), httptest.NewRecorder()
	var err error
	r.URL, err = url.Parse(path)
	check(t, err)
	if s.ServeHTTP(w, r); w.Code != http.StatusOK {
		t.Fatalf("%s: %d", path, w.Code)
	}
}

// A player that sends CMCD beside its requests has a session and a quality without a line of its own.
func TestRequestsWithCMCD(t *testing.T) {
	s, over := newEventsSite(t, 1000)
	_, _, segments := s.walk(t, titles[1])
	s.hear(t, segments[0]+`?CMCD=br%3D1200%2Cot%3Dav%2Csid%3D%22abc%22`)
	s.hear(t, segments[1], `CMCD-Object: br=2400,ot=av`, `CMCD-Session: sid="abc"`, `CMCD-Status: bs`)
	s.hear(t, segments[0], `CMCD-Object: br=2400,ot=av`) // says nothing of a session
	over()
	var list audience
	check(t, json.Unmarshal(s.must(t, "/api/sessions").body, &list))
	var got rollups
	check(t, json.Unmarshal(s.must(t, "/api/qoe?by=video&since=24h").body, &got))
	if got.Total.Sessions != 1 || got.Groups[0].Key != titles[1] || *got.Groups[0].Switches.Median != 1 {
		t.Errorf("%+v", got)
	}
	if title, rendition, ok := watched(segments[0]); !ok || title != titles[1] || rendition == "" {
		t.Errorf("%q, %q, %v", title, rendition, ok)
	}
	if _, _, ok := watched(hlsPrefix + packager.MasterRef{Title: "film"}.String()); ok {
		t.Error("a master is watched")
	}
}

// One that reports for itself as well, by a clock of its own, is measured by that alone; whose word it is nobody says but us.
func TestRequestsAndReports(t *testing.T) {
	s, over := newEventsSite(t, 1000)
	_, _, segments := s.walk(t, titles[1])
	at := time.Now().Add(-20 * time.Second).UnixMilli()
	line := func(what string, after int64) string {
		return fmt.Sprintf("%s,ts=%d,sid=\"abc\",cid=%q\n", what, at+after, titles[1])
	}
	own := line("e=ps,sta=s", 0) + line("e=ps,sta=p,br=1200", 500) + line("e=bc,br=2400", 10_500) + line("e=ps,sta=e", 40_500)
	if a := s.send(t, http.MethodPost, "/api/events", own, "Content-Type: application/cmcd"); a.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s", a.Status, a.body)
	}
	for i, br := range []string{"1200", "2400", "1200"} {
		s.hear(t, segments[i%2], `CMCD-Object: br=`+br+`,ot=av`, `CMCD-Session: sid="abc"`)
	}
	for i, kind := range []string{"first_frame", "ended"} {
		report := fmt.Sprintf(`{"session_id":"own","video_id":"film","event":%q,"timestamp":%d,"bandwidth":1200000,"heard_from":"request"}`, kind, at+int64(i)*5000)
		if a := s.send(t, http.MethodPost, "/api/events", report); a.StatusCode != http.StatusAccepted {
			t.Fatalf("%s %s", a.Status, a.body)
		}
	}
	s.hear(t, segments[0], `CMCD-Object: br=2400,ot=av`, `CMCD-Session: sid="own"`)
	over()
	f := func(title string, playMS int64, switches, bitrate float64) {
		t.Helper()
		var got rollups
		check(t, json.Unmarshal(s.must(t, "/api/qoe?since=24h&videoId="+url.QueryEscape(title)).body, &got))
		if got.Total.Sessions != 1 || got.Total.PlayMS != playMS || *got.Total.Switches.Median != switches || *got.Total.AvgBitrate.Median != bitrate {
			text, _ := json.Marshal(got.Total)
			t.Errorf("%s: %s", title, text)
		}
	}
	f(titles[1], 40_000, 1, 2_100_000)
	f("film", 5000, 0, 1_200_000)
}
