package conformance

import "testing"

func TestSameLanguage(t *testing.T) {
	const same, other = true, false
	f := func(tag, track string, want bool) {
		t.Helper()
		if got := sameLanguage(tag, track); got != want {
			t.Errorf("%q and %q: %v", tag, track, got)
		}
	}
	f("en", "eng", same)
	f("en-GB", "eng", same)
	f("en", "en-GB", same)
	f("pt-BR", "por", same)
	f("cmn", "zho", same)
	f("zh-Hant", "zho", same)
	f("de", "ger", same)
	f("gsw", "gsw", same)
	f("en", "deu", other)
	f("de", "nld", other)
	f("zh", "jpn", other)
	f("gsw", "fra", other)
	for _, unknown := range []string{"", "und", "mul", "zxx", "```"} {
		f("de", unknown, same)
		f(unknown, "deu", same)
	}
}
