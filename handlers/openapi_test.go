package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"unreel/handlers/openapi"
	"unreel/packager/routing"
	"unreel/playback/events"
	"unreel/playback/progress"
	"unreel/playback/sessions"
)

// described is what the tests read of the document.
type described struct {
	OpenAPI string                                   `json:"openapi"`
	Paths   map[string]map[string]describedOperation `json:"paths"`
}

type describedOperation struct {
	Responses map[string]struct {
		Content map[string]json.RawMessage `json:"content"`
	} `json:"responses"`
}

func readDescription(t *testing.T) (d described) {
	t.Helper()
	check(t, json.Unmarshal(openapi.Document(), &d))
	return d
}

// schemaAt compiles what stands in the document at a JSON pointer.
func schemaAt(t *testing.T, pointer string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openapi.Document()))
	check(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	check(t, c.AddResource("http://unreel.example/openapi.json", document))
	schema, err := c.Compile("http://unreel.example/openapi.json#" + pointer)
	check(t, err)
	return schema
}

// fullSite has all parts of the API.
func fullSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, func(c *Config) {
		c.Playback.Progress = progress.NewKeeper(progress.NewMemory(), time.Now)
		c.Playback.Sessions = sessions.NewRegister(sessions.NewMemory(time.Now), time.Minute)
		collector := events.NewCollector(events.NewMemory(time.Now), 5000, nil, NewMetrics(newRegistry(), "test"), slog.New(slog.DiscardHandler))
		t.Cleanup(func() {
			if err := collector.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		c.Playback.Events = collector
		rules, err := routing.ParseAll([]string{"height>=720=https://hd.example"})
		check(t, err)
		table, err := routing.NewTable(rules, "", NewRoutesMetrics(newRegistry()), slog.New(slog.DiscardHandler))
		check(t, err)
		c.Routes = table
	})
}

// TestOpenAPIRoutes holds the document against the routes: whatever is routed is in it, with its methods, but for the page and
// what players find by links; and nothing else is.
func TestOpenAPIRoutes(t *testing.T) {
	d := readDescription(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %q", d.OpenAPI)
	}
	told := map[string]bool{}
	for path, operations := range d.Paths {
		path = strings.NewReplacer("{id}", ":id", "{title}.json", "*path").Replace(path)
		for method := range operations {
			told[strings.ToUpper(method)+" "+path] = true
		}
	}
	s := fullSite(t)
	media := []string{hlsPrefix + "*path", cmafPrefix + "*path", mp4Prefix + "*path"}
	page, err := loadPage(s.cfg.Page)
	check(t, err)
	for _, f := range page {
		media = append(media, f.path)
	}
	routed := map[string]bool{}
	for _, r := range s.engine.Routes() {
		if r.Method != http.MethodOptions && r.Method != http.MethodHead && !slices.Contains(media, r.Path) {
			routed[r.Method+" "+r.Path] = true
		}
	}
	for _, one := range slices.Sorted(maps.Keys(routed)) {
		if !told[one] {
			t.Errorf("%s is routed, and not in the document", one)
		}
	}
	for _, one := range slices.Sorted(maps.Keys(told)) {
		if !routed[one] {
			t.Errorf("%s is in the document, and not routed", one)
		}
	}
}

