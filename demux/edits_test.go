package demux_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// A film of 3 s: 90 frames of 512 ticks at 15360 Hz, the first composed at 512; 141 frames of sound, 1024 ticks at 48000 Hz.
const (
	frame = 512
	sound = 1024
)

// edited is one edit list, what it makes of a track, and the name that the corpus' index.csv has for its kind.
type edited struct {
	name, kind   string
	audio        bool
	edits        []demux.Edit
	rate         uint32
	refusal      string // part of it
	first, end   int
	shift        demux.Ticks
	start, stop  demux.Ticks
	probeDiffers string // why ffprobe's times are others
}

var editLists = []edited{
	{name: "none", end: 90, start: frame, stop: 91 * frame},
	{
		name: "from the media's start, where nothing is shown yet", kind: "mt=0(1)", edits: []demux.Edit{{3000, 0}},
		end: 90, shift: -frame, stop: 90 * frame,
	},
	{name: "reordering delay", kind: "mt>0(1)", edits: []demux.Edit{{3000, frame}}, end: 90, shift: -frame, stop: 90 * frame},
	{
		name: "delayed picture", edits: []demux.Edit{{500, -1}, {3000, frame}}, kind: "empty+mt>0(2)",
		end: 90, shift: 7680 - frame, start: 7680, stop: 7680 + 90*frame,
	},
	{
		name: "two delays", edits: []demux.Edit{{200, -1}, {300, -1}, {3000, frame}},
		end: 90, shift: 7680 - frame, start: 7680, stop: 7680 + 90*frame,
	},
	{
		name: "delayed sound", kind: "empty+mt=0(2)", audio: true, edits: []demux.Edit{{100, -1}, {3000, 0}},
		end: 141, shift: 4800, start: 4800, stop: 4800 + 141*sound,
	},
	{
		name: "only a delay", audio: true, edits: []demux.Edit{{100, -1}}, end: 141, shift: 4800, start: 4800, stop: 4800 + 141*sound,
		probeDiffers: "ffmpeg shows nothing of it",
	},
	{name: "sound with priming", audio: true, edits: []demux.Edit{{2987, sound}}, end: 141, shift: -sound, start: -sound, stop: 140 * sound},
	{
		name: "priming of Apple's encoder", audio: true, edits: []demux.Edit{{2900, 2112}}, end: 138, shift: -2112, start: -2112,
		stop: 138*sound - 2112,
	},
	{
		name: "sound that begins late, in the middle of a frame", audio: true, edits: []demux.Edit{{1000, 20*sound + 100}},
		first: 17, end: 67, shift: -20*sound - 100, start: -3*sound - 100, stop: 47*sound - 100,
	},
	{
		name: "picture that begins within a GOP", edits: []demux.Edit{{500, 71 * frame}}, first: 60, end: 85,
		shift: -71 * frame, start: -10 * frame, stop: 15 * frame,
	},
	{name: "between two frames", edits: []demux.Edit{{3000, frame + 100}}, end: 90, shift: -2 * frame, start: -frame, stop: 89 * frame},
	{name: "ends early", edits: []demux.Edit{{1000, frame}}, end: 31, shift: -frame, stop: 31 * frame},
	{name: "a tick of the movie too short", edits: []demux.Edit{{2999, frame}}, end: 90, shift: -frame, stop: 90 * frame},
	{name: "longer than the media", edits: []demux.Edit{{9000, frame}}, end: 90, shift: -frame, stop: 90 * frame},
	{
		name: "several that continue each other", edits: []demux.Edit{{1000, frame}, {500, frame + 15360}, {1500, frame + 15360 + 7680}},
		end: 90, shift: -frame, stop: 90 * frame, probeDiffers: "ffmpeg repeats frames around the joints",
	},
	{
		name: "one of no duration and an empty one behind", edits: []demux.Edit{{0, 40 * frame}, {3000, frame}, {0, 0}, {100, -1}},
		end: 90, shift: -frame, stop: 90 * frame, probeDiffers: "ffmpeg plays the empty edit",
	},
	{
		name: "no duration means to the end", edits: []demux.Edit{{0, frame}}, end: 90, shift: -frame, stop: 90 * frame,
		probeDiffers: "ffmpeg shows nothing of it",
	},
	{name: "rate 1 in the wrong place", rate: 1, edits: []demux.Edit{{3000, frame}}, end: 90, shift: -frame, stop: 90 * frame},
	{name: "double speed", kind: "mt>0+rate!=1(1)", rate: 0x20000, edits: []demux.Edit{{3000, frame}}, refusal: "another speed"},
	{name: "two parts", kind: "mt>0+mt=0+multi(2)", edits: []demux.Edit{{1000, 0}, {1000, 80 * frame}}, refusal: "several parts"},
	{name: "a part twice", edits: []demux.Edit{{1000, frame}, {1000, frame}}, refusal: "several parts"},
	{name: "a pause", edits: []demux.Edit{{1000, frame}, {100, -1}, {2000, frame + 15360}}, refusal: "several parts"},
	{name: "past the end", edits: []demux.Edit{{3000, 1000 * frame}}, refusal: "leaves nothing"},
	{name: "negative", edits: []demux.Edit{{3000, -2}}, refusal: "out of range"},
}

