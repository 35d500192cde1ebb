package fmp4

import (
	"os"
	"path/filepath"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestCorpus holds the segments of real files, good, odd and damaged, against their sample tables.
func TestCorpus(t *testing.T) {
	tracks := 0
	testmedia.EachCorpusFile(t, func(t *testing.T, path string) {
		f := carried(t, path)
		for _, k := range f.tracks {
			tracks++
			_, segments := f.concatenate(t, k, 60)
			f.check(t, k, segments)
		}
	})
	if t.Logf("%d tracks", tracks); tracks < 200 {
		t.Errorf("only %d tracks to look at", tracks)
	}
}

// carried is a film with those of a file's tracks that CMAF carries. Why others are refused is logged.
func carried(t *testing.T, path string) (f film) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	src := testmedia.Memory(file)
	index, err := demux.Open(t.Context(), src, demux.DefaultLimits())
	if err != nil {
		return f
	}
	f.index, f.size = index, src.Size()
	for _, source := range index.Tracks {
		if source.Kind == demux.KindOther {
			continue
		}
		k, refusal := NewTrack(source)
		if refusal != nil {
			t.Log(refusal)
			continue
		}
		f.tracks = append(f.tracks, k)
	}
	f.reader, err = src.ReadRange(t.Context(), 0, src.Size())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// maxDecoded is how large files are that ffmpeg decodes here. Of larger ones it lists the packets.
const maxDecoded = 128 << 10

// TestCorpusFFmpeg has ffmpeg read real files from the MP4 and from fragments.
func TestCorpusFFmpeg(t *testing.T) {
	root := testmedia.Corpus(t)
	for _, folder := range []string{"good", "odd"} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			t.Run(folder+"/"+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				f := carried(t, path)
				options := decoding
				if f.size > maxDecoded {
					options = copying
				}
				for _, k := range f.tracks {
					f.compare(t, k, path, 60, options)
				}
			})
		}
	}
}
