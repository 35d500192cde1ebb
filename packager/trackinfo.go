package packager

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"unreel/demux"
)

// TrackInfo is one track of a file.
type TrackInfo struct {
	ID        uint32     `json:"id"`
	Kind      string     `json:"kind"` // video, audio, text, other
	Codec     string     `json:"codec"`
	CodecID   string     `json:"codec_id"`            // RFC 6381
	Tag       string     `json:"codec_tag,omitempty"` // the sample entry's type
	Profile   string     `json:"profile,omitempty"`   // "High", "Main 10", "LC"
	Level     string     `json:"level,omitempty"`     // "4.1"
	Encoder   string     `json:"encoder,omitempty"`   // of pictures, as its sample entry says
	Language  string     `json:"language,omitempty"`
	Name      string     `json:"name,omitempty"`
	Default   bool       `json:"default"`           // tkhd enables it
	Refusal   string     `json:"refusal,omitempty"` // why no output carries it
	Timescale uint32     `json:"timescale"`
	Samples   int        `json:"samples"`
	Bytes     int64      `json:"size_bytes"`               // of all samples
	Bitrate   int64      `json:"bit_rate"`                 // average of all samples, bits per second
	Hidden    int        `json:"hidden_samples,omitempty"` // that the edit list hides and that are not delivered
	Start     float64    `json:"start_seconds"`
	Seconds   float64    `json:"duration_seconds"`
	Media     float64    `json:"media_seconds,omitempty"` // how long it lasts by its mdhd, whatever an edit list shows of it
	Created   *time.Time `json:"created,omitempty"`       // by its mdhd
	Formats   []string   `json:"formats,omitempty"`       // ts, cmaf: which may carry it
	Edits     []EditInfo `json:"edits,omitempty"`
	Video     *VideoInfo `json:"video,omitempty"`
	Audio     *AudioInfo `json:"audio,omitempty"`
}

// EditInfo is one entry of an edit list. MediaStart is -1 in an empty edit.
type EditInfo struct {
	Ticks      int64 `json:"duration_ticks"` // of the movie's timescale
	MediaStart int64 `json:"media_time"`     // in the track's timescale
}

// VideoInfo is what a picture is like.
type VideoInfo struct {
	Width       int          `json:"width"`
	Height      int          `json:"height"`
	PixelAspect [2]uint32    `json:"pixel_aspect"`
	Rotation    int          `json:"rotation_degrees"`
	Shown       [2]int       `json:"display_size"` // in square pixels, turned as it is to be shown
	FrameRate   float64      `json:"frame_rate"`   // average
	BitDepth    int          `json:"bit_depth,omitempty"`
	Range       string       `json:"video_range"` // SDR, PQ, HLG
	Colour      ColourInfo   `json:"colour"`
	DolbyVision string       `json:"dolby_vision,omitempty"` // profile and level, "8.02"
	Keyframes   KeyframeInfo `json:"keyframes"`
}

// ColourInfo is how sample values become light, by the names that ffmpeg has for the code points of ISO/IEC 23091-2. What is
// not told is "".
type ColourInfo struct {
	Primaries string `json:"primaries,omitempty"`
	Transfer  string `json:"transfer,omitempty"`
	Matrix    string `json:"matrix,omitempty"`
	FullRange bool   `json:"full_range"`
}

// KeyframeInfo tells how often a film can be cut. GOP lengths are the seconds from one key frame to the next.
type KeyframeInfo struct {
	Count  int     `json:"count"`
	Open   int     `json:"open"` // after which something is presented earlier
	Min    float64 `json:"gop_min_seconds"`
	Median float64 `json:"gop_median_seconds"`
	Max    float64 `json:"gop_max_seconds"`
}

// AudioInfo is what sound is like.
type AudioInfo struct {
	SampleRate int `json:"sample_rate"` // Hz, as played
	Channels   int `json:"channels"`
}

func trackInfo(t *demux.Track) TrackInfo {
	info := TrackInfo{
		ID: t.ID, Kind: kindName(t.Kind), Codec: string(t.Codec), CodecID: t.CodecID, Language: t.Language, Name: t.Name,
		Tag: tagOf(t), Default: t.Default, Timescale: uint32(t.Timescale), Samples: t.Samples.Len(), Hidden: t.Samples.Len() - (t.End - t.First),
	}
	info.Profile, info.Level = profileOf(t)
	info.Bytes, info.Bitrate = load(t)
	if t.Refusal != nil {
		info.Refusal = t.Refusal.Error()
	}
	if t.Timescale > 0 {
		info.Start, info.Seconds = t.Start.Seconds(t.Timescale), (t.Stop - t.Start).Seconds(t.Timescale)
	}
	for _, e := range t.Edits {
		info.Edits = append(info.Edits, EditInfo{Ticks: int64(e.Duration), MediaStart: int64(e.MediaTime)})
	}
	if v := t.Video; v != nil {
		info.Video = &VideoInfo{
			Width: v.Width, Height: v.Height, PixelAspect: reduced(v.PixelAspect), Rotation: v.Rotation,
			FrameRate: frameRate(t), Keyframes: keyframes(t), BitDepth: v.BitDepth, Range: string(v.Range), Colour: colourInfo(&v.Colour),
		}
		info.Encoder = encoderOf(t)
		info.Video.Shown[0], info.Video.Shown[1] = uprightSize(v)
		if d := v.DolbyVision; d.Profile > 0 {
			info.Video.DolbyVision = fmt.Sprintf("%d.%02d", d.Profile, d.Level)
		}
	}
	if a := t.Audio; a != nil {
		info.Audio = &AudioInfo{SampleRate: a.OutputRate, Channels: a.Channels}
	}
	return info
}

