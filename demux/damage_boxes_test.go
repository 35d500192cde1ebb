package demux_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"unreel/demux"
	"unreel/demux/source"
	"unreel/demux/testmedia"
)

// hang is how long one file may take: hundreds of times what any does.
const hang = 30 * time.Second

// small are sound files of all layouts, a few kilobytes each, that are damaged here.
func small() []testmedia.File {
	plain := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(12, 90, 1), testmedia.Audio(20)}}
	last, short, fragmented := plain, plain, plain
	last.MoovLast, last.Co64, last.WideMdat = true, true, true
	short.Tracks = []testmedia.Track{testmedia.ShortNALs(12, 2)}
	short.Tracks[0].CttsV1, short.Tracks[0].WideEdits, short.Tracks[0].CompactSizes = true, true, 16
	fragmented.Fragments = &testmedia.Fragments{Samples: 6}
	explicit := plain
	explicit.Fragments = &testmedia.Fragments{Samples: 6, Explicit: true, Groups: true, Runs: 2, Base: testmedia.BaseOffset}
	return []testmedia.File{
		{Name: "plain", Movie: plain},
		{Name: "last", Movie: last},
		{Name: "short", Movie: short},
		{Name: "fragmented", Movie: fragmented},
		{Name: "explicit", Movie: explicit},
	}
}

// openCounted counts what Open does. A watchdog, generous, is there for loops without end.
func openCounted(t *testing.T, name string, file []byte) (w work, index *demux.Index, err error) {
	t.Helper()
	src := &source.Faulty{Source: testmedia.Memory(file)}
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		index, err = demux.Open(t.Context(), src, demux.DefaultLimits())
		runtime.ReadMemStats(&after)
		w = work{src.Reads.Load(), src.Bytes.Load(), int64(after.TotalAlloc - before.TotalAlloc)}
	}()
	watchdog := time.NewTimer(hang)
	defer watchdog.Stop()
	select {
	case <-opened:
	case <-watchdog.C:
		t.Fatalf("%s: nothing within %v", name, hang)
	}
	if n := src.Open.Load(); n != 0 {
		t.Errorf("%s: %d readers stay open", name, n)
	}
	return w, index, err
}

// work is what Open did.
type work struct{ reads, read, allocated int64 }

// openDamaged opens a file and holds the answer to what is promised of any file: either its Index keeps all promises, or
// it is refused with box, byte and reason; and the work is bounded.
func openDamaged(t *testing.T, name string, file []byte) (work, *demux.Index) {
	t.Helper()
	w, index, err := openCounted(t, name, file)
	if testing.Verbose() && !strings.Contains(name, " at ") {
		t.Logf("%s: %v", name, err)
	}
	if err == nil {
		checkIndex(t, index, int64(len(file)))
		return w, index
	}
	var format *demux.FormatError
	kind := errors.Is(err, demux.ErrCorrupt) || errors.Is(err, demux.ErrTooLarge) || errors.Is(err, demux.ErrUnsupported)
	if !kind || !errors.As(err, &format) || format.Box == "" || format.Offset < 0 || format.Offset > int64(len(file)) || len(err.Error()) > 300 {
		t.Errorf("%s: %v", name, err)
	}
	return w, nil
}

// TestSystematicDamage opens thousands of files with one thing wrong with each.
func TestSystematicDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	for _, file := range small() {
		t.Run(file.Name, func(t *testing.T) {
			whole := file.Bytes()
			good, index := openDamaged(t, "the sound file", whole)
			if index == nil {
				t.Fatal("the sound file is refused")
			}
			// A moov or moof is read once, small boxes once more by the leaf decoder, and 16 KiB for the fingerprint.
			most := work{4*good.reads + 64, 3*int64(len(whole)) + 64<<10, 8*good.allocated + 1<<20}
			files, accepted := 0, 0
			var worst work
			for name, damaged := range testmedia.Damaged(whole) {
				w, played := openDamaged(t, name, damaged)
				if w.reads > most.reads || w.read > most.read || w.allocated > most.allocated {
					t.Errorf("%s: %+v, more than %+v", name, w, most)
				}
				worst = work{max(worst.reads, w.reads), max(worst.read, w.read), max(worst.allocated, w.allocated)}
				if files++; played != nil {
					accepted++
				}
				if t.Failed() && files > 20000 {
					t.FailNow()
				}
			}
			if files < 1000 || accepted == 0 || accepted == files {
				t.Errorf("%d of %d files are accepted", accepted, files)
			}
			t.Logf("%d of %d files are accepted; sound %+v, worst %+v", accepted, files, good, worst)
		})
	}
}

