package packager

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// soundOf is so many seconds of sound, as its own track.
func soundOf(seconds int) testmedia.Track { return testmedia.Audio(48000*seconds/1024 + 1) }

// pictureOf is so many seconds of pictures.
func pictureOf(seconds int) testmedia.Track { return testmedia.Video(30*seconds, 360, 1) }

func movie(tracks ...testmedia.Track) testmedia.Movie { return testmedia.Movie{Tracks: tracks} }

// delayed is a track with an empty edit before it.
func delayed(t testmedia.Track, by time.Duration) testmedia.Track {
	t.Edits = append([]demux.Edit{{Duration: demux.Ticks(by.Milliseconds()), MediaTime: -1}}, t.Edits...)
	return t
}

// paused is a track whose frame i is held for so many seconds longer.
func paused(t testmedia.Track, i, seconds int) testmedia.Track {
	t.Samples = append([]testmedia.Sample(nil), t.Samples...)
	t.Samples[i].Duration += uint32(seconds) * t.Timescale
	t.Edits = nil
	return t
}

// master gives a title's multivariant playlist and reads all that is below it.
func (o *origin) master(title string) string {
	o.t.Helper()
	path := MasterRef{title}.String()
	text := o.text(path)
	for _, list := range links(path, text) {
		for _, segment := range links(list, o.text(list)) {
			o.body(segment)
		}
	}
	return text
}

// seconds reads what EXTINF says.
func seconds(t *testing.T, extinf string) float64 {
	t.Helper()
	d, _, _ := strings.Cut(strings.TrimPrefix(extinf, "#EXTINF:"), ",")
	s, err := strconv.ParseFloat(d, 64)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSoundFarBeyondThePicture plays: what would make a segment too long is a rendition with segments of its own.
func TestSoundFarBeyondThePicture(t *testing.T) {
	sequential(t)
	f := func(name, wantAudio string, film testmedia.Movie) {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
			master := o.master("film")
			if got := strings.Contains(master, "TYPE=AUDIO"); got != (wantAudio != "") {
				t.Fatalf("the master is\n%s", master)
			}
			if wantAudio == "" {
				return
			}
			list := o.text("film/360p/a2.m3u8")
			var durations []string
			for line := range strings.Lines(list) {
				if d, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
					durations = append(durations, strconv.FormatFloat(seconds(t, d), 'f', 0, 64))
				}
			}
			if got := strings.Join(durations, " "); got != wantAudio {
				t.Errorf("its segments last %s, want %s", got, wantAudio)
			}
		})
	}
	f("a little", "", movie(pictureOf(12), soundOf(20)))
	f("after it", "6 6 6 6 6 6 6 6 6 6 6 6 8", movie(pictureOf(10), soundOf(80)))
	f("before it", "6 6 6 6 6 6 6 6 6 6 6 6 6 2", movie(delayed(pictureOf(20), 64*time.Second), soundOf(80)))
	f("with a pause", "", movie(pictureOf(180), paused(soundOf(20), 300, 120)))
}

// TestSoundOfAnotherLength plays, and people are told.
func TestSoundOfAnotherLength(t *testing.T) {
	o := serve(t, newMemory(
		testmedia.File{Name: "720p.mp4", Movie: movie(pictureOf(12))}, testmedia.File{Name: "audio_en.m4a", Movie: movie(soundOf(12))},
		testmedia.File{Name: "audio_fr.m4a", Movie: movie(soundOf(90))}))
	if master := o.master("library"); strings.Count(master, "TYPE=AUDIO") != 2 {
		t.Errorf("the master is\n%s", master)
	}
	info, err := o.Info(t.Context(), "library")
	if want := `"audio_fr.m4a" lasts 1m30.005s, the title's picture 12s`; err != nil || len(info.Warnings) != 1 || info.Warnings[0] != want {
		t.Errorf("%q, %v, want %q", info.Warnings, err, want)
	}
}

