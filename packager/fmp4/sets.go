package fmp4

import (
	"unreel/demux"
	"unreel/packager/box"
)

// Where avcC and hvcC say how many parameter sets they hold, from the start of the box (ISO/IEC 14496-15 §5.3.3.1.2,
// §8.3.3.1.2): of H.264, SPS; of HEVC, kinds.
const (
	avcSets  = box.HeaderSize + 5
	hevcSets = box.HeaderSize + 22
)

// takeSets makes the decoder's configuration one that holds all parameter sets: demux found them in the samples where it
// held none.
func (e *entry) takeSets(t *demux.Track) {
	if c := find(e.boxes, "hvcC"); c != nil && len(c.whole) > hevcSets {
		if c.whole[hevcSets] == 0 {
			c.whole = withSets265(c.whole[:hevcSets], t.Video)
		}
		c.whole = complete(c.whole)
	}
	if c := find(e.boxes, "avcC"); c != nil && len(c.whole) > avcSets && c.whole[avcSets]&31 == 0 {
		c.whole = withSets264(c.whole[:avcSets], t.Video)
	}
}

// withSets265 is an hvcC box of these first bytes with a track's parameter sets.
func withSets265(head []byte, v *demux.VideoFormat) []byte {
	return box.Append(nil, "hvcC", func(b []byte) []byte {
		b = append(append(b, head[box.HeaderSize:]...), lastSetType-firstSetType+1)
		for i, sets := range [...][][]byte{v.VPS, v.SPS, v.PPS} {
			b = append(b, 0x80|firstSetType+byte(i))                 // array_completeness
			b = appendSets(box.Append16(b, uint16(len(sets))), sets) //nolint:gosec // few: they stand in one sample
		}
		return b
	})
}

// withSets264 is an avcC box of these first bytes with a track's parameter sets, and with the profile that they tell. What
// the high profiles may have behind them is left out, since the SPS says it.
func withSets264(head []byte, v *demux.VideoFormat) []byte {
	return box.Append(nil, "avcC", func(b []byte) []byte {
		b = append(b, head[box.HeaderSize:]...)
		if profile := v.SPS[0]; len(profile) >= 4 {
			copy(b[box.HeaderSize+1:], profile[1:4])
		}
		b = appendSets(append(b, 0xe0|byte(len(v.SPS))), v.SPS) //nolint:gosec // few: they stand in one sample
		return appendSets(append(b, byte(len(v.PPS))), v.PPS)   //nolint:gosec // likewise
	})
}

// appendSets appends NAL units behind 16-bit lengths. demux bounds what it looks for them in to 64 KiB.
func appendSets(b []byte, sets [][]byte) []byte {
	for _, set := range sets {
		b = append(box.Append16(b, uint16(len(set))), set...) //nolint:gosec // within 64 KiB
	}
	return b
}
