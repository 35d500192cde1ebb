package main

import (
	"encoding/binary"
	"net/http"
	"os"
	"regexp"
	"testing"
)

// movedFilms are of which the clock begins late: a film cut out of a longer one, and a recording by the clock of the day.
var movedFilms = []film{
	{"two-hours-in", one(picture("25", 14), sound(48000, 14), x264(50), aac, []string{"-output_ts_offset", "7200"})},
	{"by-the-day", one(picture("25", 14), sound(48000, 14), x264(50), aac, []string{
		"-video_track_timescale", "48000", "-movflags", "frag_keyframe+empty_moov+default_base_moof",
	})},
}

// record moves the decode times of a film in fragments (ISO/IEC 14496-12 §8.8.12) to 1764500000 s, late in 2025. Of all its tracks 1 s has
// 48000 ticks.
func record(t *testing.T, path string) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for at := range len(body) - 20 {
		if string(body[at:at+4]) == "tfdt" && body[at+4] == 1 && binary.BigEndian.Uint32(body[at-4:]) == 20 {
			time := body[at+8 : at+16]
			binary.BigEndian.PutUint64(time, binary.BigEndian.Uint64(time)+1_764_500_000*48_000)
			moved++
		}
	}
	if moved == 0 {
		t.Fatal("no tfdt is there to be moved")
	}
	if err = os.WriteFile(path, body, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestConformanceOfMovedFilms: wherever its clock begins, a film with subtitles and thumbnails is as it is announced, and its Period lasts
// as long as it does.
func TestConformanceOfMovedFilms(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	for _, film := range movedFilms {
		path := makeFilm(t, library, film.title+".mp4", film.rungs[0].args...)
		if film.title == "by-the-day" {
			record(t, path)
		}
		subtitled(t, library, film.title)
	}
	m := newManifests(t)
	base := startServer(t, library, "--thumbnails")
	length := regexp.MustCompile(`mediaPresentationDuration="PT14(\.\d+)?S"`)
	for _, film := range movedFilms {
		t.Run(film.title, func(t *testing.T) {
			if report := validate(t, base, film.title); len(report.Errors()) > 0 {
				t.Error(report.String())
			}
			for name, report := range cmafReports(t, base, film.title) {
				var want []string
				if name == "master.m3u8" {
					want = []string{"hls-22"}
				}
				foundOnly(t, name, report, want)
			}
			for _, name := range []string{"manifest.mpd", "ondemand.mpd"} {
				if _, text := getBody(t, base+"cmaf/"+film.title+"/"+name); !length.MatchString(text) {
					t.Errorf("%s:\n%s", name, text)
				}
			}
			for query, there := range map[string]bool{"?start=0&end=4": true, "?start=12&end=14": true, "?start=7200&end=7202": false} {
				status, part := getBody(t, base+"mp4/"+film.title+"/90p.mp4"+query)
				if there != (status == http.StatusOK) || there && len(part) < 1000 {
					t.Errorf("%s: %d, %d bytes", query, status, len(part))
				}
			}
		})
		m.add(t, base, film.title)
	}
	m.validate(t)
}
