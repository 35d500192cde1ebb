package packager

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// manyKeyframes is a track of n frames, all of them key frames, of which most last 500 ticks.
func manyKeyframes(t *testing.T, n uint32) *demux.Track {
	t.Helper()
	film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(12, 90, 1)}, MoovLast: true}
	film.Tracks[0].Samples[0].Duration = 400 // so that stts has room for two runs
	film.Mangle = func(moov []byte) []byte {
		for typ, values := range map[string][]uint32{"stsz": {1, n}, "stts": {2, 3, 400, n - 3, 500}, "stsc": {1, 1, n, 1}} {
			payload := testmedia.Find(moov, typ)[4:]
			for i, v := range values {
				binary.BigEndian.PutUint32(payload[4*i:], v)
			}
		}
		for _, typ := range []string{"stss", "ctts", "elst"} {
			copy(moov[bytes.Index(moov, []byte(typ)):], "free")
		}
		return moov
	}
	file := append(film.Bytes(), testmedia.Box("mdat", make([]byte, n))...)
	index, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return index.Tracks[0]
}

// TestKeyframes are told of a film that is nothing else, within bounds.
func TestKeyframes(t *testing.T) {
	for _, n := range []uint32{8, mostGOPs, mostGOPs + 1, mostGOPs + 2, 3 * mostGOPs, 2 << 20} {
		track := manyKeyframes(t, n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := keyframes(track)
		runtime.ReadMemStats(&after)
		second := func(ticks float64) float64 { return ticks / float64(track.Timescale) }
		if want := (KeyframeInfo{Count: int(n), Min: second(400), Max: second(500), Median: second(500)}); got != want {
			t.Errorf("%d: %+v, want %+v", n, got, want)
		}
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 4<<20 {
			t.Errorf("%d cost %d bytes", n, cost)
		}
	}
}
