package packager

import (
	"bytes"
	"strings"
	"testing"

	"unreel/packager/golden"
)

// TestGoldenPlaylists holds every playlist of every layout.
func TestGoldenPlaylists(t *testing.T) {
	eachLayout(t, func(t *testing.T, o *origin, title string) {
		var all bytes.Buffer
		for _, path := range []string{MasterRef{title}.String(), cmafPrefix + MasterRef{title}.String()} {
			text := o.text(path)
			for _, list := range append([]string{path}, links(path, text)...) {
				all.WriteString("== " + list + "\n" + o.text(list))
			}
		}
		golden.Compare(t, "playlists/"+layoutName(t)+".m3u8", all.Bytes())
	})
}

// TestGoldenManifests holds both manifests of every layout.
func TestGoldenManifests(t *testing.T) {
	eachLayout(t, func(t *testing.T, o *origin, title string) {
		var all bytes.Buffer
		for _, onDemand := range []bool{false, true} {
			path := ManifestRef{title, onDemand}.String()
			all.WriteString("== " + path + "\n" + o.text(cmafPrefix+path))
		}
		golden.Compare(t, "manifests/"+layoutName(t)+".mpd", all.Bytes())
	})
}

// layoutName is the layout that a test of eachLayout is about.
func layoutName(t *testing.T) string {
	return strings.ReplaceAll(t.Name()[strings.IndexByte(t.Name(), '/')+1:], "_", "-")
}
