package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The film that the browser tests play: clouds of colour, a strip along the bottom edge that numbers each frame, and a
// beep that begins with each second. The strip's 16 squares, black or white, are the bits of the frame's number, the most
// significant at the left.
const (
	filmSeconds = 125
	filmRate    = 25 // frames a second
	filmColumns = 16
	filmRows    = 9 // of colour, under which the strip is one more
)

// drawnFilm writes the film's renditions, 180p.mp4, 360p.mp4 and 720p.mp4, into dir. A key frame stands every two seconds,
// with B-frames between them.
func drawnFilm(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"-v", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", filmColumns, filmRows+1), "-r", fmt.Sprint(filmRate), "-i", "-",
		"-f", "lavfi", "-t", fmt.Sprint(filmSeconds), "-i", beeps("t"),
		"-filter_complex", "split=2[colour][strip];" +
			"[colour]crop=16:9:0:0,scale=1280:720:flags=bicubic,format=yuv420p[picture];" +
			"[strip]crop=16:1:0:9,scale=1280:40:flags=neighbor,format=yuv420p[edge];" +
			"[picture][edge]overlay=0:680,split=3[a][b][c];[b]scale=640:360[b];[c]scale=320:180[c]",
	}
	for _, rung := range []struct{ label, name, rate string }{{"[a]", "720p", "1200k"}, {"[b]", "360p", "500k"}, {"[c]", "180p", "200k"}} {
		args = append(args, "-map", rung.label, "-map", "1:a",
			"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-b:v", rung.rate,
			"-c:a", "aac", "-b:a", "48k", "-movflags", "+faststart", filepath.Join(dir, rung.name+".mp4"))
	}
	var complaints bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "ffmpeg", args...)
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = cmd.Start(); err != nil {
		t.Fatal(err)
	}
	drawn := drawFilm(in)
	if err = cmd.Wait(); err != nil || drawn != nil {
		t.Fatalf("make the film: ffmpeg: %v, its frames: %v\n%s", err, drawn, complaints.String())
	}
}

// beeps is the sound of 40 ms at 1 kHz at each whole second of time, an expression of t.
func beeps(time string) string {
	return fmt.Sprintf(`aevalsrc=if(lt(mod(%s\,1)\,0.04)\,0.7*sin(2*PI*1000*t)\,0):s=48000`, time)
}

// drawFilm writes all frames, raw, and closes w.
func drawFilm(w io.WriteCloser) error {
	b := bufio.NewWriter(w)
	for n := range filmSeconds * filmRate {
		for y := range filmRows {
			for x := range filmColumns {
				if _, err := b.Write(colour(x, y, float64(n)/filmRate)); err != nil {
					return err
				}
			}
		}
		for i := range filmColumns {
			if _, err := b.Write(square(n, i)); err != nil {
				return err
			}
		}
	}
	return errors.Join(b.Flush(), w.Close())
}

// square is number i of frame n's strip.
func square(n, i int) []byte {
	if n>>(filmColumns-1-i)&1 == 1 {
		return []byte{235, 235, 235}
	}
	return []byte{16, 16, 16}
}

// colour is one point of slow clouds from dusk blue to sand.
func colour(x, y int, t float64) []byte {
	u, v := float64(x)/filmColumns, float64(y)/filmRows
	a := (math.Sin(5*u+0.5*t) + math.Sin(7*v-0.7*t+3*u) + math.Sin(4*(u+v)+0.3*t)) / 3
	mix := 0.5 + 0.5*a
	shade := 0.75 + 0.25*v
	point := func(from, to float64) byte { return byte(shade * (from + (to-from)*mix)) }
	return []byte{point(38, 240), point(84, 196), point(124, 150)}
}
