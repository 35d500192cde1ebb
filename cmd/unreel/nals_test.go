package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// TestShortNALLengths plays films whose NAL lengths take 1, 2 and 3 bytes, which ffmpeg reads but doesn't write: its
// film, in small slices, is written again with other lengths.
func TestShortNALLengths(t *testing.T) {
	needFFmpeg(t)
	made := makeFilm(t, t.TempDir(), "film.mp4", join(picture("25", 14), sound(48000, 14),
		x264(50, "-crf", "40", "-x264-params", "slice-max-size=200", "-bsf:v", "filter_units=remove_types=6"), aac)...)
	library := t.TempDir()
	for _, length := range []int{1, 2, 3} {
		film := withNALLength(t, made, length)
		if err := os.WriteFile(filepath.Join(library, fmt.Sprintf("nal%d.mp4", length)), film.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, segment := range []string{"6s", "500ms"} {
		base := startServer(t, library, "--segment-duration", segment, "--cache-size=0")
		sizes := &measuring{client: newClient(t), base: base}
		for _, title := range []string{"nal1", "nal2", "nal3"} {
			t.Run(title+"/"+segment, func(t *testing.T) {
				compareTitle(t, base, library, title, false)
				if err := sizes.title(t.Context(), title); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// withNALLength is a file of ours, all its samples being those of one that has NAL lengths of 4 bytes.
func withNALLength(t *testing.T, path string, length int) (film testmedia.Movie) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	index, err := demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range index.Tracks {
		to := testmedia.Track{
			ID: from.ID, Handler: "soun", Timescale: uint32(from.Timescale), Entries: [][]byte{slices.Clone(from.Entry)}, Edits: from.Edits,
		}
		if from.Kind == demux.KindVideo {
			to.Handler, to.Width, to.Height, to.NALLength = "vide", from.Video.Width, from.Video.Height, length
			testmedia.Find(to.Entries[0], "avcC")[4] = 0xfc | byte(length-1) // lengthSizeMinusOne, ISO/IEC 14496-15 §5.3.3.1
		}
		for cursor := from.Samples.From(0); ; {
			s, ok := cursor.Next()
			if !ok {
				break
			}
			data := file[s.Offset : s.Offset+int64(s.Size)]
			if from.Kind == demux.KindVideo {
				data = shortened(t, data, length)
			}
			to.Samples = append(to.Samples, testmedia.Sample{Data: data, Duration: uint32(s.Duration), Composition: int32(s.Composition), Sync: s.Sync})
		}
		film.Tracks = append(film.Tracks, to)
	}
	return film
}

// shortened is a sample whose NAL lengths of 4 bytes are written in fewer.
func shortened(t *testing.T, sample []byte, length int) (out []byte) {
	t.Helper()
	for len(sample) > 0 {
		size := binary.BigEndian.Uint32(sample)
		if size>>(8*length) != 0 {
			t.Fatalf("a NAL unit of %d bytes doesn't fit a length of %d bytes", size, length)
		}
		out = append(out, sample[4-length:4+size]...)
		sample = sample[4+size:]
	}
	return out
}
