package handlers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"unreel/playback/sessions"
)

func TestSessions(t *testing.T) {
	now := time.Now()
	store := sessions.NewMemory(func() time.Time { return now })
	s := newSite(t, func(c *Config) { c.Playback.Sessions = sessions.NewRegister(store, time.Minute) })
	begin := s.send(t, http.MethodPost, "/api/sessions", `{"videoId":"a/b c","userId":"ann","deviceId":"tv","position":1.5,"rendition":"720p"}`)
	var mine sessionBody
	check(t, json.Unmarshal(begin.body, &mine))
	if begin.StatusCode != http.StatusCreated || mine.ID == "" || mine.State != sessions.Playing || mine.UserID != "ann" ||
		mine.ExpiresAt.Sub(mine.UpdatedAt.Time) != time.Minute {
		t.Fatalf("%s %s", begin.Status, begin.body)
	}
	location, err := begin.Request.URL.Parse(begin.Header.Get("Location"))
	check(t, err)
	beat := s.send(t, http.MethodPut, location.EscapedPath(), `{"state":"buffering","position":10}`)
	if beat.StatusCode != http.StatusOK || !strings.Contains(string(beat.body), `"state":"buffering","position":10,`) {
		t.Errorf("%s %s", beat.Status, beat.body)
	}
	named := s.send(t, http.MethodPost, "/api/sessions", `{"id":"a b/c","videoId":"film"}`)
	if named.StatusCode != http.StatusCreated {
		t.Errorf("%s %s", named.Status, named.body)
	}
	if a := s.send(t, http.MethodPost, "/api/sessions/a%20b%2Fc", `{"state":"paused"}`); a.StatusCode != http.StatusOK {
		t.Errorf("%s %s", a.Status, a.body)
	}
	list := func(query, want string) {
		t.Helper()
		if body := string(s.must(t, "/api/sessions"+query).body); !strings.Contains(body, want) || strings.Contains(body, "ann") || strings.Contains(body, mine.ID) || strings.Contains(body, `"a b/c"`) {
			t.Errorf("%s: %s; want %s", query, body, want)
		}
	}
	list("?videoId=a/b%20c", `{"videoId":"a/b c","count":1,"states":{"buffering":1,"paused":0,"playing":0},"sessions":[{"id":"`+pseudonym(mine.ID)+`","videoId":"a/b c","state":"buffering"`)
	list("", `"count":2,`)
	list("?limit=0", `"count":2,"states":{"buffering":1,"paused":1,"playing":0},"sessions":[]`)
	s.send(t, http.MethodPut, "/api/sessions/"+mine.ID, `{"state":"ended"}`)
	list("?videoId=a/b%20c", `"count":0,`)
	now = now.Add(time.Minute)
	list("", `"count":0,`)
	errorOf(t, s.send(t, http.MethodPut, "/api/sessions/a%20b%2Fc", `{"state":"playing"}`), http.StatusNotFound)
	if a := s.send(t, http.MethodPut, "/api/sessions/a%20b%2Fc", `{"state":"playing","videoId":"film"}`); a.StatusCode != http.StatusOK {
		t.Errorf("begun anew: %s %s", a.Status, a.body)
	}

	errorOf(t, s.send(t, http.MethodPost, "/api/sessions", `{}`), http.StatusBadRequest)
	if e := errorOf(t, s.send(t, http.MethodPut, "/api/sessions/x", `{"state":5}`), http.StatusBadRequest); !strings.HasPrefix(e.Error, "state: ") {
		t.Error(e.Error)
	}
	a := s.do(t, http.MethodDelete, "/api/sessions/x")
	if errorOf(t, a, http.StatusMethodNotAllowed); a.Header.Get("Allow") != "OPTIONS, PUT, POST" {
		t.Errorf("Allow: %s", a.Header.Get("Allow"))
	}
}
