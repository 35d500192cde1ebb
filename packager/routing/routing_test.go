package routing

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// film is what the tests ask about.
func film() *Facts {
	return &Facts{
		Title: "shows/pilot", Kind: Video, Codec: "H.264", Range: "SDR", Width: 1920, Height: 1080, Bitrate: 4_500_000,
		FPS: 30000.0 / 1001, Seconds: 2610,
	}
}

func sound() *Facts {
	return &Facts{Title: "shows/pilot", Kind: Audio, Codec: "E-AC-3", Language: "pt-BR", Bitrate: 384_000, Channels: 6, Seconds: 2610}
}

func TestRulesFit(t *testing.T) {
	f := func(rule string, facts *Facts, want bool) {
		t.Helper()
		r, err := ParseAll([]string{rule + "=https://x.example"})
		if err != nil {
			t.Errorf("%s: %v", rule, err)
			return
		}
		if base, place := r.Base(facts); (place == 0) != want || (base != "") != want {
			t.Errorf("%s: base %q, want %v", rule, base, want)
		}
	}
	for rule, want := range map[string]bool{
		"height>=1080": true, "height>1080": false, "height=1080": true, "height!=1080": false, "height<1080": false, "height<=1080": true,
		"width>1280": true, "bitrate>=4.5M": true, "bitrate>4500k": false, "bitrate<5000000": true, "fps=29.97": true, "fps>29.97": false,
		"duration>43m": true, "duration>43m30s": false, "duration=2610": true, "channels>0": false, "channels!=2": false,
		"codec=h264": true, "codec=AVC": true, "codec=H.264": true, "codec!=av1": true, "codec=hevc": false,
		"kind=video": true, "kind!=audio": true, "range=sdr": true, "hdr=no": true, "hdr=yes": false, "language=en": false, "language!=en": false,
		"title=shows/*": true, "title=*pilot": true, "title=pilot": false, "title=shows/p?lot": true, `title="shows/pilot"`: true,
		"height>=720&codec=h264": true, "height>=720&codec=av1": false, " height >= 720 & kind = video ": true,
	} {
		f(rule, film(), want)
	}
	umlaut := film()
	umlaut.Title = "Föhr/日本"
	for rule, want := range map[string]bool{"title=F?hr/??": true, "title=F*/?本": true, "title=F??hr*": false, "title=*ö*本": true, "title=????????": false} {
		f(rule, umlaut, want) // ? is a character, however many bytes it has
	}
	for rule, want := range map[string]bool{
		"kind=audio": true, "channels>=6": true, "channels=2": false, "language=pt": true, "language=PT-br": true, "language=p": false,
		"language!=en": true, "codec=eac3": true, "codec=ac3": false, "height<9999": false, "hdr=no": false, "range!=pq": false, "bitrate<400k": true,
	} {
		f(rule, sound(), want)
	}
}

// The first that fits wins; what none fits has no base.
func TestFirstRuleWins(t *testing.T) {
	r, err := Parse("# the large ones\nheight>=2160=https://uhd.example\n\n  height>=1080 = https://hd.example/films/\nkind=video=/sd\n")
	if err != nil {
		t.Fatal(err)
	}
	f := func(height int, base string, place int) {
		t.Helper()
		if got, at := r.Base(&Facts{Kind: Video, Height: height}); got != base || at != place {
			t.Errorf("%d: %q by rule %d, want %q by %d", height, got, at, base, place)
		}
	}
	f(2160, "https://uhd.example/", 0)
	f(1080, "https://hd.example/films/", 1)
	f(480, "/sd/", 2)
	if base, place := r.Base(sound()); base != "" || place != -1 {
		t.Errorf("sound: %q by rule %d", base, place)
	}
	if base, place := (*Rules)(nil).Base(film()); base != "" || place != -1 {
		t.Errorf("no rules: %q by rule %d", base, place)
	}
	if list := r.List(); len(list) != 3 || list[1] != (Rule{Line: 4, When: "height>=1080", Base: "https://hd.example/films/"}) {
		t.Errorf("%+v", list)
	}
	again, err := Parse(r.String())
	if err != nil || again.String() != r.String() {
		t.Errorf("%q reads as %q, %v", r, again, err)
	}
}

