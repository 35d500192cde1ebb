package demux_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

// TestFragmentsAreTheSameFilm holds films in fragments against the same films without.
func TestFragmentsAreTheSameFilm(t *testing.T) {
	for _, file := range testmedia.Fragmented() {
		t.Run(file.Name, func(t *testing.T) {
			bytes := file.Bytes()
			index := open(t, bytes)
			checkIndex(t, index, int64(len(bytes)))
			virtual, err := demux.Open(t.Context(), file.Source(), demux.DefaultLimits())
			if err != nil || virtual.Fingerprint != index.Fingerprint {
				t.Errorf("the virtual file is another: %v", err)
			}
			whole := file.Movie
			whole.Fragments = nil
			for i, want := range open(t, whole.Bytes()).Tracks {
				compareTracks(t, index.Tracks[i], want)
			}
			// ffprobe does not know that a run without an offset follows the one before it.
			if file.Name != "no-offsets-runs.mp4" {
				asFFprobe(t, bytes, func(t *testing.T, path string) { comparePackets(t, path, index, false) })
			}
		})
	}
}

// compareTracks holds that two tracks are the same but for where their samples lie.
func compareTracks(t *testing.T, got, want *demux.Track) {
	t.Helper()
	if got.Kind != want.Kind || (got.Refusal == nil) != (want.Refusal == nil) {
		t.Fatalf("track %d: kind %d, refusal %v; want %d, %v", got.ID, got.Kind, got.Refusal, want.Kind, want.Refusal)
	}
	if got.First != want.First || got.End != want.End || got.Start != want.Start || got.Stop != want.Stop ||
		got.Shift != want.Shift || got.DecodeLead != want.DecodeLead || got.Samples.Len() != want.Samples.Len() {
		t.Fatalf("track %d: %+v, want %+v", got.ID, got, want)
	}
	if got.Audio != nil && got.Audio.FrameTicks != want.Audio.FrameTicks {
		t.Errorf("track %d: frames of %d, want %d", got.ID, got.Audio.FrameTicks, want.Audio.FrameTicks)
	}
	a, b := got.Samples.From(0), want.Samples.From(0)
	for i := range want.Samples.Len() {
		s, _ := a.Next()
		w, _ := b.Next()
		if s.Offset = w.Offset; s != w {
			t.Fatalf("track %d: sample %d is %+v, want %+v", got.ID, i, s, w)
		}
	}
}

// TestGaps holds that time runs on by tfdt: what stands before a gap lasts longer, what is cut short lasts shorter.
func TestGaps(t *testing.T) {
	for _, test := range []struct {
		gap      uint64
		duration demux.Ticks // of the last sample before it
	}{{0, 512}, {5000, 5512}, {1<<64 - 12, 500}, {1<<64 - 512, 0}} {
		m := testmedia.H264AAC(5)
		m.Tracks = m.Tracks[:1]
		m.Fragments = &testmedia.Fragments{Gap: map[int]uint64{1: test.gap}}
		file := m.Bytes()
		index := open(t, file)
		checkIndex(t, index, int64(len(file)))
		k := index.Tracks[0]
		if got := k.Samples.At(59).Duration; got != test.duration {
			t.Errorf("gap of %d: the sample before it lasts %d, want %d", int64(test.gap), got, test.duration)
		}
		if want := 60*512 + demux.Ticks(test.gap); k.Samples.At(60).DecodeTime != want {
			t.Errorf("gap of %d: decode time %d, want %d", int64(test.gap), k.Samples.At(60).DecodeTime, want)
		}
	}
}

// TestTimeRunsBackwards refuses the track whose fragments overlap, and plays the other.
func TestTimeRunsBackwards(t *testing.T) {
	m := testmedia.H264AAC(5)
	m.Fragments = &testmedia.Fragments{Separate: true, Gap: map[int]uint64{2: 1<<64 - 513}}
	tracks := open(t, m.Bytes()).Tracks
	if !errors.Is(tracks[0].Refusal, demux.ErrUnsupported) || tracks[1].Refusal != nil {
		t.Errorf("%v; %v", tracks[0].Refusal, tracks[1].Refusal)
	}
}

