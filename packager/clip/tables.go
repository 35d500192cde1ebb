package clip

import (
	"encoding/binary"
	"math"

	"unreel/demux"
	"unreel/packager/box"
)

// run is a value that so many samples in a row have.
type run struct {
	count uint32
	value int64
}

// tables are a track's sample tables, as far as they don't depend on where the media comes to lie.
type tables struct {
	times, offsets []run // stts, ctts
	sizes          []uint32
	sync           []uint32 // stss: numbers from 1
	previous       demux.Ticks
	negative       bool // an offset is
}

func newTables(n int) tables { return tables{sizes: make([]uint32, 0, n)} }

func (t *tables) add(s *demux.Sample) {
	if n := len(t.times); len(t.sizes) > 0 {
		t.times[n-1] = t.last(int64(max(s.DecodeTime-t.previous, 0)))
	}
	t.previous = s.DecodeTime
	t.times = push(t.times, int64(s.Duration))
	t.offsets = push(t.offsets, int64(s.Composition))
	t.negative = t.negative || s.Composition < 0
	t.sizes = append(t.sizes, s.Size)
	if s.Sync {
		t.sync = append(t.sync, uint32(len(t.sizes)))
	}
}

// last is the run of the sample before, once it is known how long that lasts. In most files it is what its duration said.
func (t *tables) last(duration int64) run {
	n := len(t.times)
	r := t.times[n-1]
	if r.value == duration {
		return r
	}
	if r.count > 1 {
		t.times[n-1].count--
		t.times = append(t.times, run{})
	}
	return run{1, duration}
}

func push(runs []run, value int64) []run {
	if n := len(runs); n > 0 && runs[n-1].value == value {
		runs[n-1].count++
		return runs
	}
	return append(runs, run{1, value})
}

// duration is that of all samples.
func (t *tables) duration() (sum int64) {
	for _, r := range t.times {
		sum += int64(r.count) * r.value
	}
	return sum
}

// appendTables appends the payload of stbl (ISO/IEC 14496-12 §8.5 to §8.7). patch is told where in b the chunk offsets stand.
func (p *part) appendTables(b []byte, wide bool, patch func(at int, k *chunk)) []byte {
	t := &p.tables
	b = box.AppendFull(b, "stsd", 0, 0, func(b []byte) []byte { return append(box.Append32(b, 1), singleEntry(p.track.Entry)...) })
	b = box.AppendFull(b, "stts", 0, 0, func(b []byte) []byte { return appendRuns(b, t.times) })
	if len(t.offsets) > 1 || len(t.offsets) == 1 && t.offsets[0].value != 0 {
		version := uint8(0)
		if t.negative {
			version = 1
		}
		b = box.AppendFull(b, "ctts", version, 0, func(b []byte) []byte { return appendRuns(b, t.offsets) })
	}
	if len(t.sync) < len(t.sizes) {
		b = box.AppendFull(b, "stss", 0, 0, func(b []byte) []byte {
			return box.Append32(box.Append32(b, uint32(len(t.sync))), t.sync...)
		})
	}
	b = box.AppendFull(b, "stsc", 0, 0, p.appendChunks)
	b = box.AppendFull(b, "stsz", 0, 0, func(b []byte) []byte {
		return box.Append32(box.Append32(b, 0, uint32(len(t.sizes))), t.sizes...)
	})
	name := "stco"
	if wide {
		name = "co64"
	}
	return box.AppendFull(b, name, 0, 0, func(b []byte) []byte {
		b = box.Append32(b, uint32(len(p.chunks)))
		for i := range p.chunks {
			patch(len(b), &p.chunks[i])
			if b = box.Append32(b, 0); wide {
				b = box.Append32(b, 0)
			}
		}
		return b
	})
}

// singleEntry is a sample entry that refers to the one data reference there is.
func singleEntry(entry []byte) []byte {
	entry = append([]byte(nil), entry...)
	if len(entry) >= 16 {
		binary.BigEndian.PutUint16(entry[14:], 1) // data_reference_index, §8.5.2.2
	}
	return entry
}

func appendRuns(b []byte, runs []run) []byte {
	b = box.Append32(b, uint32(len(runs)))
	for _, r := range runs {
		b = box.Append32(b, r.count, uint32(min(r.value, math.MaxUint32)))
	}
	return b
}

// appendChunks appends stsc's entries: one where the number of samples changes.
func (p *part) appendChunks(b []byte) []byte {
	at := len(b)
	b = box.Append32(b, 0)
	n, last := uint32(0), -1
	for i := range p.chunks {
		if p.chunks[i].samples != last {
			last = p.chunks[i].samples
			b = box.Append32(b, uint32(i+1), uint32(last), 1)
			n++
		}
	}
	binary.BigEndian.PutUint32(b[at:], n)
	return b
}
