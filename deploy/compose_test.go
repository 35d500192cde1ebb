package deploy

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// composeFile is all that compose.yaml may say; the names are those of the Compose Specification.
type composeFile struct {
	Name     string             `json:"name"`
	Services map[string]service `json:"services"`
	Volumes  map[string]any     `json:"volumes"`
}

type service struct {
	Build       string            `json:"build"`
	Image       string            `json:"image"`
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	Ports       []string          `json:"ports"`
	Volumes     []string          `json:"volumes"`
	DependsOn   []string          `json:"depends_on"`
	Restart     string            `json:"restart"`
	ReadOnly    bool              `json:"read_only"`
	CapDrop     []string          `json:"cap_drop"`
	SecurityOpt []string          `json:"security_opt"`
	StopGrace   string            `json:"stop_grace_period"`
	Deploy      struct {
		Replicas  int `json:"replicas"`
		Resources struct {
			Limits map[string]string `json:"limits"`
		} `json:"resources"`
	} `json:"deploy"`
}

// Whatever compose.yaml names is there: files, volumes, services, flags; and no image is of whatever version is the latest.
func TestCompose(t *testing.T) {
	var compose composeFile
	if err := yaml.UnmarshalStrict(read(t, "compose.yaml"), &compose); err != nil {
		t.Fatal(err)
	}
	mounted := map[string]string{} // by their place in the container
	for name, s := range compose.Services {
		if s.Build == "" && (!strings.Contains(s.Image, ":") || strings.HasSuffix(s.Image, ":latest")) {
			t.Errorf("%s: %s has no version", name, s.Image)
		}
		for _, other := range s.DependsOn {
			if _, ok := compose.Services[other]; !ok {
				t.Errorf("%s: there is no service %s", name, other)
			}
		}
		for _, v := range s.Volumes {
			v = strings.ReplaceAll(v, "${MEDIA:?the directory of the films}", "./compose")
			from, to, _ := strings.Cut(strings.TrimSuffix(v, ":ro"), ":")
			mounted[name+" "+to] = from
			if _, ok := compose.Volumes[from]; ok {
				continue
			}
			if _, err := os.Stat(from); err != nil || !strings.HasPrefix(from, "./") || !strings.HasSuffix(v, ":ro") {
				t.Errorf("%s: %s: %v", name, v, err)
			}
		}
	}
	u := compose.Services["unreel"]
	if !u.ReadOnly || !slices.Contains(u.CapDrop, "ALL") || len(u.SecurityOpt) != 1 || u.Deploy.Replicas != 2 || u.Deploy.Resources.Limits["memory"] == "" {
		t.Errorf("%+v", u)
	}
	for _, arg := range u.Command[:len(u.Command)-1] {
		if flag, _, _ := strings.Cut(arg, "="); !slices.Contains(flagsOfREADME(t), flag) {
			t.Errorf("unreel knows no %s", arg)
		}
	}
	if _, ok := mounted["unreel "+u.Command[len(u.Command)-1]]; !ok {
		t.Errorf("%s is not mounted", u.Command[len(u.Command)-1])
	}
	graceful(t, u)
	wired(t, compose, mounted)
}

// graceful tells that unreel is given the time that its flags' defaults take to leave in order, and its last words.
func graceful(t *testing.T, u service) {
	t.Helper()
	left, err := time.ParseDuration(u.StopGrace)
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"drain-delay", "drain-timeout"} {
		found := regexp.MustCompile("(?m)^\\| `--" + flag + "` \\| `([^`]+)`").FindSubmatch(read(t, "../README.md"))
		if found == nil {
			t.Fatalf("the README has no default of --%s", flag)
		}
		took, failed := time.ParseDuration(string(found[1]))
		if failed != nil {
			t.Fatal(failed)
		}
		left -= took
	}
	if left < 6*time.Second {
		t.Errorf("unreel is killed %v before it has said all", 6*time.Second-left)
	}
}

// wired tells that the services know each other by the names and ports that they have.
func wired(t *testing.T, compose composeFile, mounted map[string]string) {
	t.Helper()
	var sources struct {
		APIVersion  int `json:"apiVersion"`
		Datasources []struct {
			Name      string `json:"name"`
			UID       string `json:"uid"`
			Type      string `json:"type"`
			URL       string `json:"url"`
			IsDefault bool   `json:"isDefault"`
		} `json:"datasources"`
	}
	if err := yaml.UnmarshalStrict(read(t, "grafana/provisioning/datasources/prometheus.yaml"), &sources); err != nil {
		t.Fatal(err)
	}
	if len(sources.Datasources) != 1 || sources.Datasources[0].URL != "http://prometheus:9090" || !strings.Contains(string(read(t, "grafana/unreel.json")), `"`+sources.Datasources[0].UID+`"`) {
		t.Errorf("%+v", sources)
	}
	var boards struct {
		APIVersion int `json:"apiVersion"`
		Providers  []struct {
			Name    string            `json:"name"`
			Type    string            `json:"type"`
			Options map[string]string `json:"options"`
		} `json:"providers"`
	}
	if err := yaml.UnmarshalStrict(read(t, "grafana/provisioning/dashboards/unreel.yaml"), &boards); err != nil {
		t.Fatal(err)
	}
	if len(boards.Providers) != 1 || mounted["grafana "+path.Join(boards.Providers[0].Options["path"], "unreel.json")] == "" {
		t.Errorf("Grafana looks for dashboards where none are: %+v, %v", boards, mounted)
	}
	const port = "8080" // that the program listens on, and its image says so
	for name, says := range map[string]string{
		"../Dockerfile": "EXPOSE " + port, "../README.md": "| `--listen` | `:" + port + "`", "compose/nginx.conf": "server unreel:" + port + " ",
		"prometheus/prometheus.yml": "- names: [unreel]\n        type: A\n        port: " + port,
	} {
		if !strings.Contains(string(read(t, name)), says) {
			t.Errorf("%s does not say %q", name, says)
		}
	}
	if ports := compose.Services["nginx"].Ports; len(ports) != 1 || !strings.Contains(string(read(t, "compose/nginx.conf")), "listen "+ports[0][strings.LastIndex(ports[0], ":")+1:]+";") {
		t.Errorf("Nginx does not listen on %v", ports)
	}
}

// Nginx takes the ConfigMap, but for the name of the Service. A test of the program runs compose's, which is the same.
func TestConfigMapIsNginx(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("no nginx on the PATH (Debian: nginx)")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	dir := t.TempDir()
	config := strings.NewReplacer("server unreel:8080;", "server 127.0.0.1:8080;", "listen 8080;", "listen "+free.Addr().String()+";", "/var/cache/nginx", dir).
		Replace(build(t, "k8s/base").configs["nginx"].Data["default.conf"])
	file := filepath.Join(dir, "nginx.conf")
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	text := fmt.Sprintf("pid %s/pid;\nevents {}\nhttp {\naccess_log off;\n%s%s}\n", dir, temp, config)
	if err = os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, failed := exec.CommandContext(t.Context(), nginx, "-t", "-p", dir, "-c", file, "-e", "stderr").CombinedOutput(); failed != nil {
		t.Errorf("nginx -t: %v\n%s\n%s", failed, said, text)
	}
}
