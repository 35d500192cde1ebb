package demux_test

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// corpus gives the files of one folder of the corpus of real files.
func corpus(t *testing.T, folder string) []string {
	t.Helper()
	root := os.Getenv("UNREEL_CORPUS")
	if root == "" {
		t.Skip("UNREEL_CORPUS is not set: no real files to compare with")
	}
	files, err := filepath.Glob(filepath.Join(root, folder, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	return files
}

// packet is what ffprobe says of one sample.
type packet struct {
	stream    int
	pts, dts  demux.Ticks
	noPTS     bool
	size      uint32
	pos       int64
	key, drop bool
}

// asFFprobe asks ffprobe for a second opinion of a file, in a test of its own that is skipped where ffprobe is not installed.
func asFFprobe(t *testing.T, file []byte, compare func(t *testing.T, path string)) {
	t.Helper()
	t.Run("as ffprobe shows it", func(t *testing.T) {
		if _, err := exec.LookPath("ffprobe"); err != nil {
			t.Skip("no ffprobe here: make test installs it")
		}
		path := filepath.Join(t.TempDir(), "film.mp4")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		compare(t, path)
	})
}

// probe lists a file's packets by track ID.
func probe(t *testing.T, file string, options ...string) map[uint32][]packet {
	t.Helper()
	args := append([]string{"-v", "quiet"}, options...)
	args = append(args, "-show_entries", "packet=stream_index,pts,dts,size,pos,flags:stream=index,id", "-of", "compact", "-i", file)
	out, err := exec.CommandContext(t.Context(), "ffprobe", args...).Output()
	if err != nil {
		return nil
	}
	ids := map[int]uint32{}
	streams := map[int][]packet{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		kind, rest, _ := strings.Cut(lines.Text(), "|")
		fields := map[string]string{}
		for _, field := range strings.Split(rest, "|") {
			name, value, _ := strings.Cut(field, "=")
			fields[name] = value
		}
		number := func(name string) int64 {
			n, _ := strconv.ParseInt(fields[name], 0, 64)
			return n
		}
		switch kind {
		case "stream":
			ids[int(number("index"))] = uint32(number("id"))
		case "packet":
			p := packet{
				stream: int(number("stream_index")), pts: demux.Ticks(number("pts")), dts: demux.Ticks(number("dts")),
				noPTS: fields["pts"] == "N/A", size: uint32(number("size")), pos: number("pos"),
				key: strings.HasPrefix(fields["flags"], "K"), drop: strings.Contains(fields["flags"], "D"),
			}
			streams[p.stream] = append(streams[p.stream], p)
		}
	}
	tracks := map[uint32][]packet{}
	for index, id := range ids {
		tracks[id] = streams[index]
	}
	return tracks
}

func openFile(t *testing.T, path string) (*demux.Index, error) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return demux.Open(t.Context(), testmedia.Memory(file), demux.DefaultLimits())
}

// allSync is a fragmented file whose flags call every sample a sync sample. ffprobe asks the media.
const allSync = "strongcourage+fuzzing-corpus__test.mp4"

// TestCorpusPackets holds every track that is to be delivered against ffprobe: the whole sample table, then presentation
// times with the edit list applied. What ffprobe shows must be delivered, and at the same time.
func TestCorpusPackets(t *testing.T) {
	for _, folder := range []string{"good", "odd", "fragmented"} {
		for _, path := range corpus(t, folder) {
			t.Run(folder+"/"+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				index, err := openFile(t, path)
				if err != nil {
					if folder != "odd" {
						t.Error(err)
					}
					return
				}
				comparePackets(t, path, index, filepath.Base(path) != allSync)
			})
		}
	}
}

// unreadable are files whose sound is clear and whose picture is encrypted in a way that ffprobe 5.1 gives up at.
var unreadable = map[string]bool{
	"androidx+media__sample_fragmented_clearkey.mp4": true,
	"androidx+media__sample_fragmented_widevine.mp4": true,
}

