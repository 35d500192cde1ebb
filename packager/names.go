package packager

import (
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// maxLabel is the longest label that is looked for, in bytes.
const maxLabel = 64

// mediaRank orders the extensions of media files, without regard to case: an .mp4 goes before the .mov that it was made of.
// It is 0 for what is no media file.
func mediaRank(ext string) int {
	for i, known := range [...]string{"mp4", "m4v", "mov", "m4a"} {
		if strings.EqualFold(ext, known) {
			return i + 1
		}
	}
	return 0
}

// splitExt cuts a file's base name at its last dot. What begins with it is a dot-file and has no extension.
func splitExt(base string) (stem, ext string) {
	i := strings.LastIndexByte(base, '.')
	if i <= 0 {
		return base, ""
	}
	return base[:i], base[i+1:]
}

// readLabel reads what a file's base name without extension says after a separator at its end, the longest label there
// is, into f. title is what stands before; it is "" where the label is the whole name. Where there is no label, f is left
// alone and title is the whole name.
//
//	label   = video / audio, in any case
//	video   = height [sep bitrate] / bitrate [sep height]
//	height  = (3*4DIGIT "p" / "2k" / "4k" / "8k") [frame rate]
//	bitrate = 2*6DIGIT "k", in kbit/s
//	audio   = "audio" [sep language] [sep track number] [sep bitrate]
//	sep     = "_" / "-" / "." / " "
func (f *File) readLabel(stem string) (title string) {
	for i := max(0, len(stem)-maxLabel); i < len(stem); i++ {
		if i > 0 && !isSeparator(stem[i-1]) {
			continue
		}
		if title = strings.TrimRight(stem[:i], separators); i > 0 && title == "" {
			continue // only separators stand before it: neither a pure label nor a stem
		}
		if label := stem[i:]; f.readVideo(label) || f.readAudio(label) {
			f.Rendition = strings.ToLower(label)
			return title
		}
	}
	return stem
}

const separators = "_-. "

func isSeparator(c byte) bool { return strings.IndexByte(separators, c) >= 0 }

// readVideo reads a height, a bit rate, or both in any order.
func (f *File) readVideo(label string) bool {
	height, rest := cutHeight(label)
	bitrate, rest := f.cutBitrate(rest)
	if height == 0 {
		height, rest = cutHeight(rest)
	}
	if rest != "" || height == 0 && bitrate == 0 || isSeparator(label[len(label)-1]) {
		return false
	}
	f.Height, f.Bitrate = height, bitrate
	return true
}

// readAudio reads "audio" and what follows it. A language is one that is registered (BCP 47), so that audio_01 is a track
// number and audio_mono is no label.
func (f *File) readAudio(label string) bool {
	const word = "audio"
	if len(label) < len(word) || !strings.EqualFold(label[:len(word)], word) {
		return false
	}
	fields := strings.FieldsFunc(label[len(word):], func(r rune) bool { return strings.ContainsRune(separators, r) })
	if rest := label[len(word):]; rest != "" && (!isSeparator(rest[0]) || isSeparator(rest[len(rest)-1])) {
		return false
	}
	audio := File{IsAudio: true}
	if n := len(fields); n > 0 {
		var rest string
		if audio.Bitrate, rest = audio.cutBitrate(fields[n-1]); audio.Bitrate != 0 && rest == "" {
			fields = fields[:n-1]
		}
	}
	if !audio.readLanguage(fields) && len(fields) > 0 {
		n := len(fields) - 1
		if !audio.readTrack(fields[n]) || n > 0 && !audio.readLanguage(fields[:n]) {
			return false
		}
	}
	f.IsAudio, f.Bitrate, f.Language, f.AudioTrack = true, audio.Bitrate, audio.Language, audio.AudioTrack
	return true
}

func (f *File) readLanguage(subtags []string) bool {
	if len(subtags) == 0 || len(subtags[0]) < 2 || len(subtags[0]) > 3 {
		return false // longer primary subtags are not in use, and "x" and "i" begin private ones
	}
	tag, err := language.Parse(strings.Join(subtags, "-"))
	if err != nil {
		return false
	}
	f.Language = tag.String()
	return true
}

func (f *File) readTrack(digits string) bool {
	n, err := strconv.ParseUint(digits, 10, 16)
	f.AudioTrack = int(n)
	return err == nil && len(digits) <= 3
}

// cutHeight reads a height at the start of s. A height of 0 is none, and rest is s.
func cutHeight(s string) (height int, rest string) {
	digits, rest := cutDigits(s)
	unit, rest := cutByte(rest)
	switch {
	case unit == 'p' && (len(digits) == 3 || len(digits) == 4) && digits[0] != '0':
		height, _ = strconv.Atoi(digits)
	case unit == 'k' && digits == "2":
		height = 1440
	case unit == 'k' && digits == "4":
		height = 2160
	case unit == 'k' && digits == "8":
		height = 4320
	}
	rest, ok := cutSeparator(skipFrameRate(rest))
	if !ok || height == 0 {
		return 0, s
	}
	return height, rest
}

// skipFrameRate skips what may stand right after a height: 60, 59.94, 23.976.
func skipFrameRate(s string) string {
	whole, rest := cutDigits(s)
	if len(whole) != 2 && len(whole) != 3 {
		return s
	}
	if fraction, ok := strings.CutPrefix(rest, "."); ok {
		decimals, after := cutDigits(fraction)
		if 0 < len(decimals) && len(decimals) <= 3 && (after == "" || isSeparator(after[0])) {
			return after
		}
	}
	return rest
}

// cutBitrate reads a bit rate at the start of s, in kbit/s. 0 is none, and rest is s. No picture has a bit rate below
// 100k, but a race may be one of 10k.
func (f *File) cutBitrate(s string) (bitrate int, rest string) {
	least := 100
	if f.IsAudio {
		least = 16
	}
	digits, rest := cutDigits(s)
	unit, rest := cutByte(rest)
	rest, ok := cutSeparator(rest)
	if !ok || unit != 'k' || digits == "" || len(digits) > 6 || digits[0] == '0' {
		return 0, s
	}
	if bitrate, _ = strconv.Atoi(digits); bitrate < least {
		return 0, s
	}
	return bitrate, rest
}

func cutDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// cutByte cuts off one byte, in lower case if it is a letter.
func cutByte(s string) (c byte, rest string) {
	if s == "" {
		return 0, ""
	}
	if c = s[0]; 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c, s[1:]
}

// cutSeparator cuts the one separator between two parts of a label. ok is false where the part before has not ended.
func cutSeparator(s string) (rest string, ok bool) {
	if s == "" {
		return "", true
	}
	return s[1:], isSeparator(s[0])
}
