package demux_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// subtitled is a film of 5 s with subtitles at a place among its tracks.
func subtitled(place int) testmedia.Movie {
	m := testmedia.H264AAC(5)
	m.Tracks = slices.Insert(m.Tracks, place, testmedia.Track{
		Handler: "sbtl", Timescale: 1000, NoSync: true, Entries: [][]byte{testmedia.Box("tx3g", make([]byte, 38))},
		Samples: slices.Repeat([]testmedia.Sample{{Size: 20, Duration: 500}}, 10),
	})
	return m
}

// part is the nth box of a type, from 0, with its header.
func part(within []byte, typ string, n int) []byte {
	at := 0
	for range n + 1 {
		at += bytes.Index(within[at:], []byte(typ)) + 4
	}
	return within[at-8:][:binary.BigEndian.Uint32(within[at-8:])]
}

// put and renamed break a box within another.
func put(typ string, at int, values ...byte) func([]byte) {
	return func(within []byte) { copy(testmedia.Find(within, typ)[at:], values) }
}

func renamed(typ string) func([]byte) {
	return func(within []byte) { copy(part(within, typ, 0)[4:], "free") }
}

// cut shortens a box; a free one takes up what follows.
func cut(typ string, size int) func([]byte) {
	return func(within []byte) {
		b := part(within, typ, 0)
		binary.BigEndian.PutUint32(b[size:], uint32(len(b)-size))
		copy(b[size+4:], "free")
		binary.BigEndian.PutUint32(b, uint32(size))
	}
}

// refused holds that a file is refused for a box.
func refused(t *testing.T, file []byte, box string, kind error) {
	t.Helper()
	_, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
	var format *demux.FormatError
	if !errors.As(err, &format) || !errors.Is(err, kind) || format.Box != box {
		t.Errorf("%v, want box %s and %v", err, box, kind)
	}
}

// leftOut holds that a film plays as the same one that is not broken does, but for the text track at a place.
func leftOut(t *testing.T, film func(broken int) []byte, place int, box string, kind error) {
	t.Helper()
	file, want := film(place), open(t, film(-1)).Tracks
	index := open(t, file)
	checkIndex(t, index, int64(len(file)))
	for i, k := range index.Tracks {
		if i == place {
			continue
		}
		compareTracks(t, k, want[i])
		if a, b := k.Samples.At(100), want[i].Samples.At(100); a != b {
			t.Errorf("track %d: sample 100 is %+v, want %+v", k.ID, a, b)
		}
	}
	k := index.Tracks[place]
	words := fmt.Sprintf("track %d: box %s at byte ", place+1, box)
	if k.Kind != demux.KindText || k.Samples.Len() > 0 || !errors.Is(k.Refusal, kind) || !strings.HasPrefix(k.Refusal.Error(), words) {
		t.Errorf("kind %d, %d samples, %v, want %s", k.Kind, k.Samples.Len(), k.Refusal, words)
	}
	if again, err := demux.Decode(index.AppendTo(nil)); err != nil || again.Tracks[place].Refusal == nil {
		t.Errorf("it can't be kept: %v", err)
	}
}

// TestTextTracksOfBrokenHeader: a text track without a track_ID of its own is refused alone; pictures and sound lose the film.
func TestTextTracksOfBrokenHeader(t *testing.T) {
	for _, test := range []struct {
		name, box string
		change    func(trak []byte)
	}{
		{"no tkhd", "moov/trak", renamed("tkhd")},
		{"track_ID 0", "moov/trak/tkhd", put("tkhd", 12, 0, 0, 0, 0)},
		{"a tkhd cut short", "moov/trak/tkhd", cut("tkhd", 20)},
		{"a tkhd of nothing", "moov/trak/tkhd", cut("tkhd", 8)},
		{"a tkhd of version 1, cut short", "moov/trak/tkhd", func(trak []byte) {
			put("tkhd", 0, 1)(trak)
			cut("tkhd", 31)(trak)
		}},
		{"track_ID twice", "moov/trak", put("tkhd", 12, 0, 0, 0, 1)},
	} {
		for _, f := range []*testmedia.Fragments{nil, {}} {
			for place := 1; place <= 2; place++ {
				t.Run(fmt.Sprintf("%s, track %d, in fragments: %v", test.name, place+1, f != nil), func(t *testing.T) {
					film := func(broken int) []byte {
						m := subtitled(place)
						m.Fragments, m.Mangle = f, func(moov []byte) []byte {
							if broken >= 0 {
								test.change(part(moov, "trak", broken))
							}
							return moov
						}
						return m.Bytes()
					}
					leftOut(t, film, place, test.box, demux.ErrCorrupt)
					refused(t, film(3-place), test.box, demux.ErrCorrupt)
				})
			}
		}
	}
}

