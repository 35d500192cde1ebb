package conformance

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// cues is what a WebVTT segment holds (RFC 8216 §3.5).
type cues struct {
	read   bool
	mapped bool          // it has an X-TIMESTAMP-MAP
	mpegts int64         // of 90 kHz, as it is said
	local  time.Duration // the cue time that this is
	list   []cue         // the first maxCues
	n      int
	syntax fault
}

// cue is one cue as its segment has it.
type cue struct {
	start, end time.Duration
	text       uint64 // a hash of its identifier-less text
}

const (
	maxCues = 1 << 14
	maxLine = 1 << 20
)

// vttReader reads WebVTT segments. Nothing runs on from one to the next.
type vttReader struct{}

var _ container = vttReader{}

func (vttReader) reset() {}

// segment reads one segment to its end. The error is of r.
func (vttReader) segment(r io.Reader, f *facts) error {
	c := &f.text
	c.read = true
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	var block []string
	first := true
	end := func() {
		if len(block) > 0 {
			c.block(block, first)
			first = false
		}
		block = nil
	}
	for n := 0; lines.Scan(); n++ {
		s := strings.TrimSuffix(lines.Text(), "\r")
		if !utf8.ValidString(s) {
			c.syntax.addf("line %d is not UTF-8", n+1)
		}
		if n == 0 {
			s = strings.TrimPrefix(s, "\ufeff")
			if s != "WEBVTT" && !strings.HasPrefix(s, "WEBVTT ") && !strings.HasPrefix(s, "WEBVTT\t") {
				c.syntax.addf("it begins with %.20q, not with WEBVTT", s)
			}
		}
		if s == "" {
			end()
			continue
		}
		block = append(block, s)
	}
	end()
	if first {
		c.syntax.addf("it is empty")
	}
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return err
	} else if err != nil {
		c.syntax.addf("a line of more than %d bytes", maxLine)
		return discard(nil, r)
	}
	return nil
}

// block takes the lines between two blank ones (WebVTT §4.1).
func (c *cues) block(lines []string, header bool) {
	if header {
		for _, l := range lines[1:] {
			if value, ok := strings.CutPrefix(l, "X-TIMESTAMP-MAP="); ok {
				c.mapping(value)
			} else if strings.Contains(l, "-->") {
				c.syntax.addf("a cue in the header: no blank line stands before it")
			}
		}
		return
	}
	for _, word := range []string{"NOTE", "STYLE", "REGION"} {
		if lines[0] == word || word == "NOTE" && (strings.HasPrefix(lines[0], "NOTE ") || strings.HasPrefix(lines[0], "NOTE\t")) {
			return
		}
	}
	if !strings.Contains(lines[0], "-->") { // an identifier
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.Contains(lines[0], "-->") {
		c.syntax.addf("a block without times")
		return
	}
	from, rest, _ := strings.Cut(lines[0], "-->")
	to := ""
	if words := strings.Fields(rest); len(words) > 0 {
		to = words[0]
	}
	start, err1 := cueTime(strings.TrimSpace(from))
	end, err2 := cueTime(to)
	if err := errors.Join(err1, err2); err != nil {
		c.syntax.addf("%v", err)
		return
	}
	if end <= start {
		c.syntax.addf("a cue ends at %v and starts at %v", end, start)
	}
	for _, l := range lines[1:] {
		if strings.Contains(l, "-->") {
			c.syntax.addf("times within a cue")
		}
	}
	h := fnv.New64a()
	_, _ = io.WriteString(h, strings.Join(lines[1:], "\n")) // a hash never fails
	if c.n++; len(c.list) < maxCues {
		c.list = append(c.list, cue{start, end, h.Sum64()})
	}
}

// mapping reads an X-TIMESTAMP-MAP: LOCAL and MPEGTS in either order.
func (c *cues) mapping(value string) {
	if c.mapped {
		c.syntax.addf("X-TIMESTAMP-MAP twice")
	}
	c.mapped = true
	seen := 0
	for _, part := range strings.Split(value, ",") {
		name, v, _ := strings.Cut(part, ":")
		var err error
		switch name {
		case "MPEGTS":
			c.mpegts, err = strconv.ParseInt(v, 10, 64)
			if err == nil && (c.mpegts < 0 || c.mpegts >= int64(clockWrap)) {
				err = fmt.Errorf("MPEGTS:%d has more than 33 bits", c.mpegts)
			}
			seen |= 1
		case "LOCAL":
			c.local, err = cueTime(v)
			seen |= 2
		}
		if err != nil {
			c.syntax.addf("X-TIMESTAMP-MAP: %v", err)
		}
	}
	if seen != 3 {
		c.syntax.addf("X-TIMESTAMP-MAP=%s lacks MPEGTS or LOCAL", value)
	}
}

// cueTime reads [h…h:]mm:ss.ttt (WebVTT §3.2).
func cueTime(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is no time of a cue", s)
	whole, milli, ok := strings.Cut(s, ".")
	if !ok || len(milli) != 3 {
		return 0, bad
	}
	parts := strings.Split(whole, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, bad
	}
	total := int64(0)
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil || len(p) < 2 || (len(parts)-i < 3 && (n > 59 || len(p) != 2)) {
			return 0, bad
		}
		total = total*60 + int64(n)
	}
	n, err := strconv.ParseUint(milli, 10, 31)
	if err != nil {
		return 0, bad
	}
	return time.Duration(total)*time.Second + time.Duration(n)*time.Millisecond, nil
}