// tableCase sets one table of a track.
type tableCase struct {
	name, typ string
	set       func(payload []byte) // of the box, behind version and flags
}

func words(values ...uint32) func([]byte) {
	return func(b []byte) {
		for i, v := range values {
			binary.BigEndian.PutUint32(b[4*i:], v)
		}
	}
}

// TestTablesThatClaimTooMuch gives tables the numbers that cost most where they are believed: each file has a kilobyte or
// two, and nothing may cost more than a few hundred of them.
func TestTablesThatClaimTooMuch(t *testing.T) {
	const giant = 1<<31 - 1
	for _, c := range []tableCase{
		{"2^32-1 samples, all of one size", "stsz", words(1, 1<<32-1)},
		{"2^32-1 samples of no size", "stsz", words(0, 1<<32-1)},
		{"samples of 2 GiB", "stsz", words(giant, 12)},
		{"samples of 4 GiB", "stsz", words(1<<32-1, 12)},
		{"samples of no bytes", "stsz", words(0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)},
		{"2^32-1 runs of times", "stts", words(1<<32 - 1)},
		{"a run of 2^32-1 times", "stts", words(1, 1<<32-1, 1)},
		{"frames of no time", "stts", words(1, 12, 0)},
		{"frames of 2^32-1 ticks", "stts", words(1, 12, 1<<32-1)},
		{"2^32-1 runs of offsets", "ctts", words(1<<32 - 1)},
		{"2^32-1 runs of chunks", "stsc", words(1<<32 - 1)},
		{"chunks of 2^32-1 samples", "stsc", words(1, 1, 1<<32-1, 1)},
		{"chunks of no sample", "stsc", words(1, 1, 0, 1)},
		{"a description that isn't there", "stsc", words(1, 1, 1, 99)},
		{"2^32-1 chunks", "stco", words(1<<32 - 1)},
		{"a chunk past the end", "stco", words(1, 1<<32-1)},
		{"2^32-1 sync samples", "stss", words(1<<32 - 1)},
		{"a sync sample past the end", "stss", words(1, 1<<32-1)},
		{"a sync sample 0", "stss", words(1, 0)},
		{"timescale 0", "mdhd", words(0, 0, 0)},
		{"timescale 2^32-1", "mdhd", words(0, 0, 1<<32-1)},
		{"movie timescale 0", "mvhd", words(0, 0, 0)},
		{"movie timescale 2^32-1", "mvhd", words(0, 0, 1<<32-1)},
		{"2^32-1 edits", "elst", words(1<<32 - 1)},
		{"an edit of 2^32-1", "elst", words(1, 1<<32-1, 1024)},
		{"an edit from 2^31-1", "elst", words(1, 1000, giant)},
		{"2^32-1 descriptions", "stsd", words(1<<32 - 1)},
		{"no description", "stsd", words(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(12, 90, 1)}}
			film.Mangle = func(moov []byte) []byte {
				c.set(testmedia.Find(moov, c.typ)[4:])
				return moov
			}
			w, _ := openDamaged(t, c.name, film.Bytes())
			if w.allocated > 1<<20 || w.read > 256<<10 || w.reads > 100 {
				t.Errorf("%+v", w)
			}
		})
	}
}

// TestLongDurations has fragments whose clock runs past 2^53, where float64 loses ticks, and near 2^63.
func TestLongDurations(t *testing.T) {
	for _, gap := range []uint64{1 << 52, 1 << 53, 1<<53 + 1, 1 << 60, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		film := testmedia.Movie{
			Tracks:    []testmedia.Track{testmedia.Video(12, 90, 1)},
			Fragments: &testmedia.Fragments{Samples: 6, Gap: map[int]uint64{1: gap}},
		}
		openDamaged(t, fmt.Sprint(gap), film.Bytes())
	}
}

