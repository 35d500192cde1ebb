package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/language"

	"unreel/demux/source"
	"unreel/packager"
)

// probe is what ffprobe -show_format -show_streams tells of a file. Numbers that it writes as text stay text.
type probe struct {
	Format struct {
		Streams  int               `json:"nb_streams"`
		Start    string            `json:"start_time"`
		Duration string            `json:"duration"`
		Size     string            `json:"size"`
		Bitrate  string            `json:"bit_rate"`
		Tags     map[string]string `json:"tags"`
	} `json:"format"`
	Streams []probedStream `json:"streams"`
}

type probedStream struct {
	ID          string            `json:"id"` // 0x1
	Type        string            `json:"codec_type"`
	Codec       string            `json:"codec_name"`
	Tag         string            `json:"codec_tag_string"`
	Profile     string            `json:"profile"`
	Level       int               `json:"level"`
	Width       int               `json:"width"`
	Height      int               `json:"height"`
	PixelAspect string            `json:"sample_aspect_ratio"`
	Depth       string            `json:"bits_per_raw_sample"`
	Range       string            `json:"color_range"`
	Primaries   string            `json:"color_primaries"`
	Transfer    string            `json:"color_transfer"`
	Matrix      string            `json:"color_space"`
	SampleRate  string            `json:"sample_rate"`
	Channels    int               `json:"channels"`
	FrameRate   string            `json:"avg_frame_rate"`
	TimeBase    string            `json:"time_base"`
	Start       string            `json:"start_time"`
	Duration    string            `json:"duration"`
	Bitrate     string            `json:"bit_rate"`
	Frames      string            `json:"nb_frames"`
	Disposition map[string]int    `json:"disposition"`
	Tags        map[string]string `json:"tags"`
	Side        []struct {
		Type     string `json:"side_data_type"`
		Rotation int    `json:"rotation"`
		Profile  int    `json:"dv_profile"`
		Level    int    `json:"dv_level"`
	} `json:"side_data_list"`
}

// ffprobe asks the real one about a file; ok is false where it can't read it.
func ffprobe(t *testing.T, path string) (p probe, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "quiet", "-show_format", "-show_streams", "-of", "json", path)
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return p, false
	}
	if err := json.Unmarshal(out.Bytes(), &p); err != nil {
		t.Fatalf("ffprobe of %s: %v", path, err)
	}
	return p, len(p.Streams) > 0
}

