package hls

import (
	"fmt"
	"slices"
	"testing"
)

func TestOrder(t *testing.T) {
	// Each variant is its lines and its average in kbit/s.
	f := func(name string, want []string, in ...[2]int) {
		t.Helper()
		var variants []Variant
		for _, v := range in {
			variants = append(variants, Variant{
				Bitrate: Bitrate{Peak: int64(v[1]) * 1500, Average: int64(v[1]) * 1000}, Width: v[0] * 16 / 9, Height: v[0],
				URI: fmt.Sprintf("%d@%d", v[0], v[1]),
			})
		}
		Order(variants)
		var got []string
		for _, v := range variants {
			got = append(got, v.URI)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	f("nothing", nil)
	f("a ladder", []string{"720@2800", "360@700", "480@1400", "1080@5000"}, [2]int{1080, 5000}, [2]int{720, 2800}, [2]int{480, 1400}, [2]int{360, 700})
	f("720p is too fat", []string{"480@1400", "720@3100", "1080@5000"}, [2]int{1080, 5000}, [2]int{720, 3100}, [2]int{480, 1400})
	f("all are too fat", []string{"1080@5000", "2160@15000"}, [2]int{2160, 15000}, [2]int{1080, 5000})
	f("1080p is thin", []string{"720@1500", "480@800", "1080@2500"}, [2]int{1080, 2500}, [2]int{720, 1500}, [2]int{480, 800})
	f("audio only beside video", []string{"720@4000", "0@128"}, [2]int{0, 128}, [2]int{720, 4000})
	f("audio only", []string{"0@256", "0@64", "0@128"}, [2]int{0, 64}, [2]int{0, 256}, [2]int{0, 128})
}

func TestOrderOfUprightFilms(t *testing.T) {
	variants := []Variant{
		{Bitrate: Bitrate{Peak: 1, Average: 1}, Width: 360, Height: 640},
		{Bitrate: Bitrate{Peak: 2, Average: 2}, Width: 720, Height: 1280},
		{Bitrate: Bitrate{Peak: 3, Average: 3}, Width: 1080, Height: 1920},
	}
	Order(variants)
	if variants[0].Width != 720 {
		t.Errorf("players begin with %+v", variants[0])
	}
}

func TestDistinguish(t *testing.T) {
	media := []Rendition{
		{GroupID: "a", Name: "English"},
		{GroupID: "a", Name: "English 2"},
		{GroupID: "a", Name: "English"},
		{GroupID: "b", Name: "English"},
		{GroupID: "b", Name: "", Default: true},
		{GroupID: "b", Name: `"x"`, Default: true},
		{GroupID: "b", Name: "'x'"},
	}
	Distinguish(media)
	var got []string
	for _, r := range media {
		got = append(got, fmt.Sprint(r.GroupID, " ", r.Name, " ", r.Default))
	}
	want := []string{
		"a English true", "a English 2 false", "a English 3 false",
		"b English false", "b audio true", "b 'x' false", "b 'x' 2 false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Those of a group that a player may choose by itself differ in what it chooses by (RFC 8216 §4.3.4.1.1); the default is one (§4.3.4.1).
func TestAutoselect(t *testing.T) {
	media := []Rendition{
		{GroupID: "a", Name: "English", Language: "en"},
		{GroupID: "a", Name: "Commentary", Language: "en", Default: true},
		{GroupID: "a", Name: "Deutsch", Language: "de"},
		{GroupID: "a", Name: "Kommentar", Language: "de"},
		{GroupID: "a", Name: "described", Language: "de", Characteristics: "public.accessibility.describes-video"},
		{GroupID: "a", Name: "described too", Language: "de", Characteristics: "public.accessibility.describes-video"},
		{GroupID: "a", Name: "x"},
		{GroupID: "a", Name: "y", Language: "und"},
		{GroupID: "b", Name: "English", Language: "en"},
		{Type: Subtitles, GroupID: "s", Name: "English", Language: "en"},
		{Type: Subtitles, GroupID: "s", Name: "forced", Language: "en", Forced: true},
		{Type: Subtitles, GroupID: "s", Name: "signs", Language: "en", Forced: true},
	}
	Distinguish(media)
	var got []string
	for _, r := range media {
		if r.Autoselect {
			got = append(got, fmt.Sprint(r.Type, r.GroupID, " ", r.Name))
		}
	}
	want := []string{"a Commentary", "a Deutsch", "a described", "a described too", "a x", "b English", "SUBTITLESs English", "SUBTITLESs forced"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