// TestNestedBoxes has boxes in boxes, deeper than any stack should go along.
func TestNestedBoxes(t *testing.T) {
	for _, typ := range []string{"moov", "trak", "mdia", "minf", "stbl", "edts", "udta", "meta", "dinf", "mvex", "moof", "traf", "free"} {
		const deep = 100_000
		var nest bytes.Buffer
		for i := range deep {
			nest.Write(binary.BigEndian.AppendUint32(nil, uint32(8*(deep-i))))
			nest.WriteString(typ)
		}
		for where, file := range map[string][]byte{
			"at the top": nest.Bytes(), "in the moov": testmedia.Box("moov", nest.Bytes()),
			"in a film's": testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(12, 90, 1)}, MoovExtra: nest.Bytes()}.Bytes(),
		} {
			w, _ := openDamaged(t, typ+" "+where, append(testmedia.Box("ftyp", []byte("isom\x00\x00\x00\x00")), file...))
			if w.allocated > 8<<20 || w.reads > 200_000+100 {
				t.Errorf("%s %s: %+v", typ, where, w)
			}
		}
	}
}

// TestManyBoxes has a hundred thousand empty boxes: each may cost a little, and no more.
func TestManyBoxes(t *testing.T) {
	const many = 100_000
	for _, typ := range []string{"free", "moov", "moof", "mdat", "sidx", "uuid"} {
		file := append(testmedia.Box("ftyp", []byte("isom\x00\x00\x00\x00")), bytes.Repeat(testmedia.Box(typ), many)...)
		w, _ := openDamaged(t, typ, file)
		if w.allocated > 32<<20 || w.reads > 3*many {
			t.Errorf("%s: %+v", typ, w)
		}
	}
	inner := bytes.Repeat(testmedia.Box("trak"), many)
	if w, _ := openDamaged(t, "traks", append(testmedia.Box("ftyp", []byte("isom\x00\x00\x00\x00")), testmedia.Box("moov", inner)...)); w.allocated > 64<<20 {
		t.Errorf("traks: %+v", w)
	}
	if strings.Count(string(inner), "trak") != many {
		t.Error("the boxes are not there")
	}
}

// TestSamplesThatCostNothing claims as many samples as --max-samples allows in a moov of a kilobyte: what they cost stays
// within 64 MB.
func TestSamplesThatCostNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	many := uint32(demux.DefaultLimits().MaxSamples)
	f := func(name string, accepted bool, free string, change func(moov []byte)) {
		t.Helper()
		film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(12, 90, 1)}, MoovLast: true}
		film.Mangle = func(moov []byte) []byte {
			words(1, many)(testmedia.Find(moov, "stsz")[4:])
			words(1, many, 512)(testmedia.Find(moov, "stts")[4:])
			words(1, 1, many, 1)(testmedia.Find(moov, "stsc")[4:])
			if change != nil {
				change(moov)
			}
			for _, typ := range strings.Fields(free) {
				copy(moov[bytes.Index(moov, []byte(typ)):], "free")
			}
			return moov
		}
		file := append(film.Bytes(), testmedia.Box("mdat", make([]byte, many))...)
		w, index, err := openCounted(t, name, file)
		if err == nil != accepted || err == nil && index.Tracks[0].Samples.Len() != int(many) {
			t.Errorf("%s: %v", name, err)
		}
		if w.allocated > 64<<20 || w.read > 256<<10 {
			t.Errorf("%s: %+v", name, w)
		}
	}
	f("no key frame but the first", true, "ctts elst", nil)
	f("all of them key frames", true, "ctts stss elst", nil)
	f("all of them key frames, out of order", false, "stss elst", func(moov []byte) {
		words(2, many/2, 1024, many/2, 0)(testmedia.Find(moov, "ctts")[4:])
	})
}
