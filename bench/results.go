package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// results are what a file of results holds.
type results struct {
	Time    string   `json:"time"`
	Command string   `json:"command"`
	Machine string   `json:"machine"`
	Commit  string   `json:"commit"`
	Figures []figure `json:"figures"`
	Plots   []series `json:"plots,omitempty"`
}

// build makes the program under test.
func build(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/unreel")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, said)
	}
	return nil
}

// said is the first line that a program prints, or that there is none.
func said(ctx context.Context, name string, args ...string) string {
	text, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "no " + name
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// machine describes what we run on.
func machine(ctx context.Context) string {
	cpu := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(text), " ")
	}
	return fmt.Sprintf("%d x %s, %s, %s, %s, load average before %s", runtime.NumCPU(), cpu, said(ctx, "uname", "-sr"), runtime.Version(),
		said(ctx, "nginx", "-v"), load)
}

// line is a figure for a person.
func (f *figure) line() string {
	text := fmt.Sprintf("%s: %.4g %s", f.What, f.Value, f.Unit)
	if f.Peer > 0 {
		text += fmt.Sprintf(", the other %.4g: %.2f x", f.Peer, f.Ratio)
	}
	if f.Max > 0 {
		text += fmt.Sprintf(" (%.2f to %.2f)", f.Min, f.Max)
	}
	if f.PerCPU > 0 {
		text += fmt.Sprintf("; for a second of processor time %.4g", f.PerCPU)
		if f.PeerCPU > 0 {
			text += fmt.Sprintf(", the other %.4g", f.PeerCPU)
		}
	}
	return text
}

// write writes the results, as JSON, as a table and as plots. Figures that were not taken this time stay as they were.
func (s *study) write(stdout io.Writer) error {
	out := results{
		Time: time.Now().UTC().Format(time.RFC3339), Command: "go run ./bench " + "figures " + strings.Join(s.args, " "),
		Machine: s.machine, Commit: s.commit, Figures: s.figures, Plots: s.series,
	}
	if err := os.MkdirAll(s.o.out, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	name := time.Now().UTC().Format("2006-01-02T1504")
	if err = os.WriteFile(filepath.Join(s.o.out, name+".json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if err = os.WriteFile(filepath.Join(s.o.out, name+".md"), []byte(out.table()), 0o644); err != nil {
		return err
	}
	for _, plot := range s.series {
		svg, failed := plot.draw()
		if failed != nil {
			return failed
		}
		if err = os.WriteFile(filepath.Join(s.o.out, plot.File+".svg"), svg, 0o644); err != nil {
			return err
		}
	}
	_, err = io.WriteString(stdout, out.table())
	return err
}

// table is Markdown.
func (r *results) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`%s`, commit %s, on %s\n\n", r.Time, r.Command, r.Commit, r.Machine)
	b.WriteString("| figure | what | measured | beside | ratio (of pairs: least to most) | a second of CPU | beside | ratio | goal | |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for i := range r.Figures {
		f := &r.Figures[i]
		show := func(v float64, unit string) string {
			if v == 0 {
				return ""
			}
			return fmt.Sprintf("%.4g %s", v, unit)
		}
		spread := ""
		if f.Ratio > 0 {
			spread = fmt.Sprintf("%.2f", f.Ratio)
		}
		if f.Max > 0 {
			spread += fmt.Sprintf(" (%.2f to %.2f)", f.Min, f.Max)
		}
		busy := ""
		if f.PeerCPU > 0 {
			busy = fmt.Sprintf("%.2f", f.PerCPU/f.PeerCPU)
		}
		verdict := map[bool]string{true: "reached", false: "missed"}[f.Reached]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", f.Name, f.What, show(f.Value, f.Unit), show(f.Peer, f.Unit), spread,
			show(f.PerCPU, ""), show(f.PeerCPU, ""), busy, f.Goal, verdict)
	}
	return b.String()
}
