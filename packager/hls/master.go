package hls

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Master is a multivariant playlist: everything that a player can choose of one title.
type Master struct {
	Independent bool        // EXT-X-INDEPENDENT-SEGMENTS: every segment of every playlist starts with an IDR
	Media       []Rendition // EXT-X-MEDIA
	Variants    []Variant   // EXT-X-STREAM-INF; players start with the first: see Order
	IFrames     []Variant   // EXT-X-I-FRAME-STREAM-INF; FrameRate and Audio are left out
	Images      []ImageStream
}

// MediaType is the TYPE of an EXT-X-MEDIA.
type MediaType string

// Types of EXT-X-MEDIA. The zero one is sound.
const (
	Audio          MediaType = ""
	Subtitles      MediaType = "SUBTITLES"
	ClosedCaptions MediaType = "CLOSED-CAPTIONS" // inside the picture: there is no URI
)

// NoCaptions is the Variant.ClosedCaptions of a title without any, which must stand in all its variants (RFC 8216 §4.3.4.2):
// players then look for none in the picture.
const NoCaptions = "NONE"

// Rendition is an EXT-X-MEDIA (RFC 8216 §4.3.4.1). Distinguish makes those of a group differ.
type Rendition struct {
	Type     MediaType
	GroupID  string
	Name     string // as people see it: any text
	Language string // BCP 47; "" is written as "und", since every rendition has one (HLS Authoring Specification 8.9)
	Default  bool   // which of its group plays when the user didn't choose
	// Autoselect is AUTOSELECT: a player may choose it by itself, for its language and what it is for. Distinguish sets it.
	Autoselect bool
	Channels   string // CHANNELS, "2" or "16/JOC"; "" is unknown
	Forced     bool   // FORCED, of Subtitles: what everybody needs
	// Characteristics are CHARACTERISTICS: uniform type identifiers with commas between; "" is none.
	Characteristics string
	InstreamID      string // INSTREAM-ID of ClosedCaptions: CC1 to CC4 (CEA-608), SERVICE1 to SERVICE63 (CEA-708)
	URI             string // percent-encoded; "" where the rendition is muxed into the variants
}

// Variant is an EXT-X-STREAM-INF, or an EXT-X-I-FRAME-STREAM-INF.
type Variant struct {
	Bitrate
	Codecs        []string // RFC 6381, of everything that is played with it, the audio group too
	Width, Height int      // RESOLUTION, pixels; 0 where there is no video
	FrameRate     Rate     // zero where there is no video
	// VideoRange is VIDEO-RANGE: SDR, PQ or HLG, "" where there is no video. It is written where one variant isn't SDR.
	VideoRange         string
	SupplementalCodecs string // SUPPLEMENTAL-CODECS, "dvh1.08.07/db4h"; "" is none
	Audio              string // GROUP-ID of the audio renditions played with it, "" where there are none
	Subtitles          string // GROUP-ID of the subtitles that may be shown with it, "" where there are none
	ClosedCaptions     string // GROUP-ID of the captions inside it, or NoCaptions; "" says nothing
	URI                string // percent-encoded
}

// undetermined is the LANGUAGE of what nobody knows it of (RFC 5646 §4.1).
const undetermined = "und"

// sdr is the VIDEO-RANGE that is taken for granted.
const sdr = "SDR"

// Rate is frames per second as a fraction. The zero Rate is unknown.
type Rate struct{ Num, Den uint32 }

