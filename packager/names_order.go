package packager

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// compareNames is the order in which people expect names: without regard to case, numbers by their value, and what is in
// a directory before what only begins like its name. Names that are alike so far go by their bytes, so the order is total.
func compareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if isDigit(x[0]) && isDigit(y[0]) {
			var m, n string
			m, x = cutDigits(x)
			n, y = cutDigits(y)
			if c := compareNumbers(m, n); c != 0 {
				return c
			}
			continue
		}
		var r, s rune
		r, x = cutFolded(x)
		s, y = cutFolded(y)
		if r != s {
			return cmp.Compare(r, s)
		}
	}
	if c := cmp.Compare(len(x), len(y)); c != 0 {
		return c // one of them is empty
	}
	return strings.Compare(a, b)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// cutFolded cuts off one character, folded; the slash comes before all others.
func cutFolded(s string) (r rune, rest string) {
	c := s[0]
	switch {
	case c == '/':
		return -1, s[1:]
	case 'A' <= c && c <= 'Z':
		return rune(c) + 'a' - 'A', s[1:]
	case c < utf8.RuneSelf:
		return rune(c), s[1:]
	}
	r, n := utf8.DecodeRuneInString(s)
	return unicode.ToLower(unicode.ToUpper(r)), s[n:]
}

// fold makes names that differ in case alone equal, for searching. Going by the upper case takes variants such as the
// final sigma along.
func fold(s string) string {
	return strings.ToLower(strings.ToUpper(s))
}