// TestTextTracksWithoutNumbers: they get what is free, and take nothing from others.
func TestTextTracksWithoutNumbers(t *testing.T) {
	m := subtitled(1)
	m.Tracks = append(m.Tracks, m.Tracks[1], m.Tracks[1])
	m.Tracks[2].ID, m.Tracks[4].ID = 2, 1
	m.Mangle = func(moov []byte) []byte {
		put("tkhd", 12, 0, 0, 0, 0)(part(moov, "trak", 1))
		put("mdhd", 4, 0xe0)(part(moov, "trak", 4)) // another time of creation
		return moov
	}
	index := open(t, m.Bytes())
	var ids []uint32
	for _, k := range index.Tracks {
		ids = append(ids, k.ID)
	}
	if want := []uint32{1, 3, 2, 4, 5}; !slices.Equal(ids, want) {
		t.Errorf("track_IDs %d, want %d", ids, want)
	}
	want, _ := demux.ReadAbout(t.Context(), subtitled(1).Source(), index)
	if got, err := demux.ReadAbout(t.Context(), m.Source(), index); err != nil || got.Tracks[1] != want.Tracks[1] {
		t.Errorf("told of track 1: %+v, %v, want %+v", got.Tracks[1], err, want.Tracks[1])
	}
}

// TestTextTracksOfBrokenFragments: a text track is refused alone, unless nothing but what is broken tells where the media of
// the next traf begins; pictures and sound lose the film.
func TestTextTracksOfBrokenFragments(t *testing.T) {
	for _, test := range []struct {
		name, box string
		err       error
		change    func(traf []byte)
	}{
		{"fields past the end of tfhd", "moof/traf/tfhd", demux.ErrCorrupt, func(traf []byte) { testmedia.Find(traf, "tfhd")[3] |= 2 }},
		{"a base past the end of tfhd", "moof/traf/tfhd", demux.ErrCorrupt, func(traf []byte) {
			put("tfhd", 3, 1)(traf)
			cut("tfhd", 20)(traf)
		}},
		{"a decode time of 2^63", "moof/traf/tfdt", demux.ErrTooLarge, put("tfdt", 4, 0x80)},
		{"no decode time", "moof/traf/tfdt", demux.ErrCorrupt, cut("tfdt", 12)},
		{"4 billion samples", "moof/traf/trun", demux.ErrCorrupt, put("trun", 2, 2, 1, 0xff, 0xff, 0xff, 0xff)},
		{"4 billion samples of one size", "moof/traf/trun", demux.ErrTooLarge, put("trun", 2, 0, 1, 0xff, 0xff, 0xff, 0xff)},
		{"media before the file", "moof/traf/trun", demux.ErrCorrupt, put("trun", 8, 0x80, 0, 0, 0)},
		{"a trun cut short", "moof/traf/trun", demux.ErrCorrupt, cut("trun", 12)},
	} {
		for _, base := range []testmedia.Base{testmedia.BaseIsMoof, testmedia.BaseOffset, testmedia.BaseImplicit} {
			for _, at := range []struct{ place, fragment int }{{1, 0}, {1, 1}, {2, 0}, {2, 1}} {
				t.Run(fmt.Sprintf("%s, base %d, track %d from fragment %d", test.name, base, at.place+1, at.fragment), func(t *testing.T) {
					film := func(broken int) []byte {
						m := subtitled(at.place)
						m.Fragments = &testmedia.Fragments{Base: base, Mangle: func(number int, moof []byte) {
							if broken >= 0 && number >= at.fragment {
								test.change(part(moof, "traf", broken))
							}
						}}
						return m.Bytes()
					}
					if base == testmedia.BaseImplicit && at.place == 1 {
						refused(t, film(at.place), test.box, test.err)
					} else {
						leftOut(t, film, at.place, test.box, test.err)
					}
					refused(t, film(0), test.box, test.err)
					refused(t, film(3-at.place), test.box, test.err)
				})
			}
		}
	}
}

// TestTextTracksOfImpossibleTimes: what was found before they were seen is not kept.
func TestTextTracksOfImpossibleTimes(t *testing.T) {
	film := func(broken int) []byte {
		m := subtitled(2)
		m.Fragments = &testmedia.Fragments{Mangle: func(_ int, moof []byte) {
			if broken >= 0 {
				put("tfdt", 4, 1)(part(moof, "traf", broken))
			}
		}}
		return m.Bytes()
	}
	leftOut(t, film, 2, "moov/trak", demux.ErrTooLarge)
}

// TestFragmentsOfNobodyKnowsWhom refuses a film with a traf that names no track: it may be that of the pictures.
func TestFragmentsOfNobodyKnowsWhom(t *testing.T) {
	for _, change := range []func([]byte){renamed("tfhd"), cut("tfhd", 12)} {
		m := subtitled(2)
		m.Fragments = &testmedia.Fragments{Mangle: func(_ int, moof []byte) { change(part(moof, "traf", 2)) }}
		if _, err := demux.Open(t.Context(), m.Source(), demux.DefaultLimits()); !errors.Is(err, demux.ErrCorrupt) {
			t.Errorf("%v, want it to be corrupt", err)
		}
	}
}

// TestTextOfBrokenFragmentsAlone holds that a file of nothing else is not said to be empty.
func TestTextOfBrokenFragmentsAlone(t *testing.T) {
	m := subtitled(0)
	m.Tracks = m.Tracks[:1]
	m.Fragments = &testmedia.Fragments{Samples: 5, Mangle: func(_ int, moof []byte) { put("trun", 4, 0xff)(moof) }}
	if k := open(t, m.Bytes()).Tracks[0]; k.Kind != demux.KindText || !errors.Is(k.Refusal, demux.ErrTooLarge) {
		t.Errorf("kind %d, %v", k.Kind, k.Refusal)
	}
}
