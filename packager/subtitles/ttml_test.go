package subtitles

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// cuesOfTTML prints the cues of a document, whose sample shows for 100 s.
func cuesOfTTML(document string) (lines []string, err error) {
	d := &Decoder{format: "stpp"}
	cues, err := d.Append(nil, []byte(document), 0, 100_000)
	for _, c := range cues {
		lines = append(lines, fmt.Sprintf("%d-%d %s", c.Start, c.End, c.Text))
	}
	return lines, err
}

// tt is a document around a body, with more attributes.
func tt(attributes, body string) string {
	return `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" ` +
		attributes + `><head><metadata><title>no text</title></metadata></head>` + body + `</tt>`
}

func TestTTML(t *testing.T) {
	div := func(s string) string { return tt("", "<body><div>"+s+"</div></body>") }
	tests := []struct {
		name, document string
		want           []string
	}{
		{"words that spans part", div(`<p begin="1s" end="2s"><span>a</span> <span>b</span>` + "\n" + `<span>c</span></p>`), []string{"1000-2000 a b c"}},
		{"a text over lines", div("<p begin=\"1s\" end=\"2s\">\n  hello\n  world <br/>  two\n</p>"), []string{"1000-2000 hello world\ntwo"}},
		{"what is preserved", div("<p begin=\"1s\" end=\"2s\" xml:space=\"preserve\">one\ntwo</p>"), []string{"1000-2000 one\ntwo"}},
		{"spans in spans", div(`<p begin="1s" end="2s"><span>a<span> b<br/>c</span></span> &lt; d</p>`), []string{"1000-2000 a b\nc &lt; d"}},
		{"dur", div(`<p begin="1s" dur="2s">a</p><p begin="1s" end="9s" dur="2s">b</p><p begin="1s" end="2s" dur="9s">c</p>`), []string{"1000-3000 a", "1000-3000 b", "1000-2000 c"}},
		{"times of a parent", tt("", `<body begin="10s"><div begin="1s" dur="5s"><p>a</p><p begin="1s" end="9s">b</p></div></body>`), []string{"11000-16000 a", "12000-16000 b"}},
		{
			"times of spans", div(`<p begin="1s"><span begin="1s" end="2s">a</span> <span begin="2s" end="3s">b</span><span end="2s" begin="1s">c</span></p>`),
			[]string{"2000-3000 ac", "3000-4000 b"},
		},
		{"for as long as the sample shows", div(`<p>a</p>`), []string{"0-100000 a"}},
		{"frames", tt(`ttp:frameRate="25"`, `<body><div><p begin="00:00:01:12" end="62.5f">a</p></div></body>`), []string{"1480-2500 a"}},
		{"frames of NTSC", tt(`ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"`, `<body><div><p begin="00:00:00:15" end="300f">a</p></div></body>`), []string{"501-10010 a"}},
		{"ticks", tt(`ttp:tickRate="10000000"`, `<body><div><p begin="15000000t" end="72000000000t">a</p></div></body>`), []string{"1500-100000 a"}},
		{"ticks of frames", tt(`ttp:frameRate="25" ttp:subFrameRate="2"`, `<body><div><p begin="50t" end="00:00:01:12.1">a</p></div></body>`), []string{"1000-1500 a"}},
		{"hours and minutes", div(`<p begin="0.0005h" end="0.05m">a</p><p begin="00:00:01.5" end="00:00:01.75">b</p><p begin="1500ms" end="2000ms">c</p>`), []string{"1800-3000 a", "1500-1750 b", "1500-2000 c"}},
		{"a region and a style that are nowhere", div(`<p begin="1s" end="2s" region="r" style="s">a</p>`), []string{"1000-2000 a"}},
		{"other vocabularies, and what animates", div(`<p begin="1s" end="2s"><metadata>no</metadata><set begin="1s" tts:color="red"/>a<x:p xmlns:x="urn:x">no</x:p></p>`), []string{"1000-2000 a"}},
		{"nothing", tt("", `<body/>`), nil},
		{"UTF-16", "\xfe\xff" + wide(`<?xml version="1.0" encoding="UTF-16"?>`+div(`<p begin="1s" end="2s">ü</p>`)), []string{"1000-2000 ü"}},
		{"a draft", `<tt xmlns="http://www.w3.org/2006/10/ttaf1"><body><div><p begin="1s" end="2s">a</p></div></body></tt>`, []string{"1000-2000 a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := cuesOfTTML(test.document)
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%q, %v; want %q", got, err, test.want)
			}
		})
	}
}

// wide is ASCII and Latin-1 in UTF-16, the greater byte first.
func wide(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.Write([]byte{byte(r >> 8), byte(r)})
	}
	return b.String()
}

func TestBrokenTTML(t *testing.T) {
	body := func(s string) string { return tt("", "<body><div>"+s+"</div></body>") }
	for name, document := range map[string]string{
		"no XML": "WEBVTT", "cut off": body("")[:100], "another document": "<svg/>", "no time": body(`<p begin="soon">a</p>`), "no unit": body(`<p begin="5">a</p>`),
		"a time of three frames": body(`<p begin="1:2:3:4:5">a</p>`), "a negative time": body(`<p begin="-1s">a</p>`), "a long number": body(`<p begin="1234567890123456s">a</p>`),
		"an entity": body(`<p begin="1s">&lol;</p>`), "a tower": body(strings.Repeat("<span>", 100) + strings.Repeat("</span>", 100)),
	} {
		if got, err := cuesOfTTML(document); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
