package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// film is media that figures are taken on: a short encode, repeated without encoding it again.
type film struct {
	name    string // its path in the library, without .mp4
	size    string // of its picture
	rate    string // of its picture, as ffmpeg writes it
	seconds int
}

// films are all that there are: a film of usual length and rate, one of 10 h, short ones to see what length costs, and one in
// 4K. Pictures have noise, so that they take the bits that they may, and a key frame every two seconds.
func films() []film {
	return []film{
		{"film/1080p", "1920x1080", "6M", 2 * 3600},
		{"long/360p", "640x360", "500k", 10 * 3600},
		{"middle/360p", "640x360", "500k", 2 * 3600},
		{"short/360p", "640x360", "500k", 20 * 60},
		{"clip/360p", "640x360", "500k", 2 * 60},
		{"large/2160p", "3840x2160", "16M", 10 * 60},
	}
}

// makeMedia makes the films in dir that aren't there yet, by ffmpeg.
func makeMedia(ctx context.Context, dir string, say func(format string, args ...any)) error {
	const loop = 12 // seconds of each encode
	for _, f := range films() {
		path := filepath.Join(dir, filepath.FromSlash(f.name)+".mp4")
		if _, err := os.Stat(path); err == nil {
			continue
		}
		say("making %s: %s at %s, %d s", f.name, f.size, f.rate, f.seconds)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		short, part := filepath.Join(dir, ".short.mp4"), filepath.Join(filepath.Dir(path), ".part.mp4")
		err := ffmpeg(ctx, "-f", "lavfi", "-i", "testsrc2=r=30:s="+f.size+",noise=alls=40:allf=t", "-f", "lavfi", "-i", "sine=r=48000:f=440",
			"-t", strconv.Itoa(loop), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2",
			"-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-b:v", f.rate, "-maxrate", f.rate, "-bufsize", f.rate,
			"-c:a", "aac", "-b:a", "128k", "-ac", "2", short)
		if err == nil {
			err = ffmpeg(ctx, "-stream_loop", "-1", "-i", short, "-t", strconv.Itoa(f.seconds), "-c", "copy", "-movflags", "+faststart", part)
		}
		if err == nil {
			err = os.Rename(part, path)
		}
		if err != nil {
			return err
		}
		_ = os.Remove(short)
	}
	return nil
}

// ffmpeg runs it.
func ffmpeg(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-v", "error", "-nostdin", "-y"}, args...)...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, strings.TrimSpace(string(said)))
	}
	return nil
}