// TestOpenAPIAnswers holds real answers against the document's schemas, of requests that are good and bad.
func TestOpenAPIAnswers(t *testing.T) {
	s := fullSite(t)
	d := readDescription(t)
	f := func(method, path, body, pattern string, status int) {
		t.Helper()
		a := s.send(t, method, path, body, "Content-Type: application/json")
		if a.StatusCode != status {
			t.Errorf("%s %s: %s %s, want %d", method, path, a.Status, a.body, status)
			return
		}
		response, ok := d.Paths[pattern][strings.ToLower(method)].Responses[strconv.Itoa(status)]
		if !ok {
			t.Errorf("%s %s answers %d, which is not in the document", method, pattern, status)
			return
		}
		kind, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
		if len(response.Content) == 0 && kind == "" {
			return
		}
		if _, ok = response.Content[kind]; !ok {
			t.Errorf("%s %s answers %d with %q, of which the document knows nothing", method, path, status, kind)
			return
		}
		if kind != "application/json" {
			return
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
		check(t, err)
		escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
		schema := schemaAt(t, "/paths/"+escape.Replace(pattern)+"/"+strings.ToLower(method)+"/responses/"+strconv.Itoa(status)+"/content/application~1json/schema")
		if err = schema.Validate(value); err != nil {
			t.Errorf("%s %s: %v\n%s", method, path, err, a.body)
		}
	}
	f("GET", "/api/titles?limit=3", "", "/api/titles", 200)
	f("GET", "/api/titles?limit=-1", "", "/api/titles", 400)
	f("GET", "/info/film.json", "", "/info/{title}.json", 200)
	f("GET", "/info/broken.json", "", "/info/{title}.json", 200)
	f("GET", "/info/none.json", "", "/info/{title}.json", 404)
	f("GET", "/api/routes", "", "/api/routes", 200)
	f("GET", "/api/openapi.json", "", "/api/openapi.json", 200)

	const report = `{"videoId":"film","userId":"ann","deviceId":"tv","timestamp":12.5,"duration":60}`
	f("PUT", "/api/progress", report, "/api/progress", 200)
	f("POST", "/api/progress", report, "/api/progress", 200)
	f("PUT", "/api/progress", `{"videoId":"film"}`, "/api/progress", 400)
	f("POST", "/api/progress", `[]`, "/api/progress", 400)
	f("GET", "/api/progress?videoId=film&userId=ann", "", "/api/progress", 200)
	f("GET", "/api/progress?userId=ann", "", "/api/progress", 200)
	f("GET", "/api/progress?userId=ann&limit=x", "", "/api/progress", 400)
	f("GET", "/api/progress?videoId=none&userId=ann", "", "/api/progress", 404)
	f("DELETE", "/api/progress?userId=ann", "", "/api/progress", 204)
	f("DELETE", "/api/progress", "", "/api/progress", 400)

	f("POST", "/api/sessions", `{"id":"0123456789abcdef","videoId":"film","state":"playing","position":3}`, "/api/sessions", 201)
	f("POST", "/api/sessions", `{"state":"playing"}`, "/api/sessions", 400)
	f("GET", "/api/sessions?videoId=film", "", "/api/sessions", 200)
	f("GET", "/api/sessions?limit=x", "", "/api/sessions", 400)
	f("PUT", "/api/sessions/0123456789abcdef", `{"state":"paused"}`, "/api/sessions/{id}", 200)
	f("POST", "/api/sessions/0123456789abcdef", `{"state":"dancing"}`, "/api/sessions/{id}", 400)
	f("PUT", "/api/sessions/ffffffffffffffff", `{"state":"paused"}`, "/api/sessions/{id}", 404)

	f("POST", "/api/events", `{"session_id":"s1","video_id":"film","event":"play_intent","timestamp":1795348800000}`, "/api/events", 202)
	f("POST", "/api/events", `[{"session_id":"s1","video_id":"film","event":"dance","timestamp":1795348800000}]`, "/api/events", 400)
	f("GET", "/api/qoe?by=region", "", "/api/qoe", 200)
	f("GET", "/api/qoe?step=2m", "", "/api/qoe", 200)
	f("GET", "/api/qoe?by=moon", "", "/api/qoe", 400)

	f("GET", "/healthz", "", "/healthz", 200)
	f("GET", "/readyz", "", "/readyz", 200)
	f("GET", "/metrics", "", "/metrics", 200)
	f("GET", "/auth", "", "/auth", 403)
	s.Drain()
	f("GET", "/readyz", "", "/readyz", 503)
}
