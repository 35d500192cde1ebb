package packager

import (
	"fmt"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// loud is sound whose frames are so many times as large.
func loud(t testmedia.Track, times int) testmedia.Track {
	t.Samples = append([]testmedia.Sample(nil), t.Samples...)
	for i := range t.Samples {
		t.Samples[i].Size *= times
	}
	return t
}

func inLanguage(language string, t testmedia.Track) testmedia.Track {
	t.Language = language
	return t
}

// surround is sound of six channels.
func surround(t testmedia.Track) testmedia.Track {
	t.Entries = [][]byte{testmedia.AAC([]byte{0x11, 0xb0})}
	return t
}

// TestAudioGroups: bit rates, channels and codecs are groups; languages and comments are renditions; copies are nothing.
func TestAudioGroups(t *testing.T) {
	f := func(name, want string, variants int, films ...testmedia.File) {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(films...))
			page, _ := o.Titles("", 0, 1)
			path := cmafPrefix + MasterRef{page[0].Title}.String()
			text := o.text(path)
			var got []string
			for line := range strings.Lines(text) {
				if attributes, ok := strings.CutPrefix(line, "#EXT-X-MEDIA:TYPE=AUDIO,"); ok {
					entry := ""
					for _, name := range []string{"GROUP-ID", "NAME", "URI"} {
						_, rest, _ := strings.Cut(attributes, name+`="`)
						value, _, _ := strings.Cut(rest, `"`)
						entry += value + " "
					}
					if strings.Contains(line, "DEFAULT=YES") {
						entry += "*"
					}
					got = append(got, strings.TrimSpace(entry))
				}
			}
			if strings.Join(got, "\n") != strings.ReplaceAll(want, "\t", "") {
				t.Errorf("the renditions are\n%s\nwant\n%s", strings.Join(got, "\n"), want)
			}
			if n := strings.Count(text, "#EXT-X-STREAM-INF"); n != variants {
				t.Errorf("%d variants, want %d:\n%s", n, variants, text)
			}
			for _, list := range links(path, text) {
				o.text(list)
			}
		})
	}
	file := func(name string, tracks ...testmedia.Track) testmedia.File {
		return testmedia.File{Name: name, Movie: movie(tracks...)}
	}
	picture := func(height int) testmedia.Track { return testmedia.Video(360, height, 1) }
	plain := soundOf(12)

	f("copies", "audio audio 720p/a2.m3u8 *", 2, file("720p.mp4", picture(720), plain), file("360p.mp4", picture(360), plain))
	f("bit rates", `audio-aac-2 audio 720p/a2.m3u8 *
		audio-aac-2-2 audio 360p/a2.m3u8 *`, 4, file("720p.mp4", picture(720), loud(plain, 3)), file("360p.mp4", picture(360), plain))
	f("too many bit rates", `audio-aac-2 audio 360p/a2.m3u8 *
		audio-aac-2-2 audio 720p/a2.m3u8 *
		audio-aac-2-3 audio 1080p/a2.m3u8 *`, 12, file("1080p.mp4", picture(1080), plain), file("720p.mp4", picture(720), loud(plain, 2)),
		file("480p.mp4", picture(480), loud(plain, 3)), file("360p.mp4", picture(360), loud(plain, 4)))
	f("channels", `audio-aac-2 en 720p/a2.m3u8 *
		audio-aac-6 en 720p/a3.m3u8 *`, 2, file("720p.mp4", picture(720), inLanguage("eng", plain), surround(inLanguage("eng", plain))))
	f("a comment", `audio en 720p/a2.m3u8 *
		audio en 2 720p/a3.m3u8`, 1, file("720p.mp4", picture(720), inLanguage("eng", plain), inLanguage("eng", plain)))
	f("bit rates of one language", `audio-aac-2 en 720p/a2.m3u8 *
		audio-aac-2 de 720p/a3.m3u8
		audio-aac-2-2 en 360p/a2.m3u8 *
		audio-aac-2-2 de 720p/a3.m3u8`, 4, file("720p.mp4", picture(720), inLanguage("eng", loud(plain, 3)), inLanguage("deu", plain)),
		file("360p.mp4", picture(360), inLanguage("eng", plain), inLanguage("fra", plain))) // French is in none of the best
	f("files beside", `audio de audio_de/a1.m3u8 *
		audio en audio_en/a1.m3u8`, 1, file("720p.mp4", picture(720)), file("audio_de.m4a", plain), file("audio_en.m4a", plain))
	f("bit rates beside", `audio-aac-2 en audio_en_128k/a1.m3u8 *
		audio-aac-2-2 en audio_en_64k/a1.m3u8 *`, 2, file("720p.mp4", picture(720)), file("audio_en_64k.m4a", plain), file("audio_en_128k.m4a", plain))
}

