package testmedia

import "encoding/binary"

// Sample flags (§8.8.3.1).
const (
	syncFlags    = 0x02000000 // depends on no other
	nonSyncFlags = 0x01010000 // depends on others, is no sync sample
)

func (t *Track) sampleFlags(s *Sample) uint32 {
	if s.Sync || t.NoSync {
		return syncFlags
	}
	return nonSyncFlags
}

// defaults are a track's duration, size and flags for samples that don't say theirs: those of the last sample.
func (t *Track) defaults() (duration, size, flags uint32) {
	if len(t.Samples) == 0 {
		return 0, 0, 0
	}
	s := &t.Samples[len(t.Samples)-1]
	return s.Duration, uint32(s.size()), t.sampleFlags(s)
}

func (m *Movie) trackID(i int) uint32 {
	if id := m.Tracks[i].ID; id != 0 {
		return id
	}
	return uint32(i + 1)
}

func (m *Movie) mvex() []byte {
	return box(nil, "mvex", func(b []byte) []byte {
		for i := range m.Tracks {
			b = box(b, "trex", func(b []byte) []byte {
				b = u32(b, 0, m.trackID(i), 1)
				if !m.Fragments.InTrex {
					return u32(b, 0, 0, 0)
				}
				return u32(b, three(m.Tracks[i].defaults())...)
			})
		}
		return b
	})
}

func three(a, b, c uint32) []uint32 { return []uint32{a, b, c} }

// moof builds a fragment's box that stands at byte at, and whose media begins media bytes after that.
func (m *Movie) moof(fragment []part, chunks []chunk, decode []uint64, at, media int64) []byte {
	f := m.Fragments
	base, end := int64(0), at
	switch f.Base {
	case BaseIsMoof:
		base = at
	case BaseOffset:
		base = at + media
	}
	data := at + media
	return box(nil, "moof", func(b []byte) []byte {
		b = box(b, "mfhd", func(b []byte) []byte { return u32(b, 0, 1) })
		for _, p := range fragment {
			b = box(b, "traf", func(b []byte) []byte {
				if f.Base == BaseImplicit {
					base = end
				}
				if f.NoOffsets {
					base = data
				}
				b = m.tfhd(b, p, base)
				b = f.tfdt(b, decode[p.track])
				for _, c := range chunks {
					if c.track == p.track {
						b = m.trun(b, c, data-base)
						data += c.size
					}
				}
				end = data
				if f.Groups {
					b = append(b, Box("sgpd", u32(nil, 1<<24), []byte("roll"), u32(nil, 2, 1), u16(nil, 0xffff))...)
					b = append(b, Box("sbgp", u32(nil, 0), []byte("roll"), u32(nil, 1, uint32(p.n), 0x10001))...)
				}
				return b
			})
		}
		return b
	})
}

func (m *Movie) tfhd(b []byte, p part, base int64) []byte {
	f := m.Fragments
	flags := uint32(0)
	switch f.Base {
	case BaseIsMoof:
		flags = 0x020000
	case BaseOffset:
		flags = 0x000001
	}
	if !f.InTrex && !f.Explicit {
		flags |= 0x000038
	}
	return box(b, "tfhd", func(b []byte) []byte {
		b = u32(b, flags, m.trackID(p.track))
		if f.Base == BaseOffset {
			b = binary.BigEndian.AppendUint64(b, uint64(base))
		}
		if flags&0x38 != 0 {
			b = u32(b, three(m.Tracks[p.track].defaults())...)
		}
		return b
	})
}

func (f *Fragments) tfdt(b []byte, decode uint64) []byte {
	if f.NoTfdt {
		return b
	}
	return box(b, "tfdt", func(b []byte) []byte {
		if f.Tfdt32 {
			return u32(b, 0, uint32(decode))
		}
		return binary.BigEndian.AppendUint64(u32(b, 1<<24), decode)
	})
}

// trun says of each sample what differs from the defaults, or everything.
func (m *Movie) trun(b []byte, c chunk, offset int64) []byte {
	f, t := m.Fragments, &m.Tracks[c.track]
	samples := t.Samples[c.first : c.first+c.n]
	duration, size, flags := t.defaults()
	fields := uint32(1)
	if f.NoOffsets {
		fields = 0
	}
	for i := range samples {
		s := &samples[i]
		if f.Explicit || s.Duration != duration {
			fields |= 0x100
		}
		if f.Explicit || uint32(s.size()) != size {
			fields |= 0x200
		}
		if f.Explicit || i > 0 && t.sampleFlags(s) != flags {
			fields |= 0x400
		}
		if f.Explicit || s.Composition != 0 {
			fields |= 0x800
		}
	}
	if fields&0x400 == 0 && t.sampleFlags(&samples[0]) != flags {
		fields |= 4
	}
	return box(b, "trun", func(b []byte) []byte {
		b = u32(b, 1<<24|fields, uint32(len(samples)))
		if fields&1 != 0 {
			b = u32(b, uint32(offset))
		}
		if fields&4 != 0 {
			b = u32(b, t.sampleFlags(&samples[0]))
		}
		for i := range samples {
			s := &samples[i]
			for _, v := range [...]struct{ field, value uint32 }{
				{0x100, s.Duration}, {0x200, uint32(s.size())}, {0x400, t.sampleFlags(s)}, {0x800, uint32(s.Composition)},
			} {
				if fields&v.field != 0 {
					b = u32(b, v.value)
				}
			}
		}
		return b
	})
}
