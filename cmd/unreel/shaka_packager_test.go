package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	dashmpd "github.com/Eyevinn/dash-mpd/mpd"
	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
)

// shakaPackager is the path of the program that npm's shaka-packager ships, or a skip that says why.
func shakaPackager(t *testing.T) string {
	t.Helper()
	system := map[string]string{"linux/amd64": "linux-x64", "linux/arm64": "linux-arm64", "darwin/amd64": "osx-x64", "darwin/arm64": "osx-arm64"}
	path, err := filepath.Abs("../../handlers/web/node_modules/shaka-packager/bin/packager-" + system[runtime.GOOS+"/"+runtime.GOARCH])
	if err != nil {
		t.Fatal(err)
	}
	if _, err = os.Stat(path); err != nil {
		t.Skip("shaka-packager is not installed: npm ci in handlers/web installs it")
	}
	return path
}

// A packedSample is one sample of a fragmented file, on the presentation's clock.
type packedSample struct {
	time     int64
	duration uint32
	size     int
	sync     bool
	hash     uint64
}

// packedTrack is a track as a packager wrote it.
type packedTrack struct {
	codec     string // by the MPD
	timescale uint32
	samples   []packedSample // in the order of their decoding
	file      []byte         // init section and segments
}

// unpack reads an init section and its segments with mp4ff. Its edit list takes back what it says.
func unpack(file []byte) (k packedTrack, err error) {
	f, err := mp4.DecodeFile(bytes.NewReader(file))
	if err != nil || f.Moov == nil {
		return k, fmt.Errorf("mp4ff: %w", err)
	}
	k.timescale, k.file = f.Moov.Trak.Mdia.Mdhd.Timescale, file
	start := int64(0)
	if edts := f.Moov.Trak.Edts; edts != nil && len(edts.Elst) > 0 && len(edts.Elst[0].Entries) > 0 {
		start = max(edts.Elst[0].Entries[0].MediaTime, 0)
	}
	for _, segment := range f.Segments {
		for _, fragment := range segment.Fragments {
			samples, failed := fragment.GetFullSamples(f.Moov.Mvex.Trex)
			if failed != nil {
				return k, failed
			}
			for i := range samples {
				s := &samples[i]
				h := fnv.New64a()
				_, _ = h.Write(s.Data) // a hash never fails
				k.samples = append(k.samples, packedSample{
					time: int64(s.DecodeTime) + int64(s.CompositionTimeOffset) - start, duration: s.Dur, size: len(s.Data), sync: !mp4.DecodeSampleFlags(s.Flags).SampleIsNonSync, hash: h.Sum64(),
				})
			}
		}
	}
	return k, nil
}

// packedByShaka has shaka-packager make a DASH presentation of a file's first picture and first sound, and reads it. What it
// refuses, or finds none of, is missing.
func packedByShaka(t *testing.T, packager, file, kind string) (k packedTrack, ok bool) {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, packager, fmt.Sprintf("in=%s,stream=%s,init_segment=init.mp4,segment_template=$Number%%05d$.m4s", file, kind),
		"--segment_duration", "6", "--generate_static_live_mpd", "--mpd_output", "film.mpd", "--quiet")
	cmd.Dir = dir
	if cmd.Run() != nil {
		return k, false
	}
	presentation, err := dashmpd.ReadFromFile(filepath.Join(dir, "film.mpd"))
	segments, _ := filepath.Glob(filepath.Join(dir, "0*.m4s")) // the pattern is sound
	if err != nil || len(segments) == 0 {
		return k, false
	}
	var all []byte
	for _, name := range append([]string{filepath.Join(dir, "init.mp4")}, segments...) {
		b, failed := os.ReadFile(name)
		if failed != nil {
			return k, false
		}
		all = append(all, b...)
	}
	if k, err = unpack(all); err != nil {
		t.Fatalf("what shaka-packager wrote: %v", err)
	}
	k.codec = presentation.Periods[0].AdaptationSets[0].Representations[0].GetCodecs()
	return k, len(k.samples) > 0
}