// TestCMAFInPlaceOfTS: where a transport stream can't carry a film, or would show it lying, the master below /hls/ leads to
// what is below /cmaf/, whatever the title is called.
func TestCMAFInPlaceOfTS(t *testing.T) {
	turned := testmedia.H264AAC(6)
	turned.Tracks[0].Matrix = [9]int32{0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000}
	for _, path := range []string{"film.mp4", "a/b/film.mp4", "a b/c#%?/ü.mp4"} {
		o := serve(t, newMemory(testmedia.File{Name: path, Movie: turned}))
		page, _ := o.Titles("", 0, 1)
		master := MasterRef{page[0].Title}.String()
		lists := links(master, o.text(master))
		if len(lists) == 0 {
			t.Fatalf("%s links to nothing", master)
		}
		for _, list := range lists {
			if !strings.HasPrefix(list, cmafPrefix) {
				t.Errorf("%s links to %s", master, list)
			}
			o.body(links(list, o.text(list))[1])
		}
		info, err := o.Info(t.Context(), page[0].Title)
		if err != nil || len(info.Streams) != 3 || info.Formats[TS].Error != "" {
			t.Errorf("%+v, %v", info, err) // the transport streams are there for those who know
		}
	}
}

// TestSecondPicture doesn't play, and people are told.
func TestSecondPicture(t *testing.T) {
	film := testmedia.H264AAC(6)
	film.Tracks = append(film.Tracks, film.Tracks[0])
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	info, err := o.Info(t.Context(), "film")
	if want := fmt.Sprintf("%q has 2 pictures, of which track 1 plays and track 3 does not", filmPath); err != nil || len(info.Warnings) != 1 || info.Warnings[0] != want {
		t.Errorf("%q, %v, want %q", info.Warnings, err, want)
	}
}

// TestLanguagesOfTheQualities: alternative languages are never muxed (HLS Authoring Specification 9.6), not even where each
// quality holds one alone: a player changes between qualities as it likes, and people choose the language.
func TestLanguagesOfTheQualities(t *testing.T) {
	f := func(inTS, inCMAF string, languages ...string) {
		t.Helper()
		m := newMemory()
		for i, language := range languages {
			height := []int{1080, 720, 480, 360}[i]
			m.put(fmt.Sprintf("%dp.mp4", height), movie(testmedia.Video(360, height, 1), inLanguage(language, soundOf(12))))
		}
		o := serve(t, m)
		o.master("library")
		for prefix, want := range map[string]string{"": inTS, cmafPrefix: inCMAF} {
			var got []string
			for line := range strings.Lines(o.text(prefix + "library/master.m3u8")) {
				if _, rest, ok := strings.Cut(line, `LANGUAGE="`); ok && strings.Contains(line, "TYPE=AUDIO") {
					language, _, _ := strings.Cut(rest, `"`)
					got = append(got, language)
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%q: the renditions of %q are %q, want %q", languages, prefix+"library", s, want)
			}
		}
		manifest := o.text(cmafPrefix + "library/manifest.mpd")
		if n, want := strings.Count(manifest, `contentType="audio"`), len(strings.Fields(inCMAF)); n != want {
			t.Errorf("%q: %d audio sets in the manifest, want %d:\n%s", languages, n, want, manifest)
		}
	}
	f("de en", "de en", "deu", "eng")
	f("de en", "de en", "deu", "eng", "deu", "eng")
	f("en fr es", "en fr es", "eng", "fra", "eng", "spa")
	f("", "en", "eng", "eng", "eng") // muxed
	f("", "en", "eng", "und")        // which says nothing of the language
	f("", "und", "und", "eng")
	f("und de en", "und de en", "und", "deu", "eng")
}
