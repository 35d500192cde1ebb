package packager

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"unreel/demux/testmedia"
	"unreel/packager/golden"
)

// goldenFile has the Revision in its first line, and then a line for each segment: its layout and the fingerprint of its file,
// its path with a * for the Version, and the hash of its bytes, tabs between.
const goldenFile = "testdata/golden.txt"

// TestGoldenSegments holds the bytes of segments. A path is cached for a year, so it may give other bytes than it used to only
// if it is another path: that is what Revision is for.
func TestGoldenSegments(t *testing.T) {
	sequential(t)
	written, err := os.ReadFile(goldenFile)
	if err != nil && !golden.Updating() {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(written), "\n")
	raised := head != fmt.Sprintf("revision %d", Revision)
	old := map[string]string{} // hashes
	for line := range strings.Lines(body) {
		if i := strings.LastIndexByte(line, '\t'); i >= 0 {
			old[line[:i]] = strings.TrimSuffix(line[i+1:], "\n")
		}
	}
	now := map[string]string{}
	for layout, files := range goldenFilms() {
		hashes := hashSegments(t, layout, files, slices.Collect(maps.Keys(old)))
		maps.Copy(now, hashes)
	}
	for line, hash := range now {
		if was, known := old[line]; known && was != hash && !raised {
			t.Fatalf("the segment %s has other bytes than before, and its URL is cached for a year: raise packager.Revision, "+
				"and run go test -run TestGoldenSegments -update", strings.ReplaceAll(line, "\t", " "))
		}
	}
	if golden.Updating() {
		var all bytes.Buffer
		fmt.Fprintf(&all, "revision %d\n", Revision)
		for _, line := range slices.Sorted(maps.Keys(now)) {
			fmt.Fprintf(&all, "%s\t%s\n", line, now[line])
		}
		if err = os.WriteFile(goldenFile, all.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if raised || !maps.Equal(old, now) {
		t.Errorf("%s is of another Revision, or of other films: run go test -run TestGoldenSegments -update", goldenFile)
	}
}

// goldenFilms are the films whose bytes are held: all layouts, and what they don't show.
func goldenFilms() map[string][]testmedia.File {
	films := layouts()
	for n := 1; n <= 3; n++ {
		film := movie(testmedia.ShortNALs(180, n), soundOf(6))
		films[fmt.Sprintf("lengths of %d", n)] = []testmedia.File{{Name: "film.mp4", Movie: film}}
	}
	wraps := delayed(testmedia.Video(180, 360, 1), 95430*1e9) // TS time begins at 10 s, and 2^33 ticks of 90 kHz are 95443.7 s
	films["wrap"] = []testmedia.File{{Name: "film.mp4", Movie: movie(wraps)}}
	films["sparse"] = []testmedia.File{{Name: "film.mp4", Movie: movie(each(testmedia.Video(60, 360, 1), func(i int, s *testmedia.Sample) {
		s.Duration, s.Composition, s.Sync = 15360, 0, i%5 == 0 // a frame a second
	}))}}
	return films
}

// hashSegments hashes the segments that a layout's playlists list now, and those that they used to list.
func hashSegments(t *testing.T, layout string, files []testmedia.File, old []string) map[string]string {
	t.Helper()
	o := serve(t, newMemory(files...))
	page, _ := o.Titles("", 0, 1)
	paths := map[string]string{} // by what is before a line's hash
	versions := map[string]string{}
	for path := range o.everything(page[0].Title) {
		title, rendition, version := placeOf(t, path)
		if version == (Version{}) {
			continue // a playlist
		}
		m, err := o.mediaOf(t.Context(), title, rendition)
		if err != nil {
			t.Fatal(err)
		}
		file := fmt.Sprintf("%s\t%x\t", layout, m.index.Fingerprint)
		versions[file] = version.String()
		paths[file+strings.Replace(path, version.String(), "*", 1)] = path
	}
	for _, line := range old {
		i := strings.LastIndexByte(line, '\t')
		if version, ok := versions[line[:i+1]]; ok {
			paths[line] = strings.Replace(line[i+1:], "*", version, 1)
		}
	}
	hashes := map[string]string{}
	for line, path := range paths {
		hashes[line] = fmt.Sprintf("%x", sha256.Sum256(o.body(path)))
	}
	return hashes
}