// What is wrong is told with its place, and what would be right.
func TestRulesThatAreWrong(t *testing.T) {
	f := func(text string, line, column int, words string) {
		t.Helper()
		_, err := Parse(text)
		var wrong *SyntaxError
		if !errors.As(err, &wrong) || wrong.Line != line || wrong.Column != column || !strings.Contains(wrong.Reason, words) {
			t.Errorf("%q: %v; want line %d, column %d, with %q", text, err, line, column, words)
		}
	}
	f("heigth>=1080=https://x.example", 1, 1, `no field "heigth": known are height, width, `)
	f("\n# x\nkind=video&codc=av1=https://x.example", 3, 12, `no field "codc"`)
	f("height~1080=https://x.example", 1, 7, "no operator: known are = != < <= > >=")
	f("height>=tall=https://x.example", 1, 9, `"tall" is no number`)
	f("bitrate>=3x=https://x.example", 1, 10, "no bit rate")
	f("bitrate>=3MM=https://x.example", 1, 10, "no bit rate")
	f("bitrate>=3kM=https://x.example", 1, 10, "no bit rate")
	f("duration>1y=https://x.example", 1, 10, "no duration")
	f("height>=-1=https://x.example", 1, 9, "no number")
	f("height>=NaN=https://x.example", 1, 9, "no number")
	f("codec=divx=https://x.example", 1, 7, `no codec "divx": known are h264, `)
	f("kind>video=https://x.example", 1, 5, "only = and !=")
	f("height>=1080", 1, 13, "the base URL is missing")
	f("height>=1080=", 1, 14, "the base URL is missing")
	f("height>==https://x.example", 1, 9, "the value is missing")
	f(`title="a=https://x.example`, 1, 7, "the quote does not end")
	f(`title="a"b=https://x.example`, 1, 10, "after a quoted value")
	f("height>=1080=ftp://x.example", 1, 14, "neither an http")
	f("height>=1080=x.example", 1, 14, "neither an http")
	f("height>=1080=//x.example/", 1, 14, "neither an http")
	f("height>=1080=https://", 1, 14, "neither an http")
	f("height>=1080=https://me:secret@x.example", 1, 14, "no user or password")
	f("height>=1080=https://x.example/?token=1", 1, 14, "no query")
	f("height>=1080=https://x.example/#a", 1, 14, "no fragment")
	f("height>=1080=https://x.example/a/../b", 1, 14, "elements that clients take out")
	f("height>=1080=https://x.example/a/%2E%2e/b", 1, 14, "elements that clients take out")
	f("height>=1080=/a//b", 1, 14, "elements that clients take out")
	f("height>=1080=https://x.example/$uri", 1, 14, "no URL that playlists")
	f("height>=1080=https://x.example/\"", 1, 14, "no URL that playlists")
	f("kind=video=/"+strings.Repeat("a", maxLine), 1, maxLine+1, "limit")
	if _, err := Parse(strings.Repeat("kind=video=/a\n", maxRules+1)); !errors.Is(err, errTooMany) {
		t.Errorf("too many rules: %v", err)
	}
	if _, err := Parse("a=1=/\nb=1=/\n"); !strings.Contains(err.Error(), "line 1") || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("not all that is wrong is told: %v", err)
	}
	if _, err := ParseAll([]string{"kind=video=/a", "kid=video=/a"}); err == nil || !strings.HasPrefix(err.Error(), `"kid=video=/a": column 1: no field "kid"`) {
		t.Errorf("a rule that was given by itself: %v", err)
	}
}

// observed remembers what an Observer was told.
type observed struct {
	rules int
	ok    []bool
}

func (o *observed) Routes(rules int, ok bool) { o.rules, o.ok = rules, append(o.ok, ok) }

