package deploy

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// cluster is what `kubectl apply -k` would make, by name.
type cluster struct {
	deployments map[string]*appsv1.Deployment
	services    map[string]*corev1.Service
	configs     map[string]*corev1.ConfigMap
	scalers     map[string]*autoscalingv2.HorizontalPodAutoscaler
	budgets     map[string]*policyv1.PodDisruptionBudget
	monitors    map[string]*monitoringv1.ServiceMonitor
}

// build has kustomize build a directory, and decodes all of it into Kubernetes' own types, which must know every field.
func build(t *testing.T, dir string) cluster {
	t.Helper()
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{
		deployments: map[string]*appsv1.Deployment{}, services: map[string]*corev1.Service{}, configs: map[string]*corev1.ConfigMap{},
		scalers: map[string]*autoscalingv2.HorizontalPodAutoscaler{}, budgets: map[string]*policyv1.PodDisruptionBudget{},
		monitors: map[string]*monitoringv1.ServiceMonitor{},
	}
	for _, object := range objects.Resources() {
		text, failed := object.AsYAML()
		if failed != nil {
			t.Fatal(failed)
		}
		switch kind := object.GetApiVersion() + " " + object.GetKind(); kind {
		case "apps/v1 Deployment":
			decode(t, text, object.GetName(), c.deployments)
		case "v1 Service":
			decode(t, text, object.GetName(), c.services)
		case "v1 ConfigMap":
			decode(t, text, object.GetName(), c.configs)
		case "autoscaling/v2 HorizontalPodAutoscaler":
			decode(t, text, object.GetName(), c.scalers)
		case "policy/v1 PodDisruptionBudget":
			decode(t, text, object.GetName(), c.budgets)
		case "monitoring.coreos.com/v1 ServiceMonitor":
			decode(t, text, object.GetName(), c.monitors)
		default:
			t.Errorf("%s has a %s, which is not known", dir, kind)
		}
	}
	return c
}

func decode[T any](t *testing.T, text []byte, name string, into map[string]*T) {
	t.Helper()
	if into[name] != nil {
		t.Errorf("%s is there twice", name)
	}
	into[name] = new(T)
	if err := yaml.UnmarshalStrict(text, into[name]); err != nil {
		t.Errorf("%T %s: %v", into[name], name, err)
	}
}

// The base and every overlay are what kustomize builds, what Kubernetes knows, and fit together.
func TestKustomizations(t *testing.T) {
	overlays, err := os.ReadDir("k8s/overlays")
	if err != nil || len(overlays) < 2 {
		t.Fatal(overlays, err)
	}
	dirs := []string{"k8s/base"}
	for _, overlay := range overlays {
		dirs = append(dirs, "k8s/overlays/"+overlay.Name())
	}
	for _, dir := range dirs {
		t.Run(dir, func(t *testing.T) {
			c := build(t, dir)
			for _, name := range []string{"unreel", "nginx"} {
				if c.deployments[name] == nil || c.budgets[name] == nil {
					t.Fatalf("no Deployment or no budget of %s", name)
				}
				guarded(t, c.deployments[name])
				if b := c.budgets[name]; b.Spec.MinAvailable == nil || b.Spec.MinAvailable.IntValue() != 1 || !selects(b.Spec.Selector.MatchLabels, c.deployments[name]) {
					t.Errorf("%s: %+v", name, b.Spec)
				}
			}
			drains(t, c.deployments["unreel"])
			flagsAreKnown(t, c.deployments["unreel"])
			reaches(t, c.services["unreel"], c.deployments["unreel"])
			reaches(t, c.services["films"], c.deployments["nginx"])
			scales(t, c, dir != "k8s/overlays/small")
			if config := c.configs["nginx"]; config == nil || !strings.Contains(config.Data["default.conf"], "server unreel:"+strconv.Itoa(int(c.services["unreel"].Spec.Ports[0].Port))+";") {
				t.Error("Nginx does not ask the Service")
			}
			if m := c.monitors["unreel"]; (m != nil) != (dir == "k8s/overlays/monitoring") {
				t.Errorf("the ServiceMonitor: %v", m)
			} else if m != nil {
				monitors(t, m, c.services["unreel"])
			}
			redis := slices.Contains(argsOf(c.deployments["unreel"]), "--redis=redis://redis:6379/0")
			if redis == (dir == "k8s/overlays/small") {
				t.Errorf("Redis is asked for: %v", redis)
			}
		})
	}
}

