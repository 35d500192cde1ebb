package subtitles

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"

	"unreel/demux"
)

// openWebVTT reads a wvtt sample entry (ISO/IEC 14496-30 §7.5): vttC holds what stands in a file before the first cue.
func (d *Decoder) openWebVTT(fields []byte) {
	for typ, body := range boxes(fields) {
		if typ != "vttC" || len(body) > maxHeader {
			continue
		}
		if t, err := Read(WebVTT, body); err == nil {
			d.header = t.Header
		}
	}
}

// appendWebVTTSample reads a wvtt sample (§7.4): a vttc box for each cue, or vtte where there is none.
func appendWebVTTSample(cues []Cue, sample []byte, start, end demux.Ticks) ([]Cue, error) {
	known := false
	for typ, body := range boxes(sample) {
		switch typ {
		case "vttc":
			known = true
			c := Cue{Start: start, End: end}
			for part, b := range boxes(body) {
				text := strings.ReplaceAll(strings.ToValidUTF8(string(b), "\ufffd"), "\x00", "\ufffd")
				switch part {
				case "iden":
					c.ID = oneLine(text)
				case "sttg":
					c.Settings = oneLine(text)
				case "payl":
					c.Text = strings.ReplaceAll(cueLines(text), arrow, "--&gt;")
				}
			}
			cues = append(cues, c)
		case "vtte", "vtta":
			known = true
		}
	}
	if !known {
		return cues, syntaxIn("a wvtt sample without a box of a cue")
	}
	return cues, nil
}

func oneLine(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), arrow, "")
}

// Config is the payload of the vttC box of a wvtt sample entry for the track (§7.5).
func (t *Track) Config() string {
	if t.Header == "" {
		return "WEBVTT"
	}
	return "WEBVTT\n\n" + strings.TrimSuffix(t.Header, "\n")
}

// Sample is a sample of a text track: how long it lasts, in 1/90000 s, and its bytes.
type Sample struct {
	Duration demux.Ticks
	Data     []byte
}

// Samples are the wvtt samples that fill a span (§7.4): one for each time during which the same cues show, and an empty
// one (vtte) for each gap. A cue is in every sample during which it shows, in each with the same source ID; so it is in
// both segments where it shows over a boundary. Where they would have more than most bytes, ok is false: cues that show at once are
// repeated in as many samples as they have ends, so that a file of megabytes could make gigabytes.
func (t *Track) Samples(span Span, most int) (samples []Sample, ok bool) {
	marks := []demux.Ticks{span.Start, span.Stop}
	var shown []*Cue
	for i := range t.Cues {
		c := &t.Cues[i]
		if !span.shows(c) {
			continue
		}
		shown = append(shown, c)
		marks = append(marks, max(c.Start*perMilli, span.Start), min(c.End*perMilli, span.Stop))
	}
	slices.Sort(marks)
	marks = slices.Compact(marks)
	for i := range len(marks) - 1 {
		at := Span{marks[i], marks[i+1]}
		var data []byte
		for _, c := range shown {
			if at.shows(c) {
				data = c.appendBox(data, at.Start)
			}
			if len(data) > most {
				return nil, false
			}
		}
		if data == nil {
			data = appendBox(nil, "vtte", "")
		}
		most -= len(data)
		samples = append(samples, Sample{at.Stop - at.Start, data})
	}
	return samples, most >= 0
}

// appendBox appends the cue's vttc. One with times of its own in its text says in a sample that doesn't begin with it
// what time the sample begins at (ctim).
func (c *Cue) appendBox(dst []byte, at demux.Ticks) []byte {
	body := appendBox(nil, "vsid", string(c.sourceID()))
	if c.ID != "" {
		body = appendBox(body, "iden", c.ID)
	}
	if at != c.Start*perMilli && strings.Contains(c.Text, "<0") {
		body = appendBox(body, "ctim", string(appendTime(nil, at/perMilli)))
	}
	if c.Settings != "" {
		body = appendBox(body, "sttg", c.Settings)
	}
	return appendBox(dst, "vttc", string(appendBox(body, "payl", c.Text)))
}

// sourceID is the same number in every sample that holds the cue, and unlike that of others.
func (c *Cue) sourceID() []byte {
	h := fnv.New32a()
	h.Write(appendTime(nil, c.Start))
	h.Write([]byte(c.ID))
	h.Write([]byte(c.Text))
	return binary.BigEndian.AppendUint32(nil, h.Sum32()>>1)
}