// A bad edit keeps the old rules and says so, once.
func TestTableReloads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fixed, err := ParseAll([]string{"codec=av1=https://av1.example"})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	var seen observed
	write("height>=1080=https://hd.example\n")
	table, err := NewTable(fixed, file, &seen, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what, base string, problem bool, told int) {
		t.Helper()
		if got, _ := table.Rules().Base(film()); got != base {
			t.Errorf("%s: %q, want %q", what, got, base)
		}
		if report := table.Report(); (report.Problem != "") != problem || report.File != file {
			t.Errorf("%s: %+v", what, report)
		}
		if len(seen.ok) != told || seen.ok[told-1] == problem {
			t.Errorf("%s: observed %v", what, seen.ok)
		}
	}
	expect("at first", "https://hd.example/", false, 1)
	before := table.Rules()
	table.Reload(t.Context())
	if expect("unchanged", "https://hd.example/", false, 1); table.Rules() != before {
		t.Error("the rules are others, though the file is the same")
	}
	write("height>=1080=https://other.example\nkind=audio=/a")
	table.Reload(t.Context())
	expect("changed", "https://other.example/", false, 2)
	if table.Rules() == before || seen.rules != 3 {
		t.Errorf("%d rules", seen.rules)
	}
	for range 3 {
		write("height>=1080=https://third.example\nkind=soundtrack=/a")
		table.Reload(t.Context())
		expect("wrong", "https://other.example/", true, 3)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "line 2, column 6") {
		t.Errorf("%d warnings:\n%s", n, log.String())
	}
	if err = os.Remove(file); err != nil {
		t.Fatal(err)
	}
	table.Reload(t.Context())
	expect("gone", "https://other.example/", true, 4)
	write("height>=1080=https://other.example\nkind=audio=/a") // as it was when it was good
	table.Reload(t.Context())
	expect("mended", "https://other.example/", false, 5)
}

func TestNewTableRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes")
	log := slog.New(slog.DiscardHandler)
	if _, err := NewTable(nil, file, &observed{}, log); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(file, []byte("height=/"), 0o600); err != nil {
		t.Fatal(err)
	}
	var wrong *SyntaxError
	if _, err := NewTable(nil, file, &observed{}, log); !errors.As(err, &wrong) || !strings.Contains(err.Error(), file) {
		t.Errorf("a file that is wrong: %v", err)
	}
}

// Run ends with its context, and reads on until then.
func TestTableRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "routes")
	if err := os.WriteFile(file, []byte("kind=video=/a"), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := NewTable(nil, file, &observed{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		table.Run(ctx, time.Millisecond)
	}()
	if err = os.WriteFile(file, []byte("kind=video=/b"), 0o600); err != nil {
		t.Fatal(err)
	}
	for base := ""; base != "/b/"; base, _ = table.Rules().Base(film()) {
		runtime.Gosched()
	}
	stop()
	<-ended
}

// Whatever rules say, they are read or refused; what is read prints as what reads the same.
func FuzzParse(f *testing.F) {
	f.Add("height>=1080&codec=av1=https://uhd.cdn.example\n# x\nkind=audio=/a/")
	f.Add(`title="a & b = c"=http://[::1]:80/%20`)
	f.Add("title=\x1f=/@")
	f.Add("kind=video=/" + strings.Repeat("a", maxLine-len("kind=video=/")))
	f.Add("duration<1h30m&bitrate>=3M&language=pt-BR&hdr=yes=https://a.example/b")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		for _, rule := range r.List() {
			if u, failed := url.Parse(rule.Base); failed != nil || u.User != nil { // a path may hold an @: RFC 3986 §3.3
				t.Errorf("%q has the base %q, with the user %v: %v", text, rule.Base, u, failed)
			}
			if !strings.HasSuffix(rule.Base, "/") || strings.ContainsAny(rule.Base, "\"' \t\r\n\\${};?#") {
				t.Errorf("%q has the base %q", text, rule.Base)
			}
		}
		printed := r.String()
		for line := range strings.Lines(printed) {
			if len(line) > maxLine {
				return // a base may be a slash longer than it was written, and be too long for that
			}
		}
		again, err := Parse(printed)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, printed, err)
		}
		if again.String() != printed {
			t.Errorf("%q prints as %q, which is read as %q", text, printed, again.String())
		}
		r.Base(film())
	})
}
