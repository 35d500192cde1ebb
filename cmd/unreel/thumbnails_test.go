package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestThumbnails has ffmpeg make thumbnails of a film that grows brighter with each second, and looks at each cell: it must
// be of its time. HLS, DASH, WebVTT and /info all lead to them.
func TestThumbnails(t *testing.T) {
	needFFmpeg(t)
	const seconds = 40
	library := t.TempDir()
	brighter := fmt.Sprintf("color=gray:size=320x180:rate=5:duration=%d,geq=lum='20+5*floor(T)':cb=128:cr=128", seconds)
	makeFilm(t, library, "film.mp4", "-f", "lavfi", "-i", brighter, "-c:v", "libx264", "-g", "5", "-bf", "2", "-pix_fmt", "yuv420p")
	makeFilm(t, library, "vp9.mp4", "-f", "lavfi", "-i", brighter, "-c:v", "libvpx-vp9", "-g", "5", "-deadline", "realtime", "-cpu-used", "8")
	// No IDR picture but the first, and so many pictures between key frames that ffmpeg can't decode these one after the other.
	makeFilm(t, library, "open.mp4", "-f", "lavfi", "-i", brighter+",fps=25", "-c:v", "libx264",
		"-x264-params", "open-gop=1:keyint=25:min-keyint=25:scenecut=0", "-bf", "3", "-pix_fmt", "yuv420p")
	base := startServer(t, library, "--thumbnails")
	fetch := func(url string) []byte {
		status, body := getBody(t, url)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", url, status, body)
		}
		return []byte(body)
	}
	for _, title := range []string{"film", "vp9", "open"} {
		root := base + "cmaf/" + title + "/"
		master := fetch(root + "master.m3u8")
		link := regexp.MustCompile(`#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=\d+,RESOLUTION=320x180,CODECS="jpeg",URI="(.*)"`).FindSubmatch(master)
		if link == nil {
			t.Fatalf("no thumbnails in\n%s", master)
		}
		list := fetch(root + string(link[1]))
		sheets := regexp.MustCompile(`(?m)^[^#].*jpg$`).FindAll(list, -1)
		if len(sheets) != 2 || !bytes.Contains(list, []byte("LAYOUT=5x5,DURATION=1.000000")) {
			t.Fatalf("%d sheets of 25 thumbnails, want 2 for %d s:\n%s", len(sheets), seconds, list)
		}
		for i, sheet := range sheets {
			picture, err := jpeg.Decode(bytes.NewReader(fetch(root + "180p/" + string(sheet))))
			if err != nil {
				t.Fatal(err)
			}
			for cell := range min(25, seconds-25*i) {
				r, _, _, _ := picture.At(cell%5*320+160, cell/5*180+90).RGBA()
				luma := 20 + 5*(25*i+cell)
				if want := (luma - 16) * 255 / 219; int(r>>8) < want-4 || int(r>>8) > want+4 {
					t.Errorf("%s: second %d is as bright as %d, want %d", title, 25*i+cell, r>>8, want)
				}
			}
		}
		if mpd := fetch(root + "manifest.mpd"); !bytes.Contains(mpd, []byte(`thumbnail_tile" value="5x5"`)) {
			t.Errorf("no thumbnails in\n%s", mpd)
		}
		var info struct{ Thumbnails string }
		if err := json.Unmarshal(fetch(base+"info/"+title+".json"), &info); err != nil {
			t.Fatal(err)
		}
		if vtt := fetch(root + info.Thumbnails); !bytes.Contains(vtt, []byte("00:00:26.000 --> 00:00:27.000\n180p/"+string(sheets[1])+"#xywh=320,0,320,180")) {
			t.Errorf("the second of the second sheet is not in\n%s", vtt)
		}
	}
}

// TestThumbnailsWithoutFFmpeg: everything else works, and the log says what is missing.
func TestThumbnailsWithoutFFmpeg(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	p := start(t, "--listen", "127.0.0.1:0", "--drain-delay", "0s", "--state-dir", "", "--thumbnails", "demo")
	base := p.url(t)
	if _, master := getBody(t, base+"cmaf/countdown/master.m3u8"); !strings.Contains(master, "STREAM-INF") || strings.Contains(master, "IMAGE") {
		t.Errorf("thumbnails that nothing makes are in\n%s", master)
	}
	if status, _ := getBody(t, base+"cmaf/countdown/thumbs.vtt"); status != http.StatusNotFound {
		t.Errorf("thumbnails that nothing makes: %d", status)
	}
	if !strings.Contains(p.stderr.String(), "install ffmpeg") {
		t.Errorf("the log does not say what is missing:\n%s", p.stderr.String())
	}
}
