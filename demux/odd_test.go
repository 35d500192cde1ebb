package demux_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// numbers is a payload of 32-bit numbers.
func numbers(values ...uint32) (b []byte) {
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

// TestOddTables opens films whose tables are unusual but sound, and asks ffprobe about each of them.
func TestOddTables(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*testmedia.Track)
		sync   []int         // sample numbers of the sync samples
		times  []demux.Ticks // decode times of the first samples
	}{
		{"partial sync samples", func(k *testmedia.Track) { k.StblExtra = testmedia.Box("stps", numbers(0, 2, 31, 40)) }, []int{0, 30, 39, 60}, nil},
		{"random access groups", func(k *testmedia.Track) {
			k.StblExtra = testmedia.Box("sbgp", numbers(0), []byte("rap "), numbers(3, 20, 0, 1, 1, 69, 0))
		}, []int{0, 20, 60}, nil},
		{"groups of another kind", func(k *testmedia.Track) {
			k.StblExtra = testmedia.Box("sbgp", numbers(0), []byte("roll"), numbers(1, 90, 1))
		}, []int{0, 60}, nil},
		{"an stss without entries", func(k *testmedia.Track) { k.Samples[0].Sync, k.Samples[60].Sync = false, false }, []int{0}, nil},
		{"first sample not listed", func(k *testmedia.Track) { k.Samples[0].Sync = false }, []int{0, 60}, nil},
		{"sizes of 16 bits", func(k *testmedia.Track) { k.CompactSizes = 16 }, []int{0, 60}, nil},
		{"sizes of 8 bits", func(k *testmedia.Track) {
			k.CompactSizes = 8
			for i := range k.Samples {
				k.Samples[i].Size, k.Samples[i].NALs = 50+i, nil
			}
		}, []int{0, 60}, nil},
		{"time taken back", func(k *testmedia.Track) {
			k.Samples[1].Duration = 1 << 32 / 512 * 512 % (1 << 32) // 0
			k.Samples[2].Duration = ^uint32(99)                     // -100
		}, []int{0, 60}, []demux.Ticks{0, 512, 512, 513}},
		{"variable durations", func(k *testmedia.Track) {
			for i := range k.Samples {
				k.Samples[i].Duration += uint32(i % 7)
			}
		}, []int{0, 60}, []demux.Ticks{0, 512, 1025, 1539}},
		{"one size for all", func(k *testmedia.Track) {
			for i := range k.Samples {
				k.Samples[i].Size, k.Samples[i].NALs = 64, nil
			}
		}, []int{0, 60}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := testmedia.H264AAC(3)
			test.change(&m.Tracks[0])
			file := m.Bytes()
			index := open(t, file)
			checkIndex(t, index, int64(len(file)))
			k := index.Tracks[0]
			var sync []int
			var times []demux.Ticks
			for i, c := 0, k.Samples.From(0); i < k.Samples.Len(); i++ {
				s, _ := c.Next()
				if s.Sync {
					sync = append(sync, i)
				}
				times = append(times, s.DecodeTime)
			}
			if !slices.Equal(sync, test.sync) {
				t.Errorf("sync samples %v, want %v", sync, test.sync)
			}
			if !slices.Equal(times[:len(test.times)], test.times) {
				t.Errorf("decode times %v, want %v", times[:len(test.times)], test.times)
			}
			asFFprobe(t, file, func(t *testing.T, path string) { comparePackets(t, path, index, false) })
		})
	}
}

// TestNonsenseOffsets drops a ctts that no film can mean.
func TestNonsenseOffsets(t *testing.T) {
	k := described(t, "vide", func(k *testmedia.Track) { k.Samples[1].Composition = 1 << 30 }, testmedia.AVC(640, 360, 4))
	if s := k.Samples.At(1); s.Composition != 0 {
		t.Errorf("composition offset %d", s.Composition)
	}
}

// TestSoundOffsets ignores composition offsets of sound, unless they only delay all of it.
func TestSoundOffsets(t *testing.T) {
	for _, test := range []struct {
		name    string
		offsets []int32 // of the first samples; the others have the last
		want    demux.Ticks
	}{
		{"none", []int32{0}, 0},
		{"the same", []int32{2048}, 2048},
		{"the first is presented after the second", []int32{4276, 0}, 0},
		{"any", []int32{0, 0, 512, 1024, 1024, 300}, 0},
	} {
		for _, fragmented := range []bool{false, true} {
			m := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Audio(10)}}
			k := &m.Tracks[0]
			k.Edits = nil
			for i := range k.Samples {
				k.Samples[i].Composition = test.offsets[min(i, len(test.offsets)-1)]
			}
			if fragmented {
				m.Fragments = &testmedia.Fragments{Runs: 2}
			}
			index := open(t, m.Bytes())
			k0 := index.Tracks[0]
			for i := range k0.Samples.Len() {
				if s := k0.Samples.At(i); s.Composition != test.want {
					t.Fatalf("%s: sample %d has offset %d, want %d", test.name, i, s.Composition, test.want)
				}
			}
			warned := slices.ContainsFunc(index.Warnings, func(w string) bool { return strings.Contains(w, "composition offsets, which are ignored") })
			if varies := len(test.offsets) > 1; warned != varies {
				t.Errorf("%s: warnings %q", test.name, index.Warnings)
			}
		}
	}
}

// TestBrokenSubtitles holds that a broken track of subtitles costs only itself.
func TestBrokenSubtitles(t *testing.T) {
	m := testmedia.H264AAC(1)
	m.Tracks = append(m.Tracks, testmedia.Track{
		Handler: "sbtl", Timescale: 1000, NoSync: true, Entries: [][]byte{testmedia.Box("tx3g", make([]byte, 38))},
		Samples: []testmedia.Sample{{Size: 20, Duration: 1000}},
	})
	m.Mangle = func(moov []byte) []byte {
		last := testmedia.Find(moov, "tx3g")
		binary.BigEndian.PutUint32(testmedia.Find(last, "stsc")[12:], 0)
		return moov
	}
	tracks := open(t, m.Bytes()).Tracks
	if tracks[2].Kind != demux.KindText || !errors.Is(tracks[2].Refusal, demux.ErrCorrupt) || tracks[0].Refusal != nil {
		t.Errorf("kind %d, %v; %v", tracks[2].Kind, tracks[2].Refusal, tracks[0].Refusal)
	}
}

// TestIndexIsSmall holds the promise about a film of two hours.
func TestIndexIsSmall(t *testing.T) {
	index, err := demux.Open(t.Context(), testmedia.Film(120).Source(), demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if index.MoovSize < 9e6 || index.Bytes() > 2e6 {
		t.Errorf("%d bytes for a moov of %d", index.Bytes(), index.MoovSize)
	}
}