// TestLateStart holds that the first decode time is that of the first fragment.
func TestLateStart(t *testing.T) {
	m := testmedia.H264AAC(5)
	m.Fragments = &testmedia.Fragments{Gap: map[int]uint64{0: 48000}}
	for _, track := range open(t, m.Bytes()).Tracks {
		if track.Samples.At(0).DecodeTime != 48000 || track.Start < 46000 {
			t.Errorf("track %d starts at %d", track.ID, track.Start)
		}
	}
}

// TestCutOff holds that a recording which was cut off plays up to there.
func TestCutOff(t *testing.T) {
	m := testmedia.H264AAC(8)
	m.Fragments = &testmedia.Fragments{}
	file := m.Bytes()
	last := len(file) - len(file[strings.LastIndex(string(file), "moof"):]) - 4
	for _, test := range []struct {
		name        string
		size        int
		first, more int // samples of video: at least, fewer than
	}{
		{"in the last moof", last + 30, 180, 181},
		{"in the last media", len(file) - 50_000, 181, 240},
		{"between fragments", last, 180, 181},
	} {
		index := open(t, file[:test.size])
		checkIndex(t, index, int64(test.size))
		if n := index.Tracks[0].Samples.Len(); n < test.first || n >= test.more {
			t.Errorf("%s: %d samples", test.name, n)
		}
		if whole := test.size == last; (len(index.Warnings) == 0) != whole {
			t.Errorf("%s: warnings %q", test.name, index.Warnings)
		}
	}
}

// TestNoBoxAfterFragments holds that a film in fragments plays up to where something stands that is no box, and says so; one
// that is not in fragments doesn't care what follows.
func TestNoBoxAfterFragments(t *testing.T) {
	whole, moovLast := testmedia.H264AAC(8), testmedia.H264AAC(8)
	fragmented, hybrid := whole, whole
	fragmented.Fragments, hybrid.Fragments, moovLast.MoovLast = &testmedia.Fragments{}, &testmedia.Fragments{Whole: 40}, true
	for name, m := range map[string]testmedia.Movie{"fragments": fragmented, "hybrid": hybrid, "moov first": whole, "moov last": moovLast} {
		file := m.Bytes()
		for junk, warns := range map[string]bool{
			"\x00\x00\x00\x07free": true, // a size of less than the header
			"\x00\x00\x00\x01mdat": true, // no room for the size that is announced
			"\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x0fxxxx": true,
			string(make([]byte, 8)): true, string(make([]byte, 4<<10)): true,
			"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8": true, // and longer than the file
			string(make([]byte, 7)):            false,
			"\x00\x00\x00\x00free":             false,
		} {
			longer := append(slices.Clone(file), junk...)
			index, err := demux.Open(t.Context(), testmedia.Memory(longer), demux.DefaultLimits())
			if err != nil {
				t.Errorf("%s, then %q: %v", name, junk[:min(len(junk), 24)], err)
				continue
			}
			checkIndex(t, index, int64(len(longer)))
			if n := index.Tracks[0].Samples.Len(); n != 240 {
				t.Errorf("%s, then %q: %d samples", name, junk[:min(len(junk), 24)], n)
			}
			warns = warns && m.Fragments != nil
			told := len(index.Warnings) == 1 && strings.Contains(index.Warnings[0], fmt.Sprintf("at byte %d stands no box", len(file)))
			if told != warns || !warns && len(index.Warnings) > 0 {
				t.Errorf("%s, then %q: warnings %q", name, junk[:min(len(junk), 24)], index.Warnings)
			}
		}
	}
}

// TestNoBoxAmongFragments plays those before it.
func TestNoBoxAmongFragments(t *testing.T) {
	m := testmedia.H264AAC(8)
	m.Fragments = &testmedia.Fragments{}
	file := m.Bytes()
	last := strings.LastIndex(string(file), "moof") - 4
	copy(file[last:], "\x00\x00\x00\x03")
	index := open(t, file)
	checkIndex(t, index, int64(len(file)))
	if n := index.Tracks[0].Samples.Len(); n != 180 || len(index.Warnings) != 1 {
		t.Errorf("%d samples, warnings %q", n, index.Warnings)
	}
	first := strings.Index(string(file), "moof") - 4
	copy(file[first:], "\x00\x00\x00\x03")
	if _, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits()); !errors.Is(err, demux.ErrCorrupt) {
		t.Errorf("none before it: %v, want it to be corrupt", err)
	}
}

