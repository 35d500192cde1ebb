package packager

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
	"unreel/packager/golden"
	"unreel/packager/subtitles"
)

const (
	englishVTT = "WEBVTT\n\nSTYLE\n::cue { color: lime }\n\n1\n00:00:01.000 --> 00:00:03.000 line:0\n<v Fred>Hello\n\n" +
		"00:00:05.000 --> 00:00:07.500\nover the boundary\n\n00:00:19.000 --> 00:00:25.000\nlast\n"
	germanSRT = "1\n00:00:02,000 --> 00:00:04,000\nGr\xfc\xdfe\n"
	frenchVTT = "WEBVTT\n\n00:00:10.000 --> 00:00:12.000\nINFIRMERIE\n"
	thumbsVTT = "WEBVTT\n\n00:00.000 --> 00:10.000\nfilm.thumbs%201.jpg#xywh=0,0,80,45\n\n00:10.000 --> 00:20.000\nmissing.jpg\n\n" +
		"00:10.000 --> 00:20.000\n../secret.jpg\n\n00:10.000 --> 00:20.000\nfilm.mp4\n"
)

// spoken is a film of 20 s with text inside: tx3g, wvtt of which a cue is split, and TTML. Times are those of spokenCues.
func spoken() testmedia.Movie {
	box := func(typ, payload string) string { return string(testmedia.Box(typ, []byte(payload))) }
	track := func(handler, language string, entry []byte, samples ...testmedia.Sample) testmedia.Track {
		return testmedia.Track{Handler: handler, Timescale: 1000, NoSync: true, Language: language, Entries: [][]byte{entry}, Samples: samples}
	}
	sample := func(millis uint32, data string) testmedia.Sample {
		return testmedia.Sample{Duration: millis, Data: []byte(data)}
	}
	const fields = "\x00\x00\x00\x00\x00\x00\x00\x01"
	hello, both := "\x00\x05Hello", "\x00\x06in b&h"
	timed := track("sbtl", "eng", testmedia.Box("tx3g", []byte(fields+"\x80"+strings.Repeat("\x00", 29))),
		sample(1000, "\x00\x00"), sample(2000, hello), sample(2000, "\x00\x00"), sample(3000, both), sample(12000, "\x00\x00"))
	cue := func(text string) string { return box("vttc", box("payl", text)) }
	web := track("text", "deu", testmedia.Box("wvtt", []byte(fields+box("vttC", "WEBVTT\n\nSTYLE\n::cue {}"))),
		sample(1000, box("vtte", "")), sample(2000, cue("Hello")), sample(2000, box("vtte", "")),
		sample(500, cue("in b&amp;h")), sample(2500, cue("in b&amp;h")), sample(12000, box("vtte", "")))
	tt := `<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="00:00:01.000" end="00:00:03.000">Hello</p>` +
		`<p begin="00:00:05.000" end="00:00:08.000">in b&amp;h</p></div></body></tt>`
	ttml := track("subt", "fra", testmedia.Box("stpp", []byte(fields+"http://www.w3.org/ns/ttml\x00\x00\x00")), sample(7000, tt), sample(5000, tt))
	film := testmedia.H264AAC(20)
	film.Tracks = append(film.Tracks, timed, web, ttml)
	return film
}

func spokenCues() []subtitles.Cue {
	return []subtitles.Cue{{Start: 1000, End: 3000, Text: "Hello"}, {Start: 5000, End: 8000, Text: "in b&amp;h"}}
}

// withText is a library of a film with text inside and beside.
func withText(t *testing.T) *origin {
	t.Helper()
	m := newMemory(testmedia.File{Name: "film.mp4", Movie: spoken()})
	for name, body := range map[string]string{
		"film.en.vtt": englishVTT, "film.de.sdh.srt": germanSRT, "film.fr.forced.vtt": frenchVTT, "film.it.srt": "<html>",
		"film.thumbs.vtt": thumbsVTT, "film.thumbs 1.jpg": "a picture", "secret.jpg": "a secret",
	} {
		m.putSource(name, testmedia.Memory([]byte(body)))
	}
	return serve(t, m)
}

