package handlers

import (
	"strconv"
	"strings"
)

// acceptsGzip tells whether Accept-Encoding (RFC 9110 §12.5.3) prefers gzip to the identity.
func acceptsGzip(lines []string) bool {
	gzip, identity, rest := -1.0, -1.0, -1.0 // quality; negative where not named
	for _, line := range lines {
		for coding := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(coding, ";")
			switch q := quality(parameters); strings.ToLower(strings.TrimSpace(name)) {
			case "gzip", "x-gzip": // §8.4.1.3: x-gzip is the same
				gzip = max(gzip, q)
			case "identity":
				identity = q
			case "*":
				rest = q
			}
		}
	}
	if gzip < 0 {
		gzip = rest
	}
	// An identity that isn't named is acceptable, but whoever names gzip asks for it.
	return gzip > 0 && gzip >= identity
}

// quality reads a weight (§12.4.2): 1 where there is none, 0 where it makes no sense.
func quality(parameters string) float64 {
	name, value, ok := strings.Cut(strings.TrimSpace(parameters), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}