// AppendTo appends the playlist's text to dst. EXT-X-VERSION stands where version 1 won't do: a SERVICE as INSTREAM-ID needs 7
// (RFC 8216 §7).
func (m *Master) AppendTo(dst []byte) []byte {
	dst = slices.Grow(dst, 64+512*(len(m.Media)+len(m.Variants)+len(m.IFrames)))
	dst = append(dst, "#EXTM3U\n"...)
	if slices.ContainsFunc(m.Media, func(r Rendition) bool { return strings.HasPrefix(r.InstreamID, "SERVICE") }) {
		dst = append(dst, "#EXT-X-VERSION:7\n"...)
	}
	if m.Independent {
		dst = append(dst, "#EXT-X-INDEPENDENT-SEGMENTS\n"...)
	}
	for i := range m.Media {
		dst = m.Media[i].appendTo(dst)
	}
	ranges := slices.ContainsFunc(m.Variants, func(v Variant) bool { return v.VideoRange != "" && v.VideoRange != sdr })
	for i := range m.Variants {
		v := &m.Variants[i]
		dst = append(dst, "#EXT-X-STREAM-INF:"...)
		dst = v.appendAttributes(dst, ranges)
		if v.FrameRate.Num > 0 && v.FrameRate.Den > 0 {
			dst = append(dst, ",FRAME-RATE="...)
			dst = v.FrameRate.appendTo(dst)
		}
		if v.Audio != "" {
			dst = appendQuoted(dst, ",AUDIO=", v.Audio)
		}
		if v.Subtitles != "" {
			dst = appendQuoted(dst, ",SUBTITLES=", v.Subtitles)
		}
		switch v.ClosedCaptions {
		case "":
		case NoCaptions:
			dst = append(dst, ",CLOSED-CAPTIONS=NONE"...)
		default:
			dst = appendQuoted(dst, ",CLOSED-CAPTIONS=", v.ClosedCaptions)
		}
		dst = append(dst, '\n')
		dst = appendURI(dst, v.URI)
		dst = append(dst, '\n')
	}
	for i := range m.IFrames {
		v := &m.IFrames[i]
		dst = append(dst, "#EXT-X-I-FRAME-STREAM-INF:"...)
		dst = v.appendAttributes(dst, ranges)
		dst = append(dst, `,URI="`...)
		dst = appendURI(dst, v.URI)
		dst = append(dst, "\"\n"...)
	}
	for i := range m.Images {
		dst = m.Images[i].appendTo(dst)
	}
	return dst
}

func (r *Rendition) appendTo(dst []byte) []byte {
	dst = append(dst, "#EXT-X-MEDIA:TYPE="...)
	if r.Type == Audio {
		dst = append(dst, "AUDIO"...)
	}
	dst = append(dst, r.Type...)
	dst = appendQuoted(dst, ",GROUP-ID=", r.GroupID)
	dst = appendQuoted(dst, ",NAME=", r.Name)
	dst = appendQuoted(dst, ",LANGUAGE=", cmp.Or(r.Language, undetermined))
	if r.Default {
		dst = append(dst, ",DEFAULT=YES"...)
	} else if r.Type != Audio {
		dst = append(dst, ",DEFAULT=NO"...)
	}
	if r.Autoselect {
		dst = append(dst, ",AUTOSELECT=YES"...)
	} else {
		dst = append(dst, ",AUTOSELECT=NO"...)
	}
	if r.Type == Subtitles && r.Forced {
		dst = append(dst, ",FORCED=YES"...)
	}
	if r.Characteristics != "" {
		dst = appendQuoted(dst, ",CHARACTERISTICS=", r.Characteristics)
	}
	if r.InstreamID != "" {
		dst = appendQuoted(dst, ",INSTREAM-ID=", r.InstreamID)
	}
	if r.Channels != "" {
		dst = appendQuoted(dst, ",CHANNELS=", r.Channels)
	}
	if r.URI != "" {
		dst = append(dst, `,URI="`...)
		dst = appendURI(dst, r.URI)
		dst = append(dst, '"')
	}
	return append(dst, '\n')
}

// appendAttributes appends what both kinds of variant have.
func (v *Variant) appendAttributes(dst []byte, ranges bool) []byte {
	dst = append(dst, "BANDWIDTH="...)
	dst = strconv.AppendInt(dst, v.Peak, 10)
	dst = append(dst, ",AVERAGE-BANDWIDTH="...)
	dst = strconv.AppendInt(dst, v.Average, 10)
	if len(v.Codecs) > 0 {
		dst = append(dst, `,CODECS="`...)
		for i, codec := range v.Codecs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendText(dst, codec)
		}
		dst = append(dst, '"')
	}
	if v.SupplementalCodecs != "" {
		dst = appendQuoted(dst, ",SUPPLEMENTAL-CODECS=", v.SupplementalCodecs)
	}
	if ranges && v.VideoRange != "" {
		dst = append(dst, ",VIDEO-RANGE="...)
		dst = appendText(dst, v.VideoRange)
	}
	if v.Width > 0 && v.Height > 0 {
		dst = append(dst, ",RESOLUTION="...)
		dst = strconv.AppendInt(dst, int64(v.Width), 10)
		dst = append(dst, 'x')
		dst = strconv.AppendInt(dst, int64(v.Height), 10)
	}
	return dst
}

// appendTo prints the rate rounded to three decimals (RFC 8216 §4.3.4.2).
func (r Rate) appendTo(dst []byte) []byte {
	milli := (uint64(r.Num)*1000 + uint64(r.Den)/2) / uint64(r.Den)
	dst = strconv.AppendUint(dst, milli/1000, 10)
	return append(dst, '.', byte('0'+milli/100%10), byte('0'+milli/10%10), byte('0'+milli%10))
}
