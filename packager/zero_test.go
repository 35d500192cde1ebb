package packager

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
	"unreel/packager/subtitles"
	"unreel/packager/thumbnails"
)

var ttmlTime = regexp.MustCompile(`="00:00:0.\.000"`)

// spokenAtOnce is spoken without the priming of its sound, which would come before the picture.
func spokenAtOnce() testmedia.Movie {
	film := spoken()
	film.Tracks[1].Edits = nil
	return film
}

// moved are a film whose clock begins so many seconds after 0, in each way that a file may say it: by empty edits, and by the decode
// times of its fragments.
func moved(film func() testmedia.Movie, seconds uint64) map[string]testmedia.Movie {
	delayed := film()
	for i := range delayed.Tracks {
		t := &delayed.Tracks[i]
		if len(t.Edits) == 0 {
			t.Edits = []demux.Edit{{Duration: 20_000}}
		}
		t.WideEdits = true
		t.Edits = append([]demux.Edit{{Duration: demux.Ticks(seconds) * 1000, MediaTime: -1}}, t.Edits...)
	}
	recorded := film()
	for i := range recorded.Tracks {
		for k := range recorded.Tracks[i].Samples { // TTML's times are those of its track
			s := &recorded.Tracks[i].Samples[k]
			s.Data = ttmlTime.ReplaceAllFunc(s.Data, func(old []byte) []byte {
				return fmt.Appendf(nil, `="%ds"`, seconds+uint64(old[len(old)-6]-'0'))
			})
		}
	}
	recorded.Fragments = &testmedia.Fragments{Separate: true, Samples: len(recorded.Tracks[0].Samples), Gap: map[int]uint64{}}
	for i := range recorded.Tracks {
		recorded.Fragments.Gap[i] = seconds * uint64(recorded.Tracks[i].Timescale)
	}
	return map[string]testmedia.Movie{fmt.Sprint("empty edits of ", seconds): delayed, fmt.Sprint("fragments at ", seconds): recorded}
}

// movedBy are the delays: two hours, and the time since 1970, both in whole segments.
var movedBy = []uint64{7200, 1_764_500_004}

// eachMoved runs a test with what is in memory with the film at time 0, and with the film moved.
func eachMoved(t *testing.T, library func(testmedia.Movie) *memory, test func(t *testing.T, seconds uint64, was, is *origin)) {
	t.Helper()
	for _, seconds := range movedBy {
		films := moved(spokenAtOnce, seconds)
		for _, name := range slices.Sorted(maps.Keys(films)) {
			t.Run(name, func(t *testing.T) {
				tiled := func(c *Config) { c.Thumbnails = &thumbnails.Maker{} }
				test(t, seconds, serve(t, library(spokenAtOnce()), tiled), serve(t, library(films[name]), tiled))
			})
		}
	}
}

func spokenLibrary(film testmedia.Movie) *memory {
	m := newMemory(testmedia.File{Name: "film.mp4", Movie: film})
	m.putSource("film.en.vtt", testmedia.Memory([]byte(englishVTT)))
	return m
}

// addressed is what of an MPD tells when its segments play.
type addressed struct {
	Duration string `xml:"mediaPresentationDuration,attr"`
	Sets     []struct {
		Type            string       `xml:"contentType,attr"`
		Template        times        `xml:"SegmentTemplate"`
		Representations []choiceInfo `xml:"Representation"`
	} `xml:"Period>AdaptationSet"`
}

type choiceInfo struct {
	BaseURL  string
	Template times `xml:"SegmentTemplate"`
	Base     times `xml:"SegmentBase"`
}

type times struct {
	Timescale int64 `xml:"timescale,attr"`
	PTO       int64 `xml:"presentationTimeOffset,attr"`
	Duration  int64 `xml:"duration,attr"`
	Timeline  []struct {
		T int64 `xml:"t,attr"`
		D int64 `xml:"d,attr"`
		R int64 `xml:"r,attr"`
	} `xml:"SegmentTimeline>S"`
}

func (o *origin) addressed(path string) (a addressed) {
	o.t.Helper()
	if err := xml.Unmarshal([]byte(o.text(path)), &a); err != nil {
		o.t.Fatal(err)
	}
	return a
}

// TestFilmsWithoutZero: where the clock begins below a second after 0, as encoders' delays have it, nothing is taken off.
func TestFilmsWithoutZero(t *testing.T) {
	film := testmedia.H264AAC(20)
	for i := range film.Tracks {
		film.Tracks[i].Edits = append([]demux.Edit{{Duration: 900, MediaTime: -1}}, film.Tracks[i].Edits...)
	}
	o := serve(t, newMemory(testmedia.File{Name: "film.mp4", Movie: film}))
	if text := o.text(cmafPrefix + "film/manifest.mpd"); strings.Contains(text, "presentationTimeOffset") || !strings.Contains(text, `mediaPresentationDuration="PT20.9`) {
		t.Error(text)
	}
}

