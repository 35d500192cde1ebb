package subtitles

import (
	"strings"

	"unreel/demux"
)

// Since is the track as it is from a time on, which becomes time 0. Times within cues (WebVTT §4.2.2) move with them. What ends
// before it is left out.
func (t *Track) Since(zero demux.Ticks) *Track {
	if zero == 0 {
		return t
	}
	moved := &Track{Header: t.Header, Warnings: t.Warnings}
	for _, c := range t.Cues {
		if c.End <= zero {
			continue
		}
		c.Start, c.End, c.Text = max(c.Start-zero, 0), c.End-zero, textSince(c.Text, zero)
		moved.Cues = append(moved.Cues, c)
	}
	return moved
}

// textSince is a cue's text with the times that stand in it moved. One that is over by then is left out.
func textSince(text string, zero demux.Ticks) string {
	var b []byte
	for {
		before, rest, ok := strings.Cut(text, "<")
		b = append(b, before...)
		if !ok {
			return string(b)
		}
		tag, after, closed := strings.Cut(rest, ">")
		if at, isTime := timestamp(tag); closed && isTime {
			if at > zero {
				b = append(appendTime(append(b, '<'), at-zero), '>')
			}
			text = after
			continue
		}
		b, text = append(b, '<'), rest
	}
}
