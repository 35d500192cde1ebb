package deploy

import (
	"regexp"
	"strings"
	"testing"
)

// The image is made as `make build` makes the program, which `make repro` shows to be reproducible, and holds no shell, no root and
// nothing of unknown version. Without Docker this is as near as a test gets.
func TestDockerfile(t *testing.T) {
	text := string(read(t, "../Dockerfile"))
	static := regexp.MustCompile(`(?m)^static := (.*)$`).FindStringSubmatch(string(read(t, "../Makefile")))
	if static == nil {
		t.Fatal("the Makefile does not say how the program is built")
	}
	build := strings.NewReplacer("'", `"`, "$(VERSION)", "${VERSION}").Replace(static[1])
	if !strings.Contains(text, "RUN "+build+" -o /unreel ./cmd/unreel\n") {
		t.Errorf("the image isn't built by %s", build)
	}
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1)
	for _, stage := range stages[:len(stages)-1] {
		if !regexp.MustCompile(`:[0-9]+\.[0-9]+\.[0-9]+`).MatchString(stage[1]) {
			t.Errorf("%s has no version", stage[1])
		}
	}
	if last := stages[len(stages)-1][1]; last != "scratch" {
		t.Errorf("the image stands on %s", last)
	}
	final := text[strings.LastIndex(text, "\nFROM "):]
	for _, want := range []string{
		`(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`, `(?m)^EXPOSE 8080$`, `(?m)^HEALTHCHECK .*CMD \["/unreel", "healthcheck"\]$`,
		`(?m)^ENTRYPOINT \["/unreel"\]$`, `(?m)^COPY --from=build /etc/ssl/certs/ca-certificates.crt `,
	} {
		if !regexp.MustCompile(want).MatchString(final) {
			t.Errorf("the image has no %s", want)
		}
	}
	if strings.Contains(final, "RUN ") {
		t.Error("the image runs something, but has nothing to run it with")
	}
	if !strings.Contains(string(read(t, "../.dockerignore")), ".git\n") {
		t.Error("the image is made of history too")
	}
}
