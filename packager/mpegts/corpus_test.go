package mpegts

import (
	"os"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestCorpus holds the streams of real files, good, odd and damaged, against their sample tables.
func TestCorpus(t *testing.T) {
	streams := 0
	testmedia.EachCorpusFile(t, func(t *testing.T, path string) {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if f, ok := playable(t, file); ok {
			streams++
			stream, segments := f.concatenate(t, 60)
			f.check(t, stream, segments)
		}
	})
	if t.Logf("%d streams", streams); streams < 100 {
		t.Errorf("only %d streams to look at", streams)
	}
}

// playable is a film of those of a file's tracks that a transport stream carries.
func playable(t *testing.T, file []byte) (f film, ok bool) {
	t.Helper()
	src := testmedia.Memory(file)
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		return f, false
	}
	both := Options{HEVC: true}
	for _, track := range index.Tracks {
		switch {
		case track.Kind == demux.KindVideo && f.video == nil:
			if _, err = both.NewProgram(track, nil); err == nil {
				f.video = track
			}
		case track.Kind == demux.KindAudio && f.audio == nil:
			if _, err = both.NewProgram(nil, track); err == nil {
				f.audio = track
			}
		}
	}
	if f.video == nil && f.audio == nil {
		return f, false
	}
	if f.program, err = both.NewProgram(f.video, f.audio); err != nil {
		t.Fatal(err)
	}
	f.reader, err = src.ReadRange(t.Context(), 0, src.Size())
	return f, err == nil
}
