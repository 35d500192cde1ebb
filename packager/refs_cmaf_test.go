package packager

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"unreel/demux"
)

func TestCMAFRefs(t *testing.T) {
	version, cuts := Version{0x0f, 1, 2, 3, 4, 5, 6, 0xff}, Cuts{6000, [4]byte{0xab, 1, 2, 0xcd}}
	for want, ref := range map[string]Ref{
		"film/master.m3u8":                                         MasterRef{"film"},
		"film/1080p/v1.m3u8":                                       PlaylistRef{"film", "1080p", Tracks{Video: 1}, false},
		"film/manifest.mpd":                                        ManifestRef{"film", false},
		"a/b%20c/ondemand.mpd":                                     ManifestRef{"a/b c", true},
		"manifest.mpd/manifest.mpd":                                ManifestRef{"manifest.mpd", false},
		"film/720p/0f010203040506ff/v1-init.mp4":                   InitRef{"film", "720p", version, Tracks{Video: 1}},
		"%FF/a%3Ab/0f010203040506ff/a2-init.mp4":                   InitRef{"\xff", "a:b", version, Tracks{Audio: 2}},
		"film/720p/0f010203040506ff/6000-ab0102cd/v1-17-91800.m4s": FragmentRef{"film", "720p", version, cuts, Tracks{Video: 1}, 17, 91800},
		"a/%24/0f010203040506ff/6000-ab0102cd/a2-0-0.m4s":          FragmentRef{"a", "$", version, cuts, Tracks{Audio: 2}, 0, 0},
		"film/720p/0f010203040506ff/6000-ab0102cd/v1.mp4":          TrackRef{"film", "720p", version, cuts, Tracks{Video: 1}},
		"film/720p/0f010203040506ff/6000-ab0102cd/a4294967295.mp4": TrackRef{"film", "720p", version, cuts, Tracks{Audio: 1<<32 - 1}},
		"x/y/0f010203040506ff/0-ab0102cd/v1-0-9223372036854775807.m4s": FragmentRef{
			"x", "y", version, Cuts{0, cuts.Digest}, Tracks{Video: 1}, 0, 1<<63 - 1,
		},
	} {
		if got := ref.String(); got != want {
			t.Errorf("%#v prints %q, want %q", ref, got, want)
		}
		if got, err := Parse(CMAF, want); err != nil || got != ref {
			t.Errorf("%q parses to %#v (%v), want %#v", want, got, err, ref)
		}
	}
}

func TestParseRefusesCMAF(t *testing.T) {
	const version, cuts = "x/y/0123456789abcdef/", "x/y/0123456789abcdef/6000-01020304/"
	for _, path := range []string{
		"manifest.mpd", "/manifest.mpd", "a/../manifest.mpd", "a/Manifest.mpd", "a/manifest.mpd/", "a/ondemand.mp",
		version + "v1a2-init.mp4", version + "-init.mp4", version + "v0-init.mp4", version + "v1-init.MP4", "x/0123456789abcdef/v1-init.mp4",
		version + "v1.mp4", version + "v1-0-0.m4s", cuts + "v1-init.mp4", cuts + "v1a2.mp4", cuts + "v1a2-0-0.m4s", cuts + "v1-0.m4s",
		cuts + "v1-0-0-0.m4s", cuts + "v1--0.m4s", cuts + "v1-0-.m4s", cuts + "v1-00-0.m4s", cuts + "v1-0-00.m4s", cuts + "v1-0--1.m4s",
		cuts + "v1-2147483648-0.m4s", cuts + "v1-0-9223372036854775808.m4s", cuts + "v1-0-0.M4S", cuts + "-0-0.m4s", cuts + ".mp4",
		version + "6000-0102030/v1.mp4", version + "6000-010203040/v1.mp4", version + "6000-0102030G/v1.mp4", version + "6000-0102030A/v1.mp4",
		version + "06000-01020304/v1.mp4", version + "2147483648-01020304/v1.mp4", version + "-01020304/v1.mp4", version + "6000/v1.mp4",
		"x/y/0123456789ABCDEF/6000-01020304/v1.mp4", "x//0123456789abcdef/6000-01020304/v1.mp4",
		version + "v1-0-0-1-00.ts", // a segment of the other format
	} {
		if ref, err := Parse(CMAF, path); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q parses to %#v (%v), want ErrNotFound", path, ref, err)
		}
	}
	for _, path := range []string{"a/manifest.mpd", version + "v1-init.mp4", cuts + "v1-0-0.m4s", cuts + "v1.mp4"} {
		if ref, err := Parse(TS, path); !errors.Is(err, ErrNotFound) {
			t.Errorf("below /hls/, %q parses to %#v (%v), want ErrNotFound", path, ref, err)
		}
	}
}

