package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows is the house: every package, what of ours it imports, and what of others (a module's packages by the module's
// path). Of the standard library only net/http is told, since HTTP ends at handlers. Tests may import more.
var arrows = []struct{ from, ours, others string }{
	// Nothing imports it.
	{
		"bench", "demux demux/source",
		"github.com/Eyevinn/hls-m3u8 github.com/HdrHistogram/hdrhistogram-go github.com/go-analyze/charts " +
			"github.com/schollz/progressbar/v3 github.com/spf13/pflag golang.org/x/sys net/http",
	},
	{"cache", "", "github.com/hashicorp/golang-lru/v2 golang.org/x/sys"},
	{"cache/disk", "", ""},
	{
		"cmd/unreel", "cache cache/disk demux demux/source handlers handlers/signing handlers/tracing handlers/webhook packager packager/routing packager/thumbnails playback/events playback/progress playback/sessions",
		"github.com/prometheus/client_golang github.com/redis/go-redis/v9 github.com/spf13/pflag net/http",
	},
	{"demux", "", "github.com/Eyevinn/mp4ff github.com/cespare/xxhash/v2"},
	{"demux/source", "demux", "golang.org/x/sys"},
	{"demux/testmedia", "demux", ""},
	{
		"handlers", "handlers/signing handlers/openapi handlers/tracing handlers/web handlers/webhook packager packager/routing playback playback/events playback/progress playback/sessions",
		"github.com/gin-gonic/gin github.com/prometheus/client_golang golang.org/x/sys net/http",
	},
	// A client: it knows no more of us than a URL.
	{"handlers/conformance", "", "github.com/Eyevinn/dash-mpd github.com/Eyevinn/hls-m3u8 github.com/bluenviron/mediacommon/v2 golang.org/x/text/language net/http"},
	{"handlers/openapi", "", ""},
	{"handlers/signing", "", ""},
	{"handlers/tracing", "packager", "go.opentelemetry.io/otel net/http"},
	{"handlers/tracing/otlptest", "", "go.opentelemetry.io/proto/otlp google.golang.org/protobuf net/http"},
	{"handlers/web", "", ""},
	{"handlers/webhook", "", "net/http"},
	{"packager", "cache demux packager/clip packager/dash packager/fmp4 packager/hls packager/mpegts packager/routing packager/subtitles packager/thumbnails packager/timeline", "github.com/hashicorp/golang-lru/v2 golang.org/x/text"},
	{"packager/dash", "demux", "github.com/Eyevinn/dash-mpd"},
	{"packager/box", "demux", ""},
	{"packager/clip", "demux packager/box", ""},
	{"packager/fmp4", "demux packager/box", ""},
	{"packager/golden", "", ""},
	{"packager/hls", "demux", ""},
	{"packager/mpegts", "demux", ""},
	{"packager/routing", "", ""},
	{"packager/subtitles", "demux", "github.com/asticode/go-astisub golang.org/x/text"},
	{"packager/thumbnails", "", ""},
	{"packager/timeline", "demux", ""},
	{"playback", "", ""},
	{"playback/events", "playback", "github.com/redis/go-redis/v9 github.com/twmb/franz-go"},
	{"playback/progress", "playback", "github.com/redis/go-redis/v9 go.etcd.io/bbolt"},
	{"playback/sessions", "playback", "github.com/redis/go-redis/v9"},
	{"playback/redistest", "", "github.com/redis/go-redis/v9"},
	{"playback/storetest", "playback/redistest", "github.com/redis/go-redis/v9"},
}

// module is ours, and root is where it stands from here.
const (
	module = "unreel"
	root   = "../.."
)

func TestArrows(t *testing.T) {
	imports := readImports(t)
	var told []string
	for _, row := range arrows {
		told = append(told, row.from)
		allowed := strings.Fields(row.others)
		for _, to := range strings.Fields(row.ours) {
			allowed = append(allowed, module+"/"+to)
		}
		if _, ok := imports[row.from]; !ok {
			t.Errorf("%s is in the table, but is no package", row.from)
			continue
		}
		used := map[string]bool{}
		for to, file := range imports[row.from] {
			rule, ok := match(allowed, to)
			if !ok {
				t.Errorf("%s: %s must not import %s", file, row.from, to)
			}
			used[rule] = true
		}
		for _, to := range allowed {
			if !used[to] {
				t.Errorf("%s may import %s, but doesn't: take it out of the table", row.from, to)
			}
		}
	}
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		if !slices.Contains(told, from) {
			t.Errorf("%s is not in the table", from)
		}
	}
}

// match finds what allows an import: ours by its very path, others' by a path above too.
func match(allowed []string, to string) (string, bool) {
	for _, rule := range allowed {
		if to == rule || !strings.HasPrefix(rule, module+"/") && strings.HasPrefix(to, rule+"/") {
			return rule, true
		}
	}
	return "", false
}

// readImports gives, for each package by its directory, its imports that the table is about, each with a file that has it.
func readImports(t *testing.T) map[string]map[string]string {
	t.Helper()
	found := map[string]map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(root, name), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := path.Dir(name)
		if found[from] == nil {
			found[from] = map[string]string{}
		}
		for _, one := range f.Imports {
			var to string
			if to, err = strconv.Unquote(one.Path.Value); err != nil {
				return err
			}
			if isTold(to) {
				found[from][to] = name
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func isTold(to string) bool {
	first, _, _ := strings.Cut(to, "/")
	return first == module || strings.Contains(first, ".") || to == "net/http" || strings.HasPrefix(to, "net/http/")
}

// The table is only worth something if a wrong arrow shows.
func TestArrowsMatch(t *testing.T) {
	allowed := []string{"unreel/demux", "net/http", "github.com/gin-gonic/gin"}
	for to, want := range map[string]bool{
		"unreel/demux": true, "unreel/demux/source": false, "unreel/cache": false, "net/http/pprof": true, "net/httputil": false,
		"github.com/gin-gonic/gin": true, "github.com/gin-gonic/gin/binding": true, "github.com/gin-gonic/ginger": false,
	} {
		if _, ok := match(allowed, to); ok != want {
			t.Errorf("%s: allowed %v, want %v", to, ok, want)
		}
	}
}