// selects tells whether labels are among those of a Deployment's pods.
func selects(labels map[string]string, d *appsv1.Deployment) bool {
	for key, value := range labels {
		if d.Spec.Template.Labels[key] != value {
			return false
		}
	}
	return len(labels) > 0
}

func argsOf(d *appsv1.Deployment) []string { return d.Spec.Template.Spec.Containers[0].Args }

// guarded tells that a pod lives and is ready when it says so, and may do nothing that it needn't.
func guarded(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	pod := d.Spec.Template.Spec
	if s := pod.SecurityContext; s == nil || !*s.RunAsNonRoot || *s.RunAsUser == 0 || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s may run as root", d.Name)
	}
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken || !maps.Equal(d.Spec.Selector.MatchLabels, d.Spec.Template.Labels) {
		t.Errorf("%s has a token of Kubernetes, or selects others' pods", d.Name)
	}
	volumes := map[string]bool{}
	for i := range pod.Volumes {
		volumes[pod.Volumes[i].Name] = true
	}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		if s := c.SecurityContext; s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !slices.Contains(s.Capabilities.Drop, "ALL") {
			t.Errorf("%s: %s may more than it needs", d.Name, c.Name)
		}
		if c.ReadinessProbe == nil || c.LivenessProbe == nil || c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: %s lacks a probe or a limit", d.Name, c.Name)
		}
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if probe != nil && probe.HTTPGet != nil && (!hasPort(c, probe.HTTPGet.Port.StrVal) || probe.HTTPGet.Path != "/healthz" && probe.HTTPGet.Path != "/readyz") {
				t.Errorf("%s: %s is probed at %v", d.Name, c.Name, probe.HTTPGet)
			}
		}
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				t.Errorf("%s: %s mounts %s, which is no volume", d.Name, c.Name, m.Name)
			}
			delete(volumes, m.Name)
		}
	}
	if len(volumes) > 0 {
		t.Errorf("%s: nobody mounts %v", d.Name, volumes)
	}
}

func hasPort(c *corev1.Container, name string) bool {
	return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
}

// drains tells that a pod is given the time that it takes to leave in order, and is not ready at once when it says so.
func drains(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	const lastWords = 6 * time.Second // for reports and traces
	left := time.Duration(*d.Spec.Template.Spec.TerminationGracePeriodSeconds)*time.Second - lastWords
	for _, flag := range []string{"--drain-delay=", "--drain-timeout="} {
		i := slices.IndexFunc(argsOf(d), func(arg string) bool { return strings.HasPrefix(arg, flag) })
		if i < 0 {
			t.Fatalf("no %s", flag)
		}
		took, err := time.ParseDuration(strings.TrimPrefix(argsOf(d)[i], flag))
		if err != nil {
			t.Fatal(err)
		}
		left -= took
		ready := d.Spec.Template.Spec.Containers[0].ReadinessProbe
		seen := time.Duration(ready.PeriodSeconds*ready.FailureThreshold) * time.Second
		if flag == "--drain-delay=" && (took <= seen || ready.HTTPGet.Path != "/readyz") {
			t.Errorf("the pod drains for %v before it takes no more requests, and Kubernetes sees that after %v", took, seen)
		}
	}
	if left < 0 {
		t.Errorf("%v are missing to drain", -left)
	}
	if u := d.Spec.Strategy.RollingUpdate; u == nil || u.MaxUnavailable.IntValue() != 0 {
		t.Errorf("an update takes pods away: %+v", d.Spec.Strategy)
	}
}

