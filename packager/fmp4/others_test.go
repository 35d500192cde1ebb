package fmp4

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestMediacommonReads has a packager of another maker read what we write.
func TestMediacommonReads(t *testing.T) {
	f := open(t, testmedia.H264AAC(10).Bytes())
	for i, k := range f.tracks {
		var init fmp4.Init
		if err := init.Unmarshal(bytes.NewReader(k.Init())); err != nil {
			t.Fatal(err)
		}
		if len(init.Tracks) != 1 || init.Tracks[0].ID != trackID || init.Tracks[0].TimeScale != uint32(k.source.Timescale) {
			t.Fatalf("init section %+v", init.Tracks)
		}
		switch codec := init.Tracks[0].Codec.(type) {
		case *codecs.H264:
			if i != 0 || !bytes.Equal(codec.SPS, k.source.Video.SPS[0]) {
				t.Errorf("codec %+v", codec)
			}
		case *codecs.MPEG4Audio:
			if i != 1 || codec.Config.SampleRate != 48000 {
				t.Errorf("codec %+v", codec)
			}
		default:
			t.Errorf("codec %T", codec)
		}
		_, segments := f.concatenate(t, k, 60)
		c := k.source.Samples.From(k.source.First)
		for _, segment := range segments {
			var parts fmp4.Parts
			if err := parts.Unmarshal(segment); err != nil {
				t.Fatal(err)
			}
			for _, part := range parts {
				f.checkPart(t, k, part.Tracks[0], &c)
			}
		}
	}
}

func (f *film) checkPart(t *testing.T, k *Track, part *fmp4.PartTrack, c *demux.Cursor) {
	t.Helper()
	decode := int64(part.BaseTime)
	for i, got := range part.Samples {
		s, _ := c.Next()
		want := make([]byte, s.Size)
		if err := f.reader.ReadAt(t.Context(), want, s.Offset); err != nil {
			t.Fatal(err)
		}
		time := k.source.PresentationTime(&s) + k.advance
		sync := s.Sync && i > 0 || s.Sync && k.source.Kind == demux.KindAudio // mediacommon passes first_sample_flags over
		if !bytes.Equal(got.Payload, want) || got.IsNonSyncSample == sync || decode+int64(got.PTSOffset) != int64(time) ||
			got.Duration != uint32(s.Duration) {
			t.Fatalf("sample %+v at %d, want %+v at %d", got, decode, s, time)
		}
		decode += int64(got.Duration)
	}
}

// TestShakaPackagerMakesTheSame holds what shaka-packager makes of a file against ours: the same samples with the same
// bytes, times and sync flags, and the same codec strings.
func TestShakaPackagerMakesTheSame(t *testing.T) {
	system := map[string]string{"linux/amd64": "linux-x64", "linux/arm64": "linux-arm64", "darwin/amd64": "osx-x64", "darwin/arm64": "osx-arm64"}
	packager, err := filepath.Abs("../../handlers/web/node_modules/shaka-packager/bin/packager-" + system[runtime.GOOS+"/"+runtime.GOARCH])
	if err != nil {
		t.Fatal(err)
	}
	if _, err = os.Stat(packager); err != nil {
		t.Skip("shaka-packager is not installed: npm ci in handlers/web installs it")
	}
	const bt2020 = " -color_primaries bt2020 -colorspace bt2020nc -color_trc "
	const pq, hlg = bt2020 + "smpte2084", bt2020 + "arib-std-b67"
	cases := []struct{ name, encode string }{
		{"h264 aac", "-c:v libx264 -bf 3 -g 50 -c:a aac"},
		{"open gop and ac-3", "-c:v libx264 -x264-params open-gop=1:bframes=3:keyint=26:scenecut=0 -c:a ac3"},
		{"hevc e-ac-3", "-c:v libx265 -tag:v hvc1 -g 50 -x265-params log-level=error -c:a eac3"},
		{"av1 opus", "-c:v libaom-av1 -cpu-used 8 -g 50 -c:a libopus"},
		{"vp9 flac", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 50 -c:a flac -strict -2"},
		{"hevc hdr10 and ac-3 of 5.1", "-c:v libx265 -tag:v hvc1 -g 50 -x265-params log-level=error -pix_fmt yuv420p10le -c:a ac3 -ac 6" + pq},
		{"hevc hlg and opus of 5.1", "-c:v libx265 -tag:v hvc1 -g 50 -x265-params log-level=error -pix_fmt yuv420p10le -c:a libopus -ac 6" + hlg},
		{"vp9 pq alac", "-c:v libvpx-vp9 -profile:v 2 -deadline realtime -cpu-used 8 -g 50 -pix_fmt yuv420p10le -c:a alac" + pq},
		{"h264 pq", "-c:v libx264 -g 50 -pix_fmt yuv420p10le -c:a eac3 -ac 6" + pq},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "film.mp4")
			ffmpeg(t, append(strings.Fields("-f lavfi -i testsrc2=s=160x90:d=4 -f lavfi -i sine=d=4:b=3:r=48000 -r 25 "+
				"-pix_fmt yuv420p -preset ultrafast "+c.encode), path)...)
			var args []string
			for _, kind := range []string{"video", "audio"} {
				args = append(args, fmt.Sprintf("in=%[1]s,stream=%[2]s,init_segment=%[3]s/%[2]s/init.mp4,segment_template=%[3]s/%[2]s/$Number%%05d$.m4s",
					path, kind, dir))
			}
			run(t, packager, append(args, "--segment_duration", "2", "--mpd_output", dir+"/film.mpd", "--hls_master_playlist_output", dir+"/film.m3u8", "--quiet")...)
			f := carried(t, path)
			for i, kind := range []string{"video", "audio"} {
				f.compareShaka(t, f.tracks[i], filepath.Join(dir, kind), filepath.Join(dir, "film.mpd"))
			}
			master := string(load(t, filepath.Join(dir, "film.m3u8")))
			if f.tracks[0].source.Codec != demux.VP9 { // of which it says no range
				compareAttribute(t, master, "VIDEO-RANGE", regexp.MustCompile(`VIDEO-RANGE=(\w+)`), string(f.tracks[0].source.Video.Range))
			}
			compareAttribute(t, master, "CHANNELS", regexp.MustCompile(`CHANNELS="([^"]*)"`), f.tracks[1].source.Audio.ChannelSignal())
		})
	}
}

