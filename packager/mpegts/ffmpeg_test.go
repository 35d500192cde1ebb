package mpegts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"unreel/demux"
)

// ffmpeg runs the real one, and returns what it prints. Warnings are errors.
func ffmpeg(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg here: make test installs it")
	}
	var out, warnings bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-nostdin", "-v", "warning", "-bitexact"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &warnings
	if err = cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, warnings.String())
	}
	if warnings.Len() > 0 {
		t.Errorf("ffmpeg %s warns:\n%s", strings.Join(args, " "), warnings.String())
	}
	return out.String()
}

// A hashed packet or frame, as ffmpeg's framehash prints it.
type hashed struct {
	pts, dts int64
	hash     string
}

var timebase = regexp.MustCompile(`#tb 0: (\d+)/(\d+)`)

// framehash reads one stream. Times are in 1/90000 s.
func framehash(t *testing.T, args ...string) (list []hashed) {
	t.Helper()
	out := ffmpeg(t, append(args, "-f", "framehash", "-hash", "murmur3", "-")...)
	m := timebase.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no time base in %q", out)
	}
	num, _ := strconv.ParseInt(m[1], 10, 64)
	den, _ := strconv.ParseInt(m[2], 10, 64)
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, ",")
		dts, err1 := strconv.ParseInt(strings.TrimSpace(fields[1]), 10, 64)
		pts, err2 := strconv.ParseInt(strings.TrimSpace(fields[2]), 10, 64)
		if err1 != nil || err2 != nil {
			dts, pts = 0, 0
		}
		list = append(list, hashed{pts: pts * num * 90000 / den, dts: dts * num * 90000 / den, hash: strings.TrimSpace(fields[5])})
	}
	return list
}

// same holds what a stream gives against what its MP4 gives, time by time and hash by hash.
func same(t *testing.T, what string, got, want []hashed) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d, want %d", what, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		if g.hash != w.hash || !near(g.pts-900000, w.pts) || !near(g.dts-900000, w.dts) {
			t.Fatalf("%s %d is %+v, want %+v", what, i, g, w)
		}
	}
}

func TestFFmpegReadsTheSame(t *testing.T) {
	cases := []struct{ name, encode string }{
		{"b-frames", "-r 30 -c:v libx264 -bf 3 -g 48 -c:a aac -ar 48000"},
		{"open gop", "-r 24000/1001 -c:v libx264 -bf 2 -g 30 -x264-params open-gop=1:scenecut=0 -c:a aac -ar 44100"},
		{"no b-frames", "-r 60000/1001 -c:v libx264 -bf 0 -g 60 -c:a aac -ar 44100"},
		{"negative ctts", "-r 25 -c:v libx264 -bf 2 -g 50 -movflags negative_cts_offsets -c:a aac -ar 32000"},
		{"slices", "-r 25 -c:v libx264 -bf 2 -g 25 -slices 8 -aud 1 -c:a aac -ar 22050 -ac 1"},
		{"low frame rate", "-r 2 -c:v libx264 -bf 2 -g 5 -c:a aac -ar 96000"},
		{"parameter sets in the samples", "-r 25 -c:v libx264 -bf 2 -g 25 -x264-params repeat-headers=1:aud=1 -c:a aac"},
		{"mp3", "-r 25 -c:v libx264 -bf 2 -g 50 -c:a libmp3lame -ar 44100"},
		{"mp3 at a low rate", "-r 30 -c:v libx264 -g 60 -c:a libmp3lame -ar 22050 -ac 1"},
		{"mp2", "-r 25 -c:v libx264 -g 50 -c:a mp2 -ar 48000"},
		{"ac-3", "-r 25 -c:v libx264 -bf 2 -g 50 -c:a ac3 -b:a 192k -ar 48000"},
		{"ac-3 of 5.1", "-r 24 -c:v libx264 -bf 2 -g 48 -c:a ac3 -b:a 640k -ar 44100 -ac 6"},
		{"e-ac-3", "-r 25 -c:v libx264 -bf 2 -g 50 -c:a eac3 -b:a 96k -ar 48000"},
		{"e-ac-3 of 5.1, no picture", "-vn -c:a eac3 -b:a 1000k -ar 48000 -ac 6"},
		{"mp3, no picture", "-vn -c:a libmp3lame -ar 48000"},
		{"hevc", "-r 25 -c:v libx265 -tag:v hvc1 -g 50 -x265-params log-level=error:bframes=3 -c:a aac -ar 48000"},
		{"hevc, open gop", "-r 30 -c:v libx265 -pix_fmt yuv420p10le -x265-params log-level=error:open-gop=1:keyint=25:bframes=4:scenecut=0 -c:a ac3 -ar 48000"},
		{"hevc with what it needs in the samples", "-r 25 -c:v libx265 -g 25 -x265-params log-level=error:repeat-headers=1:aud=1 -c:a eac3 -ar 48000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			mp4, ts := filepath.Join(dir, "film.mp4"), filepath.Join(dir, "film.ts")
			ffmpeg(t, append(strings.Fields("-f lavfi -i testsrc2=s=320x180:d=10 -f lavfi -i sine=d=10:b=3 "+
				strings.Replace(c.encode, "-c:v", "-preset ultrafast -c:v", 1)), mp4)...)
			file, err := os.ReadFile(mp4)
			if err != nil {
				t.Fatal(err)
			}
			f := open(t, file)
			stream, segments := f.concatenate(t, 40)
			f.check(t, stream, segments)
			if err = os.WriteFile(ts, stream, 0o600); err != nil {
				t.Fatal(err)
			}
			f.compare(t, mp4, ts)
		})
	}
}

// compare lets ffmpeg read both, as packets and as decoded pictures.
func (f *film) compare(t *testing.T, mp4, ts string) {
	t.Helper()
	read := func(path, rest string) []hashed {
		return framehash(t, strings.Fields("-copyts -i "+path+" "+rest)...)
	}
	adts := ""
	if f.audio.Codec == demux.AAC {
		adts = " -bsf:a aac_adtstoasc"
	}
	same(t, "audio packet", read(ts, "-map 0:a -c copy"+adts), read(mp4, "-map 0:a -c copy"))
	if f.video == nil {
		return
	}
	units, bytestream := "filter_units=remove_types=7-9", "h264_mp4toannexb" // parameter sets and delimiters: only the stream has them everywhere
	if f.video.Codec == demux.HEVC {
		units, bytestream = "filter_units=remove_types=32-35|39", "hevc_mp4toannexb" // and SEI, of which hvcC may have a copy
	}
	same(t, "video packet", read(ts, "-map 0:v -c copy -bsf:v "+units),
		read(mp4, "-map 0:v -c copy -bsf:v "+bytestream+","+units))
	const pictures = "-map 0:v -fps_mode passthrough -enc_time_base 1/90000"
	same(t, "picture", read(ts, pictures), read(mp4, pictures))
}
