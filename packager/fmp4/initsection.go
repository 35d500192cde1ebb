package fmp4

import (
	"math"

	"unreel/demux"
	"unreel/packager/box"
)

// appendInit appends ftyp and moov: a film of one track without samples (ISO/IEC 23000-19 §7.3.1).
func (k *Track) appendInit(b []byte, e *entry) []byte {
	b = box.Append(b, "ftyp", func(b []byte) []byte { return k.appendBrands(b, e) })
	return box.Append(b, "moov", func(b []byte) []byte {
		b = box.AppendFull(b, "mvhd", 0, 0, func(b []byte) []byte {
			b = box.Append32(b, 0, 0, uint32(k.source.Timescale), 0, 0x10000, 0x1000000, 0, 0)
			return box.Append32(box.AppendMatrix(b, [9]int32{}), 0, 0, 0, 0, 0, 0, trackID+1)
		})
		b = box.Append(b, "trak", func(b []byte) []byte { return k.appendTrak(b, e) })
		return box.Append(b, "mvex", func(b []byte) []byte {
			return box.AppendFull(b, "trex", 0, 0, func(b []byte) []byte { return box.Append32(b, trackID, 1, 0, 0, 0) })
		})
	})
}

// appendBrands appends the payload of ftyp. iso6 has tfdt and default-base-is-moof, cmfc is CMAF (§7.2), cmf2 CMAF whose
// fragments carry their defaults and whose video has no edit list.
func (k *Track) appendBrands(b []byte, e *entry) []byte {
	b = box.Append32(append(b, "iso6"...), 0)
	b = append(b, "iso6cmfc"...)
	if k.source.Kind != demux.KindVideo || k.advance == 0 {
		b = append(b, "cmf2"...)
	}
	if k.source.Codec == demux.AV1 {
		b = append(b, "av01"...) // AV1 Codec ISO Media File Format Binding §2.1
	}
	return append(b, e.brands...)
}

func (k *Track) appendTrak(b []byte, e *entry) []byte {
	t := k.source
	b = box.AppendFull(b, "tkhd", 0, 7, func(b []byte) []byte {
		return box.AppendPresentation(box.Append32(b, 0, 0, trackID, 0, 0), t)
	})
	if k.advance > 0 {
		b = box.Append(b, "edts", k.appendEdits)
	}
	return box.Append(b, "mdia", func(b []byte) []byte {
		b = box.AppendFull(b, "mdhd", 0, 0, func(b []byte) []byte {
			return box.AppendLanguage(box.Append32(b, 0, 0, uint32(t.Timescale), 0), t.Language)
		})
		b = box.AppendHandler(b, e.handler, t)
		return box.Append(b, "minf", func(b []byte) []byte { return appendMedia(b, e) })
	})
}

// appendEdits appends the elst of what is presented before time 0: media time advance is the start, and a duration of 0
// takes in all fragments that follow (§8.6.6.3).
func (k *Track) appendEdits(b []byte) []byte {
	version := uint8(0)
	if k.advance > math.MaxInt32 {
		version = 1
	}
	return box.AppendFull(b, "elst", version, 0, func(b []byte) []byte {
		b = box.Append32(b, 1)
		if version == 0 {
			b = box.Append32(b, 0, uint32(k.advance)) //nolint:gosec // seen above
		} else {
			b = box.Append64(b, 0, int64(k.advance))
		}
		return box.Append32(b, 0x10000)
	})
}

// appendMedia appends the payload of minf: tables without an entry but for the sample description.
func appendMedia(b []byte, e *entry) []byte {
	b = append(b, e.media...)
	b = box.AppendSelfContained(b)
	return box.Append(b, "stbl", func(b []byte) []byte {
		b = box.AppendFull(b, "stsd", 0, 0, func(b []byte) []byte { return e.append(box.Append32(b, 1)) })
		for _, typ := range [...]string{"stts", "stsc"} {
			b = box.AppendFull(b, typ, 0, 0, func(b []byte) []byte { return box.Append32(b, 0) })
		}
		b = box.AppendFull(b, "stsz", 0, 0, func(b []byte) []byte { return box.Append32(b, 0, 0) })
		return box.AppendFull(b, "stco", 0, 0, func(b []byte) []byte { return box.Append32(b, 0) })
	})
}
