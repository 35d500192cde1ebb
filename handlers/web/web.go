// Package web is the page at "/", the library with its search and a player for each title, and the one at "/qoe", which draws
// how well films play. It holds files only: plain HTML, CSS and JavaScript modules that call nothing but relative URLs, so that
// the pages work below any prefix.
//
// The players are hls.js and, for DASH, shaka-player, which npm fetches and esbuild bundles into dist/ (make web). Without
// the bundles everything still compiles, and the page plays with the browser's own HLS and says so.
package web

import (
	"embed"
	"io/fs"
)

//go:embed index.html qoe.html assets dist
var files embed.FS

// Files holds the pages' files under the paths at which they are served: "assets/…" and "dist/…" as they stand, "index.html",
// which answers at "/", and "qoe.html", which answers at "/qoe".
func Files() fs.FS { return files }
