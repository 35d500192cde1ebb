package packager

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"unreel/demux"
)

// listing is a Directory of names alone, in any order. Tests of what a disk may do use a disk.
type listing struct {
	name string
	fs   fstest.MapFS
}

func newListing(name string, paths ...string) *listing {
	l := &listing{name, fstest.MapFS{}}
	for _, path := range paths {
		l.fs[path] = &fstest.MapFile{}
	}
	return l
}

func (l *listing) Name() string { return l.name }

func (l *listing) Stat(name string) (demux.Stamp, error) {
	_, err := l.fs.Stat(name)
	return demux.Stamp{}, err
}

func (l *listing) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := l.fs.ReadDir(name)
	rand.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return entries, err
}

func scan(t testing.TB, dir Directory) *Library {
	t.Helper()
	l := NewLibrary(dir, slog.New(slog.DiscardHandler))
	if err := l.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

// titles writes all titles, a line each: "title: rendition=path …".
func titles(l *Library) string {
	var b strings.Builder
	all, _ := l.List("", 0, 1<<20)
	for _, e := range all {
		b.WriteString(e.Title + ":")
		for _, f := range e.Files {
			b.WriteString(" " + f.Rendition + "=" + f.Path)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTitlesFromFiles(t *testing.T) {
	for name, c := range map[string]struct{ paths, want string }{
		"empty": {"readme.txt|sub/notes.md", ""},
		"rule 1": {
			"film/720P.mp4|film/1080p.mp4|film/4k.mp4|film/3000k.mp4|film/audio_en.m4a|film/audio_01.m4a",
			"film: 4k=film/4k.mp4 1080p=film/1080p.mp4 720p=film/720P.mp4 3000k=film/3000k.mp4" +
				" audio_en=film/audio_en.m4a audio_01=film/audio_01.m4a",
		},
		"rule 1 in the root":      {"1080p.mp4|720p.mp4", "ROOT: 1080p=1080p.mp4 720p=720p.mp4"},
		"rule 1, deep":            {"a/b/c/1080p.mp4", "a/b/c: 1080p=a/b/c/1080p.mp4"},
		"rule 1 and others there": {"a/1080p.mp4|a/trailer.mp4|a/x_720p.mp4", "a: 1080p=a/1080p.mp4|a/trailer: =a/trailer.mp4|a/x: 720p=a/x_720p.mp4"},
		"rule 2": {
			"film_1080p.mp4|film-720p.mp4|film.480p.mp4|film 360p.mp4|d/film_1080p.mp4",
			"d/film: 1080p=d/film_1080p.mp4|film: 1080p=film_1080p.mp4 720p=film-720p.mp4 480p=film.480p.mp4 360p=film 360p.mp4",
		},
		"rule 2, one file":         {"film_1080p.mp4", "film: 1080p=film_1080p.mp4"},
		"rule 2, spaced separator": {"a film - 720p.mp4|a film - 1080p60.mp4", "a film: 1080p60=a film - 1080p60.mp4 720p=a film - 720p.mp4"},
		"rule 2, case of stems":    {"Film_1080p.mp4|film_720p.mp4", "Film: 1080p=Film_1080p.mp4|film: 720p=film_720p.mp4"},
		"rule 2, longest label": {
			"f_audio_en.m4a|f_1080p_6000k.mp4|f_3000k-1080p.mp4|f_720p.mp4",
			"f: 1080p_6000k=f_1080p_6000k.mp4 3000k-1080p=f_3000k-1080p.mp4 720p=f_720p.mp4 audio_en=f_audio_en.m4a",
		},
		"rule 3":                {"film.mp4|Other.MOV|d/e/x.M4V|d/song.m4a", "d/e/x: =d/e/x.M4V|d/song: =d/song.m4a|film: =film.mp4|Other: =Other.MOV"},
		"rule 3, a label's kin": {"_1080p.mp4|1080.mp4|x1080p.mp4|audio_mono.m4a", "1080: =1080.mp4|_1080p: =_1080p.mp4|audio_mono: =audio_mono.m4a|x1080p: =x1080p.mp4"},
		"audio alone, beside renditions": {
			"f_1080p.mp4|f_audio.m4a|g_AUDIO.mp4|g_audio_de.m4a|h_720p.mp4|h_audio.m4a|h_audio.mp4",
			"f: 1080p=f_1080p.mp4 audio=f_audio.m4a|g: audio=g_AUDIO.mp4 audio_de=g_audio_de.m4a|h: 720p=h_720p.mp4 audio=h_audio.mp4 audio.m4a=h_audio.m4a",
		},
		"audio alone, of a directory": {"a/1080p.mp4|a/audio.m4a|b/Audio.m4a", "a: 1080p=a/1080p.mp4 audio=a/audio.m4a|b: audio=b/Audio.m4a"},
		"audio alone, a file's name": {
			"two_audio.mp4|f.mp4|f_audio.m4a|g-Audio.mp4|g-audio.m4a|d/two audio.mov|d/two.audio.m4a",
			"d/two audio: =d/two audio.mov|d/two.audio: =d/two.audio.m4a|f: =f.mp4|f_audio: =f_audio.m4a|g-Audio: =g-Audio.mp4|g-audio: =g-audio.m4a|" +
				"two_audio: =two_audio.mp4",
		},
		"natural order":           {"e10.mp4|e9.mp4|E1.mp4|s/1.mp4", "E1: =E1.mp4|e9: =e9.mp4|e10: =e10.mp4|s/1: =s/1.mp4"},
		"claimed by two files":    {"a.mov|a.mp4|a.M4V", "a: =a.mp4|a.M4V: =a.M4V|a.mov: =a.mov"},
		"claimed by a directory":  {"a.mp4|a.mov|a/1080p.mp4", "a: 1080p=a/1080p.mp4|a.mov: =a.mov|a.mp4: =a.mp4"},
		"no claim of a directory": {"a.mp4|a/b.mp4", "a: =a.mp4|a/b: =a/b.mp4"},
		"claimed by a ladder":     {"a.mp4|a_720p.mp4|a_1080p.mp4", "a: 1080p=a_1080p.mp4 720p=a_720p.mp4|a.mp4: =a.mp4"},
		"claimed by all three": {
			"a.mp4|a_720p.mp4|a/1080p.mp4",
			"a: 1080p=a/1080p.mp4|a.mp4: =a.mp4|a.mp4~2: 720p=a_720p.mp4",
		},
		"claimed with its extension": {"a.mp4|a.mov|a.mov.mp4", "a: =a.mp4|a.mov: =a.mov.mp4|a.mov~2: =a.mov"},
		"root's name is claimed":     {"720p.mp4|ROOT/1080p.mp4|ROOT.mp4", "ROOT: 1080p=ROOT/1080p.mp4|ROOT.mp4: =ROOT.mp4|ROOT.mp4~2: 720p=720p.mp4"},
		"one label twice": {
			"f_1080p.mp4|f_1080p.mov|f-1080P.mp4|d/1080p.mp4|d/1080P.mp4|d/1080P.MP4",
			"d: 1080p=d/1080P.MP4 1080p.mp4=d/1080P.mp4 1080p.mp4~2=d/1080p.mp4|" +
				"f: 1080p=f-1080P.mp4 1080p.mov=f_1080p.mov 1080p.mp4=f_1080p.mp4",
		},
		"dot-files": {".a.mp4|.d/1080p.mp4|d/.mp4|d/._1080p.mp4|..a/x.mp4", ""},
		"odd names": {
			"master.m3u8/1080p.mp4|a#?%\\.mp4|new\nline.mp4|\xff.mp4|🎬/….mp4|v1a2.m3u8.mp4| .mp4",
			" : = .mp4|a#?%\\: =a#?%\\.mp4|master.m3u8: 1080p=master.m3u8/1080p.mp4|new\nline: =new\nline.mp4|" +
				"v1a2.m3u8: =v1a2.m3u8.mp4|\xff: =\xff.mp4|🎬/…: =🎬/….mp4",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := titles(scan(t, newListing("ROOT", strings.Split(c.paths, "|")...)))
			want := strings.ReplaceAll(c.want, "|", "\n")
			if want != "" {
				want += "\n"
			}
			if got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

func TestRootWithoutName(t *testing.T) {
	for _, name := range []string{"/", "", ".", ".."} {
		if got := titles(scan(t, newListing(name, "720p.mp4"))); got != "library: 720p=720p.mp4\n" {
			t.Errorf("root %q: %s", name, got)
		}
	}
}

func TestEntryFile(t *testing.T) {
	l := scan(t, newListing("ROOT", "a_720p.mp4", "a_1080p.mp4", "b.mp4"))
	for _, c := range []struct{ title, rendition, want string }{
		{"a", "1080p", "a_1080p.mp4"},
		{"a", "720p", "a_720p.mp4"},
		{"a", "", ""},
		{"a", "1080P", ""},
		{"a", "480p", ""},
		{"b", "576p", "b.mp4"},
		{"b", "anything", "b.mp4"},
	} {
		e, err := l.Lookup(t.Context(), c.title)
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := e.File(c.rendition); f.Path != c.want || ok != (c.want != "") {
			t.Errorf("%s, %q: got %q, %v", c.title, c.rendition, f.Path, ok)
		}
	}
}

func TestReadLabel(t *testing.T) {
	for stem, want := range map[string]File{
		"f_1080p":            {Rendition: "1080p", Height: 1080},
		"f-2160P":            {Rendition: "2160p", Height: 2160},
		"f.4K":               {Rendition: "4k", Height: 2160},
		"f 8k":               {Rendition: "8k", Height: 4320},
		"f_1080p60":          {Rendition: "1080p60", Height: 1080},
		"f_1080p59.94":       {Rendition: "1080p59.94", Height: 1080},
		"f_720p23.976_1500k": {Rendition: "720p23.976_1500k", Height: 720, Bitrate: 1500},
		"f_3000K":            {Rendition: "3000k", Bitrate: 3000},
		"f_3000k_720p":       {Rendition: "3000k_720p", Height: 720, Bitrate: 3000},
		"f_4k_16000k":        {Rendition: "4k_16000k", Height: 2160, Bitrate: 16000},
		"f_audio":            {Rendition: "audio", IsAudio: true},
		"f_Audio_EN":         {Rendition: "audio_en", IsAudio: true, Language: "en"},
		"f.audio.pt-br":      {Rendition: "audio.pt-br", IsAudio: true, Language: "pt-BR"},
		"f_audio_ger":        {Rendition: "audio_ger", IsAudio: true, Language: "de"},
		"f audio zh_Hant_TW": {Rendition: "audio zh_hant_tw", IsAudio: true, Language: "zh-Hant-TW"},
		"f_audio_es-419":     {Rendition: "audio_es-419", IsAudio: true, Language: "es-419"},
		"f_audio_01":         {Rendition: "audio_01", IsAudio: true, AudioTrack: 1},
		"f_audio_en_2":       {Rendition: "audio_en_2", IsAudio: true, Language: "en", AudioTrack: 2},
		"f_audio_64k":        {Rendition: "audio_64k", IsAudio: true, Bitrate: 64},
		"f_audio_en_2_128k":  {Rendition: "audio_en_2_128k", IsAudio: true, Language: "en", AudioTrack: 2, Bitrate: 128},
	} {
		t.Run(stem, func(t *testing.T) {
			var got File
			if title := got.readLabel(stem); title != "f" || got != want {
				t.Errorf("got %q, %+v, want %+v", title, got, want)
			}
			pure := File{}
			if title := pure.readLabel(stem[2:]); title != "" || pure != want {
				t.Errorf("alone: got %q, %+v, want %+v", title, pure, want)
			}
		})
	}
	for _, stem := range []string{
		"", "f", "f1080p", "f_1080", "f_0720p", "f_99p", "f_12345p", "f_1080p_", "f_1080px", "f_1080p6", "f_p", "f_k", "f_3k", "f_4kx", "f_10k", "f_99k", "f_0500k",
		"f_1234567k", "f_audio_xx_yy", "f_audio_mono", "f_audio_xyz", "f_audio_0001", "f_audio_x-a", "f_audiobook", "f_audio_", "f_１080p",
		"_1080p", "- 1080p", "f_2.5M", "f (1080p)", "\xff",
	} {
		var got File
		if title := got.readLabel(stem); title != stem || got != (File{}) {
			t.Errorf("%q: got %q, %+v, want no label", stem, title, got)
		}
	}
	audio := File{IsAudio: true}
	if title := audio.readLabel("f_64k"); title != "f" || audio.Bitrate != 64 {
		t.Errorf("audio of 64k: got %q, %+v", title, audio)
	}
}

// FuzzTitles holds what must be true of any listing: every file is in one title, under one name, and no two things have
// the same name.
func FuzzTitles(f *testing.F) {
	f.Add("a.mp4|a.mov|a/1080p.mp4|a_720p.mp4|a.mov.mp4")
	f.Add("720p.mp4|ROOT/720P.mp4|ROOT.mp4|ROOT.mp4.mp4|ROOT/720p.mp4|ROOT.mp4~2.m4a")
	f.Add(strings.Repeat("a", maxPath) + "/b.mp4|" + strings.Repeat("a/", 100) + "b.mp4") // the first is longer than paths may be
	f.Add("f_audio.m4a|f_audio.mp4|f.mp4|F_720p.mp4|F_audio.m4a|f_AUDIO/audio.m4a|audio.mp4")
	f.Add("f_audio_en.m4a|f-audio-en.M4A|f.audio.en.m4v|f audio en.mov")
	f.Fuzz(func(t *testing.T, paths string) {
		if len(paths) > 1<<14 {
			return
		}
		dir := newListing("ROOT")
		for path := range strings.SplitSeq(paths, "|") {
			if len(path) > maxPath || !validTitle(path) || strings.HasPrefix(path, ".") || strings.Contains(path, "/.") {
				continue
			}
			dir.fs[path] = &fstest.MapFile{}
		}
		checkTitles(t, dir)
	})
}

func checkTitles(t *testing.T, dir *listing) {
	t.Helper()
	want := map[string]bool{}
	_ = fs.WalkDir(dir.fs, ".", func(path string, d fs.DirEntry, err error) error {
		if _, ext := splitExt(path[strings.LastIndexByte(path, '/')+1:]); err == nil && !d.IsDir() && mediaRank(ext) > 0 {
			want[path] = true
		}
		return nil
	})
	l := scan(t, dir)
	all, total := l.List("", 0, 1<<20)
	if total != len(all) || !slices.IsSortedFunc(all, func(a, b Entry) int { return compareNames(a.Title, b.Title) }) {
		t.Errorf("%d titles of %d, or out of order", len(all), total)
	}
	names := map[string]bool{}
	for _, e := range all {
		for _, file := range e.Files {
			ref := PlaylistRef{Title: e.Title, Rendition: file.Rendition, Tracks: Tracks{Video: 1}}
			if file.Rendition == "" && len(e.Files) == 1 {
				ref.Rendition = "any"
			}
			if !want[file.Path] || names[ref.String()] {
				t.Errorf("%q is in two titles, or shares the name %q", file.Path, ref)
			}
			delete(want, file.Path)
			names[ref.String()] = true
			parse(t, ref.String(), ref)
			if found, ok := e.File(ref.Rendition); !ok || found != file {
				t.Errorf("%q leads to %q", ref, found.Path)
			}
		}
		if found, err := l.Lookup(t.Context(), e.Title); err != nil || fmt.Sprint(found) != fmt.Sprint(e) {
			t.Errorf("title %q is found as %v (%v)", e.Title, found, err)
		}
	}
	if len(want) > 0 {
		t.Errorf("in no title: %v", want)
	}
	if again := titles(scan(t, dir)); again != titles(l) {
		t.Errorf("another replica has other titles:\n%s\n%s", titles(l), again)
	}
}
