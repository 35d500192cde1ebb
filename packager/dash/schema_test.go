package dash

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// schema is the path of the MPD schema (ISO/IEC 23009-1), "" where it isn't at hand.
var schema = sync.OnceValue(func() string {
	folder := os.Getenv("UNREEL_SCHEMA")
	if folder == "" {
		if corpus := os.Getenv("UNREEL_CORPUS"); corpus != "" {
			folder = filepath.Join(filepath.Dir(filepath.Clean(corpus)), "schema")
		}
	}
	path := filepath.Join(folder, "DASH-MPD.xsd")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
})

// validate has xmllint hold an MPD against the schema.
func validate(t *testing.T, name string, text []byte) {
	t.Helper()
	t.Run("schema/"+name, func(t *testing.T) {
		if schema() == "" {
			t.Skip("no DASH-MPD.xsd: set UNREEL_SCHEMA to the folder that has it")
		}
		if _, err := exec.LookPath("xmllint"); err != nil {
			t.Skip("no xmllint: install libxml2-utils")
		}
		var complaint bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schema(), "-")
		cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &complaint
		if err := cmd.Run(); err != nil {
			t.Errorf("xmllint: %v\n%s", err, complaint.Bytes())
		}
	})
}
