package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"unreel/playback/events"
)

// columns are those of a table of tables.sql that are no more than names.
func columns(t *testing.T, table string) (names []string) {
	t.Helper()
	text := string(read(t, "qoe/flink/tables.sql"))
	found := regexp.MustCompile(`(?s)CREATE TABLE ` + table + ` \(\n(.*?)\n\) WITH`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no table %s", table)
	}
	for _, m := range regexp.MustCompile("(?m)^  `?([a-z_0-9]+)`? +(STRING|BIGINT|DOUBLE|INT)\\b").FindAllStringSubmatch(found[1], -1) {
		names = append(names, m[1])
	}
	return names
}

// fields are the names of a struct's fields in JSON.
func fields(v any) (names []string) {
	typ := reflect.TypeOf(v)
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// The job's tables have what a report and a session have, and METRICS.md, the SQL and the code name the same measures.
func TestTablesAreTheReports(t *testing.T) {
	if got, want := columns(t, "events"), fields(events.Event{}); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("events has %v, a report %v", got, want)
	}
	want := slices.DeleteFunc(fields(events.Summary{}), func(name string) bool { return name == "flags" })
	for _, flag := range events.Flags() {
		want = append(want, string(flag))
	}
	if got := columns(t, "qoe_sessions"); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("qoe_sessions has %v, a session %v", got, want)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllStringSubmatch(string(read(t, "qoe/METRICS.md")), -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			measure := slices.Contains(fields(events.Summary{}), name[1])
			if kind := slices.Contains(events.Kinds(), events.Kind(name[1])); measure == kind {
				t.Errorf("METRICS.md defines %s, which is no measure", name[1])
			}
		}
	}
	job := string(read(t, "qoe/flink/job.sql"))
	for _, table := range []string{"qoe_sessions", "qoe_titles"} {
		into := regexp.MustCompile(`(?s)INSERT INTO ` + table + `\nSELECT (.*?)\nFROM`).FindStringSubmatch(job)
		if into == nil || !slices.Equal(regexp.MustCompile(`[a-z_0-9]+`).FindAllString(into[1], -1), columns(t, table)) {
			t.Errorf("%s gets %v, and has %v", table, into, columns(t, table))
		}
	}
}

// sqlite runs sessions.sql over reports, and a query on what it defines, whose rows go to rows.
func sqlite(t *testing.T, reports []events.Event, query string, rows any) {
	t.Helper()
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("no sqlite3 on the PATH (Debian: sqlite3)")
	}
	text, err := json.Marshal(reports)
	if err != nil {
		t.Fatal(err)
	}
	names := columns(t, "events")
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = "json_extract(value, '$." + name + "')"
	}
	script := "CREATE TABLE events (`" + strings.Join(names, "`, `") + "`);\n" +
		"INSERT INTO events SELECT " + strings.Join(values, ", ") + " FROM json_each('" + strings.ReplaceAll(string(text), "'", "''") + "');\n" +
		string(read(t, "qoe/flink/sessions.sql")) + "\n.mode json\n" + query + ";\n"
	cmd := exec.CommandContext(t.Context(), program, "-batch", filepath.Join(t.TempDir(), "qoe.db"))
	cmd.Stdin = strings.NewReader(script)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("sqlite3: %v\n%s", err, &complaints)
	}
	if err = json.Unmarshal(out, rows); err != nil {
		t.Fatalf("%v of %s", err, out)
	}
}

// measured is a row of qoe_session.
type measured struct {
	events.Summary
	SlowStart   int `json:"slow_start"`
	Rebuffering int `json:"rebuffering"`
	Unstable    int `json:"unstable"`
}

const hour = int64(time.Hour / time.Millisecond)

// madeUp are reports in any order, many of them at odds with each other.
func madeUp(random *rand.Rand, session string) (reports []events.Event) {
	at := int64(1_000_000)
	for range 2 + random.IntN(14) {
		at += []int64{0, 1, 900, 5000, 700_000}[random.IntN(5)]
		e := events.Event{
			SessionID: session, VideoID: "film " + session[:1], Timestamp: at, ReceivedAt: 100 * hour,
			Kind: events.Kinds()[random.IntN(len(events.Kinds()))], Bandwidth: int64(random.IntN(3)) * 1_000_000,
			Rendition: []string{"", "360p", "720p"}[random.IntN(3)], Region: []string{"", "eu", "us"}[random.IntN(3)],
		}
		if random.IntN(12) == 0 {
			delay := []int64{int64(random.IntN(3000)), 600_000, 600_001}[random.IntN(3)]
			e.StartDelay = &delay
		}
		reports = append(reports, e)
	}
	if random.IntN(4) > 0 {
		reports[0].Kind = events.PlayIntent
		reports[1].Kind = events.FirstFrame
	}
	if random.IntN(3) == 0 { // some, or all, are heard from requests
		all := random.IntN(4) == 0
		for i := range reports {
			if all || random.IntN(3) == 0 {
				reports[i].HeardFrom = events.ByRequest
			}
		}
		if first := reports[0]; first.HeardFrom == "" { // a request before it that says the same is no copy of it
			reports[0].ReceivedAt++
			first.HeardFrom = events.ByRequest
			reports = append(reports, first)
		}
	}
	if random.IntN(3) == 0 {
		reports = append(reports, reports[random.IntN(len(reports))]) // twice
	}
	random.Shuffle(len(reports), func(i, k int) { reports[i], reports[k] = reports[k], reports[i] })
	return reports
}