// TestSoundWithoutPictureIsCut where it has frames; a title that can't be is refused in words, never as unknown.
func TestSoundWithoutPictureIsCut(t *testing.T) {
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: movie(paused(soundOf(20), 300, 120))}))
	_, err := o.HLS(t.Context(), filmMaster)
	if !errors.Is(err, ErrUnsupported) || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "may last 1m0s") {
		t.Errorf("%v, want ErrUnsupported in words", err)
	}

	film := movie(pictureOf(150), soundOf(150), paused(soundOf(20), 300, 120)) // the other sound plays
	o = serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	if master := o.master("film"); strings.Count(master, "TYPE=AUDIO") != 1 {
		t.Errorf("the master is\n%s", master)
	}
	info, err := o.Info(t.Context(), "film")
	if err != nil || len(info.Warnings) != 1 || !strings.Contains(info.Warnings[0], "track 3") {
		t.Errorf("%v, %v", info.Warnings, err)
	}
}

// TestRungWithRareKeyFrames is left out; the others play. Where all are so, the film is refused in words.
func TestRungWithRareKeyFrames(t *testing.T) {
	ladder := func(keys ...int) *memory {
		m := newMemory()
		for i, name := range []string{"1080p.mp4", "720p.mp4", "360p.mp4"} {
			film := movie(pictureOf(90), soundOf(90))
			for k := range film.Tracks[0].Samples {
				film.Tracks[0].Samples[k].Sync = k%keys[i] == 0
			}
			m.put(name, film)
		}
		return m
	}
	o := serve(t, ladder(60, 70*30, 60))
	if master := o.master("library"); strings.Count(master, "STREAM-INF") != 4 || strings.Contains(master, "720p/") {
		t.Errorf("the master is\n%s", master)
	}
	info, err := o.Info(t.Context(), "library")
	if err != nil || !strings.HasPrefix(info.Renditions[1].LeftOut, "no keyframe for 70.000 s") {
		t.Errorf("%+v, %v", info, err)
	}

	o = serve(t, ladder(70*30, 70*30, 70*30))
	if _, err = o.HLS(t.Context(), "library/master.m3u8"); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "no keyframe for 70") {
		t.Errorf("%v, want words about the gap", err)
	}
}

// TestLanguagesAreNoBitrates: a player changes between variants as it likes, so they say the same.
func TestLanguagesAreNoBitrates(t *testing.T) {
	f := func(variants, renditions int, names ...string) {
		m := newMemory()
		for _, name := range names {
			m.put(name, movie(soundOf(12)))
		}
		o := serve(t, m)
		master := o.master("library")
		if v, r := strings.Count(master, "STREAM-INF"), strings.Count(master, "TYPE=AUDIO"); v != variants || r != renditions {
			t.Errorf("%q: %d variants, %d renditions, want %d, %d:\n%s", names, v, r, variants, renditions, master)
		}
	}
	f(2, 0, "audio_64k.m4a", "audio_128k.m4a")
	f(2, 0, "audio_en_64k.m4a", "audio_en_128k.m4a")
	f(2, 4, "audio_en_64k.m4a", "audio_en_128k.m4a", "audio_fr_64k.m4a", "audio_fr_128k.m4a")
	f(1, 2, "audio_en.m4a", "audio_fr.m4a")
}

// TestBandwidthOfSoundAlone is that of whatever rendition is played.
func TestBandwidthOfSoundAlone(t *testing.T) {
	rich := soundOf(12)
	for i := range rich.Samples {
		rich.Samples[i].Size *= 4
	}
	o := serve(t, newMemory(
		testmedia.File{Name: "audio_en.m4a", Movie: movie(soundOf(12))}, testmedia.File{Name: "audio_fr.m4a", Movie: movie(rich)}))
	master := o.master("library")
	info, err := o.Info(t.Context(), "library")
	if err != nil {
		t.Fatal(err)
	}
	most := int64(0)
	for _, s := range info.Streams {
		most = max(most, s.Bandwidth)
	}
	if _, rest, _ := strings.Cut(master, "BANDWIDTH="); !strings.HasPrefix(rest, number(most)+",") {
		t.Errorf("%d is the most of any, the master says\n%s", most, master)
	}
}

// TestCodecsInTS: parameter sets in band are what a transport stream has anyway.
func TestCodecsInTS(t *testing.T) {
	film := testmedia.H264AAC(12)
	entry := testmedia.AVC(640, 360, 4)
	copy(entry[4:], "avc3")
	film.Tracks[0].Entries = [][]byte{entry}
	o := serve(t, newMemory(testmedia.File{Name: filmPath, Movie: film}))
	if master := o.master("film"); strings.Count(master, `CODECS="avc1.64001E`) != 2 {
		t.Errorf("the master is\n%s", master)
	}
}
