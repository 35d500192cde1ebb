package mpegts

// Elements of a raw data block: ISO/IEC 14496-3 Table 4.85.
const (
	single = 0 // one channel
	pair   = 1 // two
)

// standardLayouts are the speakers of channel configurations 1 to 7 as a program config element would list them: ISO/IEC
// 14496-3 Table 1.19. Others can't be said by ADTS.
var standardLayouts = []struct {
	front, back string // an element each, see single and pair
	lfe         int
}{
	{front: "\x00"},
	{front: "\x01"},
	{front: "\x00\x01"},
	{front: "\x00\x01", back: "\x00"},
	{front: "\x00\x01", back: "\x01"},
	{front: "\x00\x01", back: "\x01", lfe: 1},
	{front: "\x00\x01\x01", back: "\x01", lfe: 1},
}

// programConfig reads a program_config_element (ISO/IEC 14496-3 Table 4.2), and gives the channel configuration that says
// the same; 0 where none does. QuickTime writes one even for plain stereo.
func (b *bitReader) programConfig() int {
	b.take(4 + 2 + 4) // element_instance_tag, object_type, sampling_frequency_index
	front, side, back, lfe := b.take(4), b.take(4), b.take(4), b.take(2)
	b.take(3 + 4) // associated data and coupling channels: they don't change the speakers
	for _, bits := range [...]int{4, 4, 3} {
		if b.take(1) == 1 { // mono, stereo and matrix mixdown
			b.take(bits)
		}
	}
	fronts := b.elements(front)
	sides := b.elements(side)
	backs := b.elements(back)
	for i, l := range standardLayouts {
		if fronts == l.front && sides == "" && backs == l.back && lfe == l.lfe {
			return i + 1
		}
	}
	return 0
}

// elements reads whether each of n elements is a single channel or a pair.
func (b *bitReader) elements(n int) string {
	kinds := make([]byte, n)
	for i := range kinds {
		kinds[i] = single
		if b.take(1) == 1 {
			kinds[i] = pair
		}
		b.take(4) // element_tag_select
	}
	return string(kinds)
}
