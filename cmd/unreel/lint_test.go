package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A rule of .golangci.yml that nobody saw fire may be misspelt. Each case here is one file. It breaks one rule, at the line
// that ends in "// want", or none where the rule doesn't hold. F and T get names and comments of their own.
var lintCases = []struct{ file, want, code string }{
	{"packager/print.go", "print through a Writer", `func F() { fmt.Println("x") } // want`},
	{"packager/println.go", "print through a Writer", `func F() { println("x") } // want`},
	{"packager/panic.go", "a server doesn't panic", `func F() { panic("x") } // want`},
	{"packager/exit.go", "only main exits", `func F() { os.Exit(1) } // want`},
	{"packager/fatal.go", "only main exits", `func F() { log.Fatalf("x") } // want`},
	{"cmd/unreel/exit.go", "only main exits", `func F() { os.Exit(1) } // want`},
	{"cmd/unreel/main.go", "", `func main() { os.Exit(1) }`},
	{"packager/status.go", "HTTP statuses belong in handlers", `func F() int { return http.StatusOK } // want`},
	{"packager/status_test.go", "", `func F() int { return http.StatusOK }`},
	{"handlers/status.go", "", `func F() int { return http.StatusOK }`},
	{"packager/register.go", "a registry is passed in", `func F(c prometheus.Collector) { prometheus.MustRegister(c) } // want`},
	{"packager/registerer.go", "a registry is passed in", `func F() any { return prometheus.DefaultRegisterer } // want`},
	{"packager/with.go", "", `func F(r prometheus.Registerer, c prometheus.Collector) { r.MustRegister(c) }`},
	{"packager/auto.go", "promauto.With", `func F() any { return promauto.NewGauge(prometheus.GaugeOpts{Name: "a", Help: "A."}) } // want`},
	{"packager/metric.go", "promlinter", `func F() any { return prometheus.NewCounter(prometheus.CounterOpts{Name: "a", Help: "A."}) } // want`},
	{"handlers/gin.go", "middleware of ours", `func F() any { return gin.Default() } // want`},
	{"packager/sleep.go", "not for a time", `func F() { time.Sleep(1) } // want`},
	{"packager/sleep_test.go", "not for a time", `func F() { time.Sleep(1) } // want`},
	{"demux/convert.go", "G115", `func F(n int64) uint32 { return uint32(n) } // want`},
	{"demux/source/convert.go", "G115", `func F(n int64) uint32 { return uint32(n) } // want`},
	{"packager/mpegts/convert.go", "G115", `func F(n int64) uint32 { return uint32(n) } // want`},
	{"demux/convert_test.go", "", `func F(n int64) uint32 { return uint32(n) }`},
	{"packager/convert.go", "", `func F(n int64) uint32 { return uint32(n) }`},
	{"packager/long.go", "funlen", "func F() { // want\n" + strings.Repeat("\tos.Getpid()\n", 81) + "}"},
	{"packager/long_test.go", "", "func F() {\n" + strings.Repeat("\tos.Getpid()\n", 81) + "}"},
	{"packager/lines.go", "file length", strings.Repeat("// A line.\n", 400) + "// want"},
	{"packager/lines_test.go", "", strings.Repeat("// A line.\n", 400)},
	{"packager/init.go", "gochecknoinits", `func init() { os.Getpid() } // want`},
	{"packager/context.go", "containedctx", "type T struct {\n\tCtx context.Context // want\n}"},
	{"packager/body.go", "bodyclose", "func F() int {\n\tresp, err := http.Get(\"http://localhost\") // want\n\tif err != nil {\n\t\treturn 0\n\t}\n\treturn resp.StatusCode\n}"},
	{"packager/nolint.go", "explanation", "func F() { os.Exit(1) } //nolint:forbidigo\n// want-1"},
	{"packager/stale.go", "unused", "func F() {} //nolint:forbidigo // nothing is wrong here\n// want-1"},
	{"packager/shadow.go", "shadow", "func F() error {\n\t_, err := os.Open(\"a\")\n\tif err == nil {\n\t\t_, err := os.Open(\"b\") // want\n\t\treturn err\n\t}\n\treturn err\n}"},
	{"packager/equal.go", "errorlint", `func F(err error) bool { return err == os.ErrExist } // want`},
	{"packager/wrap.go", "errorlint", `func F(err error) error { return fmt.Errorf("x: %v", err) } // want`},
	{"packager/name.go", "errname", "// BadF is misnamed.\nvar BadF = errors.New(\"x\") // want"},
	{"packager/unchecked.go", "errcheck", `func F() { os.Remove("x") } // want`},
	{"packager/closed.go", "", `func F(f *os.File) { defer f.Close() }`},
	{"packager/exported.go", "should have comment", `func Bare() {} // want`},
	{"packager/global.go", "default logger", `func F() { slog.Info("x") } // want`},
	{"packager/key.go", "snake_case", `func F(l *slog.Logger) { l.Info("x", slog.Int("aKey", 1)) } // want`},
	{"packager/mixed.go", "should not be mixed", `func F(l *slog.Logger) { l.Info("x", "a", 1, slog.Int("b", 1)) } // want`},
	{"packager/message.go", "string literal", `func F(l *slog.Logger, s string) { l.Info("x " + s) } // want`},
	{"packager/assigned.go", "ineffassign", "func F() int {\n\tn := 1 // want\n\tn = 2\n\treturn n\n}"},
	{"packager/alone.go", "unused", `func alone() {} // want`},
	{"packager/static.go", "staticcheck", `func F(s string) bool { return strings.ToLower(s) == strings.ToLower("X") } // want`},
	{"packager/format.go", "gofumpt", "func F() {\n\n\tos.Getpid() // want-1\n}"},
	{"packager/imports.go", "gci", "import (\n\t\"github.com/gin-gonic/gin\" // want\n\t\"os\"\n)\n\nfunc F() { gin.New(); os.Getpid() }"},
}

