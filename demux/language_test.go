package demux

import (
	"strings"
	"testing"
)

// What mdhd says of a language comes back in the words that it came in, whatever BCP 47 made of it in between.
func TestPackedLanguage(t *testing.T) {
	letters := func(code uint16) string {
		return string([]byte{byte(code>>10&31) + 0x60, byte(code>>5&31) + 0x60, byte(code&31) + 0x60})
	}
	for tag, want := range map[string]string{
		"": "und", "und": "und", "en": "eng", "de": "deu", "fr": "fra", "pt-BR": "por", "zh-Hans": "zho", "EN": "eng", "gsw": "gsw", "mul": "mul",
		"sr-Latn-RS": "srp", "xx": "und", "x-klingon": "und", "e1": "und", "de1": "und", "deut": "und",
	} {
		if got := letters(PackedLanguage(tag)); got != want {
			t.Errorf("%q is %q, want %q", tag, got, want)
		}
	}
	terminology, bibliographic, _ := strings.Cut(shortCodes, "albsq") // whose codes are written as the terminology's
	for _, entry := range strings.Fields(terminology) {
		if got := letters(PackedLanguage(entry[3:])); got != entry[:3] {
			t.Errorf("%q is %q, want %q", entry[3:], got, entry[:3])
		}
	}
	for _, entry := range append(strings.Fields(terminology), strings.Fields("albsq"+bibliographic)...) {
		code := uint16(entry[0]-0x60)<<10 | uint16(entry[1]-0x60)<<5 | uint16(entry[2]-0x60)
		if short := language(code, false); language(PackedLanguage(short), false) != short {
			t.Errorf("%q comes back as %q", short, language(PackedLanguage(short), false))
		}
	}
}
