package clip

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open indexes a file of a directory, and gives its bytes.
func open(t testing.TB, dir, name string) (*demux.Index, []byte, error) {
	t.Helper()
	d, err := source.OpenDir(dir)
	check(t, err)
	defer d.Close()
	f, err := d.Open(t.Context(), name)
	check(t, err)
	defer f.Close()
	index, err := demux.Open(t.Context(), f, demux.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	body, err := os.ReadFile(filepath.Join(dir, name))
	check(t, err)
	return index, body, nil
}

// bytesOf writes a clip out.
func bytesOf(t testing.TB, c *Clip, file []byte) []byte {
	t.Helper()
	b := slices.Clone(c.Head())
	media := c.Media()
	for off := int64(0); off < media.Size(); {
		from, n := media.At(off)
		if n <= 0 {
			t.Fatalf("nothing at byte %d of %d", off, media.Size())
		}
		b = append(b, file[from:from+n]...)
		off += n
	}
	if _, n := media.At(media.Size()); n != 0 || int64(len(b)) != c.Size() {
		t.Fatalf("%d bytes, %d said, %d after", len(b), c.Size(), n)
	}
	return b
}

// pictures are the digests of a file's frames in the order of showing, as ffmpeg decodes them; ok is false where it complains.
func pictures(t testing.TB, name string) (digests []string, ok bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", name, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		if line[0] != '#' {
			fields := strings.Split(strings.TrimSpace(line), ",")
			digests = append(digests, strings.TrimSpace(fields[len(fields)-1]))
		}
	}
	return digests, err == nil && said.Len() == 0
}

// Clips of real files decode without a complaint, to frames that follow each other in the file.
func TestClipsDecode(t *testing.T) {
	corpus := os.Getenv("UNREEL_CORPUS")
	if corpus == "" || testing.Short() {
		t.Skip("needs the corpus (UNREEL_CORPUS), and some time")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg")
	}
	const most = 6
	tried := 0
	for _, kind := range []string{"good", "fragmented"} {
		names, err := filepath.Glob(filepath.Join(corpus, kind, "*.mp4"))
		check(t, err)
		perKind := 0
		for _, name := range names {
			info, failed := os.Stat(name)
			check(t, failed)
			if perKind == most/2 || info.Size() > 1<<20 && filepath.Base(name) != "GoogleChrome+samples__chrome-clip.mp4" {
				continue
			}
			index, body, refused := open(t, filepath.Dir(name), filepath.Base(name))
			if refused != nil || leading(index, 0) == nil || leading(index, 0).Kind != demux.KindVideo {
				continue
			}
			whole, ok := pictures(t, name)
			if !ok || len(whole) < 20 || len(whole) > 2000 {
				continue
			}
			perKind++
			tried++
			lead := leading(index, 0)
			length := lead.Stop.Seconds(lead.Timescale)
			for _, part := range [][2]float64{{0, math.Inf(1)}, {length / 3, length / 2}} {
				c, wrong := New(index, part[0], part[1])
				if wrong != nil {
					t.Errorf("%s from %v to %v: %v", filepath.Base(name), part[0], part[1], wrong)
					continue
				}
				file := filepath.Join(t.TempDir(), "clip.mp4")
				check(t, os.WriteFile(file, bytesOf(t, c, body), 0o600))
				got, clean := pictures(t, file)
				at := slices.IndexFunc(whole, func(d string) bool { return len(got) > 0 && d == got[0] })
				if !clean || len(got) == 0 || at < 0 || !follows(whole, got) {
					t.Errorf("%s from %v to %v: %d frames of %d, clean %v, in the file from frame %d", filepath.Base(name), part[0], part[1], len(got), len(whole), clean, at)
				}
				if part[0] == 0 && len(got) != len(whole) {
					t.Errorf("%s whole: %d frames of %d", filepath.Base(name), len(got), len(whole))
				}
			}
		}
	}
	if tried < most/2 {
		t.Errorf("only %d files", tried)
	}
}

// follows tells whether got is a stretch of whole.
func follows(whole, got []string) bool {
	for i := range len(whole) - len(got) + 1 {
		if slices.Equal(whole[i:i+len(got)], got) {
			return true
		}
	}
	return false
}

