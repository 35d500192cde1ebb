package testmedia

import (
	"encoding/binary"

	"unreel/demux"
)

// Fragmented is short films in movie fragments, in every way that a sound file may say it. Each is the film that the same
// Movie without Fragments is.
func Fragmented() []File {
	film := func(name string, f Fragments, change ...func(*Movie)) File {
		m := H264AAC(5)
		for _, c := range change {
			c(&m)
		}
		m.Fragments = &f
		return File{Name: name, Movie: m}
	}
	video := func(m *Movie) { m.Tracks = m.Tracks[:1] }
	audio := func(m *Movie) { m.Tracks = m.Tracks[1:] }
	return []File{
		film("ffmpeg.mp4", Fragments{}),
		film("base-offset.mp4", Fragments{Base: BaseOffset}),
		film("implicit-base.mp4", Fragments{Base: BaseImplicit}),
		film("no-offsets.mp4", Fragments{Base: BaseOffset, NoOffsets: true}),
		film("no-offsets-runs.mp4", Fragments{Base: BaseOffset, NoOffsets: true, Runs: 3}),
		film("every-field.mp4", Fragments{Explicit: true}),
		film("trex.mp4", Fragments{InTrex: true, Tfdt32: true}),
		film("runs.mp4", Fragments{Runs: 4}),
		film("implicit-runs.mp4", Fragments{Base: BaseImplicit, Runs: 2, Separate: true}),
		film("separate.mp4", Fragments{Separate: true, Samples: 25}),
		film("no-tfdt.mp4", Fragments{NoTfdt: true, Samples: 7}),
		film("one-frame.mp4", Fragments{Samples: 1}),
		film("dash.mp4", Fragments{Sidx: true, Samples: 30}),
		film("mfra.mp4", Fragments{Mfra: true}),
		film("groups.mp4", Fragments{Groups: true}),
		film("hybrid.mp4", Fragments{Whole: 40}),
		film("hybrid-no-tfdt.mp4", Fragments{Whole: 40, NoTfdt: true}),
		film("video-only.mp4", Fragments{}, video),
		film("audio-only.m4a", Fragments{Samples: 94}, audio),
		film("no-edits.mp4", Fragments{}, func(m *Movie) { m.Tracks[0].Edits, m.Tracks[1].Edits = nil, nil }),
		film("negative-composition.mp4", Fragments{}, func(m *Movie) {
			m.Tracks[0].CttsV1, m.Tracks[0].Edits = true, nil
			for i := range m.Tracks[0].Samples {
				m.Tracks[0].Samples[i].Composition -= frameDuration
			}
		}),
		film("intra-only.mp4", Fragments{Samples: 20}, func(m *Movie) { m.Tracks[0] = intraOnly(150) }),
		film("short-nals.mp4", Fragments{}, func(m *Movie) { m.Tracks[0] = ShortNALs(150, 2) }),
		film("companions.mp4", Fragments{}, companions),
		film("variable-rate.mp4", Fragments{}, func(m *Movie) {
			m.Tracks[0].Edits = nil
			for i := range m.Tracks[0].Samples {
				m.Tracks[0].Samples[i].Duration += uint32(i % 5 * 100)
			}
		}),
	}
}

// brokenFragments is a fragmented film, damaged.
func brokenFragments() []Damage {
	broken := func(name, box string, err error, change func(moof []byte)) Damage {
		m := H264AAC(5)
		m.Fragments = &Fragments{Explicit: true, Mangle: func(number int, moof []byte) {
			if number == 1 {
				change(moof)
			}
		}}
		return Damage{Name: name, File: m.Bytes(), Box: box, Err: err}
	}
	put := func(typ string, at int, values ...byte) func([]byte) {
		return func(moof []byte) { copy(Find(moof, typ)[at:], values) }
	}
	alone := H264AAC(3)
	alone.Fragments = &Fragments{}
	bytes := alone.Bytes()
	moof := len(bytes) - len(Find(bytes, "moof")) - 8
	return []Damage{
		{Name: "fragments without a moov", File: bytes[moof:], Box: "moof", Err: demux.ErrUnsupported},
		{Name: "a moov and no whole fragment", File: bytes[:moof+100], Box: "moov/mvex", Err: demux.ErrUnsupported},
		{Name: "a moof and no media", File: bytes[:moof+int(binary.BigEndian.Uint32(bytes[moof:]))+8], Box: "moof/traf/trun", Err: demux.ErrCorrupt},
		broken("no tfhd", "moof/traf", demux.ErrCorrupt, rename("tfhd")),
		broken("4 billion samples", "moof/traf/trun", demux.ErrCorrupt, put("trun", 4, 0xff, 0xff, 0xff, 0xff)),
		broken("4 billion samples of one size", "moof/traf/trun", demux.ErrTooLarge, func(moof []byte) {
			put("trun", 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff)(moof)
		}),
		broken("100 million samples of one size", "moov/trak/mdia/minf/stbl", demux.ErrTooLarge, func(moof []byte) {
			put("trun", 0, 0, 0, 0, 1, 5, 0xff, 0xff, 0xff)(moof)
		}),
		broken("media before the file", "moof/traf/trun", demux.ErrCorrupt, put("trun", 8, 0x80, 0, 0, 0)),
		broken("media behind the file, then within", "moof/traf/trun", demux.ErrCorrupt, put("trun", 8, 0x70, 0, 0, 0)),
		broken("a decode time of 2^63", "moof/traf/tfdt", demux.ErrTooLarge, put("tfdt", 4, 0x80)),
		broken("fields past the end of tfhd", "moof/traf/tfhd", demux.ErrCorrupt, put("tfhd", 0, 0, 0, 0, 0x3a)),
	}
}
