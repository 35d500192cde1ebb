package demux

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

func FuzzColumn(f *testing.F) {
	for _, values := range [][]int64{
		{0},
		{5, 5, 5},
		{-1, 0, 1},
		{math.MinInt64, math.MaxInt64},
		{0, 512, 1024, 512},
		{1, 2, 3, 1 << 40},
		{-1 << 62, 7, 1 << 62},
		{3, 3, 3, 3, 1 << 57, 3},
		{100, 107, 93, 120000, 99, 101},
	} {
		var b []byte
		for _, v := range values {
			b = binary.BigEndian.AppendUint64(b, uint64(v))
		}
		f.Add(b, byte(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, shift byte) {
		var values []int64
		for ; len(b) >= 8 && len(values) < blockLen; b = b[8:] {
			values = append(values, int64(binary.BigEndian.Uint64(b))>>(shift%64))
		}
		if len(values) == 0 {
			return
		}
		packed := new(packer).column([]byte("before"), values)
		packed = append(packed, "behind, and the load pad"...)
		got := make([]int64, len(values))
		rest := unpackColumn(got, packed[len("before"):])
		if !slices.Equal(got, values) || string(rest) != "behind, and the load pad" {
			t.Errorf("%v unpacks to %v, then %q", values, got, rest)
		}
		if rest = skipColumn(packed[len("before"):], len(values)); string(rest) != "behind, and the load pad" {
			t.Errorf("behind %v comes %q", values, rest)
		}
	})
}

// plain is what a builder must keep, kept plainly.
type plain struct {
	samples []Sample
	allSync bool
}

// pack makes samples of fuzz bytes, eight each, and packs them.
func pack(b []byte, allSync bool, companion *Samples) (plain, Samples, *builder) {
	p := plain{allSync: allSync}
	table := newBuilder(len(b)/8, allSync, companion)
	end, decode := int64(1000), Ticks(0)
	for ; len(b) >= 8; b = b[8:] {
		s := Sample{
			Size:        uint32(binary.BigEndian.Uint16(b)) >> (b[7] & 15),
			Offset:      max(0, end+int64(int16(binary.BigEndian.Uint16(b[2:])))>>(b[7]>>4)),
			Duration:    Ticks(b[4] & 0xfc),
			Composition: Ticks(int8(b[5])),
			DecodeTime:  decode,
			Growth:      uint32(b[6] & 3),
			Sync:        b[4]&3 == 0,
		}
		table.add(&s)
		s.Sync = s.Sync || allSync || len(p.samples) == 0
		p.samples = append(p.samples, s)
		end, decode = s.Offset+int64(s.Size), decode+s.Duration
	}
	return p, table.finish(), table
}

func FuzzSamples(f *testing.F) {
	f.Add([]byte("12345678"), []byte("abcdefghijklmnop"), true)
	f.Add(slices.Repeat([]byte{1, 0, 0, 5, 4, 0, 0, 0}, 300), slices.Repeat([]byte{0, 5, 1, 0, 4, 1, 0, 0}, 300), false)
	f.Add(slices.Repeat([]byte{1, 0, 0x7f, 0, 4, 0, 0, 0}, 40), slices.Repeat([]byte{0, 5, 0, 5, 5, 1, 0, 0}, 1000), false)
	f.Fuzz(func(t *testing.T, first, second []byte, allSync bool) {
		if len(first)+len(second) > 1<<14 {
			return
		}
		want, got, _ := pack(first, allSync, nil)
		compare(t, want, &got)
		want, other, b := pack(second, !allSync, &got)
		compare(t, want, &other)
		if n := len(want.samples); n > 0 {
			farthest := slices.MaxFunc(want.samples, func(a, b Sample) int { return int(a.Offset + int64(a.Size) - b.Offset - int64(b.Size)) })
			if b.farthest != farthest.Offset+int64(farthest.Size) {
				t.Errorf("reaches to %d, want %+v", b.farthest, farthest)
			}
		}
	})
}

// compare holds a packed table to a plain one: the whole walk, walks from the middle, and every lookup.
func compare(t *testing.T, want plain, got *Samples) {
	t.Helper()
	n := len(want.samples)
	if got.Len() != n {
		t.Fatalf("%d samples, want %d", got.Len(), n)
	}
	for _, from := range []int{0, 1, n / 2, 127, 128, 129, n - 1} {
		if from < 0 || from > n {
			continue
		}
		c := got.From(from)
		for i := from; i < n; i++ {
			if s, ok := c.Next(); !ok || s != want.samples[i] {
				t.Fatalf("from %d: sample %d is %+v, want %+v", from, i, s, want.samples[i])
			}
		}
		if s, ok := c.Next(); ok {
			t.Fatalf("from %d: %+v after the last", from, s)
		}
	}
	for i, s := range want.samples {
		if got.IsSync(i) != s.Sync {
			t.Fatalf("sample %d: sync %v", i, got.IsSync(i))
		}
		if got.DecodeTime(i) != s.DecodeTime {
			t.Fatalf("sample %d: decode time %d, want %d", i, got.DecodeTime(i), s.DecodeTime)
		}
		if i%37 == 0 && got.FromDecodeTime(s.DecodeTime+1) != want.fromDecodeTime(s.DecodeTime+1) {
			t.Fatalf("from decode time %d: %d", s.DecodeTime+1, got.FromDecodeTime(s.DecodeTime+1))
		}
	}
	compareExtremes(t, want, got)
	compareCuts(t, want, got)
}

func compareExtremes(t *testing.T, want plain, got *Samples) {
	t.Helper()
	n := len(want.samples)
	for _, r := range [...]Range{{0, n}, {0, 1}, {n / 3, n}, {n / 2, n/2 + 1}, {127, 129}, {1, n - 1}} {
		if r.First < 0 || r.First >= r.End || r.End > n {
			continue
		}
		first := want.samples[r.First]
		all := Extremes{first.Duration, first.Duration, first.Composition, first.Composition}
		for _, s := range want.samples[r.First:r.End] {
			all.LeastDuration, all.MostDuration = min(all.LeastDuration, s.Duration), max(all.MostDuration, s.Duration)
			all.LeastComposition, all.MostComposition = min(all.LeastComposition, s.Composition), max(all.MostComposition, s.Composition)
		}
		if e := got.Extremes(r); e != all {
			t.Fatalf("of samples %+v: %+v, want %+v", r, e, all)
		}
	}
}

func (p plain) fromDecodeTime(time Ticks) int {
	for i, s := range p.samples {
		if s.DecodeTime >= time {
			return i
		}
	}
	return len(p.samples)
}

// compareCuts holds cuts, leads and the searches that place an edit list to their definitions.
func compareCuts(t *testing.T, want plain, got *Samples) {
	t.Helper()
	n := len(want.samples)
	track := Track{Kind: KindVideo, End: n, Samples: *got}
	least, earliest := Ticks(0), Ticks(math.MaxInt64) // earliest presentation from sample i on
	leads := make([]Ticks, n)
	for i := n - 1; i >= 0; i-- {
		s := want.samples[i]
		least, earliest = min(least, s.Composition), min(earliest, s.DecodeTime+s.Composition)
		leads[i] = s.DecodeTime + s.Composition - earliest
	}
	next := 0
	for cut := range track.Cuts() {
		for next < cut.Sample && !want.samples[next].Sync {
			next++
		}
		if next != cut.Sample || cut.Lead != leads[cut.Sample] {
			t.Fatalf("cut %+v, want sample %d with lead %d", cut, next, leads[cut.Sample])
		}
		next++
	}
	for i := 0; i < n; i += 41 {
		time := want.samples[i].DecodeTime + want.samples[i].Composition
		end := 0
		for k, s := range want.samples {
			if s.DecodeTime+s.Composition < time {
				end = k + 1
			}
		}
		if got.endBefore(time, least) != end {
			t.Fatalf("end before %d is %d, want %d", time, got.endBefore(time, least), end)
		}
	}
}
