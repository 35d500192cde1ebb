package subtitles

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"unreel/demux"
)

// syntaxIn says what is wrong with a sample.
func syntaxIn(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrSyntax)...)
}

// appendTTML reads an stpp sample (ISO/IEC 14496-30 §5): a document whose times count from the start of the track, and of
// which counts what falls into the sample.
func (d *Decoder) appendTTML(cues []Cue, sample []byte, start, end demux.Ticks) ([]Cue, error) {
	text, err := decode(WebVTT, sample) // UTF-8, or UTF-16 with a byte order mark (TTML2 §3.1: XML 1.0)
	if err != nil {
		return cues, err
	}
	var r ttmlReader
	if err = r.read(text); err != nil {
		return cues, err
	}
	for _, c := range r.cues {
		c.Start, c.End = max(c.Start+d.shift, start), min(c.End+d.shift, end)
		if c.Start < c.End {
			cues = append(cues, c)
		}
	}
	return cues, nil
}

const (
	// forever is the end of what has none of its own: what the sample says holds.
	forever demux.Ticks = 1 << 53
	// maxDepth bounds how deep elements may lie in each other: body, div, p and some span.
	maxDepth = 64
	// ttmlNames and xmlNames are the namespaces of elements, and of xml:space.
	ttmlNames = "http://www.w3.org/ns/ttml"
	xmlNames  = "http://www.w3.org/XML/1998/namespace"
)

// ttmlReader makes cues of a document of TTML: of each p the text that shows at the same time. What is in a p that contains no
// text of its own at other times is one cue.
type ttmlReader struct {
	cues   []Cue
	clocks ttmlClocks
	open   []ttmlElement // what encloses the place that is read

	paragraph int              // place in open of the p; 0 outside of one
	runs      []ttmlRun        // of the p, by the first text
	places    map[ttmlSpan]int // of each time, in runs
}

// ttmlElement is an element that is open.
type ttmlElement struct {
	shown    ttmlSpan
	preserve bool // xml:space: white space stands as it was written
	hidden   bool // it is no content
}

// ttmlRun is the text that shows during a span.
type ttmlRun struct {
	shown ttmlSpan
	text  []byte
}

func (r *ttmlReader) read(text string) error {
	x := xml.NewDecoder(strings.NewReader(text))
	x.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil } // it is decoded already
	known := false
	for {
		token, err := x.Token()
		switch {
		case errors.Is(err, io.EOF) && !known:
			return syntaxIn("a document without a tt element")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", ErrSyntax, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(r.open) == 0 {
				known = known || token.Name.Local == "tt"
				r.clocks = newTTMLClocks(&token)
			}
			if err = r.start(&token); err != nil {
				return err
			}
		case xml.EndElement:
			r.end()
		case xml.CharData:
			r.text(string(token))
		}
	}
}

// start opens an element. Its times count from its parent's, within which it lies (TTML2 §12.1.1, time containers in parallel).
func (r *ttmlReader) start(e *xml.StartElement) error {
	if len(r.open) == maxDepth {
		return syntaxIn("more than %d elements in each other", maxDepth)
	}
	in := ttmlElement{shown: ttmlSpan{0, forever}}
	if n := len(r.open); n > 0 {
		in = r.open[n-1]
	}
	var err error
	if in.shown, err = r.clocks.span(e, in.shown); err != nil {
		return err
	}
	switch e.Name.Local {
	case "tt", "body", "div", "span":
	case "p":
		if r.paragraph == 0 {
			r.paragraph, r.runs, r.places = len(r.open), nil, map[ttmlSpan]int{}
		}
	case "br":
		r.add(in, "\n")
	default: // head and all that it holds, metadata and set anywhere
		in.hidden = true
	}
	if e.Name.Space != "" && !strings.HasPrefix(e.Name.Space, ttmlNames) && !strings.HasSuffix(e.Name.Space, "ttaf1") {
		in.hidden = true // of another vocabulary
	}
	for _, a := range e.Attr {
		if a.Name.Space == xmlNames && a.Name.Local == "space" {
			in.preserve = a.Value == "preserve"
		}
	}
	r.open = append(r.open, in)
	return nil
}

// end closes an element. The end of a p makes cues.
func (r *ttmlReader) end() {
	n := len(r.open) - 1
	r.open = r.open[:n]
	if n != r.paragraph || n == 0 {
		return
	}
	r.paragraph = 0
	for i := range r.runs {
		run := &r.runs[i]
		text := cueLines(escape(trimmedLines(string(run.text))))
		if text != "" && run.shown.from < run.shown.to && len(r.cues) < maxCues {
			r.cues = append(r.cues, Cue{Start: run.shown.from, End: run.shown.to, Text: text})
		}
	}
}

// text takes what stands in an element. White space is one space, however much there is of it, unless it is to be preserved
// (TTML2 §8.2.16, XML 1.0 §2.10).
func (r *ttmlReader) text(s string) {
	if n := len(r.open); n > 0 {
		in := r.open[n-1]
		if !in.preserve {
			s = spaces(s)
		}
		r.add(in, s)
	}
}

// add adds text to what shows at the same time in the p.
func (r *ttmlReader) add(in ttmlElement, s string) {
	if r.paragraph == 0 || in.hidden {
		return
	}
	at, ok := r.places[in.shown]
	if !ok {
		if strings.TrimSpace(s) == "" {
			return // indentation
		}
		at = len(r.runs)
		r.places[in.shown] = at
		r.runs = append(r.runs, ttmlRun{shown: in.shown})
	}
	r.runs[at].text = append(r.runs[at].text, s...)
}

// spaces makes white space of XML one space each.
func spaces(s string) string {
	var b strings.Builder
	blank := false
	for _, c := range s {
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(c)
	}
	if blank {
		b.WriteByte(' ')
	}
	return b.String()
}

// trimmedLines takes away the spaces at the ends of lines, and all but one of several that met where elements do.
func trimmedLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(spaces(line))
	}
	return strings.Join(lines, "\n")
}