// compareAttribute holds what shaka-packager's master playlist says of a track against ours. SDR goes without saying there.
func compareAttribute(t *testing.T, master, name string, pattern *regexp.Regexp, ours string) {
	t.Helper()
	theirs := "SDR"
	if m := pattern.FindStringSubmatch(master); m != nil {
		theirs = m[1]
	}
	if theirs != ours {
		t.Errorf("shaka-packager's %s is %q, ours is %q", name, theirs, ours)
	}
}

func (f *film) compareShaka(t *testing.T, k *Track, folder, manifest string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "0*.m4s"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	stream := load(t, filepath.Join(folder, "init.mp4"))
	for _, file := range files {
		stream = append(stream, load(t, file)...)
	}
	ours, _ := f.concatenate(t, k, 40)
	got, want := samplesOf(t, ours), samplesOf(t, stream)
	if len(got) != len(want) {
		t.Errorf("%s: %d samples, shaka-packager has %d", k.CodecID(), len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		last := i == len(got)-1 && got[i].size == want[i].size // shaka-packager makes the last sample as long as the one before
		if got[i] != want[i] && !last {
			t.Fatalf("%s: sample %d is %+v, shaka-packager has %+v", k.CodecID(), i, got[i], want[i])
		}
	}
	type representation struct {
		Codecs string `xml:"codecs,attr"`
	}
	var mpd struct {
		Representations []representation `xml:"Period>AdaptationSet>Representation"`
	}
	if err = xml.Unmarshal(load(t, manifest), &mpd); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(mpd.Representations, func(r representation) bool {
		return strings.EqualFold(r.Codecs, k.CodecID())
	}) {
		t.Errorf("shaka-packager's codecs are %v, ours is %q", mpd.Representations, k.CodecID())
	}
}

func load(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A listed sample is one of a fragmented file.
type listed struct {
	time     int64 // of its presentation
	duration uint32
	size     int
	sync     bool
	hash     uint64
}

// samplesOf lists the samples of a fragmented file on the presentation's clock.
func samplesOf(t *testing.T, stream []byte) (list []listed) {
	t.Helper()
	file := parse(t, stream)
	var start int64
	if edts := file.Moov.Trak.Edts; edts != nil {
		start = edts.Elst[0].Entries[0].MediaTime
	}
	for _, segment := range file.Segments {
		for _, fragment := range segment.Fragments {
			samples, err := fragment.GetFullSamples(file.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			for i := range samples {
				list = append(list, listSample(&samples[i], start))
			}
		}
	}
	slices.SortStableFunc(list, func(a, b listed) int { return cmp.Compare(a.time, b.time) })
	return list
}

func listSample(s *mp4.FullSample, start int64) listed {
	hash := uint64(len(s.Data))
	for _, b := range s.Data {
		hash = hash*1099511628211 + uint64(b)
	}
	return listed{
		time: s.PresentationTime() - start, duration: s.Dur, size: len(s.Data), hash: hash,
		sync: !mp4.DecodeSampleFlags(s.Flags).SampleIsNonSync,
	}
}
