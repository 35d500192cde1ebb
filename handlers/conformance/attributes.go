package conformance

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// attribute is one AttributeName=AttributeValue, as written but for the quotes.
type attribute struct {
	name, value string
	quoted      bool
}

// attributes is an attribute list in the order of the playlist (RFC 8216 §4.2).
type attributes []attribute

// parseAttributes splits a list strictly: names of [A-Z0-9-], no space around = or a comma, no name twice.
func parseAttributes(s string) (attributes, error) {
	var out attributes
	for s != "" {
		name, rest, found := strings.Cut(s, "=")
		if !found || name == "" || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return out, fmt.Errorf("no attribute name before %q", s)
		}
		if slices.ContainsFunc(out, func(a attribute) bool { return a.name == name }) {
			return out, fmt.Errorf("%s stands twice", name)
		}
		a := attribute{name: name}
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			a.quoted = true
			if a.value, rest, found = strings.Cut(quoted, `"`); !found {
				return out, fmt.Errorf("%s has no closing quote", name)
			}
		} else {
			end := strings.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			a.value, rest = rest[:end], rest[end:]
			if a.value == "" || strings.ContainsAny(a.value, " \t\"") {
				return out, fmt.Errorf("%s has the value %q", name, a.value)
			}
		}
		out = append(out, a)
		if rest == "" {
			break
		}
		if s, found = strings.CutPrefix(rest, ","); !found || s == "" {
			return out, fmt.Errorf("%q follows %s", rest, name)
		}
	}
	return out, nil
}

func (a attributes) get(name string) (attribute, bool) {
	i := slices.IndexFunc(a, func(x attribute) bool { return x.name == name })
	if i < 0 {
		return attribute{}, false
	}
	return a[i], true
}

// text is an attribute's value, "" where it is absent.
func (a attributes) text(name string) string {
	x, _ := a.get(name)
	return x.value
}

func (a attributes) has(name string) bool {
	_, ok := a.get(name)
	return ok
}

// shape is the form that an attribute's value must have (RFC 8216 §4.2).
type shape uint8

const (
	decimal    shape = iota // decimal-integer
	float                   // decimal-floating-point
	quoted                  // quoted-string
	enumerated              // enumerated-string
	resolution              // decimal-resolution
	hexadecimal
)

// shapes of the attributes that are known; bis §4.4.
var shapes = map[string]shape{
	"BANDWIDTH": decimal, "AVERAGE-BANDWIDTH": decimal, "SCORE": float, "CODECS": quoted, "SUPPLEMENTAL-CODECS": quoted,
	"RESOLUTION": resolution, "FRAME-RATE": float, "HDCP-LEVEL": enumerated, "VIDEO-RANGE": enumerated,
	"STABLE-VARIANT-ID": quoted, "AUDIO": quoted, "VIDEO": quoted, "SUBTITLES": quoted, "PATHWAY-ID": quoted,
	"TYPE": enumerated, "URI": quoted, "GROUP-ID": quoted, "LANGUAGE": quoted, "ASSOC-LANGUAGE": quoted, "NAME": quoted,
	"DEFAULT": enumerated, "AUTOSELECT": enumerated, "FORCED": enumerated, "INSTREAM-ID": quoted, "CHANNELS": quoted,
	"CHARACTERISTICS": quoted, "STABLE-RENDITION-ID": quoted, "BIT-DEPTH": decimal, "SAMPLE-RATE": decimal,
	"METHOD": enumerated, "IV": hexadecimal, "KEYFORMAT": quoted, "KEYFORMATVERSIONS": quoted, "BYTERANGE": quoted,
}

// misshapen names the first attribute whose value has not its form, "" where there is none.
func (a attributes) misshapen() string {
	for _, x := range a {
		want, known := shapes[x.name]
		if !known {
			continue
		}
		ok := x.quoted == (want == quoted)
		switch want {
		case decimal:
			_, err := strconv.ParseUint(x.value, 10, 64)
			ok = ok && err == nil
		case float:
			_, err := parseSeconds(x.value)
			ok = ok && err == nil
		case resolution:
			_, _, good := parseResolution(x.value)
			ok = ok && good
		case hexadecimal:
			ok = ok && (strings.HasPrefix(x.value, "0x") || strings.HasPrefix(x.value, "0X"))
		case quoted, enumerated:
		}
		if !ok {
			return fmt.Sprintf("%s=%s", x.name, x.value)
		}
	}
	return ""
}

// parseResolution reads a decimal-resolution: width, x, height.
func parseResolution(s string) (width, height int, ok bool) {
	w, h, found := strings.Cut(s, "x")
	width, errWidth := strconv.Atoi(w)
	height, errHeight := strconv.Atoi(h)
	return width, height, found && errWidth == nil && errHeight == nil && width > 0 && height > 0
}

// parseSeconds reads a decimal-integer or decimal-floating-point number of seconds exactly, to the nanosecond.
func parseSeconds(s string) (time.Duration, error) {
	if strings.Trim(s, "0123456789.") != "" || strings.HasPrefix(s, ".") || strings.Count(s, ".") > 1 || len(s) > 40 {
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	r.Mul(r, big.NewRat(2*int64(time.Second), 1)).Add(r, big.NewRat(1, 1)) // (2x+1)/2 rounds to nearest
	n := new(big.Int).Quo(r.Num(), new(big.Int).Mul(r.Denom(), big.NewInt(2)))
	if !n.IsInt64() {
		return 0, fmt.Errorf("%q seconds are too many", s)
	}
	return time.Duration(n.Int64()), nil
}
