package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the linker where a release is built (-X main.release=v1.2.3); otherwise git's state tells.
var release string

// version names this build.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// versionLine is what --version prints.
func versionLine() string {
	return fmt.Sprintf("unreel %s, %s %s/%s", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