// lintImports are the packages that the cases use.
var lintImports = []string{
	"context", "errors", "fmt", "log", "log/slog", "net/http", "os", "strings", "time",
	"github.com/gin-gonic/gin", "github.com/prometheus/client_golang/prometheus", "github.com/prometheus/client_golang/prometheus/promauto",
}

func TestLintRulesFire(t *testing.T) {
	if testing.Short() {
		t.Skip("golangci-lint takes a while")
	}
	house := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", ".golangci.yml"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(house, name), string(text))
	}
	for i, c := range lintCases {
		dir := path.Dir(c.file)
		pkg := path.Base(dir)
		if pkg == "unreel" {
			pkg = "main"
		}
		writeFile(t, filepath.Join(house, dir, "doc.go"), "// Package "+pkg+" is a fixture.\npackage "+pkg+"\n")
		writeFile(t, filepath.Join(house, c.file), fixture(pkg, i, c.code))
	}
	found, said := runLint(t, house), ""
	for _, c := range lintCases {
		text, err := os.ReadFile(filepath.Join(house, c.file))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line, issue := range found[c.file] {
			if line == wantedLine(string(text)) && c.want != "" && strings.Contains(issue, c.want) {
				lines = append(lines, issue)
				continue
			}
			t.Errorf("%s:%d: not wanted: %s", c.file, line, issue)
		}
		if c.want != "" && lines == nil {
			t.Errorf("%s: nothing says %q about\n%s", c.file, c.want, c.code)
		}
		said += strings.Join(lines, "")
	}
	config, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range switchedOn(string(config)) {
		if !strings.Contains("\n"+said, "\n"+name+": ") {
			t.Errorf("no case breaks a rule of %s", name)
		}
	}
}

// fixture makes a file of a case: its package, its imports, names of its own.
func fixture(pkg string, i int, code string) string {
	code = regexp.MustCompile(`(?m)^(func|type) ([FT])\b`).ReplaceAllString(code, "// $2 is a case.\n$1 $2")
	code = regexp.MustCompile(`\b(Bad|)([FT])\b`).ReplaceAllString(code, fmt.Sprintf("${1}${2}%d", i))
	code = regexp.MustCompile(`\bBadF\b`).ReplaceAllString(code, fmt.Sprintf("Bad%d", i))
	var imports strings.Builder
	for _, one := range lintImports {
		if regexp.MustCompile(`\b`+path.Base(one)+`\.[A-Z]`).MatchString(code) && !strings.Contains(code, "import (") {
			if strings.Contains(one, ".") && !strings.Contains(imports.String(), ".") {
				imports.WriteString("\n")
			}
			fmt.Fprintf(&imports, "\t%q\n", one)
		}
	}
	if imports.Len() > 0 {
		code = "import (\n" + strings.TrimPrefix(imports.String(), "\n") + ")\n\n" + code
	}
	return "package " + pkg + "\n\n" + strings.TrimSuffix(code, "\n") + "\n"
}

// wantedLine is where a fixture breaks its rule.
func wantedLine(text string) int {
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasSuffix(line, "// want-1"):
			return i
		case strings.HasSuffix(line, "// want"):
			return i + 1
		}
	}
	return 0
}

// runLint gives what golangci-lint says of each line of each file.
func runLint(t *testing.T, dir string) map[string]map[int]string {
	t.Helper()
	script, err := filepath.Abs(filepath.Join(root, ".ci", "golangci-lint"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), script, "run", "--output.json.path=stdout", "--output.text.path=stderr", "--show-stats=false", "./...")
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // it exits 1, since it finds what it should
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct {
				Filename string
				Line     int
			}
		}
	}
	if err = json.Unmarshal(stdout.Bytes(), &report); err != nil {
		t.Fatalf("golangci-lint: %v\n%s", err, stderr.String())
	}
	found := map[string]map[int]string{}
	for _, issue := range report.Issues {
		name := filepath.ToSlash(issue.Pos.Filename)
		if found[name] == nil {
			found[name] = map[int]string{}
		}
		found[name][issue.Pos.Line] += issue.FromLinter + ": " + issue.Text + "\n"
	}
	return found
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// switchedOn reads the names of linters and formatters that .golangci.yml enables.
func switchedOn(config string) (names []string) {
	for _, item := range regexp.MustCompile(`(?m)^    - ([a-z0-9]+)`).FindAllStringSubmatch(config, -1) {
		names = append(names, item[1])
	}
	return names
}
