package demux

import (
	"math"
	"slices"
	"sort"
)

// Samples is one track's sample table (ISO/IEC 14496-12 §8.6, §8.7), packed in blocks of 128 samples with a restart point
// each. Lookups are O(log n): the last sample costs what the first does. A film of 2 h with 30 fps and AAC, interleaved a
// chunk per frame, takes 5.2 bytes a video sample and 1.3 bytes an audio sample, 1.6 MB (measured: BenchmarkIndexSize).
//
// What lies between two samples of one track is mostly samples of another. A track that is packed after its companion says
// how many of the companion's samples that is, in a bit or two, and leaves their sizes to the companion's table.
type Samples struct {
	n         int
	blocks    []block
	data      []byte      // columns, see column.go: size, gap, duration, composition, growth, and with a companion, skip
	cuts      []syncPoint // nil where every sample is a sync sample and none is reordered
	companion *Samples    // nil where gaps are said in bytes alone
}

// block is a restart point: 24 bytes for each 128 samples.
type block struct {
	offset    int64  // of the first sample, bytes from the start of the file
	decode    Ticks  // decode time of the first sample
	data      uint32 // where its columns start
	companion uint32 // the companion's sample from which skip counts
}

// syncPoint is a sync sample: 24 bytes each, and a film has one for each second or two.
type syncPoint struct {
	time   Ticks // decode time + composition offset
	lead   Ticks // see Cut
	sample uint32
}

// Len is the number of samples.
func (s *Samples) Len() int { return s.n }

// Bytes is what the table keeps resident.
func (s *Samples) Bytes() int { return cap(s.data) + 24*cap(s.blocks) + 24*cap(s.cuts) }

// At gives one sample. It unpacks a block; use a Cursor for more than one.
func (s *Samples) At(i int) Sample {
	c := s.From(i)
	sample, _ := c.Next()
	return sample
}

// IsSync tells whether sample i is a sync sample (§8.6.2).
func (s *Samples) IsSync(i int) bool {
	if s.cuts == nil {
		return true
	}
	at := s.syncFrom(i)
	return at < len(s.cuts) && int(s.cuts[at].sample) == i
}

// syncFrom is the place in cuts of the first sync sample that is not before sample i.
func (s *Samples) syncFrom(i int) int {
	return sort.Search(len(s.cuts), func(k int) bool { return int(s.cuts[k].sample) >= i })
}

// FromDecodeTime is the first sample whose decode time is t or later; Len where there is none.
func (s *Samples) FromDecodeTime(t Ticks) int {
	after := sort.Search(len(s.blocks), func(k int) bool { return s.blocks[k].decode >= t })
	if after == 0 {
		return 0
	}
	b := after - 1 // its samples may still be at t or later
	var durations [blockLen]int64
	n := s.durations(&durations, b)
	decode := s.blocks[b].decode
	for k := range n {
		if decode >= t {
			return b*blockLen + k
		}
		decode += Ticks(durations[k])
	}
	return b*blockLen + n
}

// DecodeTime is that of sample i, for less than what At costs.
func (s *Samples) DecodeTime(i int) (decode Ticks) {
	var durations [blockLen]int64
	s.durations(&durations, i/blockLen)
	decode = s.blocks[i/blockLen].decode
	for _, d := range durations[:i%blockLen] {
		decode += Ticks(d)
	}
	return decode
}

// durations unpacks only the third column of block b, of n samples.
func (s *Samples) durations(durations *[blockLen]int64, b int) (n int) {
	n, data := s.thirdColumn(b)
	unpackColumn(durations[:n], data)
	return n
}

// thirdColumn is where the durations of block b stand, which are n.
func (s *Samples) thirdColumn(b int) (n int, data []byte) {
	n = min(s.n-b*blockLen, blockLen)
	return n, skipColumn(skipColumn(s.data[s.blocks[b].data:], n), n)
}

// Extremes are the least and the greatest of some samples' durations and composition offsets.
type Extremes struct {
	LeastDuration, MostDuration       Ticks
	LeastComposition, MostComposition Ticks
}

