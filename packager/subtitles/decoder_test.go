package subtitles

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
)

// file is a demux.Source in memory.
type file []byte

func (f file) Size() int64 { return int64(len(f)) }

func (f file) Stamp(context.Context) (demux.Stamp, error)                    { return demux.Stamp{Size: f.Size()}, nil }
func (f file) Close() error                                                  { return nil }
func (f file) ReadRange(context.Context, int64, int64) (demux.Reader, error) { return f, nil }
func (f file) ReadAt(_ context.Context, p []byte, off int64) error {
	if copy(p, f[min(off, f.Size()):]) < len(p) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// cuesIn reads all cues of a file's text track.
func cuesIn(t *testing.T, data []byte, track *demux.Track) []Cue {
	t.Helper()
	d, err := NewDecoder(track)
	if err != nil {
		t.Fatal(err)
	}
	var cues []Cue
	c := track.Samples.From(track.First)
	for range track.End - track.First {
		s, _ := c.Next()
		at := track.PresentationTime(&s)
		start, _ := at.Rescale(track.Timescale, Clock)
		end, _ := (at + s.Duration).Rescale(track.Timescale, Clock)
		if cues, err = d.Append(cues, data[s.Offset:s.Offset+int64(s.Size)], start, end); err != nil {
			t.Fatal(err)
		}
	}
	return Join(cues)
}

func corpus(t *testing.T, name string) []byte {
	t.Helper()
	root := os.Getenv("UNREEL_CORPUS")
	if root == "" {
		t.Skip("UNREEL_CORPUS names no corpus of MP4 files")
	}
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ffmpegWebVTT is what ffmpeg makes of a file's first subtitles.
func ffmpegWebVTT(t *testing.T, path string) *Track {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg on the PATH")
	}
	out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-map", "0:s:0", "-f", "webvtt", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	track, err := Read(WebVTT, out)
	if err != nil {
		t.Fatal(err)
	}
	return track
}

// plain is what two makers' readings of the same text should have in common: times within 1 ms, and the words.
func plain(cues []Cue) (lines []string) {
	for _, c := range cues {
		text := c.Text
		for {
			from, to := strings.IndexByte(text, '<'), strings.IndexByte(text, '>')
			if from < 0 || to < from {
				break
			}
			text = text[:from] + text[to+1:]
		}
		text = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
		lines = append(lines, strings.Join(strings.Fields(text), " "))
	}
	return lines
}

func sameCues(t *testing.T, got, want []Cue) {
	t.Helper()
	if a, b := plain(got), plain(want); !slices.Equal(a, b) {
		t.Fatalf("got  %q\nwant %q", a, b)
	}
	for i := range got {
		if d, e := got[i].Start-want[i].Start, got[i].End-want[i].End; max(d, -d, e, -e) > 1 {
			t.Errorf("%+v, ffmpeg has %+v", got[i], want[i])
		}
	}
}

func TestInFile(t *testing.T) {
	for name, count := range map[string]int{
		"good/Vanilagy+mediabunny__test-mp4-tx3g.mp4":                              3,
		"good/Vanilagy+mediabunny__test-mp4-webvtt.mp4":                            3,
		"good/streamio+streamio-ffmpeg__awesome_movie_with_subtitles.87e244c0.m4v": 3,
		"odd/Eyevinn+mp4ff__stpp_combined.23b53ded.mp4":                            4,
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data := corpus(t, name)
			index, err := demux.Open(t.Context(), file(data), demux.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(index.Tracks, func(k *demux.Track) bool { return k.Kind == demux.KindText })
			cues := cuesIn(t, data, index.Tracks[i])
			t.Logf("%+v", cues)
			if len(cues) != count {
				t.Fatalf("%d cues, want %d", len(cues), count)
			}
			if codec := index.Tracks[i].Codec; codec == demux.TimedText {
				sameCues(t, cues, ffmpegWebVTT(t, filepath.Join(os.Getenv("UNREEL_CORPUS"), name)).Cues)
			}
		})
	}
}