// TestGoldenText holds what is said of text in all documents, and one text itself. Where a segment changes and its URL
// doesn't, Revision goes up.
func TestGoldenText(t *testing.T) {
	o := withText(t)
	var all bytes.Buffer
	for _, master := range []string{"film/master.m3u8", cmafPrefix + "film/master.m3u8"} {
		all.WriteString("== " + master + "\n")
		for line := range strings.Lines(o.text(master)) {
			if strings.Contains(line, "TYPE=SUBTITLES") {
				all.WriteString(line)
			}
		}
		list := o.lists(master)["en.vtt/t1.m3u8"]
		text := o.text(list)
		all.WriteString("== " + list + "\n" + text)
		for _, segment := range links(list, text) {
			all.WriteString("== " + segment + "\n" + string(o.body(segment)))
		}
	}
	for _, path := range []string{"film/manifest.mpd", "film/ondemand.mpd"} {
		_, texts, _ := strings.Cut(o.text(cmafPrefix+path), `<AdaptationSet id="3"`)
		all.WriteString("== " + path + "\n" + texts)
	}
	all.WriteString("== film/thumbs.vtt\n" + o.text(cmafPrefix+"film/thumbs.vtt"))
	golden.Compare(t, "text.txt", all.Bytes())
}

// lists are the subtitle playlists of a master, by the end of their names.
func (o *origin) lists(master string) map[string]string {
	o.t.Helper()
	found := map[string]string{}
	for _, list := range links(master, o.text(master)) {
		if strings.Contains(list, "/t") {
			found[strings.TrimPrefix(list, master[:len(master)-len("master.m3u8")])] = list
		}
	}
	return found
}

// TestTextSegments: all segments together hold what the file does, each what shows while it plays, in both formats.
func TestTextSegments(t *testing.T) {
	o := withText(t)
	beside, err := subtitles.Read(subtitles.WebVTT, []byte(englishVTT))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]subtitles.Cue{
		"en.vtt/t1.m3u8": beside.Cues, "de.sdh.srt/t1.m3u8": {{Start: 2000, End: 4000, Text: "Grüße"}}, "fr.forced.vtt/t1.m3u8": {{Start: 10_000, End: 12_000, Text: "INFIRMERIE"}},
		"360p/t3.m3u8": spokenCues(), "360p/t4.m3u8": spokenCues(), "360p/t5.m3u8": spokenCues(),
	}
	for master, zero := range map[string]string{"film/master.m3u8": "MPEGTS:900000,", cmafPrefix + "film/master.m3u8": "MPEGTS:0,"} {
		lists := o.lists(master)
		if text := o.text(master); strings.Count(text, `,wvtt"`) != 1 || strings.Count(text, `,SUBTITLES="subtitles"`) != 1 {
			t.Errorf("its variant doesn't offer them:\n%s", text)
		}
		if len(lists) != len(want) {
			t.Errorf("%s has subtitles %v", master, lists)
		}
		for name, list := range lists {
			var all []subtitles.Cue
			for _, segment := range links(list, o.text(list)) {
				body := o.body(segment)
				if !strings.HasPrefix(string(body), "WEBVTT\nX-TIMESTAMP-MAP="+zero+"LOCAL:00:00:00.000\n") {
					t.Errorf("%s begins %q", segment, body[:min(60, len(body))])
				}
				cues, failed := subtitles.Read(subtitles.WebVTT, body)
				if failed != nil {
					t.Fatal(failed)
				}
				for _, c := range cues.Cues {
					if !slices.Contains(all, c) {
						all = append(all, c)
					}
				}
			}
			if !slices.Equal(all, want[name]) {
				t.Errorf("%s: %+v\nwant %+v", list, all, want[name])
			}
		}
	}
}

