package testmedia

import (
	"bytes"
	"encoding/binary"

	"unreel/demux"
)

// Good is one short film in every shape that a sound file may have, for tests that must hold for each of them.
func Good() []File {
	plain := func(name string, change func(*Movie)) File {
		m := H264AAC(3)
		change(&m)
		return File{Name: name, Movie: m}
	}
	files := []File{
		plain("plain.mp4", func(*Movie) {}),
		plain("moov-last.mp4", func(m *Movie) { m.MoovLast = true }),
		plain("co64.mp4", func(m *Movie) { m.Co64 = true }),
		plain("wide-mdat.mp4", func(m *Movie) { m.WideMdat = true }),
		plain("open-mdat.mp4", func(m *Movie) { m.OpenMdat = true }),
		plain("free-boxes.mov", func(m *Movie) {
			m.Brand, m.MoovLast = "qt  ", true
			m.Before = bytes.Join([][]byte{Box("wide"), Box("free", make([]byte, 100)), Box("skip")}, nil)
			m.After = Box("free", make([]byte, 9))
		}),
		plain("udta-zeros.mov", func(m *Movie) { m.MoovExtra = Box("udta", Box("name", []byte("x")), make([]byte, 4)) }),
		plain("negative-ctts.mp4", func(m *Movie) {
			v := &m.Tracks[0]
			v.CttsV1, v.Edits = true, nil
			for i := range v.Samples {
				v.Samples[i].Composition -= frameDuration
			}
		}),
		plain("no-edits.mp4", func(m *Movie) { m.Tracks[0].Edits, m.Tracks[1].Edits = nil, nil }),
		plain("audio-only.m4a", func(m *Movie) { m.Tracks = m.Tracks[1:] }),
		plain("video-only.m4v", func(m *Movie) { m.Tracks = m.Tracks[:1] }),
		plain("rotated.mp4", func(m *Movie) { m.Tracks[0].Matrix = [9]int32{0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000} }),
		plain("two-languages.mp4", func(m *Movie) {
			second := Audio(len(m.Tracks[1].Samples))
			m.Tracks[1].Language, second.Language, second.Disabled = "eng", "deu", true
			m.Tracks = append(m.Tracks, second)
		}),
		plain("companions.mp4", companions),
		plain("intra-only.mp4", func(m *Movie) { m.Tracks[0] = intraOnly(90) }),
		plain("small-samples.mp4", func(m *Movie) {
			m.Tracks[0] = intraOnly(90)
			for i := range m.Tracks[0].Samples {
				m.Tracks[0].Samples[i].Size = 5 + i%11
			}
			m.Tracks[0].CompactSizes = 4
		}),
	}
	for _, length := range []int{1, 2, 3} {
		files = append(files, plain("nal-length-"+string(rune('0'+length))+".mp4", func(m *Movie) { m.Tracks[0] = ShortNALs(90, length) }))
	}
	return files
}

// companions adds the tracks that are to be ignored: chapters, timecode, a cover, an empty one.
func companions(m *Movie) {
	one := func(handler, entry string, fields int) Track {
		return Track{
			Handler: handler, Timescale: 1000, NoSync: true, Entries: [][]byte{Box(entry, make([]byte, fields))},
			Samples: []Sample{{Size: 20, Duration: 3000}},
		}
	}
	cover := one("vide", "", 0)
	cover.Entries = [][]byte{VisualEntry("jpeg", 320, 200)}
	empty := Audio(1)
	empty.Samples, empty.Edits = nil, nil
	m.Tracks = append(m.Tracks, one("text", "text", 51), one("tmcd", "tmcd", 26), cover, empty)
	m.Tracks[0].Extra = Box("tref", Box("chap", []byte{0, 0, 0, 3}))
}

// intraOnly is a video track of key frames, without stss and ctts.
func intraOnly(n int) Track {
	t := Video(n, 360, 1)
	t.NoSync, t.Edits = true, nil
	for i := range t.Samples {
		s := &t.Samples[i]
		s.Sync, s.Composition, s.NALs = true, 0, nil
	}
	return t
}

// ShortNALs is a video track of n frames whose NAL lengths are 1, 2 or 3 bytes long, several NAL units to a frame.
func ShortNALs(n, length int) Track {
	t := Video(n, 360, 1)
	t.NALLength = length
	t.Entries = [][]byte{AVC(640, 360, length)}
	for i := range t.Samples {
		s := &t.Samples[i]
		s.Size, s.NALs = 0, nil
		for k := range 1 + i%4 {
			size := 20 + (i*31+k*17)%200
			s.NALs = append(s.NALs, size)
			s.Size += size + length
		}
	}
	return t
}

// Damage is a film that is broken in one way.
type Damage struct {
	Name string
	File []byte
	Box  string // the box that must be named
	Err  error  // the kind of error it must be
}

