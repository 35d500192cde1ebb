package packager

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sidecarsOf writes a title's sidecars: "rendition=path language flags".
func sidecarsOf(t *testing.T, l *Library, title string) string {
	t.Helper()
	e, ok := l.find(title)
	if !ok {
		t.Fatalf("no title %q in\n%s", title, titles(l))
	}
	var lines []string
	for _, s := range e.Subtitles {
		line := s.Rendition + "=" + s.Path + " " + s.Language
		if s.Forced {
			line += " forced"
		}
		if s.SDH {
			line += " SDH"
		}
		lines = append(lines, line)
	}
	if e.Thumbnails != "" {
		lines = append(lines, "thumbs="+e.Thumbnails)
	}
	return strings.Join(lines, "\n")
}

func TestSidecars(t *testing.T) {
	tests := []struct {
		name  string
		paths []string
		title string
		want  []string
	}{
		{
			"beside a single file",
			[]string{"film.mp4", "film.en.vtt", "film.de.srt", "film.fr.forced.vtt", "film.en.sdh.srt", "film.VTT", "film.thumbs.vtt", "film.thumbs.jpg"},
			"film",
			[]string{
				"und.vtt=film.VTT ", "de.srt=film.de.srt de", "en.vtt=film.en.vtt en", "en.sdh.srt=film.en.sdh.srt en SDH",
				"fr.forced.vtt=film.fr.forced.vtt fr forced", "thumbs=film.thumbs.vtt",
			},
		},
		{
			"beside a ladder",
			[]string{"a/film_1080p.mp4", "a/film_720p.mp4", "a/film.en.vtt", "a/film_pt-BR.srt", "a/film_720p.nl.vtt", "a/film_720p.en.vtt", "a/film-thumbs.vtt"},
			"a/film",
			[]string{
				"en.vtt=a/film.en.vtt en", "en.vtt~2=a/film_720p.en.vtt en", "nl.vtt=a/film_720p.nl.vtt nl", "pt-br.srt=a/film_pt-BR.srt pt-BR",
				"thumbs=a/film-thumbs.vtt",
			},
		},
		{
			"in a directory that is a title",
			[]string{"x/Film/1080p.mp4", "x/Film/720p.mp4", "x/Film/en.vtt", "x/Film/subs_zh-Hans.vtt", "x/Film/Film.forced.fr.srt", "x/Film/thumbs.vtt", "x/Film/notes.vtt"},
			"x/Film",
			[]string{
				"en.vtt=x/Film/en.vtt en", "forced.fr.srt=x/Film/Film.forced.fr.srt fr forced", "subs_zh-hans.vtt=x/Film/subs_zh-Hans.vtt zh-Hans",
				"thumbs=x/Film/thumbs.vtt",
			},
		},
		{"in the root that is a title", []string{"1080p.mp4", "720p.mp4", "eng.srt"}, "root", []string{"eng.srt=eng.srt en"}},
		{
			"the longest name wins",
			[]string{"film.mp4", "film.en.mp4", "film.en.vtt", "film.en.de.vtt", "film.fr.vtt"},
			"film.en",
			[]string{"und.vtt=film.en.vtt ", "de.vtt=film.en.de.vtt de"},
		},
		{
			"what belongs to no title",
			[]string{"film.mp4", "film 2.en.vtt", "film.backup.en.vtt", "other.en.vtt", "filmen.vtt", "film.en.vtt.bak", ".film.en.vtt", "film.thumbs.srt"},
			"film",
			nil,
		},
		{
			"flags, numbers, Hindi",
			[]string{"f.mp4", "f.hi.vtt", "f.en.hi.vtt", "f.en.2.vtt", "f.en-cc.vtt", "f.en.default.forced.vtt"},
			"f",
			[]string{
				"en.2.vtt=f.en.2.vtt en", "en-cc.vtt=f.en-cc.vtt en SDH", "en.hi.vtt=f.en.hi.vtt en SDH",
				"en.default.forced.vtt=f.en.default.forced.vtt en forced", "hi.vtt=f.hi.vtt hi",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := scan(t, newListing("root", tt.paths...))
			if got, want := sidecarsOf(t, l, tt.title), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Sidecars come, go and are links, without another title.
func TestSidecarsChange(t *testing.T) {
	d := newDisk(t, "film.mp4", "subs/film.txt")
	l := d.library()
	rescan(t, l)
	if got := sidecarsOf(t, l, "film"); got != "" {
		t.Error(got)
	}
	d.write(t, "film.en.vtt")
	rescan(t, l)
	if got := sidecarsOf(t, l, "film"); got != "en.vtt=film.en.vtt en" {
		t.Error(got)
	}
	if e, _ := l.find("film"); !slices.Equal(e.Subtitles, []Sidecar{{Path: "film.en.vtt", Rendition: "en.vtt", Format: "vtt", Language: "en"}}) {
		t.Error(e)
	}
	if err := errors.Join(os.Remove(filepath.Join(d.path, "film.en.vtt")), os.Symlink("subs/film.txt", filepath.Join(d.path, "film.de.srt"))); err != nil {
		t.Fatal(err)
	}
	rescan(t, l)
	if got := sidecarsOf(t, l, "film"); got != "de.srt=film.de.srt de" {
		t.Error(got)
	}
	wantTitles(t, l, "film: =film.mp4")
}