// TestManifestsOfMovedFilms: the MPD of a film whose clock begins late is that of the film but for @presentationTimeOffset and the
// times that it is taken off.
func TestManifestsOfMovedFilms(t *testing.T) {
	eachMoved(t, spokenLibrary, func(t *testing.T, seconds uint64, was, is *origin) {
		for _, path := range []string{"film/manifest.mpd", "film/ondemand.mpd"} {
			want, got := was.addressed(cmafPrefix+path), is.addressed(cmafPrefix+path)
			if got.Duration != want.Duration || len(got.Sets) != len(want.Sets) {
				t.Fatalf("%s lasts %s and has %d sets, want %s, %d:\n%s", path, got.Duration, len(got.Sets), want.Duration, len(want.Sets), is.text(cmafPrefix+path))
			}
			for i, set := range got.Sets {
				for k, r := range set.Representations {
					other := want.Sets[i].Representations[k]
					sameTimes(t, fmt.Sprintf("%s, set %d, %s", path, i, set.Type), seconds, r.Template, other.Template)
					sameTimes(t, fmt.Sprintf("%s, set %d, %s", path, i, set.Type), seconds, r.Base, other.Base)
				}
			}
		}
	})
}

// sameTimes holds a moved film's segments to those of the film.
func sameTimes(t *testing.T, name string, seconds uint64, got, want times) {
	t.Helper()
	if got.Timescale != want.Timescale || got.Duration != want.Duration || len(got.Timeline) != len(want.Timeline) {
		t.Fatalf("%s: %+v, want %+v", name, got, want)
	}
	if got.Timescale == 0 || got.Duration > 0 { // a file has no offset, and tiles are numbered
		if got.PTO != 0 {
			t.Errorf("%s: @presentationTimeOffset %d", name, got.PTO)
		}
		return
	}
	if pto := int64(seconds) * got.Timescale; got.PTO != pto {
		t.Errorf("%s: @presentationTimeOffset %d, want %d", name, got.PTO, pto)
	}
	for i, s := range got.Timeline {
		if w := want.Timeline[i]; s.D != w.D || s.R != w.R || i == 0 && s.T-got.PTO != w.T {
			t.Errorf("%s, S %d: %+v, want %+v", name, i, s, w)
		}
	}
}

var mapped = regexp.MustCompile(`X-TIMESTAMP-MAP=MPEGTS:(\d+),LOCAL:(\S+)\n`)

// onClock is when a WebVTT segment's cues begin on the clock of MPEG-2 timestamps, and what they say.
func onClock(t *testing.T, segment string) (all []string) {
	t.Helper()
	m := mapped.FindStringSubmatch(segment)
	if m == nil {
		t.Fatalf("no X-TIMESTAMP-MAP:\n%s", segment)
	}
	zero, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	millis := func(s string) (n int64) {
		var hours, minutes, seconds, rest int64
		if _, err = fmt.Sscanf(s, "%d:%d:%d.%d", &hours, &minutes, &seconds, &rest); err != nil {
			t.Fatal(err)
		}
		return ((hours*60+minutes)*60+seconds)*1000 + rest
	}
	for _, block := range strings.Split(segment, "\n\n") {
		line, text, _ := strings.Cut(block[strings.LastIndex("\n"+block[:max(strings.Index(block, " --> "), 0)], "\n"):], "\n")
		if from, _, ok := strings.Cut(line, " --> "); ok {
			all = append(all, fmt.Sprint((zero+90*(millis(from)-millis(m[2])))&(1<<33-1), " ", text))
		}
	}
	return all
}

// TestSubtitlesOfMovedFilms: what is said beside a film and within is shown with the same pictures, wherever the clock begins.
func TestSubtitlesOfMovedFilms(t *testing.T) {
	eachMoved(t, spokenLibrary, func(t *testing.T, seconds uint64, was, is *origin) {
		for _, master := range []string{"film/master.m3u8", cmafPrefix + "film/master.m3u8"} {
			before, after := was.lists(master), is.lists(master)
			if len(before) != 4 || len(after) != 4 {
				t.Fatalf("%d and %d lists", len(before), len(after))
			}
			for name, list := range after {
				want := links(before[name], was.text(before[name]))
				got := links(list, is.text(list))
				if len(got) != len(want) {
					t.Fatalf("%s has %d segments, want %d", list, len(got), len(want))
				}
				for i := range got {
					shown := onClock(t, string(is.body(got[i])))
					for k, cue := range onClock(t, string(was.body(want[i]))) {
						var at int64
						if _, err := fmt.Sscan(cue, &at); err != nil {
							t.Fatal(err)
						}
						text := cue[strings.IndexByte(cue, ' '):]
						if cue = fmt.Sprint((at+int64(seconds)*90_000)&(1<<33-1), text); k >= len(shown) || shown[k] != cue {
							t.Errorf("%s: cues %q, want %q at %d", got[i], shown, cue, k)
						}
					}
				}
			}
		}
		want, got := was.addressed(cmafPrefix+"film/ondemand.mpd"), is.addressed(cmafPrefix+"film/ondemand.mpd")
		files := 0
		for i, set := range got.Sets {
			if set.Type != "text" {
				continue
			}
			files++
			a := was.text(cmafPrefix + "film/" + want.Sets[i].Representations[0].BaseURL)
			if b := is.text(cmafPrefix + "film/" + set.Representations[0].BaseURL); a != b || !strings.Contains(b, "-->") {
				t.Errorf("%s:\n%s, want\n%s", set.Representations[0].BaseURL, b, a)
			}
		}
		if files != 4 {
			t.Errorf("%d files of text", files)
		}
	})
}

