//go:build unix

package packager

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestForbiddenDirectory: what may not be read is told of once, and all else plays.
func TestForbiddenDirectory(t *testing.T) {
	if os.Geteuid() == 0 { // nothing is forbidden to root
		asNobody(t, "TestForbiddenDirectory")
		return
	}
	d := newDisk(t, "a/film.mp4", "b/film.mp4")
	if err := os.Chmod(filepath.Join(d.path, "b"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(d.path, "b"), 0o700) }) // or else nobody can remove it
	l := d.library()
	rescan(t, l)
	wantTitles(t, l, "a/film: =a/film.mp4")
	if logs := d.logged(); strings.Count(logs, "\n") != 1 {
		t.Errorf("logged: %s", logs)
	}
}

// asNobody runs one of this package's tests as a user who may do little.
func asNobody(t *testing.T, test string) {
	t.Helper()
	const nobody = 65534
	dir, err := os.MkdirTemp("", "nobody")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program := filepath.Join(dir, "test")
	self, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = errors.Join(os.WriteFile(program, self, 0o755), os.Chmod(dir, 0o777))
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run", "^"+test+"$", "-test.v")
	cmd.Dir, cmd.Env = dir, []string{"TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+test) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
