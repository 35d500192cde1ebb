package packager

import (
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// sequential leaves a longer test that does one thing at a time out of a short run, which is the race detector's.
func sequential(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("one thing at a time: -short leaves that out")
	}
}

// layouts are titles in the shapes that files come in. Each is a library of its own.
func layouts() map[string][]testmedia.File {
	mute := func(name string, height, weight int) testmedia.File {
		return testmedia.File{Name: name, Movie: movie(testmedia.Video(360, height, weight))}
	}
	full := func(name string, height int, sounds ...testmedia.Track) testmedia.File {
		return testmedia.File{Name: name, Movie: movie(append([]testmedia.Track{testmedia.Video(360, height, 1)}, sounds...)...)}
	}
	sound := func(name string) testmedia.File { return testmedia.File{Name: name, Movie: movie(soundOf(12))} }
	spoken := func(language, name string) testmedia.Track {
		t := soundOf(12)
		t.Language, t.Name = language, name
		return t
	}
	second := spoken("deu", "Kommentar")
	second.Disabled = true
	late := testmedia.Audio(48000*9/1024 + 1)
	surround := soundOf(12)
	surround.Entries = [][]byte{testmedia.AAC([]byte{0x11, 0xb0})}
	turned := full("1080p.mp4", 1080, soundOf(12))
	turned.Tracks[0].Matrix = [9]int32{0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000}
	long := func(name string, height int) testmedia.File {
		return testmedia.File{Name: name, Movie: movie(testmedia.Video(720, height, 1), soundOf(24))}
	}
	own := long("480p.mp4", 360)
	for i := range own.Tracks[0].Samples {
		own.Tracks[0].Samples[i].Sync = i%155 == 0
	}
	return map[string][]testmedia.File{
		"film":         {{Name: "film.mp4", Movie: testmedia.H264AAC(20)}},
		"ladder":       testmedia.Ladder(),
		"languages":    {full("720p.mp4", 720, spoken("eng", "English"), second), full("360p.mp4", 360, spoken("eng", "English"), second)},
		"beside":       {mute("720p.mp4", 720, 2), mute("360p.mp4", 360, 1), sound("audio_en.m4a"), sound("audio_fr.m4a")},
		"both":         {full("720p.mp4", 720, soundOf(12)), full("360p.mp4", 360, soundOf(12)), sound("audio_de.m4a")},
		"uneven":       {full("1080p.mp4", 1080, soundOf(12), second), full("720p.mp4", 720, soundOf(12)), mute("360p.mp4", 360, 1)},
		"rates":        {sound("audio_64k.m4a"), sound("audio_128k.m4a"), sound("audio_96k.m4a")},
		"voices":       {sound("audio_en.m4a"), sound("audio_fr.m4a")},
		"lengths":      {full("1080p.mp4", 1080, soundOf(12)), full("720p.mp4", 720, soundOf(12)), {Name: "360p.mp4", Movie: testmedia.H264AAC(30)}},
		"own cuts":     {long("1080p.mp4", 1080), long("720p.mp4", 720), own},
		"late sound":   {full("720p.mp4", 720, delayed(late, 3000000000))},
		"late picture": {{Name: "720p.mp4", Movie: movie(delayed(testmedia.Video(300, 720, 1), 2000000000), soundOf(12))}},
		"open":         {{Name: "720p.mp4", Movie: movie(openGOPs(testmedia.Video(360, 720, 1)), soundOf(12))}},
		"surround":     {full("720p.mp4", 720, surround)},
		"turned":       {turned},
		"silent":       {mute("720p.mp4", 720, 1)},
		"a frame":      {{Name: "720p.mp4", Movie: movie(instant(testmedia.Video(1, 720, 1)))}},
	}
}

// openGOPs is a track of which every key frame but the first is followed by two that are presented before it.
func openGOPs(t testmedia.Track) testmedia.Track {
	for i := range t.Samples {
		if shown := i % 3; i >= 60 {
			t.Samples[i].Composition = []int32{3, 0, 0}[shown] * int32(t.Samples[i].Duration)
		}
	}
	return t
}

// instant is a track whose frames last no time.
func instant(t testmedia.Track) testmedia.Track {
	t.Edits = []demux.Edit{}
	for i := range t.Samples {
		t.Samples[i].Duration = 0
	}
	return t
}

// eachLayout runs f on every layout, with the name of its one title.
func eachLayout(t *testing.T, f func(t *testing.T, o *origin, title string), change ...func(*Config)) {
	for name, files := range layouts() {
		t.Run(name, func(t *testing.T) {
			o := serve(t, newMemory(files...), change...)
			page, n := o.Titles("", 0, 10)
			if n != 1 {
				t.Fatalf("%d titles: %v", n, page)
			}
			f(t, o, page[0].Title)
		})
	}
}