// Extremes looks at each sample of a range that is not empty, for a third of what a Cursor costs.
func (s *Samples) Extremes(r Range) Extremes {
	duration, composition := [2]int64{math.MaxInt64, math.MinInt64}, [2]int64{math.MaxInt64, math.MinInt64}
	var column [blockLen]int64
	for b := r.First / blockLen; b*blockLen < r.End; b++ {
		n, data := s.thirdColumn(b)
		from, to := max(r.First-b*blockLen, 0), min(r.End-b*blockLen, n)
		for _, all := range [...]*[2]int64{&duration, &composition} {
			data = unpackColumn(column[:n], data)
			all[0], all[1] = min(all[0], slices.Min(column[from:to])), max(all[1], slices.Max(column[from:to]))
		}
	}
	return Extremes{Ticks(duration[0]), Ticks(duration[1]), Ticks(composition[0]), Ticks(composition[1])}
}

// Cursor walks a sample table forwards. It is a value of about 5 KB and allocates nothing.
type Cursor struct {
	samples *Samples
	next    int
	offset  int64
	decode  Ticks
	sync    int // place in samples.cuts of the next sync sample

	size, gap, duration, composition, growth [blockLen]int64
}

// From starts a Cursor at sample i.
func (s *Samples) From(i int) Cursor {
	var c Cursor
	c.Seek(s, i)
	return c
}

// Seek makes a Cursor start again, at sample i of s.
func (c *Cursor) Seek(s *Samples, i int) {
	c.samples, c.next = s, i
	if i < 0 || i >= s.n {
		c.next = s.n
		return
	}
	c.sync = s.syncFrom(i)
	c.load(i / blockLen)
	for k := range i % blockLen {
		c.offset += c.gap[k] + c.size[k]
		c.decode += Ticks(c.duration[k])
	}
}

// load unpacks block b and stands at its first sample.
func (c *Cursor) load(b int) {
	s := c.samples
	n := min(s.n-b*blockLen, blockLen)
	data := s.data[s.blocks[b].data:]
	for _, column := range [...]*[blockLen]int64{&c.size, &c.gap, &c.duration, &c.composition, &c.growth} {
		data = unpackColumn(column[:n], data)
	}
	if s.companion != nil {
		c.fillGaps(data, n, int(s.blocks[b].companion))
	}
	c.offset, c.decode = s.blocks[b].offset, s.blocks[b].decode
}

// fillGaps adds to the gaps what the companion's samples fill of them, from number at on.
func (c *Cursor) fillGaps(data []byte, n, at int) {
	var skip, size [blockLen]int64
	unpackColumn(skip[:n], data)
	loaded := -1
	for k, count := range skip[:n] {
		for range count {
			if at/blockLen != loaded {
				loaded = at / blockLen
				c.samples.companion.sizes(&size, loaded)
			}
			c.gap[k] += size[at%blockLen]
			at++
		}
	}
}

// sizes unpacks only the first column of block b.
func (s *Samples) sizes(size *[blockLen]int64, b int) {
	unpackColumn(size[:min(s.n-b*blockLen, blockLen)], s.data[s.blocks[b].data:])
}

// Next gives the next sample; ok is false past the last.
func (c *Cursor) Next() (sample Sample, ok bool) {
	s := c.samples
	if c.next >= s.n {
		return Sample{}, false
	}
	k := c.next % blockLen
	if k == 0 {
		c.load(c.next / blockLen)
	}
	c.offset += c.gap[k]
	sample = Sample{
		Offset:      c.offset,
		Size:        uint32(c.size[k]),   //nolint:gosec // was a uint32
		Growth:      uint32(c.growth[k]), //nolint:gosec // was a uint32
		DecodeTime:  c.decode,
		Composition: Ticks(c.composition[k]),
		Duration:    Ticks(c.duration[k]),
		Sync:        s.cuts == nil,
	}
	if c.sync < len(s.cuts) && int(s.cuts[c.sync].sample) == c.next {
		sample.Sync = true
		c.sync++
	}
	c.offset += c.size[k]
	c.decode += sample.Duration
	c.next++
	return sample, true
}
