package packager

import "strings"

const hexDigits = "0123456789abcdef"

// appendEscaped appends a path with everything percent-encoded but slashes and what JavaScript's encodeURIComponent leaves
// alone. Those are all pchar (RFC 3986 §3.3); of the others, ':' would make a scheme of a relative link's first element
// (§4.2), '+' is a space to some stores and '$' is special in a DASH template (ISO/IEC 23009-1 §5.3.9.4.4). Hexadecimal
// digits are upper case (§2.1). Bytes that are no UTF-8 are escaped like any other.
func appendEscaped(dst []byte, path string) []byte {
	const upper = "0123456789ABCDEF"
	for i := range len(path) {
		if c := path[i]; c == '/' || staysPlain(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upper[c>>4], upper[c&15])
		}
	}
	return dst
}

func staysPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0
}

// validTitle tells whether a title can be named by a URL: no element is one that clients remove.
func validTitle(title string) bool {
	for element := range strings.SplitSeq(title, "/") {
		if !clean(element) {
			return false
		}
	}
	return true
}

// validElement tells the same of a rendition's name.
func validElement(name string) bool {
	return clean(name) && strings.IndexByte(name, '/') < 0
}

// clean tells that neither a client (RFC 3986 §5.2.4; browsers take %2e for a dot as well) nor a proxy that merges slashes
// would remove an element.
func clean(element string) bool {
	return element != "" && element != "." && element != ".."
}