// TestTextFollows: whatever a title is like, its subtitles have the segments of what they are shown with, and their times tile it from 0.
func TestTextFollows(t *testing.T) {
	for name, files := range layouts() {
		t.Run(name, func(t *testing.T) {
			m := newMemory(files...)
			label := "en.vtt"
			if name == "film" {
				label = "film.en.vtt"
			}
			m.putSource(label, testmedia.Memory([]byte(englishVTT)))
			o := serve(t, m)
			page, _ := o.Titles("", 0, 10)
			made, err := o.title(t.Context(), page[0].Title)
			if err != nil {
				t.Fatal(err)
			}
			for format := range formats {
				l := &made.layouts[format]
				if l.err != nil {
					continue
				}
				text, failed := made.texts[0].lists[format](t.Context())
				lead, failed2 := l.lead().playlist(t.Context())
				if failed != nil || failed2 != nil {
					t.Fatal(failed, failed2)
				}
				durations := func(d *Document) (all []string) {
					for line := range strings.Lines(string(d.Body)) {
						if strings.HasPrefix(line, "#EXTINF:") || strings.HasPrefix(line, "#EXT-X-TARGETDURATION:") {
							all = append(all, line)
						}
					}
					return all
				}
				if a, b := durations(text), durations(lead); !slices.Equal(a, b) {
					t.Errorf("%v: the text lasts %q, the lead %q", format, a, b)
				}
				at := demux.Ticks(0)
				for i, link := range links("x/en.vtt/t1.m3u8", string(text.Body)) {
					ref, wrong := Parse(format, link)
					segment, ok := ref.(TextRef)
					if wrong != nil || !ok || segment.Number != i || segment.Start != at {
						t.Fatalf("%v: segment %d is %#v (%v), the one before ends at %d", format, i, ref, wrong, at)
					}
					at = segment.Stop
				}
			}
			for _, master := range []string{MasterRef{made.name}.String(), cmafPrefix + MasterRef{made.name}.String()} {
				lists := o.lists(master)
				if len(lists) != 1 {
					t.Errorf("%s has subtitles %v", master, lists)
				}
				for _, list := range lists { // that below /hls/ may lead to /cmaf/, whose clock is another
					zero := "MPEGTS:900000,"
					if strings.HasPrefix(list, cmafPrefix) {
						zero = "MPEGTS:0,"
					}
					if first := links(list, o.text(list))[0]; !strings.Contains(string(o.body(first)), zero) {
						t.Errorf("%s has another clock than %s", first, zero)
					}
				}
			}
		})
	}
}

// TestTextInCMAF: init section and segments, concatenated, are a file whose text reads as the source's does.
func TestTextInCMAF(t *testing.T) {
	o := withText(t)
	for _, id := range []string{"t3", "t4", "t5"} {
		made, err := o.title(t.Context(), "film")
		if err != nil {
			t.Fatal(err)
		}
		x := made.texts[slices.IndexFunc(made.texts, func(x *text) bool { return x.tracks.String() == id })]
		init := InitRef{"film", x.name, x.media.version, x.tracks}
		file := slices.Clone(o.body(cmafPrefix + init.String()))
		for i := range len(x.bounds) - 1 {
			ref := FragmentRef{"film", x.name, x.media.version, x.cuts, x.tracks, i, x.bounds[i].Time}
			file = append(file, o.body(cmafPrefix+ref.String())...)
		}
		index, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		k := index.Tracks[0]
		if want := x.track.CodecID; k.CodecID != want && k.CodecID != "wvtt" {
			t.Errorf("%s: %q, want %q", id, k.CodecID, want)
		}
		if last := x.bounds[len(x.bounds)-1].Time; k.Start != 0 || k.Stop != last {
			t.Errorf("%s: from %d to %d, want %d", id, k.Start, k.Stop, last)
		}
		d, err := subtitles.NewDecoder(k)
		if err != nil {
			t.Fatal(err)
		}
		r := textReader{source: testmedia.Memory(file), track: k, decoder: d, most: 100}
		text, err := r.cues(t.Context(), subtitles.Span{Stop: 20 * 90_000})
		if err != nil || !slices.Equal(text.Cues, spokenCues()) {
			t.Errorf("%s: %+v, %v", id, text, err)
		}
		for _, bad := range []FragmentRef{
			{"film", x.name, x.media.version, x.cuts, x.tracks, 0, 1},
			{"film", x.name, x.media.version, x.cuts, x.tracks, len(x.bounds) - 1, x.bounds[len(x.bounds)-1].Time},
			{"film", x.name, x.media.version, x.cuts, Tracks{Text: 1}, 0, 0},
		} {
			if _, err = o.HLS(t.Context(), cmafPrefix+bad.String()); !errors.Is(err, ErrNotFound) {
				t.Errorf("%v: %v, want ErrNotFound", bad, err)
			}
		}
		stale := FragmentRef{"film", x.name, x.media.version, Cuts{Millis: 6000}, x.tracks, 0, 0}
		if _, err = o.HLS(t.Context(), cmafPrefix+stale.String()); !errors.Is(err, ErrStale) {
			t.Errorf("%v: %v, want ErrStale", stale, err)
		}
	}
}

