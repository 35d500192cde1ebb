package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/asticode/go-astits"
)

const (
	clockWrap  = 1 << 33 // of 90 kHz: ISO/IEC 13818-1 §2.4.3.5, §2.4.3.7
	longFilm   = 27 * 3600
	longGOP    = 30    // seconds
	longFrame  = 2     // seconds
	soundStart = 95000 // seconds; the clock wraps at 95433.7
	soundFrame = 1024 * 90000 / 8000
	wrapsIn    = (clockWrap - zero90k) / 90000 / longGOP // the segment in which the clock wraps
)

// TestClockWraps plays a film of 27 hours, so that every clock of its transport stream passes 2^33. Its sound begins just
// before: that is enough of it.
func TestClockWraps(t *testing.T) {
	needFFmpeg(t)
	library := t.TempDir()
	picture := makeFilm(t, library, "silent.mp4", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=16x16:rate=1/%d:duration=%d", longFrame, longFilm),
		"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", fmt.Sprint(longGOP/longFrame), "-pix_fmt", "yuv420p")
	makeFilm(t, library, "sounding.mp4", "-i", picture, "-itsoffset", fmt.Sprint(soundStart),
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:beep_factor=4:sample_rate=8000:duration=%d", longFilm-soundStart),
		"-map", "0", "-map", "1", "-c:v", "copy", "-c:a", "aac", "-b:a", "8k")
	base := startServer(t, library)
	t.Run("all of the picture", func(t *testing.T) { wrappedPicture(t, base, picture) })
	t.Run("the sound around the wrap", func(t *testing.T) { wrappedSound(t, base, filepath.Join(library, "sounding.mp4")) })
}

// wrappedPicture compares every frame that ffmpeg decodes through HLS with those of the file.
func wrappedPicture(t *testing.T, base, path string) {
	t.Helper()
	info := fetchInfo(t, base, "silent")
	want, _ := decoded(t, path, "v:0")
	got, complaints := decoded(t, base+"hls/silent/"+info.Streams[0].Playlist, "v:0")
	if problem := sameFrames(want[0], got[0], videoFrames, zero90k); problem != "" {
		t.Error(problem)
	}
	if n := longFilm / longFrame; len(want[0]) != n || len(got[0]) != n {
		t.Errorf("%d frames of the file and %d through HLS, want %d", len(want[0]), len(got[0]), n)
	}
	if complaints = exceptWrapped(complaints); complaints != "" {
		t.Errorf("ffmpeg complains: %s", complaints)
	}
}

// exceptWrapped leaves out what ffmpeg says of a frame that is decoded before the wrap and shown after it, in its own
// transport streams too: its reader of one segment takes the 33 bits for numbers.
func exceptWrapped(complaints string) string {
	invalid := regexp.MustCompile(`Invalid timestamps stream=0, pts=(\d+), dts=(\d+)`)
	var rest strings.Builder
	for line := range strings.Lines(complaints) {
		if found := invalid.FindStringSubmatch(line); found != nil {
			pts, _ := strconv.ParseInt(found[1], 10, 64)
			dts, _ := strconv.ParseInt(found[2], 10, 64)
			if late := pts + clockWrap - dts; late >= 0 && late < 10*90000 {
				continue
			}
		}
		rest.WriteString(line)
	}
	return rest.String()
}

