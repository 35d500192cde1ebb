package conformance

import (
	"cmp"
	"slices"

	"golang.org/x/text/language"
)

// spoken are the handlers of sound and text (ISO/IEC 14496-12 §12.2 to §12.6), and QuickTime's of subtitles.
var spoken = []string{"soun", "text", "subt", "sbtl"}

// checkLanguage: the language that an audio or text track's header says is that of the playlist or MPD, where both are known.
func checkLanguage(p *presentation, r *reporter) {
	p.eachInit(func(s *stream, in *initial) {
		for _, said := range s.languages() {
			for _, t := range in.parsed.tracks {
				if slices.Contains(spoken, t.handler) && !sameLanguage(said, cmp.Or(t.extended, t.language)) {
					r.warnf(in.get.url, "the language of track %d is %q, that of its playlist or set %q", t.id, cmp.Or(t.extended, t.language), said)
				}
			}
		}
	})
}

// languages are those that EXT-X-MEDIA or an MPD says of the stream.
func (s *stream) languages() (said []string) {
	for _, m := range s.renditions {
		said = append(said, m.attrs.text("LANGUAGE"))
	}
	if s.rep != nil {
		said = append(said, s.rep.attr("lang"))
	}
	return said
}

// sameLanguage tells whether a tag (BCP 47) and a track's language may mean the same. mdhd has three letters of ISO 639-2 and no more:
// "pt-BR" is "por" there, "cmn" is "zho". What is unknown, or no language, is never wrong.
func sameLanguage(tag, track string) bool {
	a, err := language.All.Parse(tag)
	b, failed := language.All.Parse(track)
	if err != nil || failed != nil {
		return true
	}
	x, _, _ := a.Raw() // Base would guess
	y, _, _ := b.Raw()
	unknown := func(base language.Base) bool {
		return base.ISO3() == "und" || base.ISO3() == "mul" || base.ISO3() == "zxx"
	}
	return x == y || unknown(x) || unknown(y)
}
