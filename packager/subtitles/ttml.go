package subtitles

import (
	"bytes"
	"fmt"

	astisub "github.com/asticode/go-astisub"

	"unreel/demux"
)

// syntaxIn says what is wrong with a sample.
func syntaxIn(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrSyntax)...)
}

// appendTTML reads an stpp sample (ISO/IEC 14496-30 §5): a document whose times count from the start of the track, and of
// which counts what falls into the sample.
func (d *Decoder) appendTTML(cues []Cue, sample []byte, start, end demux.Ticks) ([]Cue, error) {
	subs, err := parse(func() (*astisub.Subtitles, error) { return astisub.ReadFromTTML(bytes.NewReader(sample)) })
	if err != nil {
		return cues, err
	}
	var t Track
	t.take(subs)
	for _, c := range t.Cues {
		c.Start, c.End = max(c.Start+d.shift, start), min(c.End+d.shift, end)
		if c.Start < c.End {
			cues = append(cues, c)
		}
	}
	return cues, nil
}
