package demux_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestAbsurdSizes: where a sample entry says no size, or nonsense, the parameter sets do.
func TestAbsurdSizes(t *testing.T) {
	for _, test := range []struct{ said, want [2]int }{
		{[2]int{640, 360}, [2]int{640, 360}},
		{[2]int{320, 180}, [2]int{320, 180}}, // as shown, or a field
		{[2]int{360, 640}, [2]int{360, 640}},
		{[2]int{0, 0}, [2]int{640, 360}},
		{[2]int{640, 0}, [2]int{640, 360}},
		{[2]int{65535, 65535}, [2]int{640, 360}},
		{[2]int{16, 16}, [2]int{640, 360}},
	} {
		movie := testmedia.H264AAC(2)
		movie.Tracks[0].Entries = [][]byte{testmedia.AVC(test.said[0], test.said[1], 4)}
		index := open(t, movie.Bytes())
		k := index.Tracks[0]
		if got := [2]int{k.Video.Width, k.Video.Height}; got != test.want {
			t.Errorf("said to be %v: is %v, want %v", test.said, got, test.want)
		}
		if got := [2]int{int(binary.BigEndian.Uint16(k.Entry[32:])), int(binary.BigEndian.Uint16(k.Entry[34:]))}; got != test.want {
			t.Errorf("said to be %v: its entry says %v, want %v", test.said, got, test.want)
		}
		if warned := strings.Contains(strings.Join(index.Warnings, "\n"), "its pictures have 640x360"); warned != (test.said != test.want) {
			t.Errorf("said to be %v: warnings %q", test.said, index.Warnings)
		}
	}
}

// TestCorpusSizes takes the size out of real files' sample entries, and has it found out again.
func TestCorpusSizes(t *testing.T) {
	const turned = "androidx+media__sample_with_fake_auxiliary_tracks.mp4" // its entry's width is the height of its SPS
	found := map[demux.Codec]int{}
	for _, path := range append(corpus(t, "good"), corpus(t, "fragmented")...) {
		file, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			t.Fatal(err)
		}
		index, err := openFile(t, path)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range index.Tracks {
			at := bytes.Index(file, k.Entry)
			if k.Kind != demux.KindVideo || k.Refusal != nil || at < 0 || k.Codec == demux.VP8 || k.Codec == demux.VP9 || filepath.Base(path) == turned {
				continue // vpcC says no size
			}
			clear(file[at+32 : at+36])
			got := open(t, file).Tracks[i].Video
			if got.Width == 0 && k.Codec == demux.AV1 {
				continue // av1C need not hold a sequence header
			}
			if got.Width != k.Video.Width || got.Height != k.Video.Height {
				t.Errorf("%s: track %d is %dx%d, want %dx%d", path, k.ID, got.Width, got.Height, k.Video.Width, k.Video.Height)
			}
			found[k.Codec]++
		}
	}
	t.Log(found)
	if found[demux.H264] < 10 || found[demux.HEVC] < 10 || found[demux.AV1] < 1 {
		t.Errorf("found out in %v", found)
	}
}
