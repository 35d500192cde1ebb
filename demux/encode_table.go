package demux

// samples walks a table as it is packed. Where the columns of each block begin is not written: one block's end where the
// next one's begin, and check finds out.
func (f *flat) samples(s *Samples) {
	whole(f, &s.n)
	var last block
	list(f, &s.blocks, func(b *block) {
		delta(f, &b.offset, last.offset)
		delta(f, &b.decode, last.decode)
		delta(f, &b.companion, last.companion)
		last = *b
	})
	f.bytes(&s.data)
	var cut syncPoint
	list(f, &s.cuts, func(p *syncPoint) {
		delta(f, &p.time, cut.time)
		whole(f, &p.lead)
		delta(f, &p.sample, cut.sample)
		cut = *p
	})
}

// companion walks the place, in file order from 1 on, of the track whose table another one counts by.
func (f *flat) companion(x *Index, s *Samples) {
	place := 0
	for i, t := range x.Tracks {
		if s.companion == &t.Samples {
			place = i + 1
		}
	}
	whole(f, &place)
	switch {
	case !f.reading || place == 0:
	case place < 0 || place > len(x.Tracks):
		f.fail("no track counts so many")
	default:
		s.companion = &x.Tracks[place-1].Samples
	}
}
