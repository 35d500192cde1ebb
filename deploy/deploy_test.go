// Package deploy holds what runs unreel elsewhere. Here are its tests: that Kubernetes knows every field, that every metric which
// is drawn or alerted on is exported, and that promtool finds the rules sound.
package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"unreel/handlers"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Every metric that a graph or a rule names is exported, or recorded by a rule.
func TestMetricsAreExported(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	handlers.NewMetrics(registry, "test")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"unreel_sessions_active"} // made when it is asked for
	for _, f := range families {
		known = append(known, f.GetName())
	}
	rules, dashboard := read(t, "prometheus/rules.yml"), read(t, "grafana/unreel.json")
	for _, m := range regexp.MustCompile(`record: (\S+)`).FindAllSubmatch(rules, -1) {
		known = append(known, string(m[1]))
	}
	if !json.Valid(dashboard) {
		t.Error("the dashboard is no JSON")
	}
	var named struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	if err = json.Unmarshal(dashboard, &named); err != nil {
		t.Fatal(err)
	}
	text := string(rules)
	for _, p := range named.Panels {
		for _, target := range p.Targets {
			text += target.Expr + "\n"
		}
	}
	text += string(read(t, "k8s/overlays/monitoring/adapter-values.yaml"))
	used := regexp.MustCompile(`\b(unreel[_:][a-z0-9_:]+|process_[a-z_]+)`).FindAllString(text, -1)
	if len(used) < 30 {
		t.Errorf("only %d metrics are named", len(used))
	}
	for _, name := range used {
		base := name
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			base = strings.TrimSuffix(base, suffix)
		}
		if !slices.Contains(known, name) && !slices.Contains(known, base) && name != "unreel_egress_bits_per_second" {
			t.Errorf("%s is not exported", name)
		}
	}
}

func TestRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("no promtool on the PATH (Debian: prometheus)")
	}
	for _, args := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}, {"check", "config", "prometheus.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "prometheus"
		if said, failed := cmd.CombinedOutput(); failed != nil {
			t.Errorf("promtool %v: %v\n%s", args, failed, said)
		}
	}
}