// knownDifferences are the fields in which we and ffprobe differ knowingly, by file, with the reason. Fields of ffprobe's that we
// don't tell at all: names for people of what is told by code (codec_long_name, format_long_name), what only a decoder knows
// (pix_fmt, sample_fmt, field_order, has_b_frames, refs, chroma_location), guesses of its own (r_frame_rate, probe_score,
// display_aspect_ratio), vendor_id, and dispositions that no MP4 has.
var knownDifferences = map[string]string{
	"format start_time alfg+mp4-rust__audio_aac.m4a":                                            "iTunSMPB: ffmpeg takes iTunes' count of priming for a start",
	"start_time alfg+mp4-rust__audio_aac.m4a":                                                   "iTunSMPB",
	"format start_time ant-media+Ant-Media-Server__sample.m4a":                                  "iTunSMPB",
	"start_time ant-media+Ant-Media-Server__sample.m4a":                                         "iTunSMPB",
	"tag encoder ant-media+Ant-Media-Server__sample.m4a":                                        "it names two; the first is told",
	"level androidx+media__dvhe_05_05.mp4":                                                      "Dolby Vision 5 is named by its own profile, which dolby_vision tells",
	"profile androidx+media__dvhe_05_05.mp4":                                                    "Dolby Vision 5 is named by its own profile, which dolby_vision tells",
	"profile livepeer+catalyst-api__parametric-stereo-error.mp4":                                "SBR that nothing signals, and only a decoder finds",
	"sample_rate livepeer+catalyst-api__parametric-stereo-error.mp4":                            "SBR that nothing signals, and only a decoder finds",
	"channels strongcourage+fuzzing-corpus__test_av_vp9_mp3_180x320.mp4":                        "the sample entry says 2; MP3 frames say 1",
	"channels strongcourage+fuzzing-corpus__test_av_vp9_mp3_32x18.mp4":                          "the sample entry says 2; MP3 frames say 1",
	"width androidx+media__sample_with_fake_auxiliary_tracks.mp4":                               "the sample entry and the sequence header have it the other way round",
	"height androidx+media__sample_with_fake_auxiliary_tracks.mp4":                              "the sample entry and the sequence header have it the other way round",
	"color_range flutter+packages__video.6ecba359.mp4":                                          "yuvj420p, by the decoder",
	"color_range slhck+ffmpeg-bitrate-stats__without_timestamps.mp4":                            "RGB, by the decoder",
	"color_space slhck+ffmpeg-bitrate-stats__without_timestamps.mp4":                            "RGB, by the decoder",
	"color_space AcademySoftwareFoundation+EncodingGuidelines__test444-test_12_444-libx265.mp4": "colr says BT.709, the sequence header RGB",
	"color_space androidx+media__h265_with_metadata_track.mp4":                                  "colr says SMPTE 170M, the sequence header BT.470 BG",
	"color_transfer androidx+media__h265_with_metadata_track.mp4":                               "colr says BT.709, the sequence header SMPTE 170M",
	"color_transfer flutter+packages__video.6ecba359.mp4":                                       "colr says BT.709, the sequence header SMPTE 170M",
	"color_transfer flutter+plugins__keyboard-landscape.mp4":                                    "colr says BT.709, the sequence header SMPTE 170M",
	"avg_frame_rate Vanilagy+mediabunny__cursed-vfr.mp4":                                        "ours leaves out how long the last frame is held",
	"avg_frame_rate androidx+media__pixel-motion-photo-2-hevc-tracks.mp4":                       "ours leaves out how long the last frame is held",
	"avg_frame_rate androidx+media__sample_empty_track.mp4":                                     "ours leaves out how long the last frame is held",
	"avg_frame_rate androidx+media__sample_with_fake_auxiliary_tracks.mp4":                      "an auxiliary track, of which nothing is delivered",
	"avg_frame_rate jwplayer+jwplayer__barsandtone.eb938e65.mp4":                                "ours leaves out how long the last frame is held",
	"avg_frame_rate rails+rails__video.mp4":                                                     "ours leaves out how long the last frame is held",
	"duration androidx+media__dolbyVision-hdr.MOV":                                              "ours ends with the last frame that is delivered whole",
	"duration androidx+media__iibbibb_editlist_videoonly.mp4":                                   "several edits",
	"duration opencast+opencast__vonly.e0d3350d.mov":                                            "ours ends with the last frame that is delivered whole",
	"duration slhck+ffmpeg-bitrate-stats__test_keyframes.mp4":                                   "ours ends with the last frame that is delivered whole",
	"duration JamesHeinrich+getID3-testfiles__crappy-01.mov":                                    "ours ends with the last frame that is delivered whole",
}

// knownFiles are told of otherwise altogether.
var knownFiles = map[string]string{
	"w3c+web-platform-tests__four-colors.mp4":                                  "its samples hold another sequence header than its sample entry",
	"w3c+web-platform-tests__test-av-384k-44100Hz-1ch-320x240-30fps-10kfr.mp4": "cut short: ffprobe believes the moov, we count what is there",
}

// comparison collects where we and ffprobe differ, by field.
type comparison struct {
	file     string
	differs  map[string][]string
	compared map[string]int
}

func (c *comparison) same(field, ours, theirs string) {
	theirs = strings.TrimLeft(theirs, "\x1f#") // a Pascal string's length, in files of MainConcept
	if theirs == "" || theirs == "unknown" || theirs == "N/A" {
		return // it doesn't tell
	}
	c.compared[field]++
	if ours != theirs && knownDifferences[field+" "+c.file] == "" {
		c.differs[field] = append(c.differs[field], fmt.Sprintf("%s: %q, ffprobe %q", c.file, ours, theirs))
	}
}

func (c *comparison) near(field string, ours float64, theirs string, within float64) {
	want, err := strconv.ParseFloat(theirs, 64)
	if err != nil {
		return
	}
	c.compared[field]++
	if math.Abs(ours-want) > within && knownDifferences[field+" "+c.file] == "" {
		c.differs[field] = append(c.differs[field], fmt.Sprintf("%s: %v, ffprobe %v", c.file, ours, want))
	}
}

