package main

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// mostCache is the default size of the segment cache where memory is plenty: an hour of 1080p.
	mostCache = 512 << 20
	// cachePercent of the memory limit is the default where it isn't. The rest is for indexes, connections, and for what
	// the garbage collector has not given back yet.
	cachePercent = 40
	// heapPercent of a container's limit is where the garbage collector starts to work harder rather than let us be killed.
	heapPercent = 90
)

// defaultCacheSize is min(512 MiB, 40 % of limit); limit 0 is unknown.
func defaultCacheSize(limit int64) int64 {
	if limit <= 0 {
		return mostCache
	}
	return min(mostCache, limit/100*cachePercent)
}

// memoryLimit is how many bytes this process may use: the least of the control group's limit, GOMEMLIMIT, and the memory
// that there is. 0 is unknown. root is the file system's root.
func memoryLimit(root fs.FS) int64 {
	limit := int64(math.MaxInt64)
	for _, bytes := range []int64{groupLimit(root), debug.SetMemoryLimit(-1), physicalMemory(root)} {
		if bytes > 0 {
			limit = min(limit, bytes)
		}
	}
	if limit == math.MaxInt64 {
		return 0
	}
	return limit
}

// keepToGroupLimit tells the garbage collector of the control group's limit, unless GOMEMLIMIT has said something. The
// segments that are kept, so many bytes, are none of its own: the cache takes memory for them from the system.
func keepToGroupLimit(root fs.FS, kept int64) {
	limit := groupLimit(root)
	if limit == 0 || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	heap := limit / 100 * heapPercent
	if runtime.GOOS == "linux" {
		heap = max(heap-kept, limit/4)
	}
	debug.SetMemoryLimit(heap)
}

// groupLimit is the least limit of our control group and those above it, 0 where there is none. Within a container only the
// group itself may be visible, mounted at the top; so every level up to that is tried.
func groupLimit(root fs.FS) int64 {
	limit := int64(0)
	note := func(name string) {
		if bytes := readBytes(root, name); bytes > 0 && (limit == 0 || bytes < limit) {
			limit = bytes
		}
	}
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	lines := bufio.NewScanner(bytes.NewReader(groups))
	for lines.Scan() {
		// "0::/path" in version 2, "4:memory,cpu:/path" in version 1: see cgroups(7).
		fields := strings.SplitN(lines.Text(), ":", 3)
		if len(fields) != 3 {
			continue
		}
		mount, file := "sys/fs/cgroup", "memory.max"
		if fields[1] != "" {
			if !strings.Contains(","+fields[1]+",", ",memory,") {
				continue
			}
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		}
		for group := path.Clean("/" + fields[2]); ; group = path.Dir(group) {
			note(path.Join(mount, group, file))
			if group == "/" {
				break
			}
		}
	}
	return limit
}

// readBytes reads a file that holds one number; 0 where it doesn't, as in "max". Version 1 writes a number near 2^63 for
// "no limit", which is more than the memory that there is.
func readBytes(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n > 1<<60 {
		return 0
	}
	return n
}

// physicalMemory is the machine's memory by Linux' account of it (proc(5)), 0 elsewhere.
func physicalMemory(root fs.FS) int64 {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kib, bad := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if bad != nil || kib > math.MaxInt64>>10 {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