// A clip of a clip's whole is the same again, and of what isn't there is an error.
func TestClipOfMadeUpFilm(t *testing.T) {
	dir := t.TempDir()
	film := testmedia.H264AAC(12).Bytes()
	check(t, os.WriteFile(filepath.Join(dir, "film.mp4"), film, 0o600))
	index, body, err := open(t, dir, "film.mp4")
	check(t, err)
	c, err := New(index, 3, 5)
	check(t, err)
	if c.Start != 2 || c.End != 6 || c.First != 60 || c.After != 180 {
		t.Errorf("from 3 to 5 s: %v to %v, samples %d to %d", c.Start, c.End, c.First, c.After)
	}
	check(t, os.WriteFile(filepath.Join(dir, "clip.mp4"), bytesOf(t, c, body), 0o600))
	again, body, err := open(t, dir, "clip.mp4")
	check(t, err)
	if len(again.Warnings) > 0 || len(again.Tracks) != 2 {
		t.Errorf("%d tracks, %v", len(again.Tracks), again.Warnings)
	}
	video, was := again.Tracks[0], index.Tracks[0]
	if video.Start != 0 || video.Stop != 4*demux.Ticks(video.Timescale) || video.Samples.Len() != 120 {
		t.Errorf("the picture is from %d to %d of 1/%d s, %d samples", video.Start, video.Stop, video.Timescale, video.Samples.Len())
	}
	for i := range 120 {
		a, b := was.Samples.At(60+i), video.Samples.At(i)
		if was.PresentationTime(&a)-2*demux.Ticks(was.Timescale) != video.PresentationTime(&b) || a.Size != b.Size || a.Sync != b.Sync || a.Duration != b.Duration ||
			!bytes.Equal(film[a.Offset:a.Offset+int64(a.Size)], body[b.Offset:b.Offset+int64(b.Size)]) {
			t.Fatalf("sample %d: %+v, was %+v", i, b, a)
		}
	}
	sound, was := again.Tracks[1], index.Tracks[1]
	// The first frame that is heard stands to the picture as it did.
	first := sound.Samples.At(sound.FirstFrom(0))
	back := was.FirstFrom(2 * demux.Ticks(was.Timescale))
	before := was.Samples.At(back)
	if d := was.PresentationTime(&before) - 2*demux.Ticks(was.Timescale) - sound.PresentationTime(&first); d < -1 || d > 1 {
		t.Errorf("the sound is off by %d of 1/%d s", d, sound.Timescale)
	}
	for _, part := range [][2]float64{{12, 13}, {5, 5}, {5, 4}, {-1, 2}, {math.NaN(), 2}, {1, math.NaN()}} {
		if _, err = New(index, part[0], part[1]); !errors.Is(err, ErrEmpty) {
			t.Errorf("%v: %v", part, err)
		}
	}
}

// TestSoundOfAnotherLength: sound that outlasts the picture is in a part that goes to the end, and where it has ended, a part has
// no track of it.
func TestSoundOfAnotherLength(t *testing.T) {
	dir := t.TempDir()
	for name, seconds := range map[string]int{"long.mp4": 20, "short.mp4": 5} {
		movie := testmedia.H264AAC(12)
		movie.Tracks[1] = testmedia.H264AAC(seconds).Tracks[1]
		check(t, os.WriteFile(filepath.Join(dir, name), movie.Bytes(), 0o600))
	}
	// soundOf is from when to when the sound of a part is heard, in seconds; ok is false where it has none.
	soundOf := func(name string, start, end float64) (from, to float64, ok bool) {
		t.Helper()
		index, body, err := open(t, dir, name)
		check(t, err)
		c, err := New(index, start, end)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, "clip.mp4"), bytesOf(t, c, body), 0o600))
		again, _, err := open(t, dir, "clip.mp4")
		check(t, err)
		s := again.Tracks[len(again.Tracks)-1]
		if s.Kind != demux.KindAudio {
			return 0, 0, false
		}
		return max(s.Start.Seconds(s.Timescale), 0), s.Stop.Seconds(s.Timescale), true
	}
	for _, f := range []struct {
		name       string
		start, end float64
		to         float64 // from the part's start; 0 for no sound
	}{
		{"long.mp4", 0, math.Inf(1), 20},
		{"long.mp4", 10, math.Inf(1), 10},
		{"long.mp4", 10, 15, 5},
		{"long.mp4", 0, 11.5, 12},
		{"long.mp4", 2, 4, 2},
		{"long.mp4", 13, math.Inf(1), 7},
		{"long.mp4", 13, 15, 2},
		{"short.mp4", 0, math.Inf(1), 5},
		{"short.mp4", 4, 8, 1},
		{"short.mp4", 6, 8, 0},
		{"short.mp4", 10, math.Inf(1), 0},
	} {
		from, to, ok := soundOf(f.name, f.start, f.end)
		if ok != (f.to > 0) || from != 0 || math.Abs(to-f.to) > 0.03 {
			t.Errorf("%s from %v to %v: sound from %v to %v (%v), want until %v", f.name, f.start, f.end, from, to, ok, f.to)
		}
	}
	index, _, err := open(t, dir, "long.mp4")
	check(t, err)
	if _, err = New(index, 20.5, math.Inf(1)); !errors.Is(err, ErrEmpty) || !strings.Contains(err.Error(), " of 19.98") {
		t.Errorf("after all: %v", err)
	}
}