func (e *edited) film(wide bool) testmedia.Movie {
	m := testmedia.H264AAC(3)
	track := &m.Tracks[0]
	if e.audio {
		track = &m.Tracks[1]
	}
	track.Edits, track.EditRate, track.WideEdits = e.edits, e.rate, wide
	return m
}

func TestEditLists(t *testing.T) {
	for _, test := range editLists {
		for _, wide := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				file := test.film(wide).Bytes()
				index := open(t, file)
				checkIndex(t, index, int64(len(file)))
				k := index.Tracks[0]
				if test.audio {
					k = index.Tracks[1]
				}
				if test.refusal != "" {
					if k.Refusal == nil || !strings.Contains(k.Refusal.Error(), test.refusal) {
						t.Errorf("refused with %v, want %q", k.Refusal, test.refusal)
					}
					return
				}
				if k.Refusal != nil {
					t.Fatal(k.Refusal)
				}
				got := edited{first: k.First, end: k.End, shift: k.Shift, start: k.Start, stop: k.Stop}
				if got.first != test.first || got.end != test.end || got.shift != test.shift || got.start != test.start || got.stop != test.stop {
					t.Errorf("[%d, %d) moved by %d plays from %d to %d, want [%d, %d) by %d from %d to %d", got.first, got.end, got.shift,
						got.start, got.stop, test.first, test.end, test.shift, test.start, test.stop)
				}
				if test.probeDiffers == "" && !wide {
					asFFprobe(t, file, func(t *testing.T, path string) { probeTrack(t, path, k) })
				}
			})
		}
	}
}

// probeTrack holds a track to ffprobe's opinion of its times.
func probeTrack(t *testing.T, path string, track *demux.Track) {
	t.Helper()
	packets := probe(t, path)[track.ID]
	if len(packets) == 0 {
		t.Fatal("ffprobe shows no packet")
	}
	compareTimes(t, track, packets)
}

// TestEditListKinds holds the table above against the kinds of edit list that real files have.
func TestEditListKinds(t *testing.T) {
	root := os.Getenv("UNREEL_CORPUS")
	if root == "" {
		t.Skip("UNREEL_CORPUS is not set: no list of what real files have")
	}
	f, err := os.Open(filepath.Join(root, "index.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := -1
	for i, name := range rows[0] {
		if name == "elst" {
			column = i
		}
	}
	known := map[string]bool{"": true}
	for _, test := range editLists {
		known[test.kind] = true
	}
	prefix := regexp.MustCompile(`^t\d+:`)
	for _, row := range rows[1:] {
		for _, kind := range strings.Split(row[column], ";") {
			if kind = prefix.ReplaceAllString(strings.TrimSpace(kind), ""); !known[kind] {
				t.Errorf("%s has an edit list of kind %q, which no test has", row[1], kind)
				known[kind] = true
			}
		}
	}
}
