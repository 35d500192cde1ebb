package subtitles

import (
	"errors"
	"slices"
	"strings"
	"testing"

	astisub "github.com/asticode/go-astisub"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"unreel/demux"
)

func TestReadWebVTT(t *testing.T) {
	tests := []struct {
		name, file string
		want       []Cue
		header     string
		warnings   int
	}{
		{name: "no cue", file: "WEBVTT"},
		{
			name: "a title, a note, CR LF", file: "\ufeffWEBVTT - a film\r\n\r\nNOTE\r\nnothing\r\n\r\n00:01.000 --> 00:02.500\r\nHi\r\nthere\r\n",
			want: []Cue{{Start: 1000, End: 2500, Text: "Hi\nthere"}},
		},
		{
			name: "an identifier, settings, voices", file: "WEBVTT\n\nthe first\n01:00:00.250 --> 01:00:02.000 line:0 align:start region:up unknown what\n<v Fred>Hi <v Ann.loud>&amp; ho",
			want: []Cue{{ID: "the first", Start: 3600250, End: 3602000, Settings: "line:0 align:start region:up unknown what", Text: "<v Fred>Hi <v Ann.loud>&amp; ho"}},
		},
		{
			name: "styles and regions", file: "WEBVTT\n\nSTYLE\n::cue { color: lime }\n\nREGION\nid:up\nlines:3\n\n00:00.000 --> 00:01.000 region:up\na\n\nSTYLE\ntoo late\n",
			header: "STYLE\n::cue { color: lime }\n\nREGION\nid:up\nlines:3\n",
			want:   []Cue{{Start: 0, End: 1000, Settings: "region:up", Text: "a"}},
		},
		{
			name: "cues without a blank line between", file: "WEBVTT\n00:00.000 --> 00:01.000\na\n00:01.000 --> 00:02.000\nb",
			want: []Cue{{End: 1000, Text: "a"}, {Start: 1000, End: 2000, Text: "b"}},
		},
		{
			name: "broken ones between", file: "WEBVTT\n\n00:00 -->\nx\n\n00:61.000 --> 00:62.000\nx\n\n00:02.000 --> 00:01.000\nx\n\n00:01.000 --> 00:02.000\nb",
			want: []Cue{{Start: 1000, End: 2000, Text: "b"}}, warnings: 3,
		},
		{
			name: "out of order", file: "WEBVTT\n\n00:05.000 --> 00:06.000\nb\n\n00:01.000 --> 00:09.000\na",
			want: []Cue{{Start: 1000, End: 9000, Text: "a"}, {Start: 5000, End: 6000, Text: "b"}},
		},
		{
			name: "a zero byte, and what is no UTF-8", file: "WEBVTT\n\n00:00.000 --> 00:01.000\na\x00\xff",
			want: []Cue{{End: 1000, Text: "a\ufffd\ufffd"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read(WebVTT, []byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Cues, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got.Cues, tt.want)
			}
			if got.Header != tt.header || len(got.Warnings) != tt.warnings {
				t.Errorf("header %q, warnings %q", got.Header, got.Warnings)
			}
		})
	}
}

const srt = `1
00:00:01,500 --> 00:00:03,000
<i>Hello</i>, <b>world</b> & <font color="#FFFF00">all</font>

2
00:00:04,000 --> 00:00:06,040 X1:0 X2:100
{\an8}above <3 you
and below
<i>over two
lines</i>

3
00:00:07,000 --> 00:00:08,000
-- Größe: 5 €
`

var srtCues = []Cue{
	{Start: 1500, End: 3000, Text: "<i>Hello</i>, <b>world</b> &amp; <c.yellow>all</c>"},
	{Start: 4000, End: 6040, Settings: "line:0", Text: "above &lt;3 you\nand below\n<i>over two</i>\n<i>lines</i>"},
	{Start: 7000, End: 8000, Text: "-- Größe: 5 €"},
}

func TestReadSubRip(t *testing.T) {
	encoded := map[string][]byte{"UTF-8": []byte(srt), "UTF-8 with a mark": []byte("\ufeff" + srt)}
	for name, e := range map[string]interface{ Bytes([]byte) ([]byte, error) }{
		"UTF-16 LE":    unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(),
		"UTF-16 BE":    unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(),
		"Windows-1252": charmap.Windows1252.NewEncoder(),
	} {
		b, err := e.Bytes([]byte(srt))
		if err != nil {
			t.Fatal(err)
		}
		encoded[name] = b
	}
	encoded["CR LF"] = []byte(strings.ReplaceAll(srt, "\n", "\r\n"))
	for name, file := range encoded {
		t.Run(name, func(t *testing.T) {
			got, err := Read(SubRip, file)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Cues, srtCues) {
				t.Errorf("got  %+v\nwant %+v", got.Cues, srtCues)
			}
		})
	}
}

