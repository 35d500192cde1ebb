package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// tonguesFilm makes, of the film below root, 40 s of two pictures with two sounds in files of their own, the German beeps half
// a second after the English ones, with subtitles that say each second's number, and thumbnails: a sheet of eight squares, 5 s
// each, the brighter the later.
func tonguesFilm(t *testing.T, root string) {
	t.Helper()
	const seconds = 40
	clouds := filepath.Join(root, "clouds")
	for _, height := range []string{"360p", "180p"} {
		makeFilm(t, root, "tongues_"+height+".mp4", "-i", filepath.Join(clouds, height+".mp4"),
			"-map", "0:v", "-c", "copy", "-frames:v", fmt.Sprint(seconds*filmRate)) // that many in order of decoding are whole GOPs
	}
	makeFilm(t, root, "tongues_audio_en.m4a", "-i", filepath.Join(clouds, "180p.mp4"), "-t", fmt.Sprint(seconds), "-map", "0:a", "-c", "copy")
	makeFilm(t, root, "tongues_audio_de.m4a", "-f", "lavfi", "-t", fmt.Sprint(seconds), "-i", beeps("t+0.5"), "-c:a", "aac", "-b:a", "48k")

	for language, word := range map[string]string{"en": "second", "de": "Sekunde"} {
		secondsFile(t, root, "tongues."+language+".vtt", word, seconds)
	}

	const width, height, columns, rows, each = 160, 90, 4, 2, 5
	makeFilm(t, root, "tongues.thumbs.jpg", "-f", "lavfi", "-i",
		fmt.Sprintf(`color=black:s=%dx%d:d=0.1,geq=lum='20+25*(floor(X/%d)+%d*floor(Y/%d))':cb=128:cr=128`, width*columns, height*rows, width, columns, height),
		"-frames:v", "1")
	text := strings.Builder{}
	text.WriteString("WEBVTT\n")
	for i := range columns * rows {
		fmt.Fprintf(&text, "\n00:%02d.000 --> 00:%02d.000\ntongues.thumbs.jpg#xywh=%d,%d,%d,%d\n",
			i*each, (i+1)*each, i%columns*width, i/columns*height, width, height)
	}
	writeFile(t, filepath.Join(root, "tongues.thumbs.vtt"), text.String())
}

// secondsFile writes subtitles that say each second's number after a word.
func secondsFile(t *testing.T, root, name, word string, seconds int) {
	t.Helper()
	text := strings.Builder{}
	text.WriteString("WEBVTT\n")
	for s := range seconds {
		fmt.Fprintf(&text, "\n00:00:%02d.000 --> 00:00:%02d.900\n%s %d\n", s, s, word, s)
	}
	writeFile(t, filepath.Join(root, name), text.String())
}

// newerFilm makes, of the film below root, 20 s in two heights by an encoder of pictures, and by one of sound in a file of its own.
func newerFilm(t *testing.T, root, title string, pictures []string, sound string) {
	t.Helper()
	source := filepath.Join(root, "clouds", "360p.mp4")
	for _, rung := range []struct{ height, rate string }{{"360", "300k"}, {"180", "150k"}} {
		args := append([]string{"-t", "20", "-i", source, "-an", "-vf", "scale=-2:" + rung.height, "-g", "50", "-b:v", rung.rate, "-c:v"}, pictures...)
		makeFilm(t, root, title+"_"+rung.height+"p.mp4", args...)
	}
	makeFilm(t, root, title+"_audio_en.m4a", "-t", "20", "-i", source, "-vn", "-c:a", sound, "-strict", "-2", "-f", "mp4")
}
