package fmp4

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"unreel/demux"
)

// run runs a program that must succeed, and returns what it prints.
func run(t *testing.T, name string, args ...string) (out, warnings string) {
	t.Helper()
	out, warnings, err := try(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, warnings)
	}
	return out, warnings
}

func try(t *testing.T, name string, args ...string) (out, warnings string, err error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here: make test installs it", name)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// quiet is how ffmpeg is run.
var quiet = []string{"-nostdin", "-v", "warning", "-bitexact", "-threads", "1"}

func ffmpeg(t *testing.T, args ...string) (out, warnings string) {
	t.Helper()
	return run(t, "ffmpeg", append(slices.Clone(quiet), args...)...)
}

// quietly is ffmpeg for encoders that print what they like. It runs on one core, as many run side by side.
func quietly(t *testing.T, args ...string) {
	t.Helper()
	ffmpeg(t, append([]string{"-v", "error"}, args...)...)
}

// A decoded picture, the sound of one frame, or a packet, as ffmpeg's framehash prints it. Times are in 1/90000 s.
type hashed struct {
	pts, end int64
	size     int
	hash     string
}

var timebase = regexp.MustCompile(`#tb 0: (\d+)/(\d+)`)

// framehash has ffmpeg decode one track, or copy its packets. What is over by time 0 is left out.
func framehash(t *testing.T, path string, id uint32, options ...string) (list []hashed, warnings string, err error) {
	t.Helper()
	args := append(slices.Clone(quiet), "-copyts", "-noautorotate", "-i", path, "-map", fmt.Sprint("0:i:", id))
	out, warnings, err := try(t, "ffmpeg", append(append(args, options...), "-f", "framehash", "-hash", "murmur3", "-")...)
	num, den := int64(1), int64(1)
	for line := range strings.Lines(out) {
		if m := timebase.FindStringSubmatch(line); m != nil {
			num, _ = strconv.ParseInt(m[1], 10, 64)
			den, _ = strconv.ParseInt(m[2], 10, 64)
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, ",")
		number := func(i int) int64 {
			n, bad := strconv.ParseInt(strings.TrimSpace(fields[i]), 10, 64)
			if bad != nil {
				t.Fatalf("framehash prints %q", line)
			}
			return n
		}
		pts, end := number(2), number(2)+number(3)
		if pts < 0 && end <= 0 {
			continue
		}
		list = append(list, hashed{
			pts: pts * num * 90000 / den, end: end * num * 90000 / den, size: int(number(4)),
			hash: strings.TrimSpace(fields[5]),
		})
	}
	return list, warnings, err
}

// Options of framehash.
var (
	decoding = []string{"-fps_mode", "passthrough", "-enc_time_base", "-1"}
	copying  = []string{"-c", "copy"}
)

// compare has ffmpeg read a track from its MP4 and from the init section with all segments. Every frame and every time
// must be the same. ffmpeg applies edit lists to fragments only as an offset, so what one hides may stand before and
// after, and sound is not cut within a frame.
func (f *film) compare(t *testing.T, k *Track, path string, samples int, options []string) {
	t.Helper()
	stream, segments := f.concatenate(t, k, samples)
	f.check(t, k, segments)
	fragmented := filepath.Join(t.TempDir(), "fragmented.mp4")
	if err := os.WriteFile(fragmented, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("track %d, %s", k.source.ID, k.CodecID())
	want, same, err := framehash(t, path, k.source.ID, options...)
	if err != nil {
		t.Logf("%s: ffmpeg can't read the source: %v", what, err)
		return
	}
	got, warnings, err := framehash(t, fragmented, trackID, options...)
	if err != nil {
		t.Fatalf("%s: ffmpeg: %v", what, err)
	}
	if same == "" && strings.Trim(warnings, "\n") != "" && !strings.Contains(warnings, "Increasing reorder buffer") {
		t.Errorf("%s: ffmpeg warns:\n%s", what, warnings)
	}
	if len(want) == 0 || len(got) == 0 {
		if len(want) > 0 {
			t.Errorf("%s: no frames, want %d", what, len(want))
		}
		return
	}
	if len(k.source.Edits) > 0 {
		for len(got) > 0 && got[len(got)-1].pts > want[len(want)-1].pts+1 {
			got = got[:len(got)-1]
		}
	}
	if k.source.Kind == demux.KindAudio {
		// ffmpeg heeds composition offsets of sound, which we don't, and presents what then comes too late together.
		for i := min(5, len(want)-2); i > 0; i-- {
			if want[i].pts <= want[i-1].pts {
				want = want[i+1:]
				break
			}
		}
	}
	if k.source.Kind == demux.KindAudio && got[0].hash != want[0].hash {
		// It is cut, by the edit list or by what a tag says of priming, or warmed up by other frames before it.
		if want = want[1:]; len(want) == 0 {
			return
		}
	}
	for len(got) > 0 && got[0].pts < want[0].pts-1 && (got[0].pts < 0 || k.source.Kind == demux.KindAudio) {
		got = got[1:]
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d frames, want %d", what, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if g, w := got[i], want[i]; g.hash != w.hash || g.size != w.size || g.pts < w.pts-1 || g.pts > w.pts+1 {
			t.Fatalf("%s: frame %d is %+v, want %+v", what, i, g, w)
		}
	}
}

// opens counts the track's open GOPs.
func (k *Track) opens() (n int) {
	for cut := range k.source.Cuts() {
		if cut.Lead > 0 {
			n++
		}
	}
	return n
}

func TestFFmpegDecodesTheSame(t *testing.T) {
	const picture, sound = "-f lavfi -i testsrc2=s=160x90:d=8", " -f lavfi -i sine=d=8:b=3"
	cases := []struct{ name, encode string }{
		{"b-frames", "-r 30 -c:v libx264 -bf 3 -g 48 -c:a aac -ar 48000"},
		{"open gop", "-r 24000/1001 -c:v libx264 -x264-params open-gop=1:bframes=3:keyint=26:scenecut=0 -c:a aac -ar 44100"},
		{"no b-frames", "-r 60000/1001 -c:v libx264 -bf 0 -g 60 -c:a libmp3lame -ar 44100"},
		{"negative ctts", "-r 25 -c:v libx264 -bf 2 -g 50 -movflags negative_cts_offsets -c:a ac3"},
		{"variable rate", "-vf select='not(eq(mod(n,7),3))*not(between(n,100,160))' -fps_mode vfr -c:v libx264 -bf 2 -g 45 -c:a eac3"},
		{"intra", "-r 25 -c:v libx264 -g 1 -c:a flac -strict -2"},
		{"slow", "-r 2 -c:v libx264 -bf 2 -g 5 -c:a libopus"},
		{"open gop, hevc", "-r 25 -c:v libx265 -x265-params log-level=error:open-gop=1:bframes=4:keyint=25:scenecut=0 -c:a alac"},
		{"hevc hvc1", "-r 25 -c:v libx265 -tag:v hvc1 -g 40 -x265-params log-level=error:open-gop=0 -c:a aac"},
		{"quicktime", "-f mov -r 25 -c:v libx264 -bf 2 -g 50 -c:a aac"},
		{"av1", "-r 25 -c:v libaom-av1 -cpu-used 8 -g 50 -c:a aac"},
		{"vp9", "-r 25 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 50 -c:a aac"},
		{"vp9 of 10 bits, flac of 24", "-r 25 -c:v libvpx-vp9 -profile:v 2 -deadline realtime -cpu-used 8 -g 50 -pix_fmt yuv420p10le -c:a flac -strict -2 -sample_fmt s32 -ar 96000"},
		{"vp9 with hidden frames, opus of 5.1", "-r 25 -c:v libvpx-vp9 -deadline good -cpu-used 5 -lag-in-frames 16 -auto-alt-ref 1 -g 60 -c:a libopus -ac 6"},
		{"av1 of 10 bits, aac of 5.1", "-r 25 -c:v libsvtav1 -preset 12 -svtav1-params lp=1 -g 50 -pix_fmt yuv420p10le -c:a aac -ac 6"},
		{"av1 with hidden frames, mp2", "-r 25 -t 3 -c:v libaom-av1 -cpu-used 8 -lag-in-frames 19 -g 60 -c:a mp2"},
		{"hevc of 10 bits, open gop", "-r 25 -c:v libx265 -tag:v hvc1 -pix_fmt yuv420p10le -x265-params log-level=error:open-gop=1:bframes=4:keyint=25:scenecut=0 -c:a eac3 -ac 6"},
		{"hevc with its sets in the samples", "-r 25 -c:v libx265 -tag:v hev1 -x265-params log-level=error:repeat-headers=1:keyint=40 -c:a alac -sample_fmt s32p"},
		{"h264 of 10 bits, mp3 at a low rate", "-r 25 -c:v libx264 -pix_fmt yuv420p10le -bf 2 -g 50 -c:a libmp3lame -ar 22050"},
		{"quicktime of hevc and alac", "-f mov -r 25 -c:v libx265 -tag:v hvc1 -x265-params log-level=error -g 50 -c:a alac"},
		{"quicktime with mp3", "-f mov -r 25 -c:v libx264 -bf 2 -g 50 -c:a libmp3lame"},
		{"quicktime with ac-3", "-f mov -r 25 -c:v libx264 -bf 2 -g 50 -c:a ac3"},
		{"video delayed", "-itsoffset 1.3 " + picture + sound + " -r 25 -c:v libx264 -bf 2 -g 50 -c:a aac"},
		{"audio delayed", picture + " -itsoffset 0.7" + sound + " -r 25 -c:v libx264 -bf 2 -g 50 -c:a aac"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "film.mp4")
			encode := c.encode
			if !strings.Contains(encode, sound) {
				encode = picture + sound + " " + encode
			}
			if !strings.Contains(encode, "svtav1") {
				encode += " -preset ultrafast"
			}
			if !strings.Contains(encode, "pix_fmt") {
				encode += " -pix_fmt yuv420p"
			}
			quietly(t, append(strings.Fields(encode), path)...)
			f := carried(t, path)
			if len(f.tracks) != 2 {
				t.Fatalf("%d tracks", len(f.tracks))
			}
			if strings.HasPrefix(c.name, "open gop") && f.tracks[0].opens() == 0 {
				t.Error("all GOPs are closed")
			}
			for _, k := range f.tracks {
				f.compare(t, k, path, 40, decoding)
			}
		})
	}
}
