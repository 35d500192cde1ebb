package demux

import (
	"fmt"
	"math"
	"slices"
)

// builder packs a sample table in one pass, in decoding order and a block at a time. Whoever reads samples, from whatever
// box holds them, asks for room, fills it, and says how many it took; add does so for one sample.
type builder struct {
	samples   Samples // those of whole blocks
	allSync   bool
	reordered bool // some sample is presented before one that is decoded earlier
	unsynced  bool // the first sample is no sync sample

	block     block
	open      fields // of the open block
	gap, skip [blockLen]int64
	k         int   // samples in the open block
	decode    Ticks // when the sample after them is decoded

	// Of whole blocks; finish makes them true of all samples.
	latest   Ticks // latest presentation
	earliest Ticks // likewise earliest, since the last sync point
	least    Ticks // least composition offset
	stop     Ticks // when the last presented sample ends
	farthest int64 // where the sample that reaches farthest into the file ends

	companion walker
	packer    packer
	buffer    *[]byte // what samples.data grows in
}

// fields are what boxes say of a block's samples. Decode times are sums of the durations.
type fields struct {
	offset, size, duration, composition, growth [blockLen]int64
	sync                                        [blockLen]bool // of no meaning where all samples are sync samples
}

const (
	// reserve is the most room that is made for a table before its samples are seen: enough for 6 h of video. A moov of a
	// kilobyte can claim all the samples that a file may have.
	reserve = 4 << 20
	// mostCuts bounds the sync points that are listed one by one, at 24 bytes each: 9 h in which every frame is one, and more
	// than a month of key frames. Where every sample is one as a matter of course, none is listed.
	mostCuts = 1 << 20
)

// newBuilder makes room for n samples; more may come. n was checked against a limit. companion may be nil.
func newBuilder(n int, allSync bool, companion *Samples) *builder {
	b := &builder{
		allSync: allSync, latest: math.MinInt64, stop: math.MinInt64,
		buffer:  packed.Get().(*[]byte),
		samples: Samples{blocks: make([]block, 0, (n+blockLen-1)/blockLen), companion: companion},
	}
	b.samples.data = room(b.buffer, min(6*n, reserve))[:0]
	if companion != nil {
		b.companion.start(companion)
	}
	return b
}

// room tells how many samples the open block can take, at least one. They are filled in from b.k on.
func (b *builder) room() int {
	if b.k == blockLen {
		b.flush()
	}
	if b.k == 0 {
		b.block.decode = b.decode
	}
	return blockLen - b.k
}

// took counts samples in that were filled in, and what their durations come to.
func (b *builder) took(n int, duration Ticks) {
	b.k += n
	b.decode += duration
}

// add takes the next sample. DecodeTime is counted here, from the durations.
func (b *builder) add(s *Sample) {
	b.room()
	f, k := &b.open, b.k
	f.offset[k], f.size[k], f.duration[k] = s.Offset, int64(s.Size), int64(s.Duration)
	f.composition[k], f.growth[k], f.sync[k] = int64(s.Composition), int64(s.Growth), s.Sync
	b.took(1, s.Duration)
}

// n is how many samples there are so far.
func (b *builder) n() int { return b.samples.n + b.k }

// resume says when the next sample is decoded: the last one lasts until then, whatever it said. It is false, and nothing is
// changed, where that is before the last one is decoded.
func (b *builder) resume(decode Ticks) bool {
	if b.k > 0 {
		last := b.k - 1 // room leaves it in the open block
		duration := Ticks(b.open.duration[last]) + decode - b.decode
		if duration < 0 {
			return false
		}
		b.open.duration[last] = int64(duration)
	}
	b.decode = decode
	return true
}

// full tells that a table came to more than it may; overflow says to what.
func (b *builder) full() bool {
	return b.decode > most || len(b.samples.data) > mostPacked || b.crowded()
}

// crowded tells that there are more sync points than are kept one by one.
func (b *builder) crowded() bool {
	return len(b.samples.cuts) > mostCuts || b.reordered && b.samples.n > mostCuts
}

func (b *builder) overflow() error {
	if b.decode > most {
		return fmt.Errorf("the durations sum up to more than %d ticks: %w", int64(most), ErrTooLarge)
	}
	if b.crowded() {
		return fmt.Errorf("more than %d key frames: %w", mostCuts, ErrTooLarge)
	}
	return fmt.Errorf("%d samples are too many to keep: %w", b.n(), ErrTooLarge)
}

// number is a sample's number, or a place among the packed bytes. tables.feed keeps both below 2^31.
func number(n int) uint32 { return uint32(n) } //nolint:gosec // see above

