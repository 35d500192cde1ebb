package demux_test

import (
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// dovi is a Dolby Vision configuration box.
func dovi(typ string, profile, level, compatibility byte) []byte {
	return testmedia.Box(typ, []byte{1, 0, profile<<1 | level>>5, level<<3 | 5, compatibility << 4}, make([]byte, 19))
}

// nclx is a colour box.
func nclx(primaries, transfer, matrix byte) []byte {
	return testmedia.Box("colr", []byte("nclx"), []byte{0, primaries, 0, transfer, 0, matrix, 0})
}

// TestDolbyVision: what a stream is called by those who know Dolby Vision, and by those who don't.
func TestDolbyVision(t *testing.T) {
	hvcC := testmedia.Box("hvcC", hevcConfig)
	av1C := testmedia.Box("av1C", []byte{0x81, 0x08, 0x4c, 0})
	pq, hlg, sdr := nclx(9, 16, 9), nclx(9, 18, 9), nclx(9, 14, 9)
	for _, test := range []struct {
		name              string
		entry             string
		boxes             [][]byte
		id, more, brand   string
		videoRange        demux.VideoRange
		decodedByThemOnly bool
	}{
		{"5", "dvh1", [][]byte{hvcC, dovi("dvcC", 5, 6, 0)}, "dvh1.05.06", "", "", demux.PQ, true},
		{"5 in band", "dvhe", [][]byte{dovi("dvcC", 5, 6, 0), hvcC}, "dvhe.05.06", "", "", demux.PQ, true},
		{"5 as HEVC", "hvc1", [][]byte{hvcC, dovi("dvcC", 5, 6, 0)}, "dvh1.05.06", "", "", demux.PQ, true},
		{"8.1", "hvc1", [][]byte{hvcC, pq, dovi("dvvC", 8, 7, 1)}, "hvc1.2.4.H153.90", "dvh1.08.07", "db1p", demux.PQ, false},
		{"8.1 as Dolby Vision", "dvh1", [][]byte{hvcC, pq, dovi("dvvC", 8, 7, 1)}, "hvc1.2.4.H153.90", "dvh1.08.07", "db1p", demux.PQ, false},
		{"8.1 in band", "hev1", [][]byte{hvcC, pq, dovi("dvvC", 8, 7, 1)}, "hev1.2.4.H153.90", "dvh1.08.07", "db1p", demux.PQ, false},
		{"8.2", "hvc1", [][]byte{hvcC, nclx(1, 1, 1), dovi("dvvC", 8, 33, 2)}, "hvc1.2.4.H153.90", "dvh1.08.33", "db2g", demux.SDR, false},
		{"8.4", "hvc1", [][]byte{hvcC, hlg, dovi("dvvC", 8, 4, 4)}, "hvc1.2.4.H153.90", "dvh1.08.04", "db4h", demux.HLG, false},
		{"8.4 for SDR", "hvc1", [][]byte{hvcC, sdr, dovi("dvvC", 8, 4, 4)}, "hvc1.2.4.H153.90", "dvh1.08.04", "db4g", demux.SDR, false},
		{"10", "dav1", [][]byte{av1C, dovi("dvvC", 10, 9, 0)}, "dav1.10.09", "", "", demux.PQ, true},
		{"10.1", "av01", [][]byte{av1C, pq, dovi("dvvC", 10, 9, 1)}, "av01.0.08M.10.0.110.09.16.09.0", "dav1.10.09", "db1p", demux.PQ, false},
		{"10.4", "av01", [][]byte{av1C, hlg, dovi("dvvC", 10, 9, 4)}, "av01.0.08M.10.0.110.09.18.09.0", "dav1.10.09", "db4h", demux.HLG, false},
		{"7", "hvc1", [][]byte{hvcC, pq, dovi("dvcC", 7, 6, 6)}, "hvc1.2.4.H153.90", "", "", demux.PQ, false},
		{"none", "hvc1", [][]byte{hvcC, pq}, "hvc1.2.4.H153.90", "", "", demux.PQ, false},
		{"cut short", "hvc1", [][]byte{hvcC, pq, testmedia.Box("dvvC", []byte{1, 0, 16})}, "hvc1.2.4.H153.90", "", "", demux.PQ, false},
	} {
		k := described(t, "vide", nil, testmedia.VisualEntry(test.entry, 640, 360, test.boxes...))
		v := k.Video
		if k.CodecID != test.id || v.SupplementalID != test.more || v.SupplementalBrand != test.brand || v.Range != test.videoRange ||
			v.DolbyVision.Alone() != test.decodedByThemOnly {
			t.Errorf("%s: %s, %s/%s, %s, %+v", test.name, k.CodecID, v.SupplementalID, v.SupplementalBrand, v.Range, v.DolbyVision)
		}
	}
}
