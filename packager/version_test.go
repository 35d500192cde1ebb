package packager

import (
	"testing"

	"unreel/demux"
)

// A Revision that goes up gives the same file another Version.
func TestRevisionMoves(t *testing.T) {
	f := demux.Fingerprint{1, 2, 3, 4, 5, 6, 7, 8}
	if versionOf(f) != versionAt(f, Revision) {
		t.Error("the Version is of another Revision")
	}
	seen := map[Version]uint64{}
	for revision := range uint64(100) {
		v := versionAt(f, revision)
		if before, ok := seen[v]; ok {
			t.Errorf("revisions %d and %d are one Version %v", before, revision, v)
		}
		seen[v] = revision
	}
}