// TestSoundBeforeThePicture: a part that begins before the first picture has the sound that is heard there, and the picture waits.
func TestSoundBeforeThePicture(t *testing.T) {
	dir := t.TempDir()
	movie := testmedia.H264AAC(12)
	movie.Tracks[0].Edits = append([]demux.Edit{{Duration: 500, MediaTime: -1}}, movie.Tracks[0].Edits...)
	check(t, os.WriteFile(filepath.Join(dir, "late.mp4"), movie.Bytes(), 0o600))
	index, body, failed := open(t, dir, "late.mp4")
	check(t, failed)
	for _, f := range []struct{ start, end, picture, stop float64 }{ // in seconds of the part: when the picture begins, and ends
		{0, math.Inf(1), 0.5, 12.5}, {0.2, math.Inf(1), 0.3, 12.3}, {0, 0.3, 0.5, 2.5}, {0.6, 1, 0, 2}, {3, 4, 0, 2},
	} {
		c, err := New(index, f.start, f.end)
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, "clip.mp4"), bytesOf(t, c, body), 0o600))
		again, _, err := open(t, dir, "clip.mp4")
		check(t, err)
		video, sound := again.Tracks[0], again.Tracks[1]
		from, to := video.Start.Seconds(video.Timescale), video.Stop.Seconds(video.Timescale)
		if math.Abs(from-f.picture) > 0.001 || math.Abs(to-f.stop) > 0.001 {
			t.Errorf("from %v to %v: the picture is from %v to %v, want %v to %v", f.start, f.end, from, to, f.picture, f.stop)
		}
		was, zero := index.Tracks[1], demux.Ticks(math.Round(c.Start*float64(sound.Timescale)))
		first, before := sound.Samples.At(sound.FirstFrom(0)), was.Samples.At(was.FirstFrom(zero))
		if d := was.PresentationTime(&before) - zero - sound.PresentationTime(&first); sound.Start > 0 || d < -1 || d > 1 {
			t.Errorf("from %v to %v: the sound begins at %d of 1/%d s, and is off by %d", f.start, f.end, sound.Start, sound.Timescale, d)
		}
	}
}

// TestClipsOfMovedFilms: seconds count from when the film begins, wherever its clock does. A delay of the picture alone is part of the film.
func TestClipsOfMovedFilms(t *testing.T) {
	dir := t.TempDir()
	const priming = 1024 / 48e3 // of the sound: it is hidden at time 0 only
	for name, test := range map[string]struct {
		millis demux.Ticks
		tracks int // that are delayed
		late   float64
	}{
		"0.9 s": {900, 2, 0.9}, "2 h": {7_200_000, 2, priming}, "1970": {1_764_500_000_000, 2, priming}, "the picture 4 s": {4000, 1, 4},
	} {
		film := testmedia.H264AAC(12)
		for i := range test.tracks {
			film.Tracks[i].WideEdits = true
			film.Tracks[i].Edits = append([]demux.Edit{{Duration: test.millis, MediaTime: -1}}, film.Tracks[i].Edits...)
		}
		check(t, os.WriteFile(filepath.Join(dir, "film.mp4"), film.Bytes(), 0o600))
		index, _, err := open(t, dir, "film.mp4")
		check(t, err)
		late := test.late
		c, err := New(index, 3+late, 5+late)
		check(t, err)
		if math.Abs(c.Start-2-late) > 1e-4 || math.Abs(c.End-6-late) > 1e-4 || c.First != 60 || c.After != 180 {
			t.Errorf("%s: %v to %v, samples %d to %d", name, c.Start, c.End, c.First, c.After)
		}
		if whole, failed := New(index, 0, math.Inf(1)); failed != nil || whole.First != 0 || whole.After != 360 {
			t.Errorf("%s: all of it: %+v, %v", name, whole, failed)
		}
		if _, err = New(index, 17, 18); !errors.Is(err, ErrEmpty) {
			t.Errorf("%s: after its end: %v", name, err)
		}
	}
}
