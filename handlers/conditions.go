package handlers

import (
	"net/http"
	"strings"
)

// conditions evaluates a request's preconditions against the strong entity tag of what it selects, in the order of RFC
// 9110 §13.2.2. There is no Last-Modified, so conditions on dates are ignored.
func conditions(r *http.Request, tag string) (notModified bool, err error) {
	if lines := r.Header["If-Match"]; len(lines) > 0 && !matches(lines, tag, false) {
		return false, errPrecondition
	}
	if lines := r.Header["If-None-Match"]; len(lines) > 0 && matches(lines, tag, true) {
		return true, nil
	}
	return false, nil
}

// matches tells whether a list of entity tags, or "*", names tag (§8.8.3.2). A weak tag only ever matches weakly.
func matches(lines []string, tag string, weak bool) bool {
	for _, line := range lines {
		if strings.TrimSpace(line) == "*" {
			return true
		}
		for line != "" {
			line = strings.TrimLeft(line, " \t,")
			rest, isWeak := strings.CutPrefix(line, "W/")
			if !strings.HasPrefix(rest, `"`) {
				break // no list of tags: what follows can't be read
			}
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				break
			}
			if rest[:end+2] == tag && (weak || !isWeak) {
				return true
			}
			line = rest[end+2:]
		}
	}
	return false
}
