package packager

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// TestTextThatIsTooMuch refuses segments of a file of subtitles that would be huge, and makes the others.
func TestTextThatIsTooMuch(t *testing.T) {
	var vtt strings.Builder
	vtt.WriteString("WEBVTT\n")
	for i := range 20_000 { // all of them show from second 8 on
		fmt.Fprintf(&vtt, "\n00:00:%02d.%03d --> 01:00:00.000\na cue that says so much and more %d\n", 8+i/5000, i%1000, i)
	}
	m := newMemory(testmedia.File{Name: "film.mp4", Movie: testmedia.H264AAC(20)})
	m.putSource("film.en.vtt", testmedia.Memory([]byte(vtt.String())))
	o := serve(t, m)
	for _, format := range []Format{TS, CMAF} {
		const playlist = "film/en.vtt/t1.m3u8"
		list, err := o.Answer(t.Context(), format, playlist)
		if err != nil {
			t.Fatal(err)
		}
		all := links(playlist, string(list.Document.Body))
		if len(all) < 3 {
			t.Fatalf("%v: %d links", format, len(all))
		}
		if _, err = o.Answer(t.Context(), format, all[len(all)-1]); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v: the last segment: %v", format, err)
		}
		first, err := o.Answer(t.Context(), format, all[0])
		if err != nil || !strings.HasPrefix(string(first.Document.Body), "WEBVTT") {
			t.Errorf("%v: the first segment: %v", format, err)
		}
	}
	if len(o.texts) != 0 {
		t.Error("a place is still taken")
	}
}
