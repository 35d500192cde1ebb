package demux_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// item is an entry of an ilst with a text.
func item(typ, text string) []byte {
	return testmedia.Box(typ, testmedia.Box("data", []byte{0, 0, 0, 1, 0, 0, 0, 0}, []byte(text)))
}

// tags are a udta with Apple's list and QuickTime's texts, and a meta with keys of which one is a place.
func tags() []byte {
	hdlr := testmedia.Box("hdlr", make([]byte, 25))
	list := testmedia.Box("ilst", item("\xa9nam", "A film"), item("\xa9xyz", "+51.5-000.1/"), item("covr", "not a text"),
		testmedia.Box("trkn", testmedia.Box("data", make([]byte, 8), []byte{0, 0, 0, 3, 0, 12, 0, 0})))
	keys := testmedia.Box("keys", []byte{0, 0, 0, 0, 0, 0, 0, 2}, testmedia.Box("mdta", []byte("com.apple.quicktime.make")),
		testmedia.Box("mdta", []byte("com.apple.quicktime.location.ISO6709")))
	values := testmedia.Box("ilst", item("\x00\x00\x00\x01", "Acme"), item("\x00\x00\x00\x02", "+51.5-000.1/"))
	return slices.Concat(
		testmedia.Box("udta", testmedia.Box("meta", make([]byte, 4), hdlr, list), testmedia.Box("\xa9cpy", []byte{0, 3, 0, 0}, []byte("Us."))),
		testmedia.Box("meta", hdlr, keys, values),
	)
}

func TestReadAbout(t *testing.T) {
	movie := testmedia.H264AAC(4)
	movie.MoovExtra = tags()
	src := testmedia.Memory(movie.Bytes())
	x, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	about, err := demux.ReadAbout(t.Context(), src, x)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"title": "A film", "track": "3/12", "copyright": "Us.", "com.apple.quicktime.make": "Acme"}
	if !maps.Equal(about.Tags, want) {
		t.Errorf("tags %v, want %v", about.Tags, want)
	}
	if len(about.Tracks) != len(x.Tracks) || about.Seconds <= 0 || len(about.Compatible) == 0 {
		t.Errorf("%+v of %d tracks", about, len(x.Tracks))
	}
	for _, track := range x.Tracks {
		told, there := about.Tracks[track.ID]
		if shown := (track.Stop - track.Start).Seconds(track.Timescale); !there || told.Seconds < shown-0.1 || told.Seconds > shown+0.1 {
			t.Errorf("track %d lasts %v s of %v", track.ID, told.Seconds, shown)
		}
	}
}

// What is broken is left out, or refused in words; it never hangs, panics or reads outside of the file.
func TestReadAboutOfDamaged(t *testing.T) {
	movie := testmedia.H264AAC(1)
	movie.MoovExtra = tags()
	file := movie.Bytes()
	whole, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range testmedia.Damaged(file) {
		x, broken := demux.Open(t.Context(), testmedia.Memory(damaged), demux.DefaultLimits())
		if broken != nil {
			x = whole
		}
		about, failed := demux.ReadAbout(t.Context(), testmedia.Memory(damaged), x)
		if failed == nil && about.Created.After(time.Now().AddDate(9000, 0, 0)) {
			t.Errorf("%s: made in %v", name, about.Created)
		}
	}
}
