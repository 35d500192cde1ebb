package subtitles

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	astisub "github.com/asticode/go-astisub"

	"unreel/demux"
)

// readSubRip reads an SRT file with go-astisub. What a cue is, is told before: all up to the next line with an arrow, but for the
// number in front of that. go-astisub would refuse the whole file for one cue whose times are broken, takes the last line of a cue for
// the number of the next where that has none, and forgets what follows an empty line within a cue.
func readSubRip(lines []string) (*Track, error) {
	t := &Track{}
	var kept []string
	count := 0
	for i := nextTimes(lines, 0); i < len(lines); {
		next := nextTimes(lines, i+1)
		start, end, _, ok := timings(lines[i])
		if count++; count > maxCues {
			return nil, tooLarge(i+1, "more than %d cues", maxCues)
		}
		if ok && end > start {
			// The places that some files have after the times are of a picture whose size nobody knows.
			kept = append(kept, strconv.Itoa(count), fmt.Sprintf("%s %s %s", subRipTime(start), arrow, subRipTime(end)))
			kept = appendSubRipText(kept, lines[i+1:next], next < len(lines))
		} else {
			t.warn(syntax(i+1, "%q are no times of a cue", clip(lines[i])))
		}
		i = next
	}
	if count == 0 {
		return nil, syntax(max(len(lines), 1), "no cue in the whole file")
	}
	subs, err := parse(func() (*astisub.Subtitles, error) {
		return astisub.ReadFromSRT(strings.NewReader(strings.Join(kept, "\n")))
	})
	if err != nil {
		return nil, err
	}
	t.take(subs)
	return t.finish()
}

// nextTimes is the next line with an arrow from i on; the end where there is none.
func nextTimes(lines []string, i int) int {
	for i < len(lines) && !strings.Contains(lines[i], arrow) {
		i++
	}
	return i
}

// appendSubRipText appends a cue's text without its empty lines. numbered tells that another cue follows, of which a number may be
// the last line.
func appendSubRipText(kept, text []string, numbered bool) []string {
	if n := len(text) - 1; numbered && n >= 0 && strings.Trim(strings.TrimSpace(text[n]), "0123456789") == "" {
		text = text[:n]
	}
	for _, line := range text {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, spaced(line))
		}
	}
	return kept
}

// spaced puts white space that stands between two tags in front of the first: go-astisub drops a text that is nothing else, and with
// it the space between two words.
func spaced(line string) string {
	var b, tags strings.Builder // tags are those that no text has followed yet
	for line != "" {
		n, tag := nextPart(line)
		part := line[:n]
		line = line[n:]
		switch {
		case tag:
			tags.WriteString(part)
		case strings.TrimSpace(part) == "":
			b.WriteString(part)
		default:
			b.WriteString(tags.String())
			tags.Reset()
			b.WriteString(part)
		}
	}
	return b.String() + tags.String()
}

// nextPart is how many bytes a tag at the beginning has, or else the text before the next.
func nextPart(line string) (n int, tag bool) {
	if line[0] == '<' {
		if end := strings.IndexByte(line, '>'); end >= 0 {
			return end + 1, true
		}
		return len(line), false
	}
	if n = strings.IndexByte(line, '<'); n < 0 {
		n = len(line)
	}
	return n, false
}

// parse calls go-astisub, which panics on some of what it doesn't expect.
func parse(read func() (*astisub.Subtitles, error)) (subs *astisub.Subtitles, err error) {
	defer func() {
		if r := recover(); r != nil {
			subs, err = nil, fmt.Errorf("%w: the parser panicked: %v", ErrSyntax, r)
		}
	}()
	if subs, err = read(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return subs, nil
}

func subRipTime(t demux.Ticks) string {
	return fmt.Sprintf("%02d:%02d:%02d,%03d", t/3_600_000, t/60_000%60, t/1000%60, t%1000)
}

// take makes cues of what go-astisub has read. One without text shows nothing.
func (t *Track) take(subs *astisub.Subtitles) {
	for _, item := range subs.Items {
		c := Cue{Start: demux.Ticks(item.StartAt / time.Millisecond), End: demux.Ticks(item.EndAt / time.Millisecond)}
		var text strings.Builder
		for _, line := range item.Lines {
			for _, part := range line.Items {
				c.appendPart(&text, &part)
			}
			text.WriteByte('\n')
		}
		if c.Text = cueLines(text.String()); c.Text != "" && c.Start < c.End && c.Start >= 0 && len(t.Cues) < maxCues {
			t.Cues = append(t.Cues, c)
		}
	}
}

// appendPart appends a run of text in one style.
func (c *Cue) appendPart(text *strings.Builder, part *astisub.LineItem) {
	plain := c.cutOverrides(part.Text)
	if strings.TrimSpace(plain) == "" {
		text.WriteString(plain)
		return
	}
	var style astisub.StyleAttributes
	if part.InlineStyle != nil {
		style = *part.InlineStyle
	}
	class := ""
	if style.SRTColor != nil {
		class = colourClass(*style.SRTColor)
	}
	tags := [...]struct {
		on   bool
		name string
	}{
		{class != "", "c"}, {style.SRTBold, "b"}, {style.SRTItalics, "i"}, {style.SRTUnderline, "u"},
	}
	for i, tag := range tags {
		switch {
		case !tag.on:
		case i == 0:
			text.WriteString("<c." + class + ">")
		default:
			text.WriteString("<" + tag.name + ">")
		}
	}
	text.WriteString(escape(strings.ReplaceAll(plain, "&gt;", ">"))) // go-astisub knows only what an HTML text must escape
	for i := len(tags) - 1; i >= 0; i-- {
		if tags[i].on {
			text.WriteString("</" + tags[i].name + ">")
		}
	}
}

// cutOverrides takes out what SRT files have of SubStation Alpha's override tags, {\…}, and heeds {\an1} to {\an9}: places as on
// a number pad.
func (c *Cue) cutOverrides(text string) string {
	for {
		from := strings.Index(text, `{\`)
		if from < 0 {
			return text
		}
		n := strings.IndexByte(text[from:], '}')
		if n < 0 {
			return text
		}
		if rest, ok := strings.CutPrefix(text[from:from+n], `{\an`); ok && len(rest) == 1 && '1' <= rest[0] && rest[0] <= '9' {
			c.Settings = padSettings(int(rest[0] - '1'))
		}
		text = text[:from] + text[from+n+1:]
	}
}

// padSettings are the cue settings for a key of the number pad, from 0; the middle of the bottom is the default.
func padSettings(key int) string {
	line := [...]string{"", "line:50%", "line:0"}[key/3]
	align := [...]string{"position:0% align:start", "", "position:100% align:end"}[key%3]
	return strings.TrimSpace(line + " " + align)
}

// colourClass is the class of one of WebVTT's eight colours (WebVTT §5.1); "" for others.
func colourClass(colour string) string {
	switch strings.ToLower(strings.TrimPrefix(strings.TrimSpace(colour), "#")) {
	case "white", "ffffff":
		return "white"
	case "lime", "00ff00":
		return "lime"
	case "cyan", "aqua", "00ffff":
		return "cyan"
	case "red", "ff0000":
		return "red"
	case "yellow", "ffff00":
		return "yellow"
	case "magenta", "fuchsia", "ff00ff":
		return "magenta"
	case "blue", "0000ff":
		return "blue"
	case "black", "000000":
		return "black"
	}
	return ""
}