// TestTextFragmentsOfMovedFilms: text in CMAF begins where the title does.
func TestTextFragmentsOfMovedFilms(t *testing.T) {
	eachMoved(t, spokenLibrary, func(t *testing.T, seconds uint64, was, is *origin) {
		payload := func(o *origin, id uint32) (all []string) {
			made, err := o.title(t.Context(), "film")
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range made.texts {
				if x.track == nil || x.track.ID != id {
					continue
				}
				for n := range len(x.bounds) - 1 {
					ref := FragmentRef{"film", x.name, x.media.version, x.cuts, x.tracks, n, x.bounds[n].Time}
					body := o.body(cmafPrefix + ref.String())
					runs := testmedia.Find(body, "trun")[8:]
					for at := runs; len(at) > 0; { // the source ID of a cue is of its times too
						if _, at, _ = bytes.Cut(at, []byte("vsid")); len(at) > 0 {
							clear(at[:4])
						}
					}
					all = append(all, fmt.Sprintf("%q", runs))
				}
			}
			return all
		}
		for id := uint32(3); id <= 4; id++ {
			if want, got := payload(was, id), payload(is, id); !slices.Equal(got, want) || len(got) == 0 {
				t.Errorf("track %d has %q, want %q", id, got, want)
			}
		}
	})
}

// TestTilesOfMovedFilms: thumbnails are of the same pictures.
func TestTilesOfMovedFilms(t *testing.T) {
	bare := func(film testmedia.Movie) *memory { return newMemory(testmedia.File{Name: "film.mp4", Movie: film}) }
	eachMoved(t, bare, func(t *testing.T, seconds uint64, was, is *origin) {
		tilesOf := func(o *origin) (*tiles, []int, []int) {
			made, err := o.title(t.Context(), "film")
			if err != nil {
				t.Fatal(err)
			}
			x := made.tiles
			cells, frames := tileFrames(x.stream.program.video, x.ref(0))
			return x, cells, frames
		}
		a, wantCells, wantFrames := tilesOf(was)
		b, cells, frames := tilesOf(is)
		if a.every != b.every || a.count != b.count || !slices.Equal(cells, wantCells) || !slices.Equal(frames, wantFrames) || b.zero != demux.Ticks(1000*seconds) {
			t.Errorf("%d thumbnails every %d ms from %d on, %v of %v, want %d every %d, %v of %v",
				b.count, b.every, b.zero, cells, frames, a.count, a.every, wantCells, wantFrames)
		}
		if link := string(b.ref(0).AppendLink(nil)); !strings.Contains(is.text(cmafPrefix+"film/thumbs.vtt"), link) {
			t.Errorf("no %s in\n%s", link, is.text(cmafPrefix+"film/thumbs.vtt"))
		}
	})
}

// TestZeroOnOtherClocks: no stream begins before the title's zero, whatever its clock.
func TestZeroOnOtherClocks(t *testing.T) {
	z := zero{ticks: 7200*48_000 + 1, scale: 48_000}
	for _, scale := range []demux.Timescale{1, 1000, 12_800, 44_100, 90_000, 10_000_000} {
		at := z.on(scale)
		after, _ := at.Rescale(scale, subtitles.SegmentClock)
		exact, _ := z.ticks.Rescale(z.scale, subtitles.SegmentClock)
		if d := after - exact; d > demux.Ticks(90_000/min(scale, 90_000)) || d < -demux.Ticks(90_000/min(scale, 90_000)) {
			t.Errorf("at 1/%d s it is %d", scale, at)
		}
	}
}

// TestPrimingOfMovedFilms: where the clock begins late, no edit list hides an encoder's priming. So the sound begins before the picture,
// and the film with it: no segment begins before its Period.
func TestPrimingOfMovedFilms(t *testing.T) {
	for name, film := range moved(spoken, 1_764_500_000) {
		o := serve(t, newMemory(testmedia.File{Name: "film.mp4", Movie: film}))
		sets := o.addressed(cmafPrefix + "film/manifest.mpd").Sets
		picture, sound := sets[0].Representations[0].Template, sets[1].Representations[0].Template
		if want := int64(1_764_500_000*48_000 - 1024); sound.PTO != want || sound.Timeline[0].T != want {
			t.Errorf("%s: the sound is at %d of %d", name, sound.Timeline[0].T, sound.PTO)
		}
		early := 1024 * picture.Timescale / 48_000
		if d := picture.Timeline[0].T - picture.PTO; picture.Timeline[0].T != 1_764_500_000*picture.Timescale || d < early-1 || d > early+1 {
			t.Errorf("%s: the picture is at %d of %d", name, picture.Timeline[0].T, picture.PTO)
		}
	}
}
