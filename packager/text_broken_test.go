package packager

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// TestBrokenText: a sample of text that can't be read is left out, and Info and Inspect tell of it, once for each track.
func TestBrokenText(t *testing.T) {
	film := spoken()
	timed, web, ttml := &film.Tracks[len(film.Tracks)-3], &film.Tracks[len(film.Tracks)-2], &film.Tracks[len(film.Tracks)-1]
	timed.Samples[1].Data = []byte("\x00\x09Hello")
	timed.Samples[3].Data = []byte("\x00")
	web.Samples[3].Data = []byte("\x00\x00\x00\x63vttc")
	ttml.Samples[1].Data = []byte("<tt><body>")
	m := newMemory(testmedia.File{Name: "film.mp4", Movie: film})
	o := serve(t, m)
	want := []string{
		`"film.mp4" has something that is left out: 2 of 5 samples of track 3, the first at 1s: a text of 9 bytes in a sample of 7: `,
		`"film.mp4" has something that is left out: 1 of 6 samples of track 4, the first at 5s: `,
		`"film.mp4" has something that is left out: 1 of 2 samples of track 5, the first at 7s: `,
	}
	same := func(got []string) bool {
		return slices.EqualFunc(got, want, func(a, b string) bool { return strings.HasPrefix(a, b) })
	}
	for range 2 { // read once, told each time
		if info, err := o.Info(t.Context(), "film"); err != nil || !same(info.Warnings) {
			t.Errorf("%q, %v, want %q", info.Warnings, err, want)
		}
	}
	info, err := o.Inspect(t.Context(), Entry{Title: "x", Files: []File{{Path: "film.mp4"}}})
	if err != nil || !same(info.Warnings) {
		t.Errorf("%q, %v, want %q", info.Warnings, err, want)
	}
	list := o.lists("film/master.m3u8")["360p/t3.m3u8"]
	if segment := o.text(links(list, o.text(list))[0]); strings.Contains(segment, "Hello") {
		t.Error(segment)
	}

	whole := serve(t, newMemory(testmedia.File{Name: "film.mp4", Movie: spoken()}))
	if info, err = whole.Info(t.Context(), "film"); err != nil || len(info.Warnings) != 0 {
		t.Errorf("%q, %v", info.Warnings, err)
	}
}

// TestBrokenTextTrack: a text track that is broken where it says which it is, or in its fragments, is left out alone; Info, the log
// and what Inspect prints tell why.
func TestBrokenTextTrack(t *testing.T) {
	header, fragment := spoken(), spoken()
	header.Mangle = func(moov []byte) []byte {
		texts := moov[bytes.Index(moov, []byte("soun")):]
		copy(texts[bytes.Index(texts, []byte("tkhd")):], "free")
		return moov
	}
	fragment.Fragments = &testmedia.Fragments{Mangle: func(_ int, moof []byte) {
		for _, traf := range bytes.SplitAfter(moof, []byte("traf"))[1:] {
			if tfhd := testmedia.Find(traf, "tfhd"); tfhd[7] == 3 {
				copy(testmedia.Find(traf, "trun")[4:], "\xff\xff\xff\xff")
			}
		}
	}}
	o := serve(t, newMemory(testmedia.File{Name: "header.mp4", Movie: header}, testmedia.File{Name: "fragment.mp4", Movie: fragment}))
	for title, want := range map[string]string{"header": "track 3: box moov/trak at byte ", "fragment": "track 3: box moof/traf/trun at byte "} {
		info, err := o.Info(t.Context(), title)
		if err != nil {
			t.Fatal(err)
		}
		r := &info.Renditions[0]
		told := slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, want) })
		if k := r.Tracks[2]; !told || !strings.HasPrefix(k.Refusal, want) || len(info.Subtitles) != 2 {
			t.Errorf("%s: warnings %q, track %+v, %d subtitles", title, r.Warnings, k, len(info.Subtitles))
		}
		if log := strings.Join(o.logs.take(), "\n"); !strings.Contains(log, title+`.mp4 reason="has a track that is refused: `+want) {
			t.Errorf("%s: %s", title, log)
		}
		o.lists(title + "/master.m3u8")
	}
}
