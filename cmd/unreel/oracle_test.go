package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// zero90k is time 0 of every transport stream, in ticks of 90 kHz: ten seconds.
const zero90k = 900000

// frame is one decoded frame as ffmpeg's framehash muxer tells it, by murmur3: MD5 takes three times as long as to decode.
type frame struct {
	pts90k int64 // presentation time, rounded to 90 kHz
	hash   string
}

// needFFmpeg skips a test where the real ffmpeg is missing.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("compares with ffmpeg: -short leaves that out")
	}
	for _, tool := range []string{"ffmpeg", "ffprobe"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: make test installs it", tool)
		}
	}
}

// ffmpeg runs it to its end, and returns its output and all that it complained of.
func ffmpeg(t *testing.T, args ...string) (stdout []byte, complaints string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, "ffmpeg", append([]string{"-nostdin", "-v", "warning"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(&complaint, "ffmpeg %s: %v", strings.Join(args, " "), err)
	}
	return out.Bytes(), complaint.String()
}

// makeFilm has ffmpeg make a file in dir; args stand before its name.
func makeFilm(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, complaints := ffmpeg(t, append(append([]string{"-y"}, args...), path)...); !fileExists(path) {
		t.Fatalf("make %s: %s", name, complaints)
	}
	return path
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// decoded gives every frame of some streams ("v:0", "a:1") that ffmpeg decodes from an input, in order, in the input's own
// times, with its complaints. Nothing is rotated, dropped, doubled or trimmed to the sample on the way.
func decoded(t *testing.T, input string, streams ...string) (frames [][]frame, complaints string) {
	t.Helper()
	args := []string{"-copyts", "-noautorotate", "-flags2", "+skip_manual", "-i", input}
	for _, s := range streams {
		args = append(args, "-map", "0:"+s)
	}
	args = append(args, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framehash", "-hash", "murmur3", "-")
	out, complaints := ffmpeg(t, args...)
	frames, err := parseFrameHash(out, len(streams))
	if err != nil {
		t.Fatalf("framehash of %s: %v", input, err)
	}
	return frames, complaints
}

// parseFrameHash reads lines of "stream, dts, pts, duration, size, hash" below a "#tb <stream>: num/den" each.
func parseFrameHash(text []byte, streams int) (frames [][]frame, err error) {
	var i int
	var pts int64
	frames = make([][]frame, streams)
	num, den := make([]int64, streams), make([]int64, streams)
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if base, ok := strings.CutPrefix(line, "#tb "); ok {
			var n, d int64
			if _, err = fmt.Sscanf(base, "%d: %d/%d", &i, &n, &d); err != nil {
				return nil, err
			}
			num[i], den[i] = n, d
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.ReplaceAll(line, " ", ""), ",")
		if len(fields) < 6 {
			return nil, fmt.Errorf("line %q", line)
		}
		if i, err = strconv.Atoi(fields[0]); err != nil {
			return nil, err
		}
		if pts, err = strconv.ParseInt(fields[2], 10, 64); err != nil {
			return nil, err
		}
		frames[i] = append(frames[i], frame{pts90k: rescaleTo90k(pts, num[i], den[i]), hash: fields[5]})
	}
	return frames, nil
}

// rescaleTo90k rounds to nearest, halves away from zero.
func rescaleTo90k(pts, num, den int64) int64 {
	n := pts * num * 90000
	if n < 0 {
		return -((-n + den/2) / den)
	}
	return (n + den/2) / den
}

// newComplaints are the lines of what ffmpeg said that it didn't say of the MP4 too; numbers and addresses don't count.
func newComplaints(said, known string) string {
	bare := func(line string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
				return -1
			}
			return r
		}, line)
	}
	var seen []string
	for line := range strings.Lines(known) {
		seen = append(seen, bare(line))
	}
	var news strings.Builder
	for line := range strings.Lines(said) {
		if strings.Contains(line, "Increasing reorder buffer") {
			continue // an SPS that doesn't say how far pictures are reordered: in an MP4 the sample table tells, in TS only they do
		}
		if strings.Contains(line, "Cannot get correct #EXTINF value") {
			continue // less than a millisecond, as films of a single frame have it; 0 is the conformance checker's business
		}
		if strings.Contains(line, "set to default value to 1ms") {
			continue // a film that its edit list leaves a millisecond of
		}
		if strings.TrimSpace(line) != "" && !slices.Contains(seen, bare(line)) {
			news.WriteString(line)
		}
	}
	return news.String()
}

// sameFrames tells how what came through HLS or DASH, whose time 0 is zero, differs from what the MP4 holds; "" if it
// doesn't. What an edit list hides in the MP4 may stand before or after it.
func sameFrames(mp4, ours []frame, kind streamKind, zero int64) string {
	if len(mp4) == 0 {
		return "the MP4 decodes to nothing"
	}
	for len(ours) > 0 && len(mp4) > 1 && mp4[1].pts90k <= 0 && mp4[0].pts90k < ours[0].pts90k-zero-kind.ticks {
		mp4 = mp4[1:] // it ends before the film begins: hidden, and ffmpeg shows it only as it is told to skip nothing
	}
	if kind.name == audioFrames.name {
		mp4 = rising(mp4)
	}
	at := -1
	for i := range ours {
		if kind.near(ours[i].pts90k-zero, mp4[0].pts90k) {
			at = i
			break
		}
	}
	if at < 0 {
		first := "nothing"
		if len(ours) > 0 {
			first = fmt.Sprint(ours[0].pts90k - zero)
		}
		return fmt.Sprintf("the first frame, at %d, is missing; ours begin at %s", mp4[0].pts90k, first)
	}
	for i, want := range mp4 {
		if at+i >= len(ours) {
			return fmt.Sprintf("ours end after %d frames of %d", i, len(mp4))
		}
		got := ours[at+i]
		if !kind.near(got.pts90k-zero, want.pts90k) {
			return fmt.Sprintf("frame %d of %d is at %d, want %d", i, len(mp4), got.pts90k-zero, want.pts90k)
		}
		if got.hash != want.hash && i >= kind.settle {
			return fmt.Sprintf("frame %d of %d, at %d, has another content", i, len(mp4), want.pts90k)
		}
	}
	return ""
}

// rising leaves out the first frames of sound of which one is presented after the next: ffmpeg heeds composition offsets of
// sound, which no player should, and presents those that come too late together.
func rising(frames []frame) []frame {
	for i := min(5, len(frames)-2); i > 0; i-- {
		if frames[i].pts90k <= frames[i-1].pts90k {
			return frames[i+1:]
		}
	}
	return frames
}

// streamKind is how strictly two decodings of a kind of stream can agree.
type streamKind struct {
	name   string // in ffmpeg's stream specifiers
	ticks  int64  // of 90 kHz by which times may differ
	settle int    // frames within which a decoder that started elsewhere settles; only their times are compared
}

var (
	videoFrames = streamKind{name: "v", ticks: 1}
	// ffmpeg gives audio times in samples, which costs a tick more; AAC overlaps each frame with its neighbour, SBR with more.
	audioFrames = streamKind{name: "a", ticks: 3, settle: 3}
)

func (k streamKind) near(a, b int64) bool { return max(a-b, b-a) <= k.ticks }