// wrappedSound reads the segments around the wrap as one transport stream: packet by packet, and with ffmpeg.
func wrappedSound(t *testing.T, base, path string) {
	t.Helper()
	client := newClient(t)
	lists, err := playlistsBelow(t.Context(), client, masterOf(base, "sounding"))
	if err != nil {
		t.Fatal(err)
	}
	var window bytes.Buffer
	for _, p := range lists[0].pieces[wrapsIn-2 : wrapsIn+3] {
		var a answered
		a, err = ask(t.Context(), client, http.MethodGet, p.url)
		if err != nil || a.status != http.StatusOK {
			t.Fatal(a.status, err)
		}
		window.Write(a.body)
	}
	if err = packetsRunOn(window.Bytes()); err != nil {
		t.Error(err)
	}
	times, err := timesOf(window.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for pid, list := range times {
		if err = timesRunOn(list); err != nil {
			t.Errorf("PID %d: %v", pid, err)
		}
	}
	file := filepath.Join(t.TempDir(), "window.ts")
	if err = os.WriteFile(file, window.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	want, _ := decoded(t, path, "a:0")
	got, complaints := decoded(t, file, "a:0")
	if complaints != "" {
		t.Errorf("ffmpeg complains: %s", complaints)
	}
	soundIsThere(t, want[0], got[0])
}

// soundIsThere finds each decoded frame of a window, but for the first few, among those of the file.
func soundIsThere(t *testing.T, want, got []frame) {
	t.Helper()
	if wanted := 5 * longGOP * 90000 / soundFrame; len(got) < wanted-5 {
		t.Errorf("%d frames of sound, want %d", len(got), wanted)
	}
	for _, f := range got[min(audioFrames.settle, len(got)):] {
		at := want[0].pts90k + passed(want[0].pts90k, f.pts90k-zero90k) // ffmpeg may begin before zero, or end beyond 33 bits
		i := (at - want[0].pts90k + soundFrame/2) / soundFrame
		if i < 0 || i >= int64(len(want)) || !audioFrames.near(at, want[i].pts90k) || want[i].hash != f.hash {
			t.Fatalf("a frame of sound at %d of 90 kHz is not in the file", at)
		}
	}
}

// passed is the time from one reading of a clock to another, over the wrap.
func passed(from, to int64) int64 { return (to - from) & (clockWrap - 1) }

// packetsRunOn holds the continuity counters of every PID (§2.4.3.3), and the PCR: it rises, by 100 ms at most (§2.7.2).
func packetsRunOn(stream []byte) error {
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(stream), astits.DemuxerOptPacketSize(packetBytes))
	counters := map[uint16]uint8{}
	var clock int64 = -1
	for n := 0; ; n++ {
		p, err := demuxer.NextPacket()
		if errors.Is(err, astits.ErrNoMorePackets) {
			if n != len(stream)/packetBytes {
				return fmt.Errorf("%d packets read of %d", n, len(stream)/packetBytes)
			}
			return nil
		}
		if err != nil {
			return err
		}
		want := counters[p.Header.PID]
		if p.Header.HasPayload {
			want = (want + 1) & 15
		}
		if _, known := counters[p.Header.PID]; known && p.Header.ContinuityCounter != want {
			return fmt.Errorf("packet %d: PID %d counts %d, want %d", n, p.Header.PID, p.Header.ContinuityCounter, want)
		}
		counters[p.Header.PID] = p.Header.ContinuityCounter
		if p.AdaptationField == nil || !p.AdaptationField.HasPCR {
			continue
		}
		now := p.AdaptationField.PCR.Base
		if clock >= 0 && passed(clock, now) > 9000 {
			return fmt.Errorf("packet %d: PCR goes from %d to %d", n, clock, now)
		}
		clock = now
	}
}

// stamp is when an access unit is decoded and presented, 33 bits of 90 kHz each.
type stamp struct{ dts, pts int64 }

// timesOf are the time stamps of all PES packets, by PID.
func timesOf(stream []byte) (map[uint16][]stamp, error) {
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(stream), astits.DemuxerOptPacketSize(packetBytes))
	times := map[uint16][]stamp{}
	for {
		data, err := demuxer.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			if len(times) != 2 {
				return nil, fmt.Errorf("PES on %d PIDs, want two", len(times))
			}
			return times, nil
		}
		if err != nil {
			return nil, err
		}
		if data.PES == nil {
			continue
		}
		header := data.PES.Header.OptionalHeader
		if header == nil || header.PTS == nil {
			return nil, fmt.Errorf("PES %d of PID %d has no PTS", len(times[data.PID]), data.PID)
		}
		s := stamp{header.PTS.Base, header.PTS.Base}
		if header.DTS != nil {
			s.dts = header.DTS.Base
		}
		times[data.PID] = append(times[data.PID], s)
	}
}

// timesRunOn holds that decoding times rise, by a second or so at most, that nothing is presented before it is decoded,
// and that the clock wraps once.
func timesRunOn(list []stamp) error {
	wraps := 0
	for i, s := range list {
		if ahead := passed(s.dts, s.pts); ahead > 4*longFrame*90000 {
			return fmt.Errorf("PES %d is decoded at %d and presented at %d", i, s.dts, s.pts)
		}
		if i == 0 {
			continue
		}
		if step := passed(list[i-1].dts, s.dts); step == 0 || step > longFrame*90000 {
			return fmt.Errorf("PES %d is decoded at %d, the one before at %d", i, s.dts, list[i-1].dts)
		}
		if s.dts < list[i-1].dts {
			wraps++
		}
	}
	if wraps != 1 {
		return fmt.Errorf("the clock wraps %d times in %d PES", wraps, len(list))
	}
	return nil
}
