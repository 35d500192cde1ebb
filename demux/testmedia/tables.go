package testmedia

import "encoding/binary"

func (t *Track) minf(b []byte, chunks []chunk, base int64, co64 bool) []byte {
	switch t.Handler {
	case "vide":
		b = box(b, "vmhd", func(b []byte) []byte { return u32(b, 1, 0, 0) })
	case "soun":
		b = box(b, "smhd", func(b []byte) []byte { return u32(b, 0, 0) })
	}
	b = box(b, "dinf", func(b []byte) []byte {
		return box(b, "dref", func(b []byte) []byte {
			b = u32(b, 0, 1)
			return box(b, "url ", func(b []byte) []byte {
				if t.External {
					return append(u32(b, 0), "other.mov\x00"...)
				}
				return u32(b, 1)
			})
		})
	})
	return box(b, "stbl", func(b []byte) []byte {
		b = box(b, "stsd", func(b []byte) []byte {
			b = u32(b, 0, uint32(len(t.Entries)))
			for _, e := range t.Entries {
				b = append(b, e...)
			}
			return b
		})
		b = t.times(b)
		b = t.stsc(b, chunks)
		b = t.sizes(b)
		return append(offsets(b, chunks, base, co64), t.StblExtra...)
	})
}

// runs appends the count and the pairs (run length, value) of a run-length table.
func (t *Track) runs(b []byte, value func(*Sample) uint32) []byte {
	at, n := len(b), uint32(0)
	b = u32(b, 0)
	for i := 0; i < len(t.Samples); n++ {
		v, first := value(&t.Samples[i]), i
		for i < len(t.Samples) && value(&t.Samples[i]) == v {
			i++
		}
		b = u32(b, uint32(i-first), v)
	}
	binary.BigEndian.PutUint32(b[at:], n)
	return b
}

func (t *Track) times(b []byte) []byte {
	b = box(b, "stts", func(b []byte) []byte {
		return t.runs(u32(b, 0), func(s *Sample) uint32 { return s.Duration })
	})
	composed := t.CttsV1
	for i := range t.Samples {
		composed = composed || t.Samples[i].Composition != 0
	}
	if composed {
		b = box(b, "ctts", func(b []byte) []byte {
			version := uint32(0)
			if t.CttsV1 {
				version = 1 << 24
			}
			return t.runs(u32(b, version), func(s *Sample) uint32 { return uint32(s.Composition) })
		})
	}
	if t.NoSync {
		return b
	}
	return box(b, "stss", func(b []byte) []byte {
		at := len(b) + 4
		b = u32(b, 0, 0)
		for i := range t.Samples {
			if t.Samples[i].Sync {
				b = u32(b, uint32(i+1))
			}
		}
		binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4)/4)
		return b
	})
}

func (t *Track) stsc(b []byte, chunks []chunk) []byte {
	return box(b, "stsc", func(b []byte) []byte {
		at, n := len(b)+4, uint32(0)
		b = u32(b, 0, 0)
		for i, c := range chunks {
			entry := t.Samples[c.first].Entry
			if i > 0 && chunks[i-1].n == c.n && t.Samples[chunks[i-1].first].Entry == entry {
				continue
			}
			b = u32(b, uint32(i+1), uint32(c.n), uint32(entry+1))
			n++
		}
		binary.BigEndian.PutUint32(b[at:], n)
		return b
	})
}

func (t *Track) sizes(b []byte) []byte {
	if t.CompactSizes != 0 {
		return box(b, "stz2", t.compactSizes)
	}
	return box(b, "stsz", func(b []byte) []byte {
		b = u32(b, 0, 0, uint32(len(t.Samples)))
		for i := range t.Samples {
			b = u32(b, uint32(t.Samples[i].size()))
		}
		return b
	})
}

// compactSizes is the payload of stz2 (§8.7.3.3).
func (t *Track) compactSizes(b []byte) []byte {
	b = u32(b, 0, uint32(t.CompactSizes), uint32(len(t.Samples)))
	for i := range t.Samples {
		size := t.Samples[i].size()
		switch {
		case t.CompactSizes == 16:
			b = u16(b, uint16(size))
		case t.CompactSizes == 8:
			b = append(b, byte(size))
		case i%2 == 0:
			b = append(b, byte(size<<4))
		default:
			b[len(b)-1] |= byte(size & 15)
		}
	}
	return b
}

func offsets(b []byte, chunks []chunk, base int64, co64 bool) []byte {
	if len(chunks) > 0 && base+chunks[len(chunks)-1].offset > 1<<32-1 {
		co64 = true
	}
	if !co64 {
		return box(b, "stco", func(b []byte) []byte {
			b = u32(b, 0, uint32(len(chunks)))
			for _, c := range chunks {
				b = u32(b, uint32(base+c.offset))
			}
			return b
		})
	}
	return box(b, "co64", func(b []byte) []byte {
		b = u32(b, 0, uint32(len(chunks)))
		for _, c := range chunks {
			b = binary.BigEndian.AppendUint64(b, uint64(base+c.offset))
		}
		return b
	})
}
