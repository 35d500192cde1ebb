package hls

import (
	"unicode"
	"unicode/utf8"
)

// appendQuoted appends an attribute whose value is a quoted-string.
func appendQuoted(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, '"')
	dst = appendText(dst, value)
	return append(dst, '"')
}

// appendText appends what a quoted-string can hold of s: neither double quotes nor line ends (RFC 8216 §4.2) nor any control
// character (§4.1), in valid UTF-8. "{$" would start a variable reference (bis §4.3), at which hls.js refuses the whole
// playlist when there is no such variable.
func appendText(dst []byte, s string) []byte {
	last := rune(0)
	for _, r := range s {
		switch {
		case r == '"':
			r = '\''
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff':
			r = ' '
		case r == '$' && last == '{':
			dst = append(dst, ' ')
		}
		dst = utf8.AppendRune(dst, r)
		last = r
	}
	return dst
}

// appendURI appends a URI that is percent-encoded already. Encoding once more what may stand neither in a URI nor in a
// playlist's line costs nothing and makes that sure.
func appendURI(dst []byte, uri string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(uri) {
		switch c := uri[i]; {
		case c <= ' ' || c == '"' || c == '{' || c == '}' || c >= 0x7f || c == '#' && i == 0:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
