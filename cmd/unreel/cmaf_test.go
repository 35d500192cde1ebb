package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"unreel/packager"
)

// codecFilms are what transport streams don't carry, or carry otherwise.
var codecFilms = []film{
	{"hevc", one(picture("25", 9), sound(48000, 9), x265("hvc1", "yuv420p"), aac)},
	{"hevc-in-band", one(picture("25", 6), sound(48000, 6), x265("hev1", "yuv420p"), aac)},
	{"hevc-10-bit", one(picture("25", 6), x265("hvc1", "yuv420p10le"))},
	{"av1-opus", one(picture("25", 9), sound(48000, 9), av1, []string{"-c:a", "libopus", "-b:a", "64k"})},
	{"vp9-flac", one(picture("25", 9), sound(44100, 9), vp9, []string{"-c:a", "flac", "-strict", "-2"})},
	{"ac-3", one(picture("25", 9), sound(48000, 9), x264(50), []string{"-c:a", "ac3", "-ac", "6"})},
	{"e-ac-3", one(picture("25", 9), sound(48000, 9), x264(50), []string{"-c:a", "eac3", "-b:a", "96k"})},
	{"mp3", one(picture("25", 9), sound(44100, 9), x264(50), []string{"-c:a", "libmp3lame"})},
	{"alac", []rung{{"audio.m4a", join(sound(44100, 15), []string{"-c:a", "alac"})}}},
	{"families", []rung{
		{"720p.mp4", join(picture("25", 9), sound(48000, 9), x265("hvc1", "yuv420p"), aac)},
		{"480p.mp4", join(picture("25", 9), sound(48000, 9), av1, aac)},
		{"360p.mp4", join(picture("25", 9), sound(48000, 9), x264(50, "-sc_threshold", "0"), []string{"-c:a", "aac", "-b:a", "48k"})},
		{"audio_fr.m4a", join(sound(48000, 9), aac)},
	}},
}

var (
	av1 = []string{"-c:v", "libaom-av1", "-cpu-used", "8", "-g", "50", "-lag-in-frames", "0", "-usage", "realtime", "-pix_fmt", "yuv420p"}
	vp9 = []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50", "-pix_fmt", "yuv420p"}
)

func x265(tag, format string) []string {
	return []string{"-c:v", "libx265", "-preset", "ultrafast", "-tag:v", tag, "-pix_fmt", format, "-x265-params", "keyint=50:min-keyint=50:bframes=2:scenecut=0:log-level=error"}
}

// TestCMAF has the real ffmpeg decode films of all codecs through HLS and DASH and from the MP4, and holds every byte to
// what was promised of it.
func TestCMAF(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	all := codecFilms
	for _, f := range films { // through DASH too
		switch f.title {
		case "open-gop", "fragmented", "audio-delay", "video-delay", "no-video", "two-languages":
			all = append(all, f)
		}
	}
	for _, film := range all {
		for _, rung := range film.rungs {
			makeFilm(t, library, filepath.Join(film.title, rung.name), rung.args...)
		}
	}
	base := startServer(t, library, "--segment-duration", "3s")
	client := newClient(t)
	for i, film := range all {
		t.Run(film.title, func(t *testing.T) {
			t.Parallel()
			if i < len(codecFilms) {
				compareTitle(t, base, library, film.title, false)
				m := &measuring{client: client, base: base}
				if err := m.title(t.Context(), film.title); err != nil {
					t.Error(err)
				}
			}
			compareManifest(t, base, library, film.title, "manifest.mpd")
			compareManifest(t, base, library, film.title, "ondemand.mpd")
			trackFiles(t, &measuring{client: client, base: base}, film.title)
		})
	}
}

// compareManifest compares what ffmpeg decodes of a manifest's first picture and first sound with what it decodes of the
// file that they are of.
func compareManifest(t *testing.T, base, library, title, manifest string) {
	t.Helper()
	info := fetchInfo(t, base, title)
	address := base + "cmaf/" + escapeTitle(title) + "/" + manifest
	mpd := readManifest(t, address)
	counted := map[string]int{}
	for _, set := range mpd.Period.Sets {
		kind := map[string]streamKind{"video": videoFrames, "audio": audioFrames}[set.ContentType]
		for _, r := range set.Representations {
			number := counted[kind.name]
			counted[kind.name]++
			cut := strings.LastIndexByte(r.ID, '-')
			s := packager.StreamInfo{Rendition: r.ID[:cut], Tracks: r.ID[cut+1:]}
			file := fileOf(t, info, s.Rendition)
			track, ok := trackNumber(file, s.Tracks, kind)
			if !ok {
				t.Fatalf("%s: no track for %s", manifest, r.ID)
			}
			want, known := decoded(t, filepath.Join(library, file.File), fmt.Sprintf("%s:%d", kind.name, track))
			got, complaints := decoded(t, address, fmt.Sprintf("%s:%d", kind.name, number))
			if news := newComplaints(complaints, known); news != "" {
				t.Errorf("%s: ffmpeg complains: %s", manifest, news)
			}
			if problem := sameFrames(want[0], got[0], kind, 0); problem != "" {
				t.Errorf("%s: %s: %s", manifest, r.ID, problem)
			}
		}
	}
	if len(counted) == 0 {
		t.Errorf("%s has no sets", manifest)
	}
}

// mpd is what the tests read of a manifest.
type mpd struct {
	Period struct {
		Sets []struct {
			ContentType     string `xml:"contentType,attr"`
			Representations []struct {
				ID      string `xml:"id,attr"`
				BaseURL string
			} `xml:"Representation"`
		} `xml:"AdaptationSet"`
	}
}

func readManifest(t *testing.T, address string) (read mpd) {
	t.Helper()
	status, text := getBody(t, address)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %s", address, status, text)
	}
	if err := xml.Unmarshal([]byte(text), &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// trackFiles holds every virtual file of a title to what was promised of it: it is its init section, an index, and its
// segments.
func trackFiles(t *testing.T, m *measuring, title string) {
	t.Helper()
	address := m.base + "cmaf/" + escapeTitle(title) + "/ondemand.mpd"
	for _, set := range readManifest(t, address).Period.Sets {
		for _, r := range set.Representations {
			whole, err := m.segment(t.Context(), resolve(address, r.BaseURL))
			if err != nil {
				t.Errorf("%s: %v", r.BaseURL, err)
				continue
			}
			cut := strings.LastIndexByte(r.ID, '-')
			list, err := listAt(t.Context(), m.client, resolve(address, r.ID[:cut]+"/"+r.ID[cut+1:]+".m3u8"))
			if err != nil {
				t.Fatal(err)
			}
			rest := whole.body
			for i := len(list.pieces) - 1; i >= 0; i-- {
				piece, failed := ask(t.Context(), m.client, http.MethodGet, list.pieces[i].url)
				if failed != nil {
					t.Fatal(failed)
				}
				var ok bool
				if rest, ok = bytes.CutSuffix(rest, piece.body); !ok {
					t.Fatalf("%s does not hold segment %d where it should", r.BaseURL, i)
				}
			}
		}
	}
}