// TestInfoTellsWhatFFprobeTells compares what /info/ answers, field by field, with ffprobe on films of the corpus that both can
// read: every third, and with -short every thirtieth.
func TestInfoTellsWhatFFprobeTells(t *testing.T) {
	if _, err := exec.LookPath("ffprobe"); err != nil {
		t.Skip("ffprobe is not installed: make test installs it")
	}
	corpus := corpusDir(t)
	every, names := 3, []string(nil) // ffprobe takes a tenth of a second for each
	if testing.Short() {
		every = 30
	}
	for i, name := range mediaFiles(t, corpus, "good", "odd") {
		if i%every == 0 {
			names = append(names, name)
		}
	}
	dir, err := source.OpenDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cfg := defaultConfig()
	p := newInspector(&cfg, dir, slog.New(slog.DiscardHandler))
	defer p.close()

	all := comparison{differs: map[string][]string{}, compared: map[string]int{}}
	var mu sync.Mutex
	next := make(chan string)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for name := range next {
				theirs, ok := ffprobe(t, filepath.Join(corpus, filepath.FromSlash(name)))
				info, failed := p.Inspect(t.Context(), packager.Entry{Title: "film", Files: []packager.File{{Path: name}}})
				if !ok || failed != nil || knownFiles[filepath.Base(name)] != "" || len(info.Renditions[0].Tracks) == 0 {
					continue
				}
				mu.Lock()
				all.file = filepath.Base(name)
				all.film(&info.Renditions[0], &theirs)
				mu.Unlock()
			}
		})
	}
	for _, name := range names {
		next <- name
	}
	close(next)
	workers.Wait()
	for field, list := range all.differs {
		t.Errorf("%s: %d of %d differ:\n%s", field, len(list), all.compared[field], strings.Join(list, "\n"))
	}
	t.Log(all.compared)
}

// toldTags are the tags that are told, by ffprobe's names. Others are not: what a shop or a player keeps in a file (sort_*,
// iTun*, gapless_playback, media_type), lyrics, links, and where it was taken (location), which is nobody's business.
func toldTags() []string {
	return strings.Fields("title artist album date comment encoder genre composer grouping copyright description synopsis " +
		"album_artist show episode_id network")
}

// neverTold are QuickTime's keys that are left out: places, and those whose values are no texts.
func neverTold(name string) bool {
	return strings.Contains(name, ".location.") || strings.Contains(name, ".player.movie.") || strings.HasSuffix(name, "-intent")
}

// nearest is the one of our answers that is nearest to what ffprobe tells: it takes durations sometimes from the edit list,
// sometimes from the media.
func nearest(theirs string, ours ...float64) float64 {
	want, _ := strconv.ParseFloat(theirs, 64)
	return slices.MinFunc(ours, func(a, b float64) int { return cmp.Compare(math.Abs(a-want), math.Abs(b-want)) })
}

// bcp47 is the tag of a language that ffprobe tells by ISO 639-2.
func bcp47(code string) string {
	tag, err := language.Parse(code)
	if code == "" || err != nil {
		return ""
	}
	return tag.String()
}

func (c *comparison) film(ours *packager.RenditionInfo, theirs *probe) {
	f := &theirs.Format
	c.same("size", strconv.FormatInt(ours.Bytes, 10), f.Size)
	c.same("major_brand", ours.Brand, f.Tags["major_brand"])
	c.same("minor_version", strconv.FormatUint(uint64(ours.Minor), 10), f.Tags["minor_version"])
	c.same("compatible_brands", strings.Join(ours.Compatible, ""), f.Tags["compatible_brands"])
	c.same("creation_time", probedTime(ours.Created), f.Tags["creation_time"])
	if slices.ContainsFunc(ours.Tracks, func(t packager.TrackInfo) bool { return t.Refusal == "" && t.Kind != "other" }) {
		c.near("format duration", nearest(f.Duration, ours.Seconds, ours.Movie, ours.Seconds-ours.Start), f.Duration, 0.05)
		c.near("format start_time", max(ours.Start, 0), f.Start, 0.05)
	}
	if d, err := strconv.ParseFloat(f.Duration, 64); err == nil && math.Abs(d-ours.Seconds) < d/1000 {
		c.near("format bit_rate", float64(ours.Bitrate), f.Bitrate, float64(ours.Bitrate)/100)
	}
	for name, value := range f.Tags {
		if told := slices.Contains(toldTags(), name); told || strings.HasPrefix(name, "com.apple.quicktime.") && !neverTold(name) {
			c.same("tag "+name, ours.TextTags[name], value)
		}
	}
	for name := range ours.TextTags {
		if strings.Contains(strings.ToLower(name), "location") {
			c.differs["location"] = append(c.differs["location"], c.file+": is told: "+name)
		}
	}
	for i := range theirs.Streams {
		s := &theirs.Streams[i]
		id, err := strconv.ParseUint(s.ID, 0, 32)
		at := slices.IndexFunc(ours.Tracks, func(t packager.TrackInfo) bool { return err == nil && uint64(t.ID) == id })
		if at >= 0 && (s.Type == "video" || s.Type == "audio") && ours.Tracks[at].Kind == s.Type && ours.Tracks[at].Refusal == "" {
			c.track(&ours.Tracks[at], s)
		}
	}
}

