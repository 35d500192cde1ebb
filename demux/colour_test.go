package demux_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"unreel/demux"
)

// A described picture is what ffprobe says of one.
type describedPicture struct {
	ID        string
	CodecName string `json:"codec_name"`
	Primaries string `json:"color_primaries"`
	Transfer  string `json:"color_transfer"`
	Space     string `json:"color_space"`
	Range     string `json:"color_range"`
}

// Names that ffmpeg has for the code points of ISO/IEC 23091-2.
var (
	primaryNames  = map[string]uint8{"bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8, "bt2020": 9, "smpte431": 11, "smpte432": 12}
	transferNames = map[string]uint8{
		"bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "linear": 8, "iec61966-2-1": 13,
		"bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "smpte428": 17, "arib-std-b67": 18,
	}
	spaceNames = map[string]uint8{
		"gbr": 0, "bt709": 1, "fcc": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "ycgco": 8, "bt2020nc": 9, "bt2020c": 10,
	}
)

// TestCorpusColours holds the colours of real files against ffprobe, where it knows any.
func TestCorpusColours(t *testing.T) {
	if _, err := exec.LookPath("ffprobe"); err != nil {
		t.Skip("no ffprobe here: make test installs it")
	}
	compared := 0
	for _, folder := range []string{"good", "odd", "fragmented"} {
		for _, path := range corpus(t, folder) {
			index, err := openFile(t, path)
			if err != nil {
				continue
			}
			if len(videos(index)) == 0 {
				continue
			}
			out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "quiet", "-probesize", "32", "-analyzeduration", "0", "-select_streams", "v", "-show_streams", "-of", "json", path).Output()
			if err != nil {
				continue
			}
			var probed struct{ Streams []describedPicture }
			if err = json.Unmarshal(out, &probed); err != nil {
				t.Fatal(err)
			}
			for i, k := range videos(index) {
				if i >= len(probed.Streams) {
					break
				}
				c, p := k.Video.Colour, probed.Streams[i]
				want := demux.Colour{
					Primaries: codePoint(primaryNames, p.Primaries), Transfer: codePoint(transferNames, p.Transfer),
					Matrix: codePoint(spaceNames, p.Space), FullRange: p.Range == "pc",
				}
				if want == (demux.Colour{Primaries: 2, Transfer: 2, Matrix: 2}) || !slices.Contains(sequenceCodecs, k.Codec) || noSequence[filepath.Base(path)] {
					continue
				}
				compared++
				// ISO/IEC 14496-12 §12.1.5.1 has colr supersede the stream, which is what ffprobe goes by.
				if c != want && !bytes.Contains(k.Entry, []byte("colr")) || c.Range() != want.Range() {
					t.Errorf("%s: track %d (%s): %+v, ffprobe has %+v", filepath.Base(path), k.ID, k.CodecID, c, want)
				}
			}
		}
	}
	t.Logf("%d pictures compared", compared)
	if compared < 50 {
		t.Errorf("only %d pictures compared", compared)
	}
}

// sequenceCodecs are those whose sample entries hold what tells the colours.
var sequenceCodecs = []demux.Codec{demux.H264, demux.HEVC, demux.AV1, demux.VP9}

// noSequence are files whose sample entries tell nothing; ffprobe looks into the pictures.
var noSequence = map[string]bool{
	"slhck+ffmpeg-bitrate-stats__without_timestamps.mp4": true,
	"w3c+web-platform-tests__four-colors.mp4":            true,
}

func codePoint(names map[string]uint8, name string) uint8 {
	if v, ok := names[name]; ok {
		return v
	}
	return 2
}

func videos(index *demux.Index) (list []*demux.Track) {
	for _, k := range index.Tracks {
		if k.Video != nil {
			list = append(list, k)
		}
	}
	return list
}