// TestTextChanges: subtitles come, change, break and go while the film plays on.
func TestTextChanges(t *testing.T) {
	m := newMemory(testmedia.File{Name: "film.mp4", Movie: testmedia.H264AAC(12)})
	o := serve(t, m)
	put := func(body string) { m.putSource("film.en.vtt", testmedia.Memory([]byte(body))) }
	segments := func() []string {
		t.Helper()
		list, ok := o.lists("film/master.m3u8")["en.vtt/t1.m3u8"]
		if !ok {
			return nil
		}
		return links(list, o.text(list))
	}
	if all := segments(); all != nil {
		t.Fatal(all)
	}
	put(frenchVTT)
	rescan(t, o.library)
	before := segments()
	if len(before) != 2 {
		t.Fatal(before)
	}
	put(englishVTT)
	after := segments()
	if len(after) != 2 || after[0] == before[0] {
		t.Errorf("the new file has %v, the old one had %v", after, before)
	}
	if _, err := o.HLS(t.Context(), before[0]); !errors.Is(err, ErrStale) {
		t.Errorf("%v, want ErrStale", err)
	}
	put("WEBVTT\n\n00:00 -->\nx\n")
	if all := segments(); all != nil {
		t.Error(all)
	}
	if logged := strings.Join(o.logs.take(), ""); !strings.Contains(logged, "film.en.vtt") || !strings.Contains(logged, "line 3") {
		t.Errorf("of the broken file is told: %s", logged)
	}
	if _, err := o.HLS(t.Context(), after[0]); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v, want ErrCorrupt", err)
	}
	m.fail("film.en.vtt", errors.New("the disk is on fire"))
	m.touch("film.en.vtt")
	if all := segments(); all != nil {
		t.Error(all)
	}
	m.fail("film.en.vtt", nil)
	m.remove("film.en.vtt")
	if all := segments(); all != nil {
		t.Error(all)
	}
	for _, list := range links("film/master.m3u8", o.text("film/master.m3u8")) {
		o.text(list) // the film plays
	}
}

// TestThumbnails: the list names versions of pictures, and what it doesn't name isn't there.
func TestThumbnails(t *testing.T) {
	o := withText(t)
	const path = cmafPrefix + "film/thumbs.vtt"
	list := o.text(path)
	_, rest, _ := strings.Cut(list, "\n\n00:00:00.000 --> 00:00:10.000\n")
	link, _, _ := strings.Cut(cmafPrefix+"film/"+rest, "#")
	if body := o.body(link); string(body) != "a picture" {
		t.Errorf("%s is %q", link, body)
	}
	for _, name := range []string{"missing.jpg", "secret.jpg", "..%2Fsecret.jpg", "film.mp4"} {
		if strings.Contains(list, name) {
			t.Errorf("%s is in the list:\n%s", name, list)
		}
		if _, err := o.HLS(t.Context(), strings.Replace(link, "film.thumbs%201.jpg", name, 1)); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	o.memory.putSource("film.thumbs 1.jpg", testmedia.Memory([]byte("another picture")))
	if _, err := o.HLS(t.Context(), link); !errors.Is(err, ErrStale) {
		t.Errorf("%v, want ErrStale", err)
	}
	info, err := o.Info(t.Context(), "film")
	if err != nil || info.Thumbnails != "thumbs.vtt" || len(info.Subtitles) != 6 {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestTextAsFFmpeg: our segments of an SRT file are, to ffmpeg, what the file itself is to it.
func TestTextAsFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	const file = "1\n00:00:01,500 --> 00:00:03,040\n<i>Hello</i> you\n\n2\n00:00:04,000 --> 00:00:13,000\nover\ntwo\n\n3\n00:00:14,000 --> 00:00:15,000\nGröße\n"
	m := newMemory(testmedia.File{Name: "film.mp4", Movie: testmedia.H264AAC(18)})
	m.putSource("film.en.srt", testmedia.Memory([]byte(file)))
	o := serve(t, m)
	read := func(name string, body []byte) []subtitles.Cue {
		t.Helper()
		path := filepath.Join(t.TempDir(), name)
		if failed := os.WriteFile(path, body, 0o600); failed != nil {
			t.Fatal(failed)
		}
		out, failed := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-i", path, "-f", "webvtt", "-").Output()
		if failed != nil {
			t.Fatal(failed)
		}
		track, failed := subtitles.Read(subtitles.WebVTT, out)
		if failed != nil {
			t.Fatal(failed)
		}
		return track.Cues
	}
	var all []subtitles.Cue
	list := o.lists("film/master.m3u8")["en.srt/t1.m3u8"]
	segments := links(list, o.text(list))
	if len(segments) != 3 {
		t.Fatal(segments)
	}
	for _, segment := range segments {
		for _, c := range read("segment.vtt", o.body(segment)) {
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	if want := read("film.srt", []byte(file)); !slices.Equal(all, want) {
		t.Errorf("%+v\nwant %+v", all, want)
	}
}
