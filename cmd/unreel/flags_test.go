package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write golden files, and the README's flags, anew")

// environment is a lookupEnv.
func environment(of map[string]string) lookupEnv {
	return func(key string) (string, bool) {
		value, ok := of[key]
		return value, ok
	}
}

func TestFlagBeatsEnvironmentBeatsDefault(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  map[string]string
		want string
	}{
		{nil, nil, ":8080"},
		{nil, map[string]string{"UNREEL_LISTEN": ":9000"}, ":9000"},
		{[]string{"--listen", ":9001"}, map[string]string{"UNREEL_LISTEN": ":9000"}, ":9001"},
		{[]string{"--listen", ":8080"}, map[string]string{"UNREEL_LISTEN": ":9000"}, ":8080"},
	} {
		cfg := defaultConfig()
		if _, err := parse(serveFlags(&cfg), c.args, environment(c.env)); err != nil || cfg.Listen != c.want {
			t.Errorf("%v, %v: %q, %v; want %q", c.args, c.env, cfg.Listen, err, c.want)
		}
	}
}

// Every flag can be set by its variable: its own default is taken, and nonsense is told by the variable's name.
func TestEveryFlagHasAVariable(t *testing.T) {
	cfg := defaultConfig()
	for _, g := range serveFlags(new(Config)) {
		g.flags.VisitAll(func(f *pflag.Flag) {
			cfg = defaultConfig()
			key := envName(f.Name)
			value := strings.Trim(f.DefValue, "[]")
			if _, err := parse(serveFlags(&cfg), nil, environment(map[string]string{key: value})); err != nil {
				t.Errorf("%s=%s: %v", key, value, err)
			}
			if slices.Contains([]string{"string", "stringSlice", "stringArray"}, f.Value.Type()) {
				return
			}
			_, err := parse(serveFlags(&cfg), nil, environment(map[string]string{key: "nonsense"}))
			if err == nil || !strings.HasPrefix(err.Error(), key+": ") {
				t.Errorf("%s=nonsense: %v, want it refused by that name", key, err)
			}
		})
	}
}

func TestOtherProgramsVariablesAreLeftAlone(t *testing.T) {
	cfg := defaultConfig()
	env := environment(map[string]string{"UNREEL_VERSION": "v1.2.3", "UNREEL_HELP": "me", "UNREEL_CORPUS": "/x"})
	found, err := parse(serveFlags(&cfg), []string{"films"}, env)
	if err != nil || found.help || found.version || len(found.rest) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestHelpIsGivenWhateverElseIsWrong(t *testing.T) {
	var stdout, stderr bytes.Buffer
	env := environment(map[string]string{"UNREEL_CACHE_SIZE": "nonsense"})
	if code := run(t.Context(), []string{"--help"}, &stdout, &stderr, env); code != exitOK || stderr.Len() > 0 {
		t.Errorf("code %d, %s", code, stderr.String())
	}
	if !strings.Contains(stdout.String(), "--cache-size") {
		t.Errorf("no help:\n%s", stdout.String())
	}
}

func TestVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--version"}, &stdout, &stderr, environment(nil)); code != exitOK {
		t.Errorf("code %d, %s", code, stderr.String())
	}
	if !strings.HasPrefix(stdout.String(), "unreel ") || strings.Count(stdout.String(), "\n") != 1 {
		t.Errorf("%q", stdout.String())
	}
}

func TestUsageMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  map[string]string
		want []string // each on a line of stderr
	}{
		{nil, nil, []string{"which directory?"}},
		{[]string{"a", "b"}, nil, []string{"one directory at a time, not 2: a b"}},
		{[]string{"--colour", "a"}, nil, []string{"unknown flag: --colour"}},
		{[]string{"--cache-size", "lots", "a"}, nil, []string{`"lots" is no size`}},
		{[]string{"inspect"}, nil, []string{"which path?"}},
		{[]string{"inspect", "--listen", ":1", "a"}, nil, []string{"unknown flag: --listen"}},
		{[]string{"healthcheck", "a"}, nil, []string{"takes no arguments"}},
		{
			[]string{
				"--listen", "nowhere", "--segment-duration", "1ms", "--cache-admit", "third", "--log-level", "loud", "--log-format", "xml",
				"--max-samples", "0", "--write-timeout", "0s", "--cors-origin", "example.org", "--rescan-interval", "0s", "a",
			},
			nil,
			[]string{
				"listen: ", "segment-duration: ", "cache-admit: ", "log-level: ", "log-format: ", "max-samples: ", "write-timeout: ",
				"cors-origin: ", "rescan-interval: ",
			},
		},
		{
			[]string{"a"},
			map[string]string{"UNREEL_DRAIN_DELAY": "soon", "UNREEL_MAX_SAMPLES": "many"},
			[]string{"UNREEL_DRAIN_DELAY: ", "UNREEL_MAX_SAMPLES: "},
		},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), c.args, &stdout, &stderr, environment(c.env)); code != exitUsage {
			t.Errorf("%v: code %d, want %d", c.args, code, exitUsage)
		}
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if len(lines) != len(c.want)+1 || stdout.Len() > 0 {
			t.Errorf("%v: %d lines, want %d:\n%s", c.args, len(lines), len(c.want)+1, stderr.String())
		}
		for _, want := range c.want {
			if !strings.Contains(stderr.String(), "unreel: ") || !strings.Contains(stderr.String(), want) {
				t.Errorf("%v: nothing says %q:\n%s", c.args, want, stderr.String())
			}
		}
	}
}

func TestDefaultsAreValid(t *testing.T) {
	cfg := defaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

func TestHelpFits(t *testing.T) {
	cfg := defaultConfig()
	for _, wide := range []int{80, 100, 140} {
		for line := range strings.Lines(usage(usageHead, serveFlags(&cfg), wide)) {
			if len(line) > wide+1 && strings.HasPrefix(line, "  ") {
				t.Errorf("at %d columns, %d: %s", wide, len(line)-1, line)
			}
		}
	}
}

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{"": 100, "132": 132, "3": 40, "wide": 100} {
		if got := columns(environment(map[string]string{"COLUMNS": text})); got != want {
			t.Errorf("COLUMNS=%s: %d, want %d", text, got, want)
		}
	}
}

// The README's table is what the flags say; go test -update writes it.
func TestREADMETellsTheFlags(t *testing.T) {
	const begin, end = "<!-- flags: written by go test ./cmd/unreel -update -->\n", "<!-- end of flags -->"
	name := filepath.Join(root, "README.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	table, tail, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatalf("%s: no place between %q and %q", name, begin, end)
	}
	want := flagTable()
	switch {
	case table == want:
	case *update:
		if err = os.WriteFile(name, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s differs from the flags; if the change is meant, go test ./cmd/unreel -update and review the diff", name)
	}
}

// flagTable is the README's.
func flagTable() string {
	var out strings.Builder
	cfg := defaultConfig()
	out.WriteString("\n| Flag | Default | |\n|---|---|---|\n")
	for _, g := range serveFlags(&cfg) {
		fmt.Fprintf(&out, "| **%s** | | |\n", g.heading)
		g.flags.VisitAll(func(f *pflag.Flag) {
			_, words := pflag.UnquoteUsage(f)
			value := strings.Trim(f.DefValue, "[]")
			if value != "" {
				value = "`" + value + "`"
			}
			fmt.Fprintf(&out, "| `--%s` | %s | %s |\n", f.Name, value, words)
		})
	}
	out.WriteString("\n")
	return out.String()
}

func TestErrorsThatAreNoMistakeExitWithOne(t *testing.T) {
	var stderr bytes.Buffer
	if code := exitCode(errors.New("it broke\nand this too"), &stderr); code != exitError {
		t.Errorf("code %d", code)
	}
	if want := "unreel: it broke\nunreel: and this too\n"; stderr.String() != want {
		t.Errorf("%q, want %q", stderr.String(), want)
	}
}