// comparePackets compares key flags only if asked to: ffprobe takes those of H.264 from the media, which testmedia makes up.
func comparePackets(t *testing.T, path string, index *demux.Index, keys bool) {
	t.Helper()
	delivered := slices.DeleteFunc(slices.Clone(index.Tracks), func(k *demux.Track) bool {
		return k.Refusal != nil || k.Kind != demux.KindVideo && k.Kind != demux.KindAudio
	})
	if len(delivered) == 0 {
		return
	}
	shown := probe(t, path)
	if shown == nil && unreadable[filepath.Base(path)] {
		return
	}
	if shown == nil {
		t.Fatal("ffprobe cannot read it")
	}
	whole := shown
	if slices.ContainsFunc(delivered, func(k *demux.Track) bool { return len(k.Edits) > 0 }) {
		whole = probe(t, path, "-ignore_editlist", "1")
	}
	for _, track := range delivered {
		compareTable(t, track, whole[track.ID], keys)
		compareTimes(t, track, shown[track.ID])
	}
}

// TestCorpusDamaged opens every file that is broken: none may panic or hang.
func TestCorpusDamaged(t *testing.T) {
	for _, folder := range []string{"damaged", "fragmented"} {
		for _, path := range corpus(t, folder) {
			began := time.Now()
			index, err := openFile(t, path)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s took %v", path, took)
			}
			if err == nil {
				checkIndex(t, index, fileSize(t, path))
			}
			var format *demux.FormatError
			if err != nil && (!errors.As(err, &format) || !knownKind(err)) {
				t.Errorf("%s: %v is no FormatError of a known kind", path, err)
			}
		}
	}
}

func knownKind(err error) bool {
	return errors.Is(err, demux.ErrCorrupt) || errors.Is(err, demux.ErrTooLarge) || errors.Is(err, demux.ErrUnsupported)
}

func fileSize(t *testing.T, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func compareTable(t *testing.T, track *demux.Track, packets []packet, keys bool) {
	t.Helper()
	if len(packets) != track.Samples.Len() {
		t.Errorf("track %d: %d samples, ffprobe has %d", track.ID, track.Samples.Len(), len(packets))
	}
	wrong := 0
	lead, late := demux.Ticks(0), delay(track, packets, 0)
	cursor := track.Samples.From(0)
	for i, p := range packets {
		s, ok := cursor.Next()
		if !ok || wrong > 3 {
			return
		}
		if i == 0 {
			lead = s.DecodeTime - p.dts
		}
		if track.Kind == demux.KindAudio && p.pts != p.dts {
			p.pts = p.dts + lead + late // a composition offset, which we ignore
		}
		// to its H.264 parser every I picture is a key frame
		otherKey := keys && (s.Sync && !p.key || p.key && !s.Sync && track.Codec != demux.H264)
		if s.Offset != p.pos || s.Size != p.size || (s.DecodeTime+s.Composition != p.pts-late && !p.noPTS) || s.DecodeTime-lead != p.dts || otherKey {
			wrong++
			t.Errorf("track %d sample %d: %+v, ffprobe has %+v", track.ID, i, s, p)
		}
	}
}

// delay is by how much ffmpeg presents a track later than at shift: where composition offsets are negative it adds what makes
// up for it to all of them, and takes it from the decode times, but not from those of fragments.
func delay(track *demux.Track, packets []packet, shift demux.Ticks) demux.Ticks {
	if first := track.Samples.At(0); len(packets) > 0 && packets[0].pts == first.DecodeTime+first.Composition+shift+track.DecodeLead {
		return track.DecodeLead
	}
	return 0
}

func compareTimes(t *testing.T, track *demux.Track, packets []packet) {
	t.Helper()
	type place struct {
		sample int
		time   demux.Ticks
	}
	places := map[int64]place{}
	cursor := track.Samples.From(0)
	for i := range track.Samples.Len() {
		s, _ := cursor.Next()
		places[s.Offset] = place{sample: i, time: track.PresentationTime(&s)}
	}
	wrong, late := 0, delay(track, packets, track.Shift)
	for i, p := range packets {
		at := places[p.pos]
		if p.drop || p.noPTS || wrong > 3 || track.Kind == demux.KindAudio && p.pts > p.dts+1 {
			continue
		}
		apart := at.time - (p.pts - late)
		if apart < -1 || apart > 1 || at.sample < track.First || at.sample >= track.End {
			wrong++
			t.Errorf("track %d packet %d is shown at %d; ours is sample %d of [%d, %d) at %d; edits %v", track.ID, i, p.pts, at.sample,
				track.First, track.End, at.time, track.Edits)
		}
	}
}
