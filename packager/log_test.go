package packager

import (
	"slices"
	"testing"

	"unreel/demux/testmedia"
)

// TestLog: what people must know of a title is logged once, with its title, its file and the reason.
func TestLog(t *testing.T) {
	ladder := testmedia.Ladder()
	m := newMemory(ladder[0], ladder[1])
	m.put("360p.mp4", testmedia.H264AAC(30))
	m.putSource("240p.mp4", testmedia.Memory([]byte("no MP4")))
	opus := testmedia.H264AAC(12)
	opus.Tracks = append(opus.Tracks, testmedia.Audio(10))
	opus.Tracks[2].Entries = [][]byte{testmedia.AudioEntry("ulaw", 1, 8000)}
	m.put("480p.mp4", opus)
	o := serve(t, m)
	const master = "library/master.m3u8"
	for range 3 {
		for _, link := range links(master, o.text(master)) {
			o.text(link)
		}
		if _, err := o.Info(t.Context(), "library"); err != nil {
			t.Fatal(err)
		}
	}
	head := `level=WARN msg="a file does not play as it should" title=library file=`
	want := []string{
		head + `480p.mp4 reason="has a track that is refused: track 3: codec G.711 mu-law (\"ulaw\"): not supported"`,
		head + `240p.mp4 reason="is refused: box moov at byte 0: none in the file: it is no MP4, or was not finished: corrupt"`,
		head + `360p.mp4 reason="is left out: it lasts 30s, the title 12s"`,
	}
	if got := o.logs.take(); !slices.Equal(got, want) {
		t.Errorf("the log is %q, want %q", got, want)
	}

	info, err := o.Inspect(t.Context(), Entry{Title: "x", Files: []File{{Path: "240p.mp4"}}})
	if err != nil || info.Error == "" {
		t.Errorf("%+v, %v", info, err)
	}
	if got := o.logs.take(); len(got) != 1 || got[0] != "" {
		t.Errorf("who is told in full reads it again in the log: %q", got)
	}
}
