package demux_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

func open(t testing.TB, file []byte) *demux.Index {
	t.Helper()
	index, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestOpenPlainFilm(t *testing.T) {
	index := open(t, testmedia.H264AAC(5).Bytes())
	video, audio := index.Tracks[0], index.Tracks[1]
	if video.CodecID != "avc1.64001E" || audio.CodecID != "mp4a.40.2" {
		t.Errorf("codecs %q and %q", video.CodecID, audio.CodecID)
	}
	if video.First != 0 || video.End != 150 || video.Start != 0 || video.Stop != 150*512 {
		t.Errorf("video: samples %d to %d, %d to %d ticks", video.First, video.End, video.Start, video.Stop)
	}
	if audio.Start != -1024 {
		t.Errorf("audio starts at %d, want one frame of priming", audio.Start)
	}
	n := 0
	for cut := range video.Cuts() {
		if cut.Sample != 60*n || cut.Time != demux.Ticks(60*512*n) || cut.Lead != 0 {
			t.Errorf("cut %d: %+v", n, cut)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d cuts", n)
	}
}

// TestIndexOwnsItsBytes: the moov's buffer is used again for the next file, and no index changes by that.
func TestIndexOwnsItsBytes(t *testing.T) {
	type kept struct {
		index *demux.Index
		then  []byte
	}
	say := func(index *demux.Index) []byte {
		said, err := json.Marshal(index)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	all := map[string]kept{}
	for _, file := range append(testmedia.Good(), testmedia.Fragmented()...) {
		index := open(t, file.Bytes())
		all[file.Name] = kept{index, say(index)}
	}
	for name, k := range all {
		if now := say(k.index); !bytes.Equal(now, k.then) {
			t.Errorf("%s: the index was\n%s\nand became\n%s", name, k.then, now)
		}
	}
}
