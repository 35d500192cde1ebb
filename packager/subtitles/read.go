package subtitles

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"unreel/demux"
)

// Format is what a sidecar file is written in.
type Format string

// Formats of sidecar files: their extensions.
const (
	WebVTT Format = "vtt"
	SubRip Format = "srt"
)

// Read reads a sidecar file. Its errors are *LineError where a line is to blame, and wrap ErrSyntax or demux.ErrTooLarge.
// What can be left out of it alone is a warning of the Track.
func Read(format Format, file []byte) (*Track, error) {
	if len(file) > MaxFileBytes {
		return nil, fmt.Errorf("%d bytes of subtitles, limit %d: %w", len(file), MaxFileBytes, demux.ErrTooLarge)
	}
	text, err := decode(format, file)
	if err != nil {
		return nil, err
	}
	lines, err := splitLines(text)
	if err != nil {
		return nil, err
	}
	if format == SubRip {
		return readSubRip(lines)
	}
	return readWebVTT(lines)
}

// decode makes UTF-8 of a file. A byte order mark decides; without one a file is UTF-8 (which WebVTT always is, §4.1, so
// that what is none is replaced), and SRT that can't be UTF-8 is Windows-1252, which holds Latin-1.
func decode(format Format, file []byte) (string, error) {
	var charset encoding.Encoding
	switch {
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		charset = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		charset = unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	case format == SubRip && !utf8.Valid(file):
		charset = charmap.Windows1252
	}
	if charset != nil {
		decoded, err := charset.NewDecoder().Bytes(file)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		file = decoded
	}
	text := strings.TrimPrefix(string(file), "\ufeff")
	text = strings.ToValidUTF8(text, "\ufffd")
	return strings.ReplaceAll(text, "\x00", "\ufffd"), nil
}

// splitLines cuts a text at CR LF, LF or CR.
func splitLines(text string) (lines []string, err error) {
	for rest, more := text, text != ""; more; {
		line := rest
		if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
			if text[len(text)-len(rest)-1] == '\r' {
				rest = strings.TrimPrefix(rest, "\n")
			}
		} else {
			more = false
		}
		if len(line) > maxLine {
			return nil, tooLarge(len(lines)+1, "%d bytes in one line, limit %d", len(line), maxLine)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

const arrow = "-->"

// timings reads a cue's times, and what follows them: WebVTT's (§4.3), and those of SRT with their comma. Of each fraction
// 1 to 3 digits are read, as SRT files are found to have.
func timings(line string) (start, end demux.Ticks, rest string, ok bool) {
	from, to, ok := strings.Cut(line, arrow)
	if !ok {
		return 0, 0, "", false
	}
	start, ok = timestamp(strings.TrimSpace(from))
	to = strings.TrimLeft(to, " \t")
	if i := strings.IndexAny(to, " \t"); i >= 0 {
		to, rest = to[:i], strings.TrimSpace(to[i:])
	}
	end, ok2 := timestamp(to)
	return start, end, rest, ok && ok2
}

// maxHours bounds a time: no film lasts a year.
const maxHours = 9999

// timestamp reads [hours:]minutes:seconds.fraction.
func timestamp(s string) (demux.Ticks, bool) {
	clock, fraction, some := cutFraction(s)
	fields := strings.Split(clock, ":")
	if len(fields) != 2 && len(fields) != 3 || some && (fraction == "" || len(fraction) > 3) {
		return 0, false
	}
	millis, ok := number(fraction + "000"[:3-len(fraction)])
	if !ok {
		return 0, false
	}
	seconds := demux.Ticks(0)
	for i, field := range fields {
		n, digits := number(field)
		if !digits || i > 0 && n > 59 || i == 0 && len(fields) == 2 && n > 59 || n > maxHours {
			return 0, false
		}
		seconds = 60*seconds + n
	}
	return 1000*seconds + millis, true
}

func cutFraction(s string) (clock, fraction string, ok bool) {
	i := strings.LastIndexAny(s, ".,")
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// number reads 1 to 4 digits.
func number(s string) (n demux.Ticks, ok bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + demux.Ticks(c-'0')
	}
	return n, true
}
