package main

import (
	"math"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// machine is a file system of a machine's facts.
func machine(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

func TestMemoryLimit(t *testing.T) {
	const meminfo = "MemTotal:       16384000 kB\nMemFree:         1 kB\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing is known", nil, 0},
		{"physical memory", map[string]string{"proc/meminfo": meminfo}, 16384000 << 10},
		{
			"version 2, a limit on the group above", map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/pod/unreel\n",
				"sys/fs/cgroup/pod/unreel/memory.max": "max\n", "sys/fs/cgroup/pod/memory.max": "1073741824\n",
			}, 1 << 30,
		},
		{
			"version 2, the group mounted at the top of a container", map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/docker/0123\n", "sys/fs/cgroup/memory.max": "268435456\n",
			}, 256 << 20,
		},
		{
			"version 1", map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/a\n1:name=systemd:/\n",
				"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "536870912\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
			}, 512 << 20,
		},
		{
			"a limit above the memory that there is", map[string]string{
				"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1099511627776\n",
			}, 16384000 << 10,
		},
		{"nonsense", map[string]string{"proc/meminfo": "MemTotal: lots\n", "proc/self/cgroup": "garbage\n0::\n"}, 0},
	} {
		if got := memoryLimit(machine(c.files)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestMemoryLimitHeedsGOMEMLIMIT(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(300 << 20))
	if got := memoryLimit(machine(map[string]string{"proc/meminfo": "MemTotal: 1024000 kB\n"})); got != 300<<20 {
		t.Errorf("%d, want 300 MiB", got)
	}
}

func TestKeepToGroupLimit(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	root := machine(map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1000000000\n"})

	keepToGroupLimit(root, 0)
	if got := debug.SetMemoryLimit(-1); got != 900_000_000 {
		t.Errorf("the collector heeds %d, want 900000000", got)
	}
	debug.SetMemoryLimit(123 << 20)
	keepToGroupLimit(root, 0)
	if got := debug.SetMemoryLimit(-1); got != 123<<20 {
		t.Errorf("GOMEMLIMIT was overruled by %d", got)
	}
}

func TestDefaultCacheSize(t *testing.T) {
	for limit, want := range map[int64]int64{0: 512 << 20, 64 << 30: 512 << 20, 1000 << 20: 400 << 20} {
		if got := defaultCacheSize(limit); got != want {
			t.Errorf("of a limit of %d: %d, want %d", limit, got, want)
		}
	}
}