// Broken is the same film, damaged in the ways that files are damaged, by accident and by intent.
func Broken() []Damage {
	stbl := "moov/trak/mdia/minf/stbl/"
	mangled := func(name, box string, err error, change func(moov []byte)) Damage {
		m := H264AAC(3)
		m.Mangle = func(moov []byte) []byte {
			change(moov)
			return moov
		}
		return Damage{Name: name, File: m.Bytes(), Box: box, Err: err}
	}
	put := func(typ string, at int, value uint32) func([]byte) {
		return func(moov []byte) { binary.BigEndian.PutUint32(Find(moov, typ)[at:], value) }
	}
	whole := H264AAC(3).Bytes()
	last := H264AAC(3)
	last.MoovLast = true
	initial := H264AAC(1)
	initial.MoovExtra = Box("mvex", Box("trex", make([]byte, 24)))
	for i := range initial.Tracks {
		initial.Tracks[i].Samples = nil
	}
	return append(brokenFragments(), []Damage{
		{Name: "empty file", File: nil, Box: "moov", Err: demux.ErrCorrupt},
		{Name: "no MP4", File: bytes.Repeat([]byte("<html>not found</html>\n"), 20), Box: "moov", Err: demux.ErrCorrupt},
		{Name: "half of a moov", File: whole[:600], Box: "moov", Err: demux.ErrCorrupt},
		{Name: "half of the media", File: whole[:len(whole)/2], Box: "moov/trak/mdia/minf/stbl", Err: demux.ErrCorrupt},
		{Name: "upload not finished", File: last.Bytes()[:50_000], Box: "moov", Err: demux.ErrCorrupt},
		{Name: "box smaller than its header", File: append(Box("ftyp"), 0, 0, 0, 4, 'f', 'r', 'e', 'e'), Box: "free", Err: demux.ErrCorrupt},
		{Name: "an init section alone", File: initial.Bytes(), Box: "moov/mvex", Err: demux.ErrUnsupported},
		mangled("movie timescale 0", "moov/mvhd", demux.ErrCorrupt, put("mvhd", 12, 0)),
		mangled("track timescale 0", "moov/trak/mdia/mdhd", demux.ErrCorrupt, put("mdhd", 12, 0)),
		mangled("track_ID 0", "moov/trak/tkhd", demux.ErrCorrupt, put("tkhd", 12, 0)),
		mangled("track_ID twice", "moov/trak", demux.ErrCorrupt, put("tkhd", 12, 2)),
		mangled("4 billion sizes", stbl+"stsz", demux.ErrCorrupt, put("stsz", 8, 1<<32-1)),
		mangled("4 billion samples of one size", stbl+"stsz", demux.ErrTooLarge, func(moov []byte) {
			put("stsz", 4, 1)(moov)
			put("stsz", 8, 1<<32-1)(moov)
		}),
		mangled("more durations than bytes", stbl+"stts", demux.ErrCorrupt, put("stts", 4, 1<<30)),
		mangled("no durations", stbl+"stts", demux.ErrCorrupt, put("stts", 4, 0)),
		mangled("more offsets than bytes", stbl+"stco", demux.ErrCorrupt, put("stco", 4, 1<<31)),
		mangled("too few chunks", stbl+"stsc", demux.ErrCorrupt, put("stco", 4, 3)),
		mangled("no samples in a chunk", stbl+"stsc", demux.ErrCorrupt, put("stsc", 12, 0)),
		mangled("first run begins at chunk 2", stbl+"stsc", demux.ErrCorrupt, put("stsc", 8, 2)),
		mangled("an offset past the end", "moov/trak/mdia/minf/stbl", demux.ErrCorrupt, put("stco", 8, 1<<31)),
		mangled("more edits than bytes", "moov/trak/edts/elst", demux.ErrCorrupt, put("elst", 4, 9)),
		mangled("no stsd", "moov/trak", demux.ErrCorrupt, rename("stsd")),
		mangled("no stsz", "moov/trak", demux.ErrCorrupt, rename("stsz")),
		mangled("no stco", "moov/trak/mdia/minf/stbl", demux.ErrCorrupt, rename("stco")),
		mangled("no mvhd", "moov", demux.ErrCorrupt, rename("mvhd")),
		mangled("a parameter set past its box", stbl+"stsd/avc1/avcC", demux.ErrCorrupt, func(moov []byte) { Find(moov, "avcC")[6] = 0xff }),
	}...)
}

// Find is the payload of the first box of a type, by its four characters.
func Find(moov []byte, typ string) []byte {
	at := bytes.Index(moov, []byte(typ))
	return moov[at+4:]
}

// rename makes a box one that nobody knows.
func rename(typ string) func([]byte) {
	return func(moov []byte) {
		at := bytes.Index(moov, []byte(typ))
		copy(moov[at:], "xxxx")
	}
}