// TestSubRipAsFFmpeg holds our reading of SRT to ffmpeg's.
func TestSubRipAsFFmpeg(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.srt")
	text := strings.ReplaceAll(srt, "<3", "+3") // of which ffmpeg makes WebVTT that it isn't
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	track, err := Read(SubRip, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	sameCues(t, track.Cues, ffmpegWebVTT(t, path).Cues)
}

func TestTimedText(t *testing.T) {
	d := &Decoder{format: "tx3g"}
	styl := func(records string) string {
		return string(appendBox(nil, "styl", records))
	}
	const face = "\x00\x01" // a font
	tests := []struct{ name, sample, want string }{
		{"empty", "\x00\x00", ""},
		{"plain", "\x00\x05a & b", "a &amp; b"},
		{"two lines, and an empty one", "\x00\x05a\n\rb\n", "a\nb"},
		{"UTF-16", "\x00\x06\xfe\xff\x00a\x20\xac", "a€"},
		{"a run", "\x00\x07ab cd e" + styl("\x00\x01\x00\x03\x00\x05"+face+"\x03\x12\xff\xff\xff\xff"), "ab <b><i>cd</i></b> e"},
		{"over lines, past the end", "\x00\x03a\nb" + styl("\x00\x01\x00\x00\x00\x99"+face+"\x04\x12\xff\xff\xff\xff"), "<u>a</u>\n<u>b</u>"},
		{"backwards", "\x00\x03abc" + styl("\x00\x02\x00\x02\x00\x03"+face+"\x01\x12\xff\xff\xff\xff\x00\x00\x00\x01"+face+"\x02\x12\xff\xff\xff\xff"), "ab<b>c</b>"},
		{"a count that lies", "\x00\x01a" + styl("\xff\xff\x00\x00"), "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cues, err := d.Append(nil, []byte(tt.sample), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(append(texts(cues), ""), ""); text != tt.want {
				t.Errorf("%q, want %q", text, tt.want)
			}
		})
	}
	if _, err := d.Append(nil, []byte("\x00\x09abc"), 0, 1000); err == nil {
		t.Error("a length that lies is taken")
	}
}

func texts(cues []Cue) (texts []string) {
	for _, c := range cues {
		texts = append(texts, c.Text)
	}
	return texts
}

// TestSamples holds that the wvtt samples of segments that follow each other read back as the cues.
func TestSamples(t *testing.T) {
	track := &Track{Header: "STYLE\n::cue {}\n", Cues: []Cue{
		{ID: "1", Start: 500, End: 2000, Text: "a"},
		{Start: 1500, End: 6500, Settings: "line:0", Text: "<00:00:02.000>in\nboth"},
		{Start: 6000, End: 7000, Text: "c"},
		{Start: 7000, End: 9000, Text: "c"},
	}}
	d := &Decoder{format: "wvtt"}
	d.openWebVTT(appendBox(nil, "vttC", track.Config()))
	if d.Header() != track.Header {
		t.Errorf("header %q", d.Header())
	}
	var cues []Cue
	at := demux.Ticks(0)
	for _, stop := range []demux.Ticks{540_000, 540_001, 600_000, 900_000} {
		for _, s := range samplesOf(t, track, Span{at, stop}) {
			var err error
			if cues, err = d.Append(cues, s.Data, at, at+s.Duration); err != nil {
				t.Fatal(err)
			}
			at += s.Duration
		}
		if at != stop {
			t.Fatalf("samples end at %d, want %d", at, stop)
		}
	}
	cues = Join(cues)
	want := slices.Clone(track.Cues[:3])
	want[2].End = 9000 // the same words again, without a gap
	for i := range want {
		want[i].Start *= perMilli
		want[i].End *= perMilli
	}
	if !slices.Equal(cues, want) {
		t.Errorf("got  %+v\nwant %+v", cues, want)
	}
	if got := samplesOf(t, track, Span{900_000, 1_000_000}); len(got) != 1 || string(got[0].Data) != "\x00\x00\x00\x08vtte" {
		t.Errorf("%+v", got)
	}
}

func samplesOf(t *testing.T, track *Track, span Span) []Sample {
	t.Helper()
	samples, ok := track.Samples(span, 1<<20)
	if !ok {
		t.Fatalf("%v: more than a megabyte", span)
	}
	return samples
}

// TestSamplesAreBounded has each of many cues begin before the one before it ends: every sample holds all of them.
func TestSamplesAreBounded(t *testing.T) {
	var track Track
	for i := range 5000 {
		track.Cues = append(track.Cues, Cue{Start: demux.Ticks(i), End: 1 << 30, Text: "a cue of some length"})
	}
	if _, ok := track.Samples(Span{0, 6 * 90_000}, 1<<20); ok {
		t.Error("gigabytes are made of 100 kB")
	}
	if _, ok := track.Samples(Span{-90_000, 0}, 100); !ok {
		t.Error("nothing is too much")
	}
}