// The job's SQL, in SQLite, measures the shared examples and made-up sessions as the server does.
func TestSQLMeasures(t *testing.T) {
	var streams []struct {
		Name   string
		Events []events.Event
	}
	if err := json.Unmarshal(read(t, "qoe/streams.json"), &streams); err != nil {
		t.Fatal(err)
	}
	sessions := map[string][]events.Event{}
	for _, s := range streams {
		for i := range s.Events {
			e := &s.Events[i]
			e.SessionID, e.VideoID, e.ReceivedAt = s.Name, "example", 100*hour
		}
		sessions[s.Name] = s.Events
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 200 {
		name := fmt.Sprint(i)
		sessions[name] = madeUp(random, name)
	}
	// Requests keep a session alive that is measured by its own reports.
	alive := []events.Event{}
	for i, kind := range []events.Kind{events.FirstFrame, events.Heartbeat, events.Ended} {
		alive = append(alive, events.Event{
			SessionID: "alive", VideoID: "example", Kind: kind, Timestamp: 1 + int64(i)*90_000, ReceivedAt: 100*hour + int64(i)*90_000,
		})
	}
	alive[1].HeardFrom = events.ByRequest
	sessions["alive"] = alive
	var all []events.Event
	for _, name := range slices.Sorted(maps.Keys(sessions)) {
		all = append(all, sessions[name]...)
	}
	// What comes when a session is over is dropped, and one that goes on isn't measured yet.
	late := sessions["plain"][0]
	late.Kind, late.Timestamp, late.ReceivedAt = events.Error, late.Timestamp+5000, late.ReceivedAt+2*time.Minute.Milliseconds()
	word := late // the first of its own, and too late
	word.SessionID = "known by its requests alone"
	all = append(all, late, word, events.Event{SessionID: "goes on", VideoID: "film", Kind: events.Heartbeat, Timestamp: 1, ReceivedAt: 100*hour + 10*time.Minute.Milliseconds()})

	var rows []measured
	sqlite(t, all, "SELECT * FROM qoe_session", &rows)
	if len(rows) != len(sessions) {
		t.Errorf("%d sessions are measured, want %d", len(rows), len(sessions))
	}
	var summaries []events.Summary
	for _, row := range rows {
		want := events.Measure(sessions[row.SessionID])
		summaries = append(summaries, want)
		for i, flag := range []int{row.SlowStart, row.Rebuffering, row.Unstable} {
			if (flag == 1) != slices.Contains(want.Flags, events.Flags()[i]) {
				t.Errorf("%s: %s is %d", row.SessionID, events.Flags()[i], flag)
			}
		}
		row.Flags = want.Flags
		if row.RebufferRatio != nil && want.RebufferRatio != nil && math.Abs(*row.RebufferRatio-*want.RebufferRatio) < 1e-12 {
			row.RebufferRatio = want.RebufferRatio
		}
		if !reflect.DeepEqual(row.Summary, want) {
			got, _ := json.Marshal(row.Summary)
			wanted, _ := json.Marshal(want)
			t.Errorf("%s:\n%s, want\n%s of\n%+v", row.SessionID, got, wanted, sessions[row.SessionID])
		}
	}
	titles(t, all, summaries)
}

// titles holds qoe_title against the server's roll-up; all sessions are of one hour.
func titles(t *testing.T, all []events.Event, summaries []events.Summary) {
	t.Helper()
	var rows []struct {
		VideoID          string `json:"video_id"`
		HourBegins       int64  `json:"hour_begins"`
		Sessions         int
		Played           int
		StartFailures    int      `json:"start_failures"`
		ExitsBeforeStart int      `json:"exits_before_start"`
		PlaybackFailures int      `json:"playback_failures"`
		StartupMSMedian  *float64 `json:"startup_ms_median"`
		StartupMSP95     *float64 `json:"startup_ms_p95"`
		RatioMedian      *float64 `json:"rebuffer_ratio_median"`
		RatioP95         *float64 `json:"rebuffer_ratio_p95"`
		AvgBitrateMedian *float64 `json:"avg_bitrate_median"`
		AvgBitrateP95    *float64 `json:"avg_bitrate_p95"`
		PlayMS           int64    `json:"play_ms"`
		StallMS          int64    `json:"stall_ms"`
	}
	sqlite(t, all, "SELECT * FROM qoe_title", &rows)
	_, groups := events.Roll(summaries, "video")
	if len(rows) != len(groups) {
		t.Errorf("%d titles, want %d", len(rows), len(groups))
	}
	for _, row := range rows {
		i := slices.IndexFunc(groups, func(g events.Rollup) bool { return g.Key == row.VideoID })
		if i < 0 || row.HourBegins != 100*hour {
			t.Errorf("%s at %d", row.VideoID, row.HourBegins)
			continue
		}
		g := groups[i]
		got := []any{row.Sessions, row.Played, row.StartFailures, row.ExitsBeforeStart, row.PlaybackFailures, row.PlayMS, row.StallMS, row.StartupMSMedian, row.StartupMSP95, row.RatioMedian, row.RatioP95, row.AvgBitrateMedian, row.AvgBitrateP95}
		want := []any{g.Sessions, g.Played, g.StartFailures, g.ExitsBeforeStart, g.PlaybackFailures, g.PlayMS, g.StallMS, g.StartupMS.Median, g.StartupMS.P95, g.RebufferRatio.Median, g.RebufferRatio.P95, g.AvgBitrate.Median, g.AvgBitrate.P95}
		gotText, _ := json.Marshal(got)
		wantText, _ := json.Marshal(want)
		if string(gotText) != string(wantText) {
			t.Errorf("%s: %s, want %s", row.VideoID, gotText, wantText)
		}
	}
}
