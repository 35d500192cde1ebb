package packager

import (
	"strings"

	"unreel/packager/subtitles"
)

// Sidecar is a file of subtitles beside a title's media, and what its name says.
type Sidecar struct {
	Path      string // relative to the library's root
	Rendition string // its name in URLs: the label in lower case with its extension, one path element, unique in its title
	Format    subtitles.Format
	Language  string // BCP 47; "" where the name doesn't say
	Forced    bool   // only what everybody needs: signs, and speech in another language
	SDH       bool   // for the deaf and hard of hearing: it tells of sounds too
}

// sidecarFormat is the format of a file of subtitles by its extension, in any case; "" for other files.
func sidecarFormat(ext string) subtitles.Format {
	for _, f := range [...]subtitles.Format{subtitles.WebVTT, subtitles.SubRip} {
		if strings.EqualFold(ext, string(f)) {
			return f
		}
	}
	return ""
}

// isThumbs tells the label of a WebVTT file that maps times to pictures, for a scrubbing bar.
func isThumbs(label string) bool {
	return strings.EqualFold(label, "thumbs") || strings.EqualFold(label, "thumbnails")
}

// readLabel reads what a sidecar's name says after its title's. It is false for a label with a word that says nothing: the
// file belongs to no title, or to one that is gone ("film 2.en.vtt" beside film.mp4).
//
//	label = [word sep] [language] {sep flag} [sep number]
//	word  = "subs" / "sub" / "subtitles" / "subtitle" / "captions"
//	flag  = "forced" / "sdh" / "cc" / "hi" (after a language: before, it is Hindi) / "default"
func (s *Sidecar) readLabel(label string) bool {
	words := strings.FieldsFunc(label, func(r rune) bool { return strings.ContainsRune(separators, r) })
	if len(words) > 0 && isSubtitleWord(words[0]) {
		words = words[1:]
	}
	words = words[s.readFlags(words):] // "forced.en" is found too
	if n := s.readTag(words); n > 0 {
		words = words[n:]
		words = words[s.readFlags(words):]
		if len(words) == 1 && len(words[0]) <= 3 && strings.Trim(words[0], "0123456789") == "" {
			words = nil
		}
	}
	return len(words) == 0
}

func isSubtitleWord(word string) bool {
	switch strings.ToLower(word) {
	case "sub", "subs", "subtitle", "subtitles", "captions":
		return true
	}
	return false
}

// readFlags gives how many words are flags.
func (s *Sidecar) readFlags(words []string) (n int) {
	for _, word := range words {
		switch strings.ToLower(word) {
		case "forced":
			s.Forced = true
		case "sdh", "cc":
			s.SDH = true
		case "hi":
			if s.Language == "" {
				return n
			}
			s.SDH = true
		case "default":
		default:
			return n
		}
		n++
	}
	return n
}

// maxSubtags is more than any language in use has: zh-cmn-Hans-CN.
const maxSubtags = 4

// readTag reads the longest language there is at the start. It gives how many words that takes.
func (s *Sidecar) readTag(words []string) int {
	for n := min(len(words), maxSubtags); n > 0; n-- {
		if f := (File{}); (n == 1 || !isFlag(words[n-1])) && f.readLanguage(words[:n]) {
			s.Language = f.Language
			return n
		}
	}
	return 0
}

// isFlag keeps "en-cc" from being English of the Cocos Islands.
func isFlag(word string) bool {
	s := Sidecar{Language: "und"}
	return s.readFlags([]string{word}) > 0
}
