package packager

import (
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// oddTitles are file names that someone has, and that a URL could take for something else.
var oddTitles = []string{
	"film", "films/Amélie (2001)", "master.m3u8", "a/master.m3u8/1080p", "v1a2.m3u8", "1080p/v1a2.iframes.m3u8",
	"100% # what? \\ ; & + = @ : , $ ' \" * !", "a:b", "%2F", "%", " lead and trail ", "new\nline\ttab\x00nul", "\xff\xfe not UTF-8",
	"🎬/…/.hidden/...", "..a", "a..", "x.json", "-_.~", "00f1/v1-0-0-1-00.ts",
}

func TestRefString(t *testing.T) {
	version := Version{0x0f, 1, 2, 3, 4, 5, 6, 0xff}
	for want, ref := range map[string]Ref{
		"film/master.m3u8":                      MasterRef{"film"},
		"a/b%20%3F%23%25/master.m3u8":           MasterRef{"a/b ?#%"},
		"film/1080p/v1a2.m3u8":                  PlaylistRef{"film", "1080p", Tracks{Video: 1, Audio: 2}, false},
		"film/audio_en/a1.m3u8":                 PlaylistRef{"film", "audio_en", Tracks{Audio: 1}, false},
		"film/a%3Ab/v4294967295.m3u8":           PlaylistRef{"film", "a:b", Tracks{Video: 1<<32 - 1}, false},
		"film/1080p/v1a2.iframes.m3u8":          PlaylistRef{"film", "1080p", Tracks{Video: 1, Audio: 2}, true},
		"master.m3u8/v1.m3u8/v7.m3u8":           PlaylistRef{"master.m3u8", "v1.m3u8", Tracks{Video: 7}, false},
		"%FF/1/0f010203040506ff/a2-0-0-1-0f.ts": SegmentRef{"\xff", "1", version, Tracks{Audio: 2}, 0, 0, 1, Counters{0, 15}},
		"a/b/c/0f010203040506ff/v1a2-17-4100-4344-a0.ts": SegmentRef{
			"a/b", "c", version, Tracks{Video: 1, Audio: 2}, 17, 4100, 4344, Counters{10, 0},
		},
	} {
		if got := ref.String(); got != want {
			t.Errorf("%#v prints %q, want %q", ref, got, want)
		}
		parse(t, want, ref)
	}
}

func parse(t *testing.T, path string, want Ref) {
	t.Helper()
	if got, err := Parse(TS, path); err != nil || got != want {
		t.Errorf("%q parses to %#v (%v), want %#v", path, got, err, want)
	}
}

func TestParseReencoded(t *testing.T) {
	parse(t, "a%2Fb/%6Daster%2em3u8", MasterRef{"a/b"})
	parse(t, "a b+c:é/x/%761a2.m3u8", PlaylistRef{"a b+c:é", "x", Tracks{Video: 1, Audio: 2}, false})
	parse(t, "a%252F/master.m3u8", MasterRef{"a%2F"}) // once, not twice
}

func TestParseRefuses(t *testing.T) {
	const version = "x/y/0123456789abcdef/"
	for _, path := range []string{
		"", "/", "master.m3u8", "/master.m3u8", "a/", "a", "a/master.m3u8/", "a/Master.m3u8", "a/master.m3u",
		"/a/master.m3u8", "a//master.m3u8", "a//b/master.m3u8", "../master.m3u8", "a/%2e%2E/master.m3u8", "a/./master.m3u8",
		"a%zz/master.m3u8", "a%/master.m3u8", "v1.m3u8", "a/v1.m3u8", "a//v1.m3u8", "a/../v1.m3u8", "a/b/.m3u8", "a/b/.iframes.m3u8",
		"a/b/v.m3u8", "a/b/v0.m3u8", "a/b/v01.m3u8", "a/b/v+1.m3u8", "a/b/v1_0.m3u8", "a/b/a1v2.m3u8", "a/b/v1a.m3u8", "a/b/va2.m3u8",
		"a/b/v1a0.m3u8", "a/b/v4294967296.m3u8", "a/b/v99999999999999999999999.m3u8", "a/b/v1a2a3.m3u8", "a/b/V1.m3u8", "a/b/v１.m3u8",
		"a/b/v1.iframes.iframes.m3u8", "a/b/v1.ts",
		"x/0123456789abcdef/v1-0-0-1-00.ts", "x/y/0123456789ABCDEF/v1-0-0-1-00.ts", "x/y/0123456789abcde/v1-0-0-1-00.ts",
		"x/y/0123456789abcdef0/v1-0-0-1-00.ts", "x/y/0123456789abcdeg/v1-0-0-1-00.ts",
		version + "-0-0-1-00.ts", version + "v99999999999-0-0-1-00.ts", version + "v1-0-0-1.ts",
		version + "v1-0-0-1-0.ts", version + "v1-0-0-1-000.ts", version + "v1-0-0-1-0G.ts",
		version + "v1-0-0-1-0A.ts", version + "v1-00-0-1-00.ts", version + "v1--1-0-1-00.ts",
		version + "v1-0-1-1-00.ts", version + "v1-0-2-1-00.ts", version + "v1-2147483648-0-1-00.ts",
		version + "v1-0-0-2147483648-00.ts", version + "v1-0-0-1-00-00.ts", version + "v1-0-0-1-00.TS",
	} {
		if ref, err := Parse(TS, path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q parses to %#v (%v), want ErrNotFound", path, ref, err)
		}
	}
}

func TestInfoPath(t *testing.T) {
	for _, title := range oddTitles {
		if got, err := ParseInfo(InfoPath(title)); err != nil || got != title {
			t.Errorf("%q parses to %q (%v)", InfoPath(title), got, err)
		}
	}
	for _, path := range []string{"", ".json", "a", "a.JSON", "a/../b.json", "a//b.json", "%zz.json", "/a.json"} {
		if title, err := ParseInfo(path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q parses to %q (%v), want ErrNotFound", path, title, err)
		}
	}
	if got := InfoPath("a/b c"); got != "a/b%20c.json" {
		t.Errorf("got %q", got)
	}
}

// TestRefLinks holds the links against what a client makes of them.
func TestRefLinks(t *testing.T) {
	for _, title := range oddTitles {
		for _, rendition := range []string{"1080p", "http:", "a b?#", "...", "v1.m3u8", "\xff"} {
			playlist := PlaylistRef{title, rendition, Tracks{Video: 1, Audio: 2}, true}
			segment := SegmentRef{title, rendition, Version{1}, Tracks{Video: 1, Audio: 2}, 3, 4, 5, Counters{6, 7}}
			checkLinks(t, playlist, segment)
		}
	}
}

func checkLinks(t *testing.T, playlist PlaylistRef, segment SegmentRef) {
	t.Helper()
	const base = "https://host/prefix/token:1/hls/"
	master := resolve(t, base, MasterRef{playlist.Title}.String())
	child := resolve(t, master, string(playlist.AppendLink(nil)))
	if want := base + playlist.String(); child != want {
		t.Errorf("the master's link leads to %q, want %q", child, want)
	}
	grandchild := resolve(t, child, string(segment.AppendLink(nil)))
	if want := base + segment.String(); grandchild != want {
		t.Errorf("the playlist's link leads to %q, want %q", grandchild, want)
	}
}

func resolve(t *testing.T, base, link string) string {
	t.Helper()
	b, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.Host != b.Host {
		t.Fatalf("link %q is not only a path", link)
	}
	return u.Scheme + "://" + u.Host + u.EscapedPath()
}

func TestRefAllocations(t *testing.T) {
	ref := SegmentRef{"films/Amélie (2001)", "1080p", Version{1}, Tracks{Video: 1, Audio: 2}, 3, 4, 5, Counters{6, 7}}
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { dst = ref.AppendLink(dst[:0]) }); n != 0 {
		t.Errorf("a link costs %v allocations", n)
	}
	path := strings.TrimPrefix(ref.String(), "films/")
	if n := testing.AllocsPerRun(100, func() { _, _ = Parse(TS, path) }); n > 2 {
		t.Errorf("parsing costs %v allocations, want the decoded path and the Ref", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, title := range oddTitles {
		f.Add(MasterRef{title}.String())
		f.Add(PlaylistRef{title, "1080p", Tracks{Video: 1, Audio: 2}, false}.String())
		f.Add(SegmentRef{title, "audio_en", Version{1}, Tracks{Audio: 2}, 3, 4, 5, Counters{6, 7}}.String())
		f.Add(FragmentRef{title, "audio_en", Version{1}, Cuts{6000, [4]byte{2}}, Tracks{Audio: 2}, 3, 4}.String())
		f.Add(InitRef{title, "audio_en", Version{1}, Tracks{Audio: 2}}.String())
		f.Add(TrackRef{title, "audio_en", Version{1}, Cuts{6000, [4]byte{2}}, Tracks{Audio: 2}}.String())
		f.Add(ManifestRef{title, true}.String())
	}
	f.Fuzz(func(t *testing.T, path string) {
		for format := range formats {
			ref, err := Parse(format, path)
			if err != nil {
				if !errors.Is(err, ErrNotFound) {
					t.Fatalf("%q: %v", path, err)
				}
				continue
			}
			// A proxy may have re-encoded the path, so compare what it means.
			again, err := Parse(format, ref.String())
			if err != nil || again != ref {
				t.Fatalf("%q parses to %#v, which prints %q, which parses to %#v (%v)", path, ref, ref, again, err)
			}
		}
	})
}

// FuzzRefs prints any Ref that there may be, follows its links and parses it.
func FuzzRefs(f *testing.F) {
	for i, title := range oddTitles {
		f.Add(title, "1080p", uint64(i))
	}
	f.Fuzz(func(t *testing.T, title, rendition string, seed uint64) {
		if !validTitle(title) || !validElement(rendition) {
			return
		}
		rnd := rand.New(rand.NewPCG(seed, 0))
		first := rnd.IntN(maxSamples)
		segment := SegmentRef{
			Title: title, Rendition: rendition, Version: Version{byte(seed)},
			Tracks: Tracks{Video: rnd.Uint32() >> rnd.IntN(33), Audio: 1 + rnd.Uint32N(9)},
			Number: rnd.IntN(maxSamples), First: first, End: first + 1 + rnd.IntN(maxSamples-first),
			Counters: Counters{Video: uint8(rnd.IntN(16)), Audio: uint8(rnd.IntN(16))},
		}
		playlist := PlaylistRef{title, rendition, segment.Tracks, seed%2 == 0}
		checkLinks(t, playlist, segment)
		for _, ref := range []Ref{MasterRef{title}, playlist, segment} {
			parse(t, ref.String(), ref)
			if ref.TitleName() != title {
				t.Errorf("title of %q is %q", ref, ref.TitleName())
			}
		}
		if got, err := ParseInfo(InfoPath(title)); err != nil || got != title {
			t.Errorf("%q parses to %q (%v)", InfoPath(title), got, err)
		}
	})
}

func BenchmarkSegmentLink(b *testing.B) {
	ref := SegmentRef{"film", "1080p", Version{1}, Tracks{Video: 1, Audio: 2}, 1234, 123456, 123600, Counters{6, 7}}
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = ref.AppendLink(dst[:0])
	}
}