// probedTime is a time as ffprobe writes it.
func probedTime(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format("2006-01-02T15:04:05.000000Z")
}

func (c *comparison) track(ours *packager.TrackInfo, theirs *probedStream) {
	c.same("codec_name", strings.ToLower(strings.NewReplacer(".", "", "-", "", "MPEG-4 Visual", "mpeg4").Replace(ours.Codec)), theirs.Codec)
	c.same("codec_tag_string", ours.Tag, theirs.Tag)
	c.same("profile", ours.Profile, theirs.Profile)
	c.same("time_base", "1/"+strconv.FormatUint(uint64(ours.Timescale), 10), theirs.TimeBase)
	c.same("nb_frames", strconv.Itoa(ours.Samples), theirs.Frames)
	c.near("bit_rate", float64(ours.Bitrate), theirs.Bitrate, float64(ours.Bitrate)/100+2)
	shown := ours.Start + ours.Seconds - max(ours.Start, 0) // what stands before time 0 is not heard
	c.near("duration", nearest(theirs.Duration, shown, ours.Media), theirs.Duration, 0.05)
	c.near("start_time", max(ours.Start, 0), theirs.Start, 0.05)
	if ours.Language != "" || theirs.Tags["language"] != "eng" { // code 0 is none in an MP4, which ffmpeg reads as QuickTime's English
		c.same("language", cmp.Or(ours.Language, "und"), bcp47(theirs.Tags["language"]))
	}
	c.same("stream creation_time", probedTime(ours.Created), theirs.Tags["creation_time"])
	c.same("handler_name", ours.Name, theirs.Tags["handler_name"])
	c.same("encoder", ours.Encoder, theirs.Tags["encoder"])
	c.same("default", strconv.FormatBool(ours.Default), strconv.FormatBool(theirs.Disposition["default"] == 1))
	if a := ours.Audio; a != nil {
		c.same("sample_rate", strconv.Itoa(a.SampleRate), theirs.SampleRate)
		c.same("channels", strconv.Itoa(a.Channels), strconv.Itoa(theirs.Channels))
	}
	if v := ours.Video; v != nil {
		c.picture(ours, v, theirs)
	}
}

func (c *comparison) picture(ours *packager.TrackInfo, v *packager.VideoInfo, theirs *probedStream) {
	c.same("width", strconv.Itoa(v.Width), strconv.Itoa(theirs.Width))
	c.same("height", strconv.Itoa(v.Height), strconv.Itoa(theirs.Height))
	if theirs.PixelAspect != "0:1" {
		c.same("sample_aspect_ratio", fmt.Sprintf("%d:%d", v.PixelAspect[0], v.PixelAspect[1]), theirs.PixelAspect)
	}
	if theirs.Level > 0 {
		c.same("level", ours.Level, probedLevel(theirs))
	}
	c.same("bits_per_raw_sample", strconv.Itoa(v.BitDepth), theirs.Depth)
	c.same("color_primaries", v.Colour.Primaries, theirs.Primaries)
	c.same("color_transfer", v.Colour.Transfer, theirs.Transfer)
	c.same("color_space", v.Colour.Matrix, theirs.Matrix)
	if theirs.Range != "" {
		c.same("color_range", strconv.FormatBool(v.Colour.FullRange), strconv.FormatBool(theirs.Range == "pc"))
	}
	if num, den, ok := strings.Cut(theirs.FrameRate, "/"); ok && den != "0" {
		n, _ := strconv.ParseFloat(num, 64)
		d, _ := strconv.ParseFloat(den, 64)
		c.near("avg_frame_rate", v.FrameRate, fmt.Sprint(n/d), v.FrameRate/100)
	}
	turned, dolby := 0, ""
	for _, side := range theirs.Side {
		switch side.Type {
		case "Display Matrix":
			turned = ((-side.Rotation)%360 + 360) % 360
		case "DOVI configuration record":
			dolby = fmt.Sprintf("%d.%02d", side.Profile, side.Level)
		}
	}
	c.same("rotation", strconv.Itoa(v.Rotation), strconv.Itoa(turned))
	c.same("dolby vision", v.DolbyVision, dolby)
}

// probedLevel is a level as people write it.
func probedLevel(s *probedStream) string {
	whole, tenth := s.Level/10, s.Level%10
	switch s.Codec {
	case "hevc":
		whole, tenth = s.Level/30, s.Level%30/3
	case "av1":
		whole, tenth = 2+s.Level/4, s.Level%4
	}
	return fmt.Sprintf("%d.%d", whole, tenth)
}
