package routing

import (
	"fmt"
	"slices"
	"strings"
)

// Route is where one rendition of a title is fetched from.
type Route struct {
	Format    string // first element of its URLs: hls or cmaf
	Title     string // not escaped
	Rendition string // not escaped
	Tracks    string // as URLs have them: v1, a2, v1a2, t3
	Base      string // ends with a slash
}

// AppendNginx appends a map for Nginx' http block: of $uri, which Nginx has decoded, to the base of what that is a part of,
// without the slash at its end, in $unreel_base; "" for all that no rule has a base for.
func AppendNginx(dst []byte, routes []Route) []byte {
	dst = append(dst, "# Written by unreel routes --nginx. It belongs into the http block.\n"...)
	dst = append(dst, "map_hash_bucket_size 1024;\nmap $uri $unreel_base {\n    default \"\";\n"...)
	var lines []string
	for _, r := range routes {
		line := fmt.Sprintf("    \"~^/%s/%s/%s/([0-9a-f]+/([0-9]+-[0-9a-f]+/)?)?%s[-.][^/]*$\" %s;\n",
			literal(r.Format), literal(r.Title), literal(r.Rendition), literal(r.Tracks), strings.TrimSuffix(r.Base, "/"))
		if strings.TrimSuffix(r.Base, "/") == "" {
			continue // it leads to where it is
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		dst = append(dst, line...)
	}
	return append(dst, "}\n"...)
}

// literal is a text as a regular expression of PCRE that stands for nothing else, and that means nothing in Nginx' configuration.
func literal(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}
