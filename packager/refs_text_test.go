package packager

import (
	"errors"
	"testing"
)

func TestTextRefs(t *testing.T) {
	version := Version{0x0f, 1, 2, 3, 4, 5, 6, 0xff}
	for want, ref := range map[string]Ref{
		"film/en.vtt/t1.m3u8": PlaylistRef{"film", "en.vtt", Tracks{Text: 1}, false},
		"a/b/de%20x.srt/0f010203040506ff/t1-17-91800000-92340000.vtt": TextRef{
			"a/b", "de x.srt", version, Tracks{Text: 1}, 17, 91_800_000, 92_340_000, 0,
		},
		"film/720p/0f010203040506ff/t3-0-0-1.vtt":     TextRef{"film", "720p", version, Tracks{Text: 3}, 0, 0, 1, 0},
		"film/en.vtt/0f010203040506ff/t1-0-7-9-7.vtt": TextRef{"film", "en.vtt", version, Tracks{Text: 1}, 0, 7, 9, 7},
		"film/720p/0f010203040506ff/t3-7.vtt":         TextFileRef{"film", "720p", version, Tracks{Text: 3}, 7},
		"film/en.vtt/0f010203040506ff/t1.vtt":         TextFileRef{"film", "en.vtt", version, Tracks{Text: 1}, 0},
	} {
		for _, format := range [...]Format{TS, CMAF} {
			if got, err := Parse(format, want); err != nil || got != ref || ref.String() != want || ref.TitleName() == "" {
				t.Errorf("%q parses to %#v (%v), and %#v prints %q", want, got, err, ref, ref)
			}
		}
	}
	for want, ref := range map[string]Ref{
		"film/thumbs.vtt":                                 ThumbnailsRef{"film"},
		"a/thumbs/b/thumbs.vtt":                           ThumbnailsRef{"a/thumbs/b"},
		"a/b/thumbs/0f010203040506ff/b%20%231.thumbs.jpg": PictureRef{"a/b", version, "b #1.thumbs.jpg"},
		"film/720p/0f010203040506ff/6000-01020304/t3-0-0.m4s": FragmentRef{
			"film", "720p", version, Cuts{6000, [4]byte{1, 2, 3, 4}}, Tracks{Text: 3}, 0, 0,
		},
		"film/720p/0f010203040506ff/t3-init.mp4": InitRef{"film", "720p", version, Tracks{Text: 3}},
	} {
		if got, err := Parse(CMAF, want); err != nil || got != ref || ref.String() != want || ref.TitleName() == "" {
			t.Errorf("%q parses to %#v (%v), and %#v prints %q", want, got, err, ref, ref)
		}
		if got, err := Parse(TS, want); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q parses below /hls/, to %#v (%v)", want, got, err)
		}
	}
	const base = "x/y/0123456789abcdef/"
	for _, path := range []string{
		"thumbs.vtt", "x/../thumbs.vtt", base + "t0-0-0-1.vtt", base + "t1-0-1-1.vtt", base + "t1-0-0.vtt", base + "t1-0-0-1-2.vtt",
		base + "v1-0-0-1.vtt", base + "v1.vtt", base + "t1a2.vtt", base + "t1v1.m3u8", base + "t1-00-0-1.vtt", base + "t1-0-0-1.VTT",
		base + "t1-0-0-1-00.ts", "x/thumbs/y.jpg", base + "y.jpg", "thumbs/0123456789abcdef/y.jpg", "x/thumbs/0123456789abcdef/y.gif",
		base + "t1-0-0-9007199254740992.vtt", base + "t1-0-1-2-0.vtt", base + "t1-0-1-2-02.vtt", base + "t1-0.vtt", base + "t1-.vtt", base + "t1-1-2.vtt",
	} {
		for _, format := range [...]Format{TS, CMAF} {
			if ref, err := Parse(format, path); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q parses to %#v (%v), want ErrNotFound", path, ref, err)
			}
		}
	}
}

// FuzzParseText holds printing and parsing together for what lies below /cmaf/.
func FuzzParseText(f *testing.F) {
	for _, title := range oddTitles {
		f.Add(TextRef{title, "en.vtt", Version{1}, Tracks{Text: 1}, 2, 3, 4, 1}.String())
		f.Add(TextFileRef{title, "en.vtt", Version{1}, Tracks{Text: 1}, 1}.String())
		f.Add(ThumbnailsRef{title}.String())
		f.Add(PictureRef{title, Version{1}, "a b.jpg"}.String())
	}
	f.Fuzz(func(t *testing.T, path string) {
		ref, err := Parse(CMAF, path)
		if err != nil {
			if !errors.Is(err, ErrNotFound) {
				t.Fatalf("%q: %v", path, err)
			}
			return
		}
		if again, failed := Parse(CMAF, ref.String()); failed != nil || again != ref {
			t.Fatalf("%q parses to %#v, which prints %q, which parses to %#v (%v)", path, ref, ref, again, failed)
		}
	})
}
