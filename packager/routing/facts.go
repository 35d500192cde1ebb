package routing

import (
	"strings"
	"unicode/utf8"
)

// Facts are what rules look at: what one rendition of a title is. What is zero or "" it doesn't have, and no condition on that
// holds.
type Facts struct {
	Title         string  // not escaped
	Kind          string  // Video, Audio or Text
	Codec         string  // family, any spelling: "H.264", "AV1", "E-AC-3"
	Language      string  // BCP 47
	Range         string  // SDR, PQ or HLG, of pictures
	Width, Height int     // of pictures, as they are shown, in square pixels
	Bitrate       int64   // average, bits per second
	Channels      int     // of sound
	FPS           float64 // frames per second
	Seconds       float64 // that the title lasts
}

// Kinds of rendition. A transport stream of picture and sound is Video.
const (
	Video = "video"
	Audio = "audio"
	Text  = "text"
)

// field is something that a condition may ask for.
type field struct {
	name  string
	shape shape
	known []string // values; nil where any is taken
	text  func(f *Facts) string
	value func(f *Facts) float64
}

// shape is how a field's values are written and compared.
type shape uint8

const (
	number   shape = iota // 1080
	rate                  // 3000000, 3000k, 3M
	length                // 5400, 90m, 1h30m
	word                  // one of those that are known
	language              // BCP 47: en is en-US too
	glob                  // * and ?, of which * takes slashes too
)

// fields are all there are, as people list them.
func fields() []field {
	return []field{
		{name: "height", shape: number, value: func(f *Facts) float64 { return float64(f.Height) }},
		{name: "width", shape: number, value: func(f *Facts) float64 { return float64(f.Width) }},
		{name: "bitrate", shape: rate, value: func(f *Facts) float64 { return float64(f.Bitrate) }},
		{name: "fps", shape: number, value: func(f *Facts) float64 { return f.FPS }},
		{name: "channels", shape: number, value: func(f *Facts) float64 { return float64(f.Channels) }},
		{name: "duration", shape: length, value: func(f *Facts) float64 { return f.Seconds }},
		{name: "codec", shape: word, known: codecs(), text: func(f *Facts) string { return family(f.Codec) }},
		{name: "kind", shape: word, known: []string{Video, Audio, Text}, text: func(f *Facts) string { return f.Kind }},
		{name: "range", shape: word, known: []string{"sdr", "pq", "hlg"}, text: func(f *Facts) string { return strings.ToLower(f.Range) }},
		{name: "hdr", shape: word, known: []string{"yes", "no"}, text: hdr},
		{name: "language", shape: language, text: func(f *Facts) string { return f.Language }},
		{name: "title", shape: glob, text: func(f *Facts) string { return f.Title }},
	}
}

func codecs() []string {
	return []string{"h264", "hevc", "av1", "vp9", "vp8", "aac", "mp3", "ac3", "eac3", "opus", "flac", "alac", "webvtt", "ttml"}
}

// family is a codec's name without case and punctuation, and by the name that we have for it.
func family(codec string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(codec))
	switch plain {
	case "avc":
		return "h264"
	case "h265":
		return "hevc"
	case "wvtt":
		return "webvtt"
	case "stpp":
		return "ttml"
	}
	return plain
}

func hdr(f *Facts) string {
	switch strings.ToLower(f.Range) {
	case "":
		return ""
	case "sdr":
		return "no"
	}
	return "yes"
}

// matchGlob tells whether a text is one that a pattern of * and ? stands for, which is one character of UTF-8, or a byte that is
// none. It never takes longer than the product of their lengths.
func matchGlob(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0 // the last *, and where what follows it was tried last
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, n := utf8.DecodeRuneInString(text[t:])
			p, t = p+1, t+n
		case p < len(pattern) && pattern[p] == text[t]:
			p, t = p+1, t+1
		case star >= 0:
			_, n := utf8.DecodeRuneInString(text[from:])
			from += n
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// speaks tells whether a language is one that a range stands for: the same, or with more said (RFC 4647 §3.3.1).
func speaks(language, wanted string) bool {
	rest, ok := cutFold(language, wanted)
	return ok && (rest == "" || rest[0] == '-')
}

func cutFold(text, prefix string) (rest string, ok bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", false
	}
	return text[len(prefix):], true
}