// flagsAreKnown tells that the program has the flags: a test of its own holds the README's table to them.
func flagsAreKnown(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	known := flagsOfREADME(t)
	args := argsOf(d)
	for _, arg := range args[:len(args)-1] {
		if name, _, ok := strings.Cut(arg, "="); !ok || !slices.Contains(known, name) {
			t.Errorf("unreel knows no %s", arg)
		}
	}
	if last := args[len(args)-1]; !slices.ContainsFunc(d.Spec.Template.Spec.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == last && m.ReadOnly }) {
		t.Errorf("%s is not mounted, or not read-only", last)
	}
}

func flagsOfREADME(t *testing.T) (flags []string) {
	t.Helper()
	for _, row := range regexp.MustCompile("(?m)^\\| `(--[a-z-]+)` \\|").FindAllSubmatch(read(t, "../README.md"), -1) {
		flags = append(flags, string(row[1]))
	}
	if len(flags) < 20 {
		t.Fatalf("the README tells only %v", flags)
	}
	return flags
}

// reaches tells that a Service leads to the ports of a Deployment's pods.
func reaches(t *testing.T, s *corev1.Service, d *appsv1.Deployment) {
	t.Helper()
	if s == nil || !selects(s.Spec.Selector, d) || len(s.Spec.Ports) != 1 || !hasPort(&d.Spec.Template.Spec.Containers[0], s.Spec.Ports[0].TargetPort.StrVal) {
		t.Errorf("no Service leads to %s: %+v", d.Name, s)
	}
}

// scales tells between what and on what the autoscaler scales.
func scales(t *testing.T, c cluster, egress bool) {
	t.Helper()
	h := c.scalers["unreel"]
	if h == nil {
		t.Fatal("no HorizontalPodAutoscaler")
	}
	if to := h.Spec.ScaleTargetRef; to.Kind != "Deployment" || to.Name != "unreel" || *h.Spec.MinReplicas != 2 || h.Spec.MaxReplicas != 10 || c.deployments["unreel"].Spec.Replicas != nil {
		t.Errorf("%+v", h.Spec)
	}
	cpu := h.Spec.Metrics[0]
	if cpu.Resource == nil || cpu.Resource.Name != corev1.ResourceCPU || *cpu.Resource.Target.AverageUtilization != 50 {
		t.Errorf("%+v", cpu)
	}
	if got := len(h.Spec.Metrics) == 2; got != egress {
		t.Fatalf("%d metrics, want egress: %v", len(h.Spec.Metrics), egress)
	}
	if egress {
		pods := h.Spec.Metrics[1].Pods
		if pods == nil || pods.Target.AverageValue == nil || pods.Target.AverageValue.IsZero() || !strings.Contains(string(read(t, "k8s/overlays/monitoring/adapter-values.yaml")), "as: "+pods.Metric.Name+"}") {
			t.Errorf("the adapter makes no metric for %+v", pods)
		}
	}
}

// monitors tells that Prometheus finds the Service and its port.
func monitors(t *testing.T, m *monitoringv1.ServiceMonitor, s *corev1.Service) {
	t.Helper()
	for key, value := range m.Spec.Selector.MatchLabels {
		if s.Labels[key] != value {
			t.Errorf("the Service has no label %s=%s", key, value)
		}
	}
	if len(m.Spec.Endpoints) != 1 || m.Spec.Endpoints[0].Port != s.Spec.Ports[0].Name || m.Spec.Endpoints[0].Path != "/metrics" {
		t.Errorf("%+v", m.Spec.Endpoints)
	}
}

// Nginx before a Service and Nginx before compose's containers differ in how they find unreel, and in nothing else.
func TestNginxIsOne(t *testing.T) {
	differs := regexp.MustCompile(`(?m)^ *(zone unreels |server unreel:|resolver ).*\n`)
	ours := differs.ReplaceAllString(build(t, "k8s/base").configs["nginx"].Data["default.conf"], "")
	if theirs := differs.ReplaceAllString(string(read(t, "compose/nginx.conf")), ""); ours != theirs {
		t.Errorf("k8s/base/nginx.yaml has\n%s\nand compose/nginx.conf\n%s", ours, theirs)
	}
}