// checkCMAFLinks holds the links, and what a DASH player makes of a template, against the whole paths.
func checkCMAFLinks(t *testing.T, fragment FragmentRef) {
	t.Helper()
	const base = "https://host/prefix/token:1/cmaf/"
	f := fragment
	playlist := resolve(t, base, PlaylistRef{f.Title, f.Rendition, f.Tracks, false}.String())
	init, track := InitRef{f.Title, f.Rendition, f.Version, f.Tracks}, TrackRef{f.Title, f.Rendition, f.Version, f.Cuts, f.Tracks}
	for link, want := range map[string]Ref{
		string(f.AppendLink(nil)): f, string(init.AppendLink(nil)): init, string(track.AppendLink(nil)): track,
	} {
		if got := resolve(t, playlist, link); got != base+want.String() {
			t.Errorf("the link %q leads to %q, want %q", link, got, base+want.String())
		}
	}
	manifest := resolve(t, base, ManifestRef{f.Title, false}.String())
	template := string(f.AppendTemplate(append(appendEscaped(nil, f.Rendition), '/')))
	link := strings.NewReplacer("$Number$", strconv.Itoa(f.Number), "$Time$", strconv.FormatInt(int64(f.Time), 10)).Replace(template)
	if strings.Contains(link, "$") {
		t.Errorf("the template %q holds a dollar of its own", template)
	}
	if got := resolve(t, manifest, link); got != base+f.String() {
		t.Errorf("the template leads to %q, want %q", got, base+f.String())
	}
}

// FuzzCMAFRefs prints any Ref below /cmaf/ that there may be, follows its links and parses it.
func FuzzCMAFRefs(f *testing.F) {
	for i, title := range append(oddTitles, "$Number$", "a/$Time$/$$") {
		f.Add(title, "1080p", uint64(i))
		f.Add("film", strings.ReplaceAll(title, "/", ""), uint64(i))
	}
	f.Fuzz(func(t *testing.T, title, rendition string, seed uint64) {
		if !validTitle(title) || !validElement(rendition) {
			return
		}
		rnd := rand.New(rand.NewPCG(seed, 1))
		fragment := FragmentRef{
			Title: title, Rendition: rendition, Version: Version{byte(seed)}, Tracks: Tracks{Video: 1 + rnd.Uint32N(1<<32-1)},
			Cuts:   Cuts{rnd.Uint32N(maxMillis), [4]byte{byte(rnd.Uint32()), byte(seed)}},
			Number: rnd.IntN(maxSamples), Time: demux.Ticks(rnd.Int64()),
		}
		if seed%2 == 0 {
			fragment.Tracks = Tracks{Audio: fragment.Tracks.Video}
		}
		checkCMAFLinks(t, fragment)
		for _, ref := range []Ref{
			fragment,
			ManifestRef{title, seed%3 == 0},
			InitRef{title, rendition, fragment.Version, fragment.Tracks},
			TrackRef{title, rendition, fragment.Version, fragment.Cuts, fragment.Tracks},
		} {
			if got, err := Parse(CMAF, ref.String()); err != nil || got != ref || ref.TitleName() != title {
				t.Errorf("%q parses to %#v (%v), want %#v", ref, got, err, ref)
			}
		}
	})
}

func TestFragmentLinkAllocations(t *testing.T) {
	ref := FragmentRef{"films/Amélie (2001)", "1080p", Version{1}, Cuts{6000, [4]byte{1}}, Tracks{Video: 1}, 3, 92160}
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { dst = ref.AppendLink(dst[:0]) }); n != 0 {
		t.Errorf("a link costs %v allocations", n)
	}
	path := ref.String()
	if n := testing.AllocsPerRun(100, func() { _, _ = Parse(CMAF, path) }); n > 2 {
		t.Errorf("parsing costs %v allocations, want the decoded path and the Ref", n)
	}
}