// flush packs the open block.
func (b *builder) flush() {
	b.place()
	b.present()
	b.block.data = number(len(b.samples.data))
	f := &b.open
	for _, column := range [...]*[blockLen]int64{&f.size, &b.gap, &f.duration, &f.composition, &f.growth} {
		b.samples.data = b.packer.column(b.samples.data, column[:b.k])
	}
	if b.samples.companion != nil {
		b.samples.data = b.packer.column(b.samples.data, b.skip[:b.k])
	}
	b.samples.blocks = append(b.samples.blocks, b.block)
	b.samples.n += b.k
	b.k = 0
}

// place turns offsets into gaps.
func (b *builder) place() {
	offsets := b.open.offset[:b.k]
	b.block.offset = offsets[0]
	end, farthest := offsets[0], b.farthest
	for k, offset := range offsets {
		b.gap[k] = offset - end
		end = offset + b.open.size[k]
		farthest = max(farthest, end)
	}
	b.farthest = farthest
	if b.samples.companion != nil {
		b.skipCompanion(offsets)
	}
}

// skipCompanion takes out of the gaps what the companion's samples fill of them.
func (b *builder) skipCompanion(offsets []int64) {
	b.block.companion = b.companion.jump(offsets[0])
	for k, gap := range b.gap[:len(offsets)] {
		b.skip[k] = 0
		if gap > 0 {
			count, bytes := b.companion.upTo(offsets[k])
			b.skip[k], b.gap[k] = count, gap-bytes
		}
	}
}

// present keeps the sync points, how far the samples after each lead it, and when all are presented.
func (b *builder) present() {
	durations, compositions := b.open.duration[:b.k], b.open.composition[:b.k]
	if b.samples.n == 0 { // decoding can start nowhere earlier than at the first sample
		b.unsynced = !b.open.sync[0] && !b.allSync
		b.open.sync[0] = true
	}
	decode, least, stop, latest := b.block.decode, b.least, b.stop, b.latest
	for k, duration := range durations {
		composition := Ticks(compositions[k])
		time := decode + composition
		least, stop = min(least, composition), max(stop, time+Ticks(duration))
		if b.allSync {
			b.reordered = b.reordered || time < latest // the points so far were not kept: finish lists them all
		} else if b.open.sync[k] {
			b.point(k, time)
		}
		latest, b.earliest = max(latest, time), min(b.earliest, time)
		decode += Ticks(duration)
	}
	b.least, b.stop, b.latest = least, stop, latest
	b.lead()
}

// point notes sample k of the open block as a sync point.
func (b *builder) point(k int, time Ticks) {
	b.lead()
	b.samples.cuts = append(b.samples.cuts, syncPoint{sample: number(b.samples.n + k), time: time})
	b.earliest = time
}

// lead notes how much earlier than the last sync point a sample after it is presented.
func (b *builder) lead() {
	if cuts := b.samples.cuts; len(cuts) > 0 {
		last := &cuts[len(cuts)-1]
		last.lead = last.time - b.earliest
	}
}

// finish closes the table.
func (b *builder) finish() Samples {
	if b.k > 0 {
		b.flush()
	}
	s := b.samples
	s.data = make([]byte, len(b.samples.data)+loadPad)
	copy(s.data, b.samples.data)
	*b.buffer = b.samples.data
	keep(&packed, b.buffer)
	if b.reordered {
		s.cuts = everySample(&s)
	}
	s.cuts = slices.Clip(slices.Clone(s.cuts)) // without what append kept in reserve
	for i := len(s.cuts) - 2; i >= 0; i-- {    // a later key frame's leading samples may even pass the one before
		s.cuts[i].lead = max(s.cuts[i].lead, s.cuts[i].time-(s.cuts[i+1].time-s.cuts[i+1].lead))
	}
	return s
}

// everySample lists all samples as sync points, for the odd file without stss whose samples are reordered all the same.
func everySample(s *Samples) []syncPoint {
	cuts := make([]syncPoint, 0, s.n)
	c := s.From(0)
	for sample, ok := c.Next(); ok; sample, ok = c.Next() {
		cuts = append(cuts, syncPoint{sample: number(len(cuts)), time: sample.DecodeTime + sample.Composition})
	}
	return cuts
}

// cuts is Cuts' loop.
func (t *Track) cuts(yield func(Cut) bool) {
	if t.Samples.cuts == nil {
		t.everyCut(yield)
		return
	}
	for _, p := range t.Samples.cuts[t.Samples.syncFrom(t.First):] {
		if int(p.sample) >= t.End || !yield(Cut{Sample: int(p.sample), Time: p.time + t.Shift, Lead: p.lead}) {
			return
		}
	}
}

func (t *Track) everyCut(yield func(Cut) bool) {
	c := t.Samples.From(t.First)
	for i := t.First; i < t.End; i++ {
		sample, ok := c.Next()
		if !ok || !yield(Cut{Sample: i, Time: t.PresentationTime(&sample)}) {
			return
		}
	}
}
