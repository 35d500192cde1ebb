package demux_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// accessUnit is NAL units behind lengths of so many bytes.
func accessUnit(lengthBytes int, units ...[]byte) (b []byte) {
	b = []byte{}
	for _, u := range units {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(u)))
		b = append(append(b, length[4-lengthBytes:]...), u...)
	}
	return b
}

// TestInBandSets: parameter sets that stand in the samples alone become the track's where they don't change.
func TestInBandSets(t *testing.T) {
	known := described(t, "vide", nil, testmedia.AVC(640, 360, 4))
	sps, pps := known.Video.SPS[0], known.Video.PPS[0]
	otherPPS := append(slices.Clone(pps), 1)
	slice, delimiter := []byte{0x65, 1, 2, 3}, []byte{9, 0xf0}
	bare := func(lengthBytes byte) []byte {
		return testmedia.VisualEntry("avc3", 640, 360, testmedia.Box("avcC", []byte{1, 0x42, 0, 0x0a, 0xfc | lengthBytes - 1, 0xe0, 0}))
	}
	for _, test := range []struct {
		name        string
		length      int
		first, last [][]byte
		taken       bool
		id          string
		warns       bool
	}{
		{"in both", 4, [][]byte{delimiter, sps, pps, slice}, [][]byte{sps, pps, slice}, true, "avc3.64001E", false},
		{"lengths of two bytes", 2, [][]byte{sps, pps, slice}, [][]byte{sps, pps, slice}, true, "avc3.64001E", false},
		{"other ones at the end", 4, [][]byte{sps, pps, slice}, [][]byte{sps, otherPPS, slice}, false, "avc3.64001E", true},
		{"none at the end", 4, [][]byte{sps, pps, slice}, [][]byte{slice}, false, "avc3.64001E", true},
		{"none", 4, [][]byte{slice}, [][]byte{slice}, false, "avc3.42000A", false},
		{"no PPS", 4, [][]byte{sps, slice}, [][]byte{sps, slice}, false, "avc3.42000A", false},
		{"behind a slice", 4, [][]byte{slice, sps, pps}, [][]byte{slice, sps, pps}, false, "avc3.42000A", false},
		{"too many", 4, append(slices.Repeat([][]byte{sps}, 32), pps), [][]byte{slice}, false, "avc3.42000A", false},
		{"nothing", 4, nil, nil, false, "avc3.42000A", false},
	} {
		track := testmedia.Video(120, 360, 1)
		track.Entries, track.NALLength = [][]byte{bare(byte(test.length))}, test.length
		for i := range track.Samples {
			s := &track.Samples[i]
			s.NALs = nil
			if s.Sync = i == 0 || i == 100; !s.Sync {
				continue
			}
			if s.Data = accessUnit(test.length, test.first...); i > 0 {
				s.Data = accessUnit(test.length, test.last...)
			}
		}
		m := testmedia.Movie{Tracks: []testmedia.Track{track}}
		index := open(t, m.Bytes())
		k := index.Tracks[0]
		if taken := len(k.Video.SPS) == 1 && len(k.Video.PPS) == 1; taken != test.taken || k.CodecID != test.id {
			t.Errorf("%s: %s, SPS % x, PPS % x", test.name, k.CodecID, k.Video.SPS, k.Video.PPS)
		}
		if warned := slices.ContainsFunc(index.Warnings, func(w string) bool { return strings.Contains(w, "and they change") }); warned != test.warns {
			t.Errorf("%s: warnings %q", test.name, index.Warnings)
		}
		if depth := k.Video.BitDepth; (depth == 8) != (test.id == "avc3.64001E") {
			t.Errorf("%s: %d bits", test.name, depth)
		}
	}
}

// TestInBandSets265 takes VPS, SPS and PPS of HEVC.
func TestInBandSets265(t *testing.T) {
	vps, sps, pps, slice := []byte{0x40, 1, 0x0c}, []byte{0x42, 1, 1}, []byte{0x44, 1, 0xc1}, []byte{0x26, 1, 2}
	track := testmedia.Video(10, 360, 1)
	track.Entries = [][]byte{testmedia.VisualEntry("hev1", 640, 360, testmedia.Box("hvcC", hevcConfig))}
	for i := range track.Samples {
		track.Samples[i].NALs, track.Samples[i].Data = nil, accessUnit(4, vps, sps, pps, slice)
	}
	m := testmedia.Movie{Tracks: []testmedia.Track{track}}
	v := open(t, m.Bytes()).Tracks[0].Video
	if len(v.VPS) != 1 || len(v.SPS) != 1 || len(v.PPS) != 1 || string(v.VPS[0]) != string(vps) || string(v.SPS[0]) != string(sps) {
		t.Errorf("% x, % x, % x", v.VPS, v.SPS, v.PPS)
	}
	if v.Colour != (demux.Colour{Primaries: 2, Transfer: 2, Matrix: 2}) {
		t.Errorf("a broken SPS tells %+v", v.Colour)
	}
}
