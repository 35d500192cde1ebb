package demux

import "math"

// maxSkip is how many samples of the companion one gap may be counted in. More are no interleaving, and would make
// unpacking a block slow.
const maxSkip = 16

// walker walks where a companion's samples lie, in decoding order, while another track is packed.
type walker struct {
	samples *Samples
	number  int  // of the sample that comes next
	lost    bool // ahead of what the block could count

	offset, size [blockLen]int64 // of the block that it lies in; what is behind the last sample lies behind everything
}

func (w *walker) start(s *Samples) {
	w.samples = s
	w.load()
}

// load unpacks the block that the next sample opens.
func (w *walker) load() {
	s, b := w.samples, w.number/blockLen
	n := max(min(s.n-w.number, blockLen), 0)
	if n > 0 {
		at := s.blocks[b].offset
		gaps := w.offset[:n]
		unpackColumn(gaps, unpackColumn(w.size[:n], s.data[s.blocks[b].data:]))
		for k, gap := range gaps {
			w.offset[k] = at + gap
			at += gap + w.size[k]
		}
	}
	for k := n; k < blockLen; k++ {
		w.offset[k] = math.MaxInt64
	}
}

// before tells whether the next sample lies before offset.
func (w *walker) before(offset int64) bool { return w.offset[w.number&(blockLen-1)] < offset }

// step goes on to the next sample.
func (w *walker) step() {
	if w.number++; w.number%blockLen == 0 {
		w.load()
	}
}

// jump goes on to the first sample that is not before offset, and gives its number: where a block begins to count.
func (w *walker) jump(offset int64) uint32 {
	w.lost = false
	for w.before(offset) {
		w.step()
	}
	return number(w.number)
}

// upTo counts the samples before offset and their bytes, and steps over them. Where they are too many it counts none, up
// to the next block.
func (w *walker) upTo(offset int64) (count, bytes int64) {
	for !w.lost && w.before(offset) {
		if count == maxSkip {
			w.lost = true
			return 0, 0
		}
		count++
		bytes += w.size[w.number&(blockLen-1)]
		w.step()
	}
	return count, bytes
}
