package subtitles

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"unreel/demux"
)

// Clock is what cue times count: milliseconds, all that WebVTT and SRT can say.
const Clock demux.Timescale = 1000

// Cue is a text and when it is shown.
type Cue struct {
	ID         string
	Start, End demux.Ticks // 1/1000 s; Start < End
	Settings   string      // WebVTT cue settings as authored, e.g. "line:0 align:start" (WebVTT §4.4)
	Text       string      // WebVTT cue text, escaped: lines separated by "\n", none of them empty
}

// Track is timed text that was read whole. It is immutable and shared.
type Track struct {
	Header   string   // WebVTT STYLE and REGION blocks, each with a "\n" at its end and blank lines between; "" for none
	Cues     []Cue    // by Start
	Warnings []string // what was left out of a file that is not quite right: line and reason
}

// Bytes is what the Track keeps resident, in bytes.
func (t *Track) Bytes() int64 {
	n := 256 + len(t.Header)
	for i := range t.Cues {
		n += 64 + len(t.Cues[i].ID) + len(t.Cues[i].Settings) + len(t.Cues[i].Text)
	}
	for _, w := range t.Warnings {
		n += 16 + len(w)
	}
	return int64(n)
}

// Hard caps of what is read: a film's subtitles have some 2,000 cues and 100 KB.
const (
	// MaxFileBytes is the largest sidecar file that Read takes.
	MaxFileBytes = 8 << 20
	maxCues      = 100_000
	maxLine      = 32 << 10 // bytes; go-astisub stops, without a word, at a line of 64 KiB
	maxHeader    = 64 << 10 // bytes: it is repeated in every segment
	maxWarnings  = 8
)

// ErrSyntax says that a file is none of what it should be.
var ErrSyntax = errors.New("broken subtitles")

// LineError is where in a file something is wrong.
type LineError struct {
	Line int // from 1
	Err  error
}

// Error names line and reason.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives the reason.
func (e *LineError) Unwrap() error { return e.Err }

func syntax(line int, format string, args ...any) error {
	return &LineError{line, fmt.Errorf(format+": %w", append(args, ErrSyntax)...)}
}

func tooLarge(line int, format string, args ...any) error {
	return &LineError{line, fmt.Errorf(format+": %w", append(args, demux.ErrTooLarge)...)}
}

// warn notes what is left out.
func (t *Track) warn(err error) {
	switch n := len(t.Warnings); {
	case n < maxWarnings:
		t.Warnings = append(t.Warnings, err.Error())
	case n == maxWarnings:
		t.Warnings = append(t.Warnings, "and more")
	}
}

// finish orders the cues, and refuses a file of which none is left.
func (t *Track) finish() (*Track, error) {
	if len(t.Cues) == 0 && len(t.Warnings) > 0 {
		return nil, fmt.Errorf("no cue of it can be read: %s: %w", t.Warnings[0], ErrSyntax)
	}
	slices.SortStableFunc(t.Cues, func(a, b Cue) int { return cmp.Compare(a.Start, b.Start) })
	return t, nil
}

// escape makes cue text of plain text (WebVTT §4.2.2): nothing in it is markup, and no line is "-->".
func escape(text string) string { return escaper.Replace(text) }

// escaper is immutable.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// cueLines makes what separates lines "\n", and leaves out empty ones: a cue ends at the first (§6.1).
func cueLines(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\v' || r == '\u2028' || r == '\u2029' })
	kept := lines[:0]
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