// tagOf is the sample entry's type (ISO/IEC 14496-12 §8.5.2).
func tagOf(t *demux.Track) string {
	if len(t.Entry) < 8 {
		return ""
	}
	return strings.ToValidUTF8(string(t.Entry[4:8]), "?")
}

// encoderOf is the compressorname of a visual sample entry (§12.1.3): a length, and text in 31 bytes.
func encoderOf(t *demux.Track) string {
	const at = 8 + 42
	if len(t.Entry) < at+32 {
		return ""
	}
	name := t.Entry[at+1 : at+32]
	text, _, _ := strings.Cut(string(name[:min(int(t.Entry[at]), len(name))]), "\x00")
	return strings.ToValidUTF8(text, "\ufffd")
}

// load is how many bytes a track's samples have, and how many bits a second that is.
func load(t *demux.Track) (bytes, rate int64) {
	ticks := demux.Ticks(0)
	c := t.Samples.From(0)
	for range t.Samples.Len() {
		s, _ := c.Next()
		bytes += int64(s.Size)
		ticks += s.Duration
	}
	if t.Timescale == 0 || ticks <= 0 {
		return bytes, 0
	}
	return bytes, int64(math.Round(float64(bytes) * 8 / ticks.Seconds(t.Timescale)))
}

// reduced is a fraction in its lowest terms.
func reduced(f [2]uint32) [2]uint32 {
	a, b := f[0], f[1]
	for b != 0 {
		a, b = b, a%b
	}
	if a == 0 {
		return f
	}
	return [2]uint32{f[0] / a, f[1] / a}
}

func colourInfo(c *demux.Colour) ColourInfo {
	return ColourInfo{Primaries: codePoint(primariesNames[:], c.Primaries), Transfer: codePoint(transferNames[:], c.Transfer), Matrix: codePoint(matrixNames[:], c.Matrix), FullRange: c.FullRange}
}

// uprightSize is a picture's size in square pixels, turned as it is to be shown.
func uprightSize(v *demux.VideoFormat) (width, height int) {
	width, height = displaySize(v)
	if v.Rotation%180 != 0 {
		return height, width
	}
	return width, height
}

func kindName(k demux.Kind) string {
	switch k {
	case demux.KindVideo:
		return "video"
	case demux.KindAudio:
		return "audio"
	case demux.KindText:
		return "text"
	default:
		return "other"
	}
}

// frameRate is the average over what is delivered, in frames per second.
func frameRate(t *demux.Track) float64 {
	if t.Stop <= t.Start {
		return 0
	}
	frames, ticks := pace(t)
	return float64(frames) * float64(t.Timescale) / float64(ticks)
}

// mostGOPs is of how many GOPs, spread evenly over a film, the median is taken where there are more: a film may be nothing but
// key frames, 16 million of them.
const mostGOPs = 1 << 16

func keyframes(t *demux.Track) (info KeyframeInfo) {
	var gops []demux.Ticks
	least, longest := demux.Ticks(math.MaxInt64), demux.Ticks(math.MinInt64)
	previous, each := demux.Ticks(0), 1
	for cut := range t.Cuts() {
		if info.Count++; info.Count > 1 {
			gop := cut.Time - previous
			least, longest = min(least, gop), max(longest, gop)
			if (info.Count-2)%each == 0 {
				gops = append(gops, gop)
			}
			if len(gops) == mostGOPs {
				gops, each = everyOther(gops), 2*each
			}
		}
		if cut.Lead > 0 {
			info.Open++
		}
		previous = cut.Time
	}
	if info.Count == 1 { // otherwise the last is left out: it is cut short by the end of the film
		gop := t.Stop - previous
		gops, least, longest = append(gops, gop), gop, gop
	}
	if slices.Sort(gops); len(gops) > 0 {
		info.Min, info.Max = least.Seconds(t.Timescale), longest.Seconds(t.Timescale)
		info.Median = gops[len(gops)/2].Seconds(t.Timescale)
	}
	return info
}

func everyOther(gops []demux.Ticks) []demux.Ticks {
	kept := gops[:0]
	for i := 0; i < len(gops); i += 2 {
		kept = append(kept, gops[i])
	}
	return kept
}

// trackWarnings is what a person should know of a track that plays all the same.
func trackWarnings(t *demux.Track) (warnings []string) {
	if t.Refusal != nil || t.Video == nil {
		return nil
	}
	if r := t.Video.Rotation; r != 0 {
		warnings = append(warnings, fmt.Sprintf(
			"track %d is shown turned by %d degrees; MPEG-TS can't say so, so the master of /hls/ leads to what is below /cmaf/", t.ID, r))
	}
	if k := keyframes(t); k.Open > 0 {
		warnings = append(warnings, fmt.Sprintf(
			"track %d has %d open GOPs of %d: after a seek to one, a few frames before its key frame can't be shown", t.ID, k.Open, k.Count))
	}
	return warnings
}
