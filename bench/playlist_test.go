package main

import (
	"errors"
	"math/rand/v2"
	"testing"
)

func TestReadMaster(t *testing.T) {
	const text = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="de",URI="de.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="a"
low/v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2000
/high.m3u8?x=1
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=10,URI="frames.m3u8"
`
	all, err := readMaster("/hls/a%20film/master.m3u8", []byte(text))
	check(t, err)
	want := [][]string{{"/hls/a%20film/low/v.m3u8", "/hls/a%20film/en.m3u8"}, {"/high.m3u8?x=1"}}
	if len(all) != len(want) {
		t.Fatalf("%v", all)
	}
	for i := range want {
		for j, path := range want[i] {
			if len(all[i].lists) != len(want[i]) || all[i].lists[j] != path {
				t.Errorf("variant %d: %q, want %q", i, all[i].lists, want[i])
			}
		}
	}
}

func TestReadPlaylist(t *testing.T) {
	const text = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6,
#EXT-X-BYTERANGE:100@1000
all.mp4
#EXTINF:4.5,
next.m4s
#EXT-X-ENDLIST
`
	list, err := readPlaylist("/x/v.m3u8", []byte(text))
	check(t, err)
	want := []piece{
		{path: "/x/all.mp4", off: 1000, n: 100, start: 0, length: 6, init: "/x/init.mp4"},
		{path: "/x/next.m4s", start: 6, length: 4.5, init: "/x/init.mp4"},
	}
	if len(list.pieces) != 2 || list.pieces[0] != want[0] || list.pieces[1] != want[1] || list.end() != 10.5 {
		t.Errorf("%+v", list.pieces)
	}
	for at, place := range map[float64]int{0: 0, 5.9: 0, 6: 1, 10: 1, 10.5: 2} {
		if got := list.at(at); got != place {
			t.Errorf("%v s are in piece %d, want %d", at, got, place)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "#EXTM3U\n", "<html>", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-ENDLIST\n"} {
		if _, err := readMaster("/m", []byte(text)); err == nil {
			t.Errorf("%q is a master", text)
		}
		if _, err := readPlaylist("/p", []byte(text)); err == nil {
			t.Errorf("%q is a playlist", text)
		}
	}
	if _, err := resolve("/a/b", "https://elsewhere/c"); !errors.Is(err, errElsewhere) {
		t.Errorf("a link to another host: %v", err)
	}
}

// The same seed makes the same choices, and the first names come most often.
func TestPopularity(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	p := newPopularity(names, 0.9)
	count, again := map[string]int{}, ""
	for range 2 {
		dice, said := rand.New(rand.NewPCG(1, 2)), ""
		clear(count)
		for range 4000 {
			name := p.choose(dice)
			count[name]++
			said += name
		}
		if again != "" && said != again {
			t.Error("the same seed chose something else")
		}
		again = said
	}
	if count["a"] <= count["b"] || count["b"] <= count["c"] || count["c"] <= count["d"] || count["d"] == 0 {
		t.Errorf("chosen %v", count)
	}
	// 1/2^0.9 is 0.54.
	if share := float64(count["b"]) / float64(count["a"]); share < 0.45 || share > 0.63 {
		t.Errorf("the second is chosen %.2f times as often as the first", share)
	}
}
