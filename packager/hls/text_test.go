package hls

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/Eyevinn/hls-m3u8/m3u8"
)

func TestText(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(appendText(nil, in)); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
	f("Español, 5.1 (für Élise) 日本語", "Español, 5.1 (für Élise) 日本語")
	f(`"quoted"`, "'quoted'")
	f("line\r\nend\x00\x7f\u0085", "line  end   ")
	f("bad \xff\xfe bytes", "bad \ufffd\ufffd bytes")
	f("{$name} {{$x}", "{ $name} {{ $x}")
	f("\ufeffbom", " bom")
}

func TestURI(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(appendURI(nil, in)); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
	f("a%20b/c?x=1&y=$z", "a%20b/c?x=1&y=$z")
	f(`a b"c`+"\n{$x}é", "a%20b%22c%0A%7B$x%7D%C3%A9")
	f("#hash", "%23hash")
	f("", "")
}

// FuzzMaster holds that no name, language, codec or group breaks out of its attribute, and that a parser reads back what
// was meant.
func FuzzMaster(f *testing.F) {
	f.Add("English", "en", "audio", "mp4a.40.2", "a/b.m3u8")
	f.Add("\"\r\n#EXT-X-ENDLIST", ",URI=\"x\"", "{$a}", "\u2028\xff", "\n#EXTM3U")
	f.Fuzz(func(t *testing.T, name, language, group, codec, path string) {
		uri := (&url.URL{Path: path}).EscapedPath()
		m := &Master{
			Media: []Rendition{
				{GroupID: group, Name: name, Language: language, URI: uri},
				{GroupID: group, Name: name, Language: language, Default: true, URI: uri},
			},
			Variants: []Variant{{Codecs: []string{codec}, Audio: group, URI: uri}},
			IFrames:  []Variant{{Codecs: []string{codec}, URI: uri}},
		}
		Distinguish(m.Media)
		text := m.AppendTo(nil)
		if !utf8.Valid(text) || bytes.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
			t.Fatalf("%q", text)
		}
		if lines := bytes.Count(text, []byte("\n")); lines != 6 {
			t.Fatalf("%d lines:\n%s", lines, text)
		}
		if strings.Contains(string(text), "{$") {
			t.Fatalf("a variable reference:\n%s", text)
		}
		if m.Media[0].Name == m.Media[1].Name || m.Media[0].Default || !m.Media[1].Default {
			t.Fatalf("not distinct: %+v", m.Media)
		}
		written := string(appendText(nil, m.Media[0].Name+language+group+codec))
		if group == "" || uri == "" || strings.ContainsAny(written, ",=") || strings.ContainsFunc(written, unicode.IsSpace) {
			return // this parser is no help: it trims values, and splits at commas
		}
		read, _, err := m3u8.DecodeFrom(bytes.NewReader(text), true)
		if err != nil {
			t.Fatalf("hls-m3u8: %v\n%s", err, text)
		}
		v := read.(*m3u8.MasterPlaylist).Variants
		if len(v) != 2 || v[0].Codecs != string(appendText(nil, codec)) || v[0].URI != string(appendURI(nil, uri)) {
			t.Fatalf("hls-m3u8 reads %+v\nfrom %s", v, text)
		}
		if a := v[0].Alternatives; len(a) != 2 || a[0].Name != m.Media[0].Name || a[1].Name != m.Media[1].Name {
			t.Fatalf("hls-m3u8 reads %+v\nfrom %s", a, text)
		}
	})
}