func TestBrokenSubRip(t *testing.T) {
	got, err := Read(SubRip, []byte("1\n00:00:01,000 -->\nlost\n\n2\nnonsense --> 00:00:03,000\nlost\n\n3\n00:00:04,000 --> 00:00:05,000\nkept\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Cues) != 1 || got.Cues[0].Text != "kept" || len(got.Warnings) != 2 || !strings.HasPrefix(got.Warnings[1], "line 6: ") {
		t.Errorf("%+v", got)
	}
}

func TestRefuse(t *testing.T) {
	tests := []struct {
		name   string
		format Format
		file   string
		want   error
		line   int
	}{
		{"no signature", WebVTT, "WEBVTTX\n", ErrSyntax, 1},
		{"nothing", WebVTT, "", ErrSyntax, 1},
		{"a page in place of subtitles", SubRip, "<html>\nnot found\n</html>", ErrSyntax, 3},
		{"a picture", SubRip, "\xff\xd8\xff\xe0\x00\x10JFIF", ErrSyntax, 1},
		{"nothing but broken cues", SubRip, "1\na --> b\n", ErrSyntax, 0},
		{"a long line", SubRip, "1\n" + strings.Repeat("x", maxLine+1), demux.ErrTooLarge, 2},
		{"many cues", WebVTT, "WEBVTT\n\n" + strings.Repeat("00:00.000 --> 00:01.000\n", maxCues+1), demux.ErrTooLarge, maxCues + 3},
		{"a large header", WebVTT, "WEBVTT\n\n" + strings.Repeat("STYLE\n"+strings.Repeat("x", 4000)+"\n\n", 20), demux.ErrTooLarge, 51},
		{"a large file", WebVTT, strings.Repeat("x", MaxFileBytes+1), demux.ErrTooLarge, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(tt.format, []byte(tt.file))
			var line *LineError
			switch {
			case !errors.Is(err, tt.want):
				t.Errorf("%v, want %v", err, tt.want)
			case errors.As(err, &line) != (tt.line > 0):
				t.Errorf("%v, want line %d", err, tt.line)
			case tt.line > 0 && line.Line != tt.line:
				t.Errorf("line %d, want %d", line.Line, tt.line)
			}
		})
	}
}

// TestWebVTTAsAstisub holds our times, settings and words to go-astisub's, of a file that it can read.
func TestWebVTTAsAstisub(t *testing.T) {
	file := string(srtTrack(t).AppendFile(nil)) + "\n01:00:00.000 --> 01:00:02.500 line:10% align:start\nlate\n"
	ours, err := Read(WebVTT, []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := astisub.ReadFromWebVTT(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if len(theirs.Items) != len(ours.Cues) {
		t.Fatalf("%d cues, go-astisub has %d", len(ours.Cues), len(theirs.Items))
	}
	for i, c := range ours.Cues {
		item := theirs.Items[i]
		if item.StartAt.Milliseconds() != int64(c.Start) || item.EndAt.Milliseconds() != int64(c.End) {
			t.Errorf("%+v, go-astisub has %v to %v", c, item.StartAt, item.EndAt)
		}
		if got, want := strings.Join(plain([]Cue{c}), ""), strings.Join(strings.Fields(item.String()), " "); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(strings.ReplaceAll(want, " - ", ""), " ", "") {
			t.Errorf("%q, go-astisub has %q", got, want)
		}
	}
}

func srtTrack(t *testing.T) *Track {
	t.Helper()
	track, err := Read(SubRip, []byte(srt))
	if err != nil {
		t.Fatal(err)
	}
	return track
}

// What stands between two tags of SRT is text, even if it is a space.
func TestSubRipBetweenTags(t *testing.T) {
	for text, want := range map[string]string{
		"<i>Hello</i> <b>World</b>":             "<i>Hello </i><b>World</b>",
		"<i><b>a</b></i> \t<u>b</u>c":           "<b><i>a \t</i></b><u>b</u>c",
		"a<i> </i>b":                            "a b",
		" <i> </i> x":                           "x",
		"<font color=\"red\">r</font> <i>i</i>": "<c.red>r </c><i>i</i>",
		"1 < 2 &amp; 3 > 2 &lt;x&gt;":           "1 &lt; 2 &amp; 3 &gt; 2 &lt;x&gt;",
		"<i>open":                               "<i>open</i>",
		"a <3":                                  "a &lt;3",
	} {
		track, err := Read(SubRip, []byte("1\n00:00:01,000 --> 00:00:02,000\n"+text+"\n"))
		if err != nil || len(track.Cues) != 1 || strings.TrimSpace(track.Cues[0].Text) != want {
			t.Errorf("%q: %+v, %v; want %q", text, track, err, want)
		}
	}
}

// A cue of SRT is all up to the next one's times, but for its number.
func TestSubRipCues(t *testing.T) {
	const one, two = "00:00:01,000 --> 00:00:02,000\n", "00:00:03,000 --> 00:00:04,000\n"
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"a number that is said":         {"1\n" + one + "42\n\n2\n" + two + "b", []string{"42", "b"}},
		"no numbers":                    {one + "a\n\n" + two + "7\n", []string{"a", "7"}},
		"neither numbers nor gaps":      {one + "a\nb\n" + two + "c\n", []string{"a\nb", "c"}},
		"no gaps":                       {"1\n" + one + "a\n2\n" + two + "b\n", []string{"a", "b"}},
		"an empty line within":          {"1\n" + one + "a\n\nb\n \n\n2\n" + two + "c\n", []string{"a\nb", "c"}},
		"nothing":                       {"1\n" + one + "\n2\n" + two + "b\n", []string{"b"}},
		"a broken one behind":           {"1\n" + one + "a\n\n2\n00:00:04,000 --> 00:00:03,000\nb\n\nc\n", []string{"a"}},
		"a broken one in front":         {"x\n1\n0:0 --> 1\na\n\nb\n\n2\n" + two + "c\n", []string{"c"}},
		"a style that is never closed":  {"1\n" + one + "<b>a\nb\n\n2\n" + two + "c\n", []string{"<b>a</b>\n<b>b</b>", "c"}},
		"words in front of a next time": {"1\n" + one + "a\n\nscene 2\n" + two + "b", []string{"a\nscene 2", "b"}},
	} {
		track, err := Read(SubRip, []byte(test.file))
		if err != nil || !slices.Equal(texts(track.Cues), test.want) {
			t.Errorf("%s: %+v, %v; want %q", name, track, err, test.want)
		}
	}
}
