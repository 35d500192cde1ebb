package demux

// CutAt gives the cut that stands at sample i; ok is false where i is no sync sample or lies outside of [First, End).
func (t *Track) CutAt(i int) (cut Cut, ok bool) {
	if i < t.First || i >= t.End {
		return Cut{}, false
	}
	if t.Samples.cuts == nil {
		sample := t.Samples.At(i)
		return Cut{Sample: i, Time: t.PresentationTime(&sample)}, true
	}
	k := t.Samples.syncFrom(i)
	if k == len(t.Samples.cuts) || int(t.Samples.cuts[k].sample) != i {
		return Cut{}, false
	}
	p := t.Samples.cuts[k]
	return Cut{Sample: i, Time: p.time + t.Shift, Lead: p.lead}, true
}