// TestFragmentLimits bounds what the fragments cost in all.
func TestFragmentLimits(t *testing.T) {
	m := testmedia.H264AAC(5)
	m.Fragments = &testmedia.Fragments{}
	for flag, change := range map[string]func(*demux.Limits){
		"--max-moov-size": func(l *demux.Limits) { l.MaxMoovBytes = 2500 },
		"--max-samples":   func(l *demux.Limits) { l.MaxSamples = 160 },
	} {
		limits := demux.DefaultLimits()
		change(&limits)
		if _, err := demux.Open(t.Context(), m.Source(), limits); !errors.Is(err, demux.ErrTooLarge) || !strings.Contains(err.Error(), flag) {
			t.Errorf("%v, want %s named", err, flag)
		}
	}
}

// TestFragmentReads holds what it costs to index fragments: one small read for each.
func TestFragmentReads(t *testing.T) {
	m := testmedia.Film(10)
	m.Fragments = &testmedia.Fragments{}
	src := &source.Faulty{Source: m.Source()}
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	fragments := int64(10 * 60 / 2)
	if reads, bytes := src.Reads.Load(), src.Bytes.Load(); reads > fragments+20 || bytes > fragments*5000+100_000 {
		t.Errorf("%d reads of %d bytes in all for %d fragments", reads, bytes, fragments)
	}
	if n := index.Tracks[0].Samples.Len(); n != 10*60*30 {
		t.Errorf("%d samples", n)
	}
}

// TestFragmentFingerprint holds that each moof and sidx counts.
func TestFragmentFingerprint(t *testing.T) {
	m := testmedia.H264AAC(60)
	m.Fragments = &testmedia.Fragments{Sidx: true}
	file := m.Bytes()
	mark := open(t, file).Fingerprint
	for _, typ := range []string{"sidx", "mfhd"} {
		at := strings.LastIndex(string(file[:len(file)/2]), typ)
		file[at+11] ^= 1
		if open(t, file).Fingerprint == mark {
			t.Errorf("another %s, the same fingerprint", typ)
		}
		file[at+11] ^= 1
	}
}

// TestEmptyFragment leaves the time out that a fragment without samples stands for.
func TestEmptyFragment(t *testing.T) {
	m := testmedia.H264AAC(1)
	m.Tracks = m.Tracks[:1]
	m.Fragments = &testmedia.Fragments{NoTfdt: true, Samples: 7, Mangle: func(number int, moof []byte) {
		if number == 1 {
			testmedia.Find(moof, "tfhd")[1] |= 1 // duration-is-empty
			copy(moof[strings.Index(string(moof), "trun"):], "free")
		}
	}}
	samples := open(t, m.Bytes()).Tracks[0].Samples
	if s := samples.At(7); samples.Len() != 23 || s.DecodeTime != 8*512 {
		t.Errorf("%d samples, the eighth at %d", samples.Len(), s.DecodeTime)
	}
}

// TestFragmentDescriptions takes the sample entry that fragments name, and refuses several.
func TestFragmentDescriptions(t *testing.T) {
	for _, test := range []struct {
		first, second byte // description of two fragments
		width         int
		err           string
	}{{2, 2, 1280, ""}, {1, 1, 640, ""}, {1, 2, 640, "several descriptions"}, {1, 3, 640, "encrypted"}} {
		m := testmedia.H264AAC(4)
		m.Tracks = m.Tracks[:1]
		m.Tracks[0].Entries = append(m.Tracks[0].Entries, testmedia.AVC(1280, 720, 4))
		if test.second == 3 {
			m.Tracks[0].Entries = append(m.Tracks[0].Entries, testmedia.VisualEntry("encv", 640, 360))
		}
		m.Fragments = &testmedia.Fragments{InTrex: true, Mangle: func(number int, moof []byte) {
			// the tfdt that comes next becomes a part of tfhd: its first bytes are the description
			tfhd := strings.Index(string(moof), "tfhd")
			moof[tfhd-1] += 20
			moof[tfhd+7] |= 2
			copy(moof[tfhd+12:], []byte{0, 0, 0, []byte{test.first, test.second}[number]})
		}}
		k := open(t, m.Bytes()).Tracks[0]
		if k.Video == nil || k.Video.Width != test.width || (k.Refusal == nil) != (test.err == "") {
			t.Errorf("%+v: %+v, %v", test, k.Video, k.Refusal)
		}
		if k.Refusal != nil && !strings.Contains(k.Refusal.Error(), test.err) {
			t.Errorf("%+v: %v", test, k.Refusal)
		}
	}
}
