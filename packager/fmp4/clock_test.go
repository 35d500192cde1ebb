package fmp4

import (
	"errors"
	"math"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestClock: where the first sample is decoded, and what the edit list takes back, for every kind of edit list.
func TestClock(t *testing.T) {
	const frame = 512 // of testmedia's video, 30 to the second
	video := func(m *testmedia.Movie) *testmedia.Track { return &m.Tracks[0] }
	audio := func(m *testmedia.Movie) *testmedia.Track { return &m.Tracks[1] }
	cases := []struct {
		name           string
		change         func(*testmedia.Movie)
		tfdt, elst     demux.Ticks // of the video
		audio, priming demux.Ticks // likewise of the audio
	}{
		{name: "as ffmpeg writes it", tfdt: 0, elst: frame, audio: 0, priming: 1024},
		{
			name: "no edit lists", tfdt: 0, elst: 0, audio: 0, priming: 0,
			change: func(m *testmedia.Movie) { video(m).Edits, audio(m).Edits = nil, nil },
		},
		{
			name: "negative offsets", tfdt: 0, elst: frame, audio: 0, priming: 1024,
			change: func(m *testmedia.Movie) {
				video(m).CttsV1, video(m).Edits = true, nil
				for i := range video(m).Samples {
					video(m).Samples[i].Composition -= frame
				}
			},
		},
		{
			name: "delays of 2 s and 1 s", tfdt: 2*15360 - frame, elst: 0, audio: 48000 - 1024, priming: 0,
			change: func(m *testmedia.Movie) {
				video(m).Edits = append([]demux.Edit{{Duration: 2000, MediaTime: -1}}, video(m).Edits...)
				audio(m).Edits = append([]demux.Edit{{Duration: 1000, MediaTime: -1}}, audio(m).Edits...)
			},
		},
		{
			name: "a delay shorter than the reordering", tfdt: 0, elst: frame - 154, audio: 0, priming: 1024 - 480,
			change: func(m *testmedia.Movie) {
				video(m).Edits = append([]demux.Edit{{Duration: 10, MediaTime: -1}}, video(m).Edits...)
				audio(m).Edits = append([]demux.Edit{{Duration: 10, MediaTime: -1}}, audio(m).Edits...)
			},
		},
		{
			name: "10 s hidden", tfdt: 0, elst: 10*15360 + frame, audio: 0, priming: 3*1024 + 768, // and the frame that 10 s falls into
			change: func(m *testmedia.Movie) {
				for i := range video(m).Samples {
					video(m).Samples[i].Sync = i == 0
				}
				video(m).Edits = []demux.Edit{{Duration: 2000, MediaTime: 10*15360 + frame}}
				audio(m).Edits = []demux.Edit{{Duration: 2000, MediaTime: 480000}}
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := testmedia.H264AAC(12)
			if c.change != nil {
				c.change(&m)
			}
			f := open(t, m.Bytes())
			for i, want := range [][2]demux.Ticks{{c.tfdt, c.elst}, {c.audio, c.priming}} {
				k := f.tracks[i]
				_, segments := f.concatenate(t, k, 60)
				f.check(t, k, segments)
				tfdt := demux.Ticks(parse(t, segments[0]).Segments[0].Fragments[0].Moof.Traf.Tfdt.BaseMediaDecodeTime())
				if tfdt != want[0] || k.advance != want[1] {
					t.Errorf("track %d begins at %d with an edit list of %d, want %d and %d", i+1, tfdt, k.advance, want[0], want[1])
				}
			}
		})
	}
}

// TestLongTimes: durations, offsets and times at the ends of their fields.
func TestLongTimes(t *testing.T) {
	m := testmedia.H264AAC(3)
	v := &m.Tracks[0]
	v.Edits, v.CttsV1 = nil, true
	for i := range v.Samples {
		v.Samples[i].Duration = math.MaxUint32 - 1<<20
		v.Samples[i].Composition = int32(i%2) * (1<<28 - 1)
	}
	v.Samples[7].Duration, v.Samples[8].Duration = 0, 0
	f := open(t, m.Bytes())
	_, segments := f.concatenate(t, f.tracks[0], 30)
	f.check(t, f.tracks[0], segments)

	v.Edits, v.WideEdits = []demux.Edit{{MediaTime: 50 * math.MaxUint32}}, true
	for i := range v.Samples {
		v.Samples[i].Sync = i == 0
	}
	f = open(t, m.Bytes())
	_, segments = f.concatenate(t, f.tracks[0], 30)
	f.check(t, f.tracks[0], segments)
	if f.tracks[0].advance <= math.MaxUint32 {
		t.Errorf("the edit list has %d, which fits 32 bits", f.tracks[0].advance)
	}
}

// TestUnfit: what a fragment's fields can't say is refused.
func TestUnfit(t *testing.T) {
	m := testmedia.H264AAC(3)
	v := &m.Tracks[0]
	v.Edits, v.CttsV1 = nil, true
	// demux takes such offsets for nonsense unless they stand in the last two entries.
	v.Samples[len(v.Samples)-1].Composition = math.MaxInt32
	v.Samples[len(v.Samples)-2].Composition = math.MinInt32
	src := testmedia.Memory(m.Bytes())
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = NewTrack(index.Tracks[0]); !errors.Is(err, demux.ErrUnsupported) || !errors.Is(err, demux.ErrTooLarge) {
		t.Errorf("%v, want it to be too large, and not supported", err)
	}
}
