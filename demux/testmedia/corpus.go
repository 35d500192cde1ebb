package testmedia

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Corpus is the folder of real files that UNREEL_CORPUS names. Without one it skips the test.
func Corpus(t testing.TB) (root string) {
	t.Helper()
	if root = os.Getenv("UNREEL_CORPUS"); root == "" {
		t.Skip("UNREEL_CORPUS names no folder of real files")
	}
	return root
}

// EachCorpusFile runs a test of each real file, of whatever folder of the corpus.
func EachCorpusFile(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	root := Corpus(t)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(root, path)
		t.Run(name, func(t *testing.T) { test(t, path) })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
