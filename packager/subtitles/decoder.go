package subtitles

import (
	"encoding/binary"
	"fmt"
	"strings"

	"unreel/demux"
)

// MaxSampleBytes is the largest sample that a Decoder takes: a TTML document for some minutes has 100 KB.
const MaxSampleBytes = 1 << 20

// Decoder reads the samples of an MP4's text track. It is immutable and shared.
type Decoder struct {
	format string // the sample entry's type
	header string // of the WebVTT that is made of it
	forced bool
	shift  demux.Ticks // of TTML's own times, 1/1000 s
	face   byte        // of tx3g text without a style of its own
}

// NewDecoder prepares to read a track. It refuses by name what no subtitles can be made of: such errors wrap
// demux.ErrUnsupported.
func NewDecoder(t *demux.Track) (*Decoder, error) {
	if t.Refusal != nil {
		return nil, t.Refusal
	}
	d := &Decoder{}
	if len(t.Entry) < 16 {
		return nil, fmt.Errorf("track %d: no whole sample entry: %w", t.ID, demux.ErrUnsupported)
	}
	d.format = string(t.Entry[4:8])
	fields := t.Entry[16:]
	switch d.format {
	case "tx3g":
		d.openTimedText(fields)
	case "wvtt":
		d.openWebVTT(fields)
	case "stpp":
		d.shift, _ = t.Shift.Rescale(t.Timescale, Clock) // demux.Open has proved that it fits
	default:
		return nil, fmt.Errorf("track %d: text %q: %w", t.ID, clip(d.format), demux.ErrUnsupported)
	}
	return d, nil
}

// Header are the styles and regions that the track's cues may refer to.
func (d *Decoder) Header() string { return d.header }

// Forced tells that all of a tx3g track is to be shown to everybody.
func (d *Decoder) Forced() bool { return d.forced }

// Append appends the cues of one sample, which is presented from start to end. What can't be read is an error that wraps
// ErrSyntax. A cue that goes on in the next sample is a cue of each: Join makes one of them.
func (d *Decoder) Append(cues []Cue, sample []byte, start, end demux.Ticks) ([]Cue, error) {
	switch {
	case len(sample) > MaxSampleBytes:
		return cues, fmt.Errorf("a text sample of %d bytes, limit %d: %w", len(sample), MaxSampleBytes, ErrSyntax)
	case end <= start || len(sample) == 0:
		return cues, nil
	case d.format == "tx3g":
		return d.appendTimedText(cues, sample, start, end)
	case d.format == "wvtt":
		return appendWebVTTSample(cues, sample, start, end)
	}
	return d.appendTTML(cues, sample, start, end)
}

// Join makes one cue of those that are the same and follow each other without a gap, in the order of their starts.
func Join(cues []Cue) []Cue {
	open := map[Cue]int{} // a cue without its start, to its place in joined
	var joined []Cue
	for _, c := range cues {
		key := c
		key.Start, key.End = 0, c.Start
		at, ok := open[key]
		if delete(open, key); ok {
			joined[at].End = c.End
		} else {
			at = len(joined)
			joined = append(joined, c)
		}
		key.End = c.End
		open[key] = at
	}
	return joined
}

// openTimedText reads a tx3g sample entry (3GPP TS 26.245 §5.16).
func (d *Decoder) openTimedText(fields []byte) {
	const faceAt = 4 + 2 + 4 + 8 + 6 // flags, justification, background, box, the style's range and font
	if len(fields) <= faceAt {
		return
	}
	d.forced = binary.BigEndian.Uint32(fields)&0x8000_0000 != 0 // QuickTime File Format, subtitle sample description: all samples are forced
	d.face = fields[faceAt]
}

// style is a run of tx3g text, in characters, and its face.
type style struct {
	from, to int
	face     byte
}

// appendTimedText reads a tx3g sample (3GPP TS 26.245 §5.17): text, and boxes that modify it.
func (d *Decoder) appendTimedText(cues []Cue, sample []byte, start, end demux.Ticks) ([]Cue, error) {
	if len(sample) < 2 {
		return cues, fmt.Errorf("a text sample of %d bytes: %w", len(sample), ErrSyntax)
	}
	n := int(binary.BigEndian.Uint16(sample))
	if n > len(sample)-2 {
		return cues, fmt.Errorf("a text of %d bytes in a sample of %d: %w", n, len(sample), ErrSyntax)
	}
	text, err := decode(WebVTT, sample[2:2+n]) // UTF-8, or UTF-16 with a byte order mark
	if err != nil {
		return cues, err
	}
	var styles []style
	for typ, body := range boxes(sample[2+n:]) {
		if typ == "styl" {
			styles = readStyles(body)
		}
	}
	if styled := cueLines(d.styled([]rune(text), styles)); styled != "" {
		cues = append(cues, Cue{Start: start, End: end, Text: styled})
	}
	return cues, nil
}

// readStyles reads a styl box (§5.17.1.1): records in order that don't overlap.
func readStyles(body []byte) (styles []style) {
	if len(body) < 2 {
		return nil
	}
	const record = 12
	n := int(binary.BigEndian.Uint16(body))
	for b := body[2:]; n > 0 && len(b) >= record; n, b = n-1, b[record:] {
		styles = append(styles, style{int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:])), b[6]})
	}
	return styles
}

// styled makes cue text of characters and their styles. Tags are closed at the end of each line.
func (d *Decoder) styled(text []rune, styles []style) string {
	var b strings.Builder
	at := 0
	run := func(to int, face byte) {
		if to = min(to, len(text)); to <= at {
			return
		}
		for i, line := range strings.Split(strings.ReplaceAll(string(text[at:to]), "\r", "\n"), "\n") {
			if i > 0 {
				b.WriteByte('\n')
			}
			appendFace(&b, line, face)
		}
		at = to
	}
	for _, s := range styles {
		run(s.from, d.face)
		run(s.to, s.face)
	}
	run(len(text), d.face)
	return b.String()
}

// appendFace appends text in a face, whose bits are bold, italic and underlined (§5.16.1).
func appendFace(b *strings.Builder, line string, face byte) {
	if strings.TrimSpace(line) == "" {
		b.WriteString(line)
		return
	}
	names := [...]string{"b", "i", "u"}
	for i, name := range names {
		if face&(1<<i) != 0 {
			b.WriteString("<" + name + ">")
		}
	}
	b.WriteString(escape(line))
	for i := len(names) - 1; i >= 0; i-- {
		if face&(1<<i) != 0 {
			b.WriteString("</" + names[i] + ">")
		}
	}
}