// packedByUs reads what a title's MPD leads to: the track of a kind that the file has first.
func packedByUs(t *testing.T, base, title, kind string) (k packedTrack, ok bool) {
	t.Helper()
	address := base + "cmaf/" + escapeTitle(title) + "/manifest.mpd"
	status, text := getBody(t, address)
	if status != http.StatusOK {
		return k, false
	}
	presentation, err := dashmpd.ReadFromString(text)
	if err != nil {
		t.Fatal(err)
	}
	var found *dashmpd.RepresentationType
	first := 0
	for _, set := range presentation.Periods[0].AdaptationSets {
		for _, rep := range set.Representations {
			at := strings.LastIndexAny(rep.Id, "-") + 2
			number, failed := strconv.Atoi(rep.Id[at:])
			if failed == nil && string(set.ContentType) == kind && (found == nil || number < first) {
				found, first = rep, number
			}
		}
	}
	if found == nil {
		return k, false
	}
	relative := func(uri string) []byte {
		from, failed := url.Parse(address)
		if failed != nil {
			t.Fatal(failed)
		}
		to, failed := from.Parse(uri)
		if failed != nil {
			t.Fatal(failed)
		}
		code, body := getBody(t, to.String())
		if code != http.StatusOK {
			t.Fatalf("%s: %d %s", to, code, body)
		}
		return []byte(body)
	}
	template := found.SegmentTemplate
	timeline := template.SegmentTimeline
	if timeline == nil {
		timeline = found.GetSegmentTemplate().SegmentTimeline
	}
	if timeline == nil {
		timeline = found.Parent().SegmentTemplate.SegmentTimeline
	}
	all := relative(template.Initialization)
	at, number := uint64(0), 0
	for _, s := range timeline.S {
		if s.T != nil {
			at = *s.T
		}
		for range s.R + 1 {
			all = append(all, relative(strings.NewReplacer("$Number$", strconv.Itoa(number), "$Time$", strconv.FormatUint(at, 10)).Replace(template.Media))...)
			at, number = at+s.D, number+1
		}
	}
	if k, err = unpack(all); err != nil {
		t.Logf("%s: %v", title, err)
		return k, false
	}
	k.codec = found.GetCodecs()
	return k, true
}

// difference tells two packagers' tracks apart, "" where they are the same. shaka-packager leaves the source's edit list aside: it has
// what that hides before and after, and all its times may be apart by the same. It also leaves hev1 and avc3 as they are.
func (k *packedTrack) difference(theirs *packedTrack) string {
	hidden := len(theirs.samples) - len(k.samples)
	outOfBand := strings.NewReplacer("hev1", "hvc1", "avc3", "avc1").Replace(theirs.codec)
	switch {
	case !strings.EqualFold(k.codec, outOfBand):
		return fmt.Sprintf("codec %s, theirs is %s", k.codec, theirs.codec)
	case k.timescale != theirs.timescale:
		return fmt.Sprintf("timescale %d, theirs is %d", k.timescale, theirs.timescale)
	case hidden < 0:
		return fmt.Sprintf("%d samples, they have %d", len(k.samples), len(theirs.samples))
	}
	why := ""
	for first := range hidden + 1 {
		if why = k.differs(theirs.samples[first:]); why == "" {
			return ""
		}
	}
	return why
}

// differs holds the samples to as many of another's.
func (k *packedTrack) differs(theirs []packedSample) string {
	shift := k.samples[0].time - theirs[0].time
	for i, ours := range k.samples {
		other := theirs[i]
		other.time += shift
		if i == len(theirs)-1 {
			other.duration = ours.duration // they make the last as long as the one before
		}
		if ours != other {
			return fmt.Sprintf("sample %d is %+v, theirs is %+v", i, ours, other)
		}
	}
	return ""
}

