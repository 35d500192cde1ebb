package subtitles

import (
	"strings"
)

// vttReader takes a WebVTT file apart into blocks (WebVTT §6.1).
type vttReader struct {
	lines []string
	at    int // the next line
	track *Track
}

// readWebVTT reads a WebVTT file. A block that is no cue, style or region is a comment to us, as to every player.
func readWebVTT(lines []string) (*Track, error) {
	r := vttReader{lines: lines, track: &Track{}}
	if len(lines) == 0 || !isSignature(lines[0]) {
		return nil, syntax(1, "it does not begin with WEBVTT")
	}
	for r.at = 1; r.at < len(lines) && lines[r.at] != "" && !strings.Contains(lines[r.at], arrow); r.at++ {
		continue // header fields: of those, X-TIMESTAMP-MAP has no meaning in a file that is no segment
	}
	for r.at < len(lines) {
		if lines[r.at] == "" {
			r.at++
			continue
		}
		if err := r.block(); err != nil {
			return nil, err
		}
	}
	return r.track.finish()
}

func isSignature(line string) bool {
	rest, ok := strings.CutPrefix(line, "WEBVTT")
	return ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// block reads one block. A line with an arrow begins a cue, and so ends the block before, even without a blank line.
func (r *vttReader) block() error {
	first := r.at
	id := ""
	if !strings.Contains(r.lines[r.at], arrow) {
		id = r.lines[r.at]
		if r.at++; r.at == len(r.lines) || !strings.Contains(r.lines[r.at], arrow) {
			return r.other(first)
		}
	}
	timing := r.at
	r.at++
	text := r.body()
	start, end, settings, ok := timings(r.lines[timing])
	switch {
	case !ok:
		r.track.warn(syntax(timing+1, "%q are no times of a cue", clip(r.lines[timing])))
		return nil
	case end <= start:
		r.track.warn(syntax(timing+1, "a cue that ends before it begins"))
		return nil
	case len(r.track.Cues) == maxCues:
		return tooLarge(timing+1, "more than %d cues", maxCues)
	}
	r.track.Cues = append(r.track.Cues, Cue{ID: id, Start: start, End: end, Settings: settings, Text: text})
	return nil
}

// other reads a block that is no cue. Styles and regions count before the first cue only (§6.1).
func (r *vttReader) other(first int) error {
	r.body()
	name := strings.TrimRight(r.lines[first], " \t")
	if len(r.track.Cues) > 0 || name != "STYLE" && name != "REGION" {
		return nil
	}
	block := strings.Join(r.lines[first:r.at], "\n") + "\n"
	if len(r.track.Header)+len(block) >= maxHeader {
		return tooLarge(first+1, "more than %d bytes of styles and regions", maxHeader)
	}
	if r.track.Header != "" {
		r.track.Header += "\n"
	}
	r.track.Header += block
	return nil
}

// body reads up to the next blank line or cue.
func (r *vttReader) body() string {
	from := r.at
	for r.at < len(r.lines) && r.lines[r.at] != "" && !strings.Contains(r.lines[r.at], arrow) {
		r.at++
	}
	return strings.Join(r.lines[from:r.at], "\n")
}

// clip shortens what is quoted from a file.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
