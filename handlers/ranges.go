package handlers

import (
	"math"
	"net/http"
	"strings"
)

// span is a part of a body: n bytes from off on.
type span struct{ off, n int64 }

// rangeOf is what part of a body of size bytes a GET asks for (RFC 9110 §14.2). partial is false for the whole: without a
// Range, with one that can't be read or names several parts, or with an If-Range that names another body. The error is
// errRange for one that lies outside.
func rangeOf(r *http.Request, tag string, size int64) (s span, partial bool, err error) {
	whole := span{0, size}
	lines := r.Header["Range"]
	if r.Method != http.MethodGet || len(lines) != 1 {
		return whole, false, nil
	}
	if held := r.Header["If-Range"]; len(held) > 0 && (len(held) > 1 || held[0] != tag) {
		return whole, false, nil // §13.1.5: the strong comparison, which a date never passes
	}
	unit, set, _ := strings.Cut(lines[0], "=")
	if !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return whole, false, nil
	}
	set = strings.Trim(set, " \t,") // a list may have empty elements, §5.6.1
	if strings.Contains(set, ",") {
		return whole, false, nil
	}
	s, valid, inside := oneRange(set, size)
	switch {
	case !valid:
		return whole, false, nil
	case !inside:
		return whole, false, errRange
	}
	return s, true, nil
}

// oneRange reads "first-last", "first-" or "-suffix" (§14.1.1). inside is false for one that lies outside the body, as the
// last 0 bytes do (§14.1.2).
func oneRange(text string, size int64) (s span, valid, inside bool) {
	first, last, ok := strings.Cut(text, "-")
	from, fromOK := position(first)
	to, toOK := position(last)
	switch {
	case !ok:
		return s, false, false
	case first == "" && toOK:
		s = span{size - min(to, size), min(to, size)}
	case fromOK && last == "":
		s = span{from, size - from}
	case fromOK && toOK && from <= to:
		s = span{from, min(to, size-1) - from + 1}
	default:
		return s, false, false
	}
	return s, true, s.n > 0 && s.off < size
}

// position reads 1*DIGIT; a number beyond an int64 is beyond every body.
func position(digits string) (n int64, ok bool) {
	for _, d := range []byte(digits) {
		if d < '0' || d > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = (math.MaxInt64 - 9) / 10
		}
		n = n*10 + int64(d-'0')
	}
	return n, digits != ""
}