// reread has a packager of another maker read the same bytes, and tells what it sees otherwise.
func (k *packedTrack) reread() string {
	var init fmp4.Init
	if err := init.Unmarshal(bytes.NewReader(k.file)); err != nil {
		return "init section: " + err.Error()
	}
	if len(init.Tracks) != 1 || init.Tracks[0].TimeScale != k.timescale {
		return fmt.Sprintf("init section of %d tracks", len(init.Tracks))
	}
	at := bytes.Index(k.file, []byte("styp")) - 4
	var parts fmp4.Parts
	if err := parts.Unmarshal(k.file[max(at, 0):]); err != nil {
		return "segments: " + err.Error()
	}
	n := 0
	for _, part := range parts {
		n += len(part.Tracks[0].Samples)
	}
	if n != len(k.samples) {
		return fmt.Sprintf("%d samples, mp4ff reads %d", n, len(k.samples))
	}
	return ""
}

// disagreements are tracks of which another maker is known to see something else, and why.
var disagreements = map[string]string{
	"photoprism+photoprism__blue-go-video.mp4 video":                       "its avcC says another profile than its SPS, which decoders go by",
	"androidx+media__dvhe_05_05.mp4 video":                                 "mediacommon knows no Dolby Vision",
	"androidx+media__sample_unrecognized_hevc_sei.mp4 video":               "mediacommon reads no second SPS",
	"androidx+media__sample_with_color_info.mp4 video":                     "mediacommon reads no second SPS",
	"joeyparrish+shaka-packager__decrypted-bear-640x360-video-0.mp4 video": "mediacommon looks for another sample entry",
	"joeyparrish+shaka-packager__bear-640x360-ac3-audio.mp4 audio":         "a fragment begins a tick late, which shaka-packager leaves as a gap",
	"joeyparrish+shaka-packager__bear-alac-audio.mp4 audio":                "mediacommon knows no ALAC",
}

// packedFiles are real files of many codecs: H.264, HEVC, AV1, VP9, Dolby Vision, AAC, AC-3, E-AC-3, Opus, FLAC and ALAC.
var packedFiles = []string{"joeyparrish+shaka-packager__", "androidx+media__", "Vanilagy+mediabunny__", "meta-pytorch+", "photoprism+"}

// TestShakaPackagerAgrees holds what we make of real files and of the demo against what shaka-packager makes of them: the same
// samples, times, sync flags and codec strings, by an MPD each. A reader of a third maker reads ours too.
func TestShakaPackagerAgrees(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred files")
	}
	packager := shakaPackager(t)
	f := func(base, title, file string, compared *int) {
		t.Helper()
		for _, kind := range []string{"video", "audio"} {
			ours, ok := packedByUs(t, base, title, kind)
			if !ok {
				continue
			}
			_, known := disagreements[filepath.Base(file)+" "+kind]
			wrong := ours.reread()
			theirs, ok := packedByShaka(t, packager, file, kind)
			if ok {
				*compared++
			}
			if ok && wrong == "" {
				wrong = ours.difference(&theirs)
			}
			if (wrong != "") != known {
				t.Errorf("%s, %s: %q, and it is %v that this is known", file, kind, wrong, known)
			}
		}
	}
	t.Run("demo", func(t *testing.T) {
		base, compared := startServer(t, "demo"), 0
		file, err := filepath.Abs(filepath.Join("demo", "countdown", "240p.mp4"))
		if err != nil {
			t.Fatal(err)
		}
		if f(base, "countdown", file, &compared); compared != 2 {
			t.Errorf("%d tracks were compared, want 2", compared)
		}
	})
	t.Run("corpus", func(t *testing.T) {
		corpus := corpusDir(t)
		base, compared := startServer(t, corpus), 0
		for _, name := range mediaFiles(t, corpus, "good", "fragmented") {
			if slices.ContainsFunc(packedFiles, func(prefix string) bool { return strings.HasPrefix(filepath.Base(name), prefix) }) {
				f(base, strings.TrimSuffix(name, filepath.Ext(name)), filepath.Join(corpus, filepath.FromSlash(name)), &compared)
			}
		}
		if compared < 60 {
			t.Errorf("only %d tracks were compared", compared)
		}
	})
}
