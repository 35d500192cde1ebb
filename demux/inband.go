package demux

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// inBandBytes is how much of a sample's beginning is searched for parameter sets.
const inBandBytes = 64 << 10

// maxInBand is how many sets of a kind are taken from a sample: as many SPS as avcC can hold.
const maxInBand = 31

// parameterSetTypes are NAL unit types: of the sets that a decoder needs (Rec. ITU-T H.264 Table 7-1, H.265 Table 7-1).
var parameterSetTypes = map[Codec][]byte{H264: {7, 8}, HEVC: {33, 34, 32}}

// inBand looks into the samples of video whose sample entry holds no parameter sets, as avc3, hev1 and dvhe allow it. Where
// the first and the last sync sample have the same ones, they become those of the track, and so it can be served as the
// players want it that take no others. Where they differ, only what they tell of colours is taken.
func (t *trak) inBand(ctx context.Context) error {
	k, v := t.track, t.track.Video
	types := parameterSetTypes[k.Codec]
	if v == nil || k.Refusal != nil || types == nil || v.NALLengthBytes == 0 || k.First == k.End || len(v.SPS) > 0 && len(v.PPS) > 0 {
		return nil
	}
	last := k.First
	for cut := range k.Cuts() {
		last = cut.Sample
	}
	sets, err := t.setsOf(ctx, k.First, types)
	if err != nil || slices.ContainsFunc(sets, func(kind [][]byte) bool { return len(kind) == 0 || len(kind) > maxInBand }) {
		return err
	}
	again, err := t.setsOf(ctx, last, types)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(sets, again, func(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }) {
		t.warn("track %d has its parameter sets in its samples, and they change: some players won't play it", k.ID)
		t.nameVideo(sets[0])
		return nil
	}
	v.SPS, v.PPS = sets[0], sets[1]
	if k.Codec == HEVC {
		v.VPS = sets[2]
	}
	t.nameVideo(v.SPS)
	return nil
}

// nameVideo takes what a sequence parameter set tells that was not known when the sample entry was read.
func (t *trak) nameVideo(sets [][]byte) {
	k, v, typ := t.track, t.track.Video, fourCC(t.track.Entry[4:8])
	if k.Codec == H264 {
		t.sequenceSet(readSPS264(sets[0]))
		if len(sets[0]) >= 4 {
			k.CodecID = avcName(typ, sets[0][1:4])
		}
	} else {
		t.sequenceSet(readSPS265(sets[0]))
	}
	v.Range = v.Colour.Range()
	t.nameDolbyVision(typ)
}

// setsOf are the parameter sets that stand before the first slice of a sample, by kind.
func (t *trak) setsOf(ctx context.Context, number int, types []byte) ([][][]byte, error) {
	s := t.track.Samples.At(number)
	data, err := t.read(ctx, s.Offset, int64(min(s.Size, inBandBytes)))
	if err != nil {
		return nil, errors.Join(err, context.Cause(ctx))
	}
	sets := make([][][]byte, len(types))
	lengthBytes := t.track.Video.NALLengthBytes
	for len(data) > lengthBytes {
		n := 0
		for _, c := range data[:lengthBytes] {
			n = n<<8 | int(c)
		}
		data = data[lengthBytes:]
		if n <= 0 || n > len(data) {
			break
		}
		kind := data[0] & 31
		if t.track.Codec == HEVC {
			kind = data[0] >> 1 & 63
		}
		if i := slices.Index(types, kind); i >= 0 {
			sets[i] = append(sets[i], slices.Clone(data[:n]))
		} else if t.isSlice(kind) {
			break
		}
		data = data[n:]
	}
	return sets, nil
}

// isSlice tells the NAL unit types of coded slices.
func (t *trak) isSlice(kind byte) bool {
	if t.track.Codec == HEVC {
		return kind < 32
	}
	return kind >= 1 && kind <= 5
}
