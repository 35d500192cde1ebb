package subtitles

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
)

func TestAppendSegment(t *testing.T) {
	track := &Track{
		Header: "STYLE\n::cue { color: lime }\n",
		Cues: []Cue{
			{ID: "1", Start: 500, End: 2000, Text: "in the first"},
			{Start: 5000, End: 6500, Settings: "line:0", Text: "in\nboth"},
			{Start: 6000, End: 7000, Text: "in the second"},
		},
	}
	const head = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\nSTYLE\n::cue { color: lime }\n"
	const both = "\n00:00:05.000 --> 00:00:06.500 line:0\nin\nboth\n"
	for _, tt := range []struct {
		name        string
		start, stop demux.Ticks
		want        string
	}{
		{"first", 0, 540000, head + "\n1\n00:00:00.500 --> 00:00:02.000\nin the first\n" + both},
		{"second", 540000, 1080000, head + both + "\n00:00:06.000 --> 00:00:07.000\nin the second\n"},
		{"empty", 1080000, 1620000, head},
		{"ends a tick after a cue begins", 200000, 450001, head + both},
		{"ends when a cue begins", 200000, 450000, head},
		{"begins when a cue ends", 630000, 640000, head},
		{"begins a tick before a cue ends", 629999, 640000, head + "\n00:00:06.000 --> 00:00:07.000\nin the second\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(track.AppendSegment(nil, Span{tt.start, tt.stop}, 900_000)); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// A timestamp map stands for one and the same line, whatever time it is given at.
func TestTimestampMap(t *testing.T) {
	const zero = 900_000
	const wrap = clockWrap - zero // presentation time of the first wrap
	for _, start := range []demux.Ticks{-90_000, 0, 1, wrap - 1, wrap, wrap + 1, 2*clockWrap - zero - 1, 2*clockWrap - zero, 40 * 3600 * 90_000} {
		local, mpegts := timestampMap(start, zero)
		if mpegts < 0 || mpegts >= clockWrap || (int64(local)*90+zero)%clockWrap != mpegts {
			t.Errorf("at %d: LOCAL %d ms is MPEGTS %d", start, local, mpegts)
		}
		if at := int64(local) * 90; start >= 0 && (at+zero)/clockWrap != (int64(start)+zero)/clockWrap {
			t.Errorf("at %d: mapped at %d, before the wrap", start, at)
		}
	}
	if local, mpegts := timestampMap(0, zero); local != 0 || mpegts != zero {
		t.Error(local, mpegts)
	}
}

// What is written reads back the same: whole, and as all segments together.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	track := &Track{Header: "STYLE\n::cue {}\n\nREGION\nid:a\n"}
	for at := demux.Ticks(0); len(track.Cues) < 300; at += demux.Ticks(random.IntN(3000)) {
		c := Cue{Start: at, End: at + 1 + demux.Ticks(random.IntN(20_000)), Text: strings.Repeat("<i>x</i> &amp;\n", random.IntN(3)) + "y"}
		if random.IntN(2) == 0 {
			c.ID, c.Settings = "id "+string(rune('a'+random.IntN(26))), "line:0 align:start"
		}
		track.Cues = append(track.Cues, c)
	}
	whole, err := Read(WebVTT, track.AppendFile(nil))
	if err != nil {
		t.Fatal(err)
	}
	if whole.Header != track.Header || !slices.Equal(whole.Cues, track.Cues) {
		t.Error("the whole file reads back otherwise")
	}
	var all []Cue
	for start := demux.Ticks(0); start < 90*500_000; {
		span := Span{start, start + 1 + demux.Ticks(random.IntN(90*8000))}
		start = span.Stop
		segment, failed := Read(WebVTT, track.AppendSegment(nil, span, 0))
		if failed != nil {
			t.Fatal(failed)
		}
		for _, c := range segment.Cues {
			if !span.shows(&c) {
				t.Errorf("%+v is not in %+v", c, span)
			}
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	if !slices.Equal(all, track.Cues) {
		t.Errorf("all segments together: %d cues of %d", len(all), len(track.Cues))
	}
}
