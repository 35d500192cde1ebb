package demux_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"unreel/demux/testmedia"
)

// mostBeyond is what a file's structure may cost beyond its own size.
const mostBeyond = 64 << 20

// fragmentedHead is a film's moov that announces fragments, behind nothing but an ftyp; extra stands in its mvex.
func fragmentedHead(extra []byte) []byte {
	film := testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(0, 90, 1)}, MoovExtra: testmedia.Box("mvex", extra)}
	return film.Bytes()
}

// TestSmallPartsOfLargeBoxes has structures of 16 MB whose parts are as small as they can be: what is noted of each part
// must not be many times larger than the part itself.
func TestSmallPartsOfLargeBoxes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while, and does one thing at a time")
	}
	const size = 16 << 20
	trun := testmedia.Box("trun", numbers(0, 1)) // a sample that the defaults describe
	each := func(n int, one func(id uint32) []byte) (b []byte) {
		for i := range n {
			b = append(b, one(uint32(i+1))...)
		}
		return b
	}
	const tracks = 32
	pictures := func(n int, entry []byte) []byte {
		film := testmedia.Movie{}
		for range n {
			track := testmedia.Video(12, 90, 1)
			track.Entries = [][]byte{entry}
			film.Tracks = append(film.Tracks, track)
		}
		return film.Bytes()
	}
	texts := func(entry []byte) []byte {
		film := testmedia.H264AAC(12)
		for range tracks {
			track := testmedia.Audio(12)
			track.Handler, track.Entries = "subt", [][]byte{entry}
			film.Tracks = append(film.Tracks, track)
		}
		return film.Bytes()
	}
	hvcC := testmedia.Box("hvcC", append(append([]byte{1, 1}, make([]byte, 19)...), 3, 1, 0xa1, 0xff, 0xff), make([]byte, 2*0xffff))
	avcC := testmedia.Box("avcC", append(append([]byte{1, 100, 0, 40, 0xff, 0xe0 | 31}, make([]byte, 62)...), append([]byte{255}, make([]byte, 510)...)...))
	for name, file := range map[string][]byte{
		"sample entries": func() []byte {
			track := testmedia.Video(12, 90, 1)
			track.Entries = append(track.Entries, bytes.Repeat(testmedia.Box("free"), size/8))
			return testmedia.Movie{Tracks: []testmedia.Track{track}}.Bytes()
		}(),
		"runs": append(fragmentedHead(nil), testmedia.Box("moof", testmedia.Box("traf",
			testmedia.Box("tfhd", numbers(0x20000, 1)), bytes.Repeat(trun, size/16)))...),
		"runs of many tracks": append(fragmentedHead(nil), testmedia.Box("moof", each(size/40, func(id uint32) []byte {
			return testmedia.Box("traf", testmedia.Box("tfhd", numbers(0x20000, id)), trun)
		}))...),
		"broken runs of text": func() []byte {
			film := testmedia.H264AAC(0)
			film.Tracks[1].Handler, film.MoovExtra = "text", testmedia.Box("mvex")
			traf := testmedia.Box("traf", testmedia.Box("tfhd", numbers(0x20000, 2)), testmedia.Box("trun"))
			return append(film.Bytes(), testmedia.Box("moof", bytes.Repeat(traf, size/len(traf)))...)
		}(),
		"tracks of fragments": append(fragmentedHead(nil), testmedia.Box("moof", each(size/24, func(id uint32) []byte {
			return testmedia.Box("traf", testmedia.Box("tfhd", numbers(0, id)))
		}))...),
		"tracks announced": append(fragmentedHead(each(size/32, func(id uint32) []byte {
			return testmedia.Box("trex", numbers(0, id, 1, 0, 0, 0))
		})), testmedia.Box("moof")...),
		"fragments":              append(fragmentedHead(nil), bytes.Repeat(testmedia.Box("moof"), size/16)...),
		"indexes":                append(fragmentedHead(nil), bytes.Repeat(testmedia.Box("sidx"), size/16)...),
		"parameter sets":         pictures(tracks, testmedia.VisualEntry("avc1", 640, 360, bytes.Repeat(avcC, size/tracks/len(avcC)))),
		"a parameter set, often": pictures(tracks, testmedia.VisualEntry("hvc1", 640, 360, hvcC)),
		"strings":                texts(testmedia.Box("stpp", make([]byte, size/tracks))),
		"chapters": func() []byte {
			film := testmedia.H264AAC(12)
			ids := each(size/4, func(id uint32) []byte { return numbers(id + 1000) })
			film.Tracks[0].Extra = testmedia.Box("tref", testmedia.Box("chap", ids))
			return film.Bytes()
		}(),
		"boxes in an entry": pictures(tracks, testmedia.AVC(640, 360, 4, bytes.Repeat(testmedia.Box("free"), size/tracks/8))),
		"a large entry":     pictures(1, testmedia.AVC(640, 360, 4, make([]byte, size))),
		"a handler's name": func() []byte {
			film := testmedia.H264AAC(12)
			film.Tracks[0].Name = string(bytes.Repeat([]byte{0xff, 'a'}, size/2))
			return film.Bytes()
		}(),
	} {
		w, _, err := openCounted(t, name, file)
		t.Logf("%s: %d bytes, %d allocated: %v", name, len(file), w.allocated, err)
		if w.allocated > int64(len(file))+mostBeyond {
			t.Errorf("%s: %d bytes cost %d", name, len(file), w.allocated)
		}
	}
}

// TestNestedSampleEntries has QuickTime's "wave" atoms in one another, deeper than any stack should go along.
func TestNestedSampleEntries(t *testing.T) {
	const deep = 20_000
	nest := []byte{}
	for range deep {
		nest = append(nest, 0, 0, 0, 0, 'w', 'a', 'v', 'e')
	}
	for i := range deep {
		binary.BigEndian.PutUint32(nest[8*i:], uint32(8*(deep-i)))
	}
	film := testmedia.H264AAC(12)
	film.Tracks[1].Entries = [][]byte{testmedia.AudioEntry("mp4a", 2, 48000, nest)}
	w, _ := openDamaged(t, "waves", film.Bytes())
	if w.allocated > 8<<20 {
		t.Errorf("%+v", w)
	}
}
