package subtitles

import (
	"slices"
	"testing"
)

// TestSince: cues and the times within them are counted from a later time.
func TestSince(t *testing.T) {
	track := &Track{Header: "STYLE\n", Cues: []Cue{
		{Start: 0, End: 1000, Text: "over"},
		{Start: 500, End: 3000, Text: "a <00:00:00.600>b <00:00:02.500>c <i>d</i> < <00:00"},
		{Start: 5000, End: 6000, ID: "1", Settings: "line:0", Text: "e"},
	}}
	want := []Cue{
		{Start: 0, End: 2000, Text: "a b <00:00:01.500>c <i>d</i> < <00:00"},
		{Start: 4000, End: 5000, ID: "1", Settings: "line:0", Text: "e"},
	}
	if got := track.Since(1000); !slices.Equal(got.Cues, want) || got.Header != track.Header {
		t.Errorf("%+v", got.Cues)
	}
	if track.Since(0) != track {
		t.Error("from time 0 on it is another")
	}
}
