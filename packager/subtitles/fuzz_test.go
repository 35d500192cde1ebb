package subtitles

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
)

// FuzzRead holds the readers to their promises: what is read is bounded and in order, and writes as WebVTT that reads back the same.
func FuzzRead(f *testing.F) {
	f.Add(true, []byte(srt))
	f.Add(true, []byte("1\n00:00:01,000 -->\n"))
	f.Add(true, []byte("1\n00:00:01,000 --> 00:00:02,000\n<i><font color=red>{\\an8}&lt;x&gt;--&gt;\n"))
	f.Add(true, []byte("\xff\xfe1\x00\n\x00"))
	f.Add(true, []byte("1\n00:00:01,000 --> 00:00:02,000\n"+strings.Repeat("&", 7000)+"\n"))
	f.Add(false, []byte("WEBVTT\n\nSTYLE\n::cue {}\n\nREGION\nid:x\n\n1\n00:01.000 --> 00:02.000 line:0\nx\r00:03.000 --> 00:04.000\ny"))
	f.Fuzz(func(t *testing.T, srt bool, file []byte) {
		format := WebVTT
		if srt {
			format = SubRip
		}
		track, err := Read(format, file)
		if err != nil {
			return
		}
		previous := Cue{}
		for _, c := range track.Cues {
			if c.Start < previous.Start || c.End <= c.Start {
				t.Fatalf("%+v after %+v", c, previous)
			}
			if strings.Contains(c.Text, arrow) || strings.Contains(c.Text, "\n\n") {
				t.Fatalf("%q can't be cue text", c.Text)
			}
			previous = c
		}
		again, err := Read(WebVTT, track.AppendFile(nil))
		if errors.Is(err, demux.ErrTooLarge) {
			return // a line may be longer when it is escaped, and files are not read with such
		}
		if err != nil && len(track.Cues) > 0 {
			t.Fatal(err)
		}
		if err == nil && (again.Header != track.Header || !slices.Equal(again.Cues, track.Cues)) {
			t.Fatalf("%+v\nreads back as\n%+v", track, again)
		}
	})
}

// FuzzDecoder holds the samples' readers to the same: cues lie within the sample, and can be written.
func FuzzDecoder(f *testing.F) {
	f.Add(uint8(0), []byte("\x00\x05a & b\x00\x00\x00\x16styl\x00\x01\x00\x00\x00\x02\x00\x01\x03\x12\xff\xff\xff\xff"))
	f.Add(uint8(0), []byte("\x00\x06\xfe\xff\x00a\x20\xac"))
	f.Add(uint8(1), (&Cue{ID: "1", Start: 0, End: 500, Settings: "line:0", Text: "a\nb"}).appendBox(nil, 0))
	f.Add(uint8(1), appendBox(nil, "vtte", ""))
	f.Add(uint8(0), append([]byte{27, 88}, strings.Repeat("&", 7000)...))
	f.Add(uint8(2), []byte(`<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:00.100" end="00:00:00.400">a<br/>b &lt; <span>c</span></p></div></body></tt>`))
	f.Fuzz(func(t *testing.T, format uint8, sample []byte) {
		d := &Decoder{format: [...]string{"tx3g", "wvtt", "stpp"}[format%3]}
		cues, err := d.Append(nil, sample, 1000, 2000)
		if err != nil {
			return
		}
		track := &Track{Cues: cues}
		for _, c := range cues {
			if c.Start < 1000 || c.End > 2000 || c.End <= c.Start || strings.Contains(c.Text+c.ID+c.Settings, arrow) {
				t.Fatalf("%+v", c)
			}
		}
		again, err := Read(WebVTT, track.AppendFile(nil))
		if errors.Is(err, demux.ErrTooLarge) {
			return // as above
		}
		if err != nil || len(again.Cues) != len(cues) {
			t.Fatalf("%+v reads back as %+v: %v", cues, again, err)
		}
	})
}
