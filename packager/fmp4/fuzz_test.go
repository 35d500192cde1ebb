package fmp4

import (
	"bytes"
	"errors"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// dice are what a film is made up from.
type dice struct{ testmedia.Dice }

// number is mostly small, at times as large as its field.
func (d *dice) number() uint32 {
	switch n := uint32(d.Roll(256)); d.Roll(8) {
	case 0:
		return 0
	case 1:
		return n << 23
	case 2:
		return n << 8
	default:
		return n
	}
}

// track is a track of random tables: equal numbers and unequal ones, empty samples, offsets of either sign.
func (d *dice) track(handler string) testmedia.Track {
	t := testmedia.Track{
		Handler: handler, Timescale: []uint32{15360, 48000, 600, 1, 1000, 10000000}[d.Roll(6)],
		Width: 640, Height: 360, NALLength: 4, Entries: [][]byte{testmedia.AVC(640, 360, 4)}, CttsV1: d.Roll(2) == 1, NoSync: d.Roll(4) == 0,
	}
	if handler == "soun" {
		t.Entries, t.NALLength = [][]byte{testmedia.AAC(nil)}, 0
	}
	sameSize, sameDuration, offsets := d.Roll(3) == 0, d.Roll(2) == 0, d.Roll(2)
	size, duration := 1+d.Roll(200), d.number()
	for i := range 1 + d.Roll(80) {
		s := testmedia.Sample{Data: make([]byte, size), Duration: duration, Sync: t.NoSync || d.Roll(4) == 0}
		if !sameSize {
			s.Data = make([]byte, d.Roll(256))
		}
		for k := range s.Data {
			s.Data[k] = byte(i + k)
		}
		if !sameDuration {
			s.Duration = d.number()
		}
		if offsets > 0 {
			s.Composition = int32(d.number())
			s.Composition -= int32(d.number())
		}
		t.Samples = append(t.Samples, s)
	}
	if d.Roll(2) == 0 {
		t.Edits = append(t.Edits, demux.Edit{Duration: demux.Ticks(d.number()), MediaTime: -1})
	}
	if d.Roll(2) == 0 {
		t.Edits = append(t.Edits, demux.Edit{Duration: demux.Ticks(d.number()), MediaTime: demux.Ticks(d.number())})
	}
	return t
}

// FuzzPlan: whatever the tables say, segments are as long as planned, any Read gives the same bytes, and mp4ff finds in
// them every sample of the source.
func FuzzPlan(f *testing.F) {
	testmedia.AddDice(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := dice{testmedia.Dice{Data: data}}
		m := testmedia.Movie{Tracks: []testmedia.Track{d.track("vide"), d.track("soun")}, MoovLast: d.Roll(2) == 1}
		file := m.Bytes()
		index, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
		if err != nil {
			return
		}
		f := film{index: index, size: int64(len(file))}
		if f.reader, err = testmedia.Memory(file).ReadRange(t.Context(), 0, f.size); err != nil {
			t.Fatal(err)
		}
		for _, source := range index.Tracks {
			k, refusal := NewTrack(source)
			if refusal != nil {
				if !errors.Is(refusal, demux.ErrUnsupported) {
					t.Fatalf("%v is no refusal", refusal)
				}
				continue
			}
			_, segments := f.concatenate(t, k, 1+d.Roll(30))
			f.check(t, k, segments)
			pl := k.Plan(k.whole())
			whole := read(t, f.reader, pl, 0, testmedia.BlockSize)
			from, n := int64(d.Roll(256))*pl.Size()/256, max(d.Roll(256), len(whole)/100, 1)
			if got := read(t, f.reader, pl, from, n); !bytes.Equal(got, whole[from:]) {
				t.Fatalf("Reads of %d bytes from %d give other bytes, from %d on", n, from, differ(got, whole[from:]))
			}
			pl.Release()
		}
	})
}
