package demux

import "strings"

// shortCodes maps ISO 639-2 codes (terminology, then the bibliographic ones that differ) to ISO 639-1, three letters and
// two: BCP 47 wants the shortest (RFC 5646 §2.2.1).
const shortCodes = "aaraa abkab aveae afraf akaak amham argan araar asmas avaav aymay azeaz bakba belbe bulbg bisbi " +
	"bambm benbn bodbo brebr bosbs catca chece chach cosco crecr cescs chucu chvcv cymcy danda deude divdv dzodz eweee " +
	"ellel engen epoeo spaes estet euseu fasfa fulff finfi fijfj faofo frafr fryfy glega glagd glggl grngn gujgu glvgv " +
	"hauha hebhe hinhi hmoho hrvhr hatht hunhu hyehy herhz inaia indid ileie iboig iiiii ipkik idoio islis itait ikuiu " +
	"jpnja javjv katka konkg kikki kuakj kazkk kalkl khmkm kankn korko kaukr kasks kurku komkv corkw kirky latla ltzlb " +
	"luglg limli linln laolo litlt lublu lavlv mlgmg mahmh mrimi mkdmk malml monmn marmr msams mltmt myamy nauna nobnb " +
	"ndend nepne ndong nldnl nnonn norno nblnr navnv nyany ocioc ojioj ormom orior ossos panpa plipi polpl pusps porpt " +
	"quequ rohrm runrn ronro rusru kinrw sansa srdsc sndsd smese sagsg sinsi slksk slvsl smosm snasn somso sqisq srpsr " +
	"sswss sotst sunsu swesv swasw tamta telte tgktg thath tirti tuktk tgltl tsntn tonto turtr tsots tattt twitw tahty " +
	"uigug ukruk urdur uzbuz venve vievi volvo wlnwa wolwo xhoxh yidyi yoryo zhaza zhozh zulzu " +
	"albsq armhy baqeu burmy chizh czecs dutnl frefr geoka gerde greel iceis macmk maomi mayms perfa rumro slosk tibbo welcy "

// macLanguages are the first of QuickTime's Macintosh language codes, in order from 0 (QuickTime File Format, "Language
// Code Values").
const macLanguages = "en fr de it nl sv es da pt no he ja ar fi el is mt tr hr zh ur hi th ko"

// language reads mdhd's code (§8.4.2.3) as BCP 47. Below 0x400 it is a Macintosh code, which only QuickTime files mean:
// elsewhere a 0 was just never set.
func language(code uint16, quickTime bool) string {
	if code < 0x400 {
		names := strings.Fields(macLanguages)
		if !quickTime || int(code) >= len(names) {
			return ""
		}
		return names[code]
	}
	letters := []byte{byte(code>>10&31) + 0x60, byte(code>>5&31) + 0x60, byte(code&31) + 0x60}
	for _, c := range letters {
		if c < 'a' || c > 'z' {
			return ""
		}
	}
	if code := string(letters); code != "und" {
		return shortest(code)
	}
	return ""
}

// shortest turns three letters into two where there are two.
func shortest(code string) string {
	for at := 0; at < len(shortCodes); at += 6 {
		if shortCodes[at:at+3] == code {
			return shortCodes[at+3 : at+5]
		}
	}
	return code
}

// PackedLanguage is what mdhd has of a BCP 47 tag (§8.4.2.3): the ISO 639-2 terminology code of its language, three letters of five
// bits each; that of "und" where it has none.
func PackedLanguage(tag string) (code uint16) {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	letters := longest(primary)
	if len(letters) != 3 || strings.Trim(letters, "abcdefghijklmnopqrstuvwxyz") != "" {
		letters = "und"
	}
	for _, c := range []byte(letters) {
		code = code<<5 | uint16(c-0x60)
	}
	return code
}

// longest turns two letters into three where there are three.
func longest(code string) string {
	for at := 0; len(code) == 2 && at < len(shortCodes); at += 6 {
		if shortCodes[at+3:at+5] == code {
			return shortCodes[at : at+3]
		}
	}
	return code
}

// tag keeps what elng says (§8.4.6) where it looks like a BCP 47 tag, and gives "" otherwise.
func tag(text string) string {
	for i, part := range strings.Split(text, "-") {
		if len(part) == 0 || len(part) > 8 || (i == 0 && len(part) == 1) || strings.Trim(part, alphanumeric) != "" {
			return ""
		}
	}
	return text
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
