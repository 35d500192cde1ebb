package clip

import (
	"encoding/binary"
	"math"

	"unreel/demux"
	"unreel/packager/box"
)

// quickTime is the brand of files that are no ISO base media, and whose sample entries may have another form.
const quickTime = "qt  "

// appendHead appends ftyp, moov and the header of mdat. Times of the movie are on the leading track's clock.
func appendHead(b []byte, brand string, parts []part, scale demux.Timescale, media int64) []byte {
	b = box.Append(b, "ftyp", func(b []byte) []byte {
		if brand == quickTime || brand == "" {
			return append(box.Append32(append(b, quickTime...), 0x200), quickTime...)
		}
		return append(box.Append32(append(b, "isom"...), 0x200), "isomiso2mp41"...)
	})
	wide := media > math.MaxUint32-1<<30 // with whatever moov in front
	type place struct {
		at int
		to int64
	}
	var places []place
	length := int64(0)
	b = box.Append(b, "moov", func(b []byte) []byte {
		for i := range parts {
			if d, ok := parts[i].length.Rescale(parts[i].track.Timescale, scale); ok {
				length = max(length, int64(d))
			}
		}
		b = box.AppendFull(b, "mvhd", 1, 0, func(b []byte) []byte {
			b = box.Append64(box.Append32(box.Append64(b, 0, 0), uint32(scale)), length)
			b = box.Append32(box.Append16(box.Append32(b, 0x10000), 0x100, 0), 0, 0)
			return box.Append32(box.AppendMatrix(b, [9]int32{}), 0, 0, 0, 0, 0, 0, uint32(len(parts)+1))
		})
		for i := range parts {
			b = parts[i].appendTrak(b, i+1, scale, wide, func(at int, k *chunk) { places = append(places, place{at, k.to}) })
		}
		return b
	})
	if wide {
		b = box.Append64(append(box.Append32(b, 1), "mdat"...), media+16)
	} else {
		b = append(box.Append32(b, uint32(media+8)), "mdat"...)
	}
	for _, p := range places {
		if to := int64(len(b)) + p.to; wide {
			binary.BigEndian.PutUint64(b[p.at:], uint64(to))
		} else {
			binary.BigEndian.PutUint32(b[p.at:], uint32(to))
		}
	}
	return b
}

func (p *part) appendTrak(b []byte, id int, scale demux.Timescale, wide bool, patch func(int, *chunk)) []byte {
	t := p.track
	length, _ := p.length.Rescale(t.Timescale, scale)
	return box.Append(b, "trak", func(b []byte) []byte {
		b = box.AppendFull(b, "tkhd", 1, 7, func(b []byte) []byte {
			return box.AppendPresentation(box.Append64(box.Append32(box.Append64(b, 0, 0), uint32(id), 0), int64(length)), t)
		})
		b = box.Append(b, "edts", func(b []byte) []byte { return p.appendEdits(b, scale) })
		return box.Append(b, "mdia", func(b []byte) []byte {
			b = box.AppendFull(b, "mdhd", 1, 0, func(b []byte) []byte {
				return box.AppendLanguage(box.Append64(box.Append32(box.Append64(b, 0, 0), uint32(t.Timescale)), p.tables.duration()), t.Language)
			})
			handler, header := "soun", appendSoundHeader
			if t.Kind == demux.KindVideo {
				handler, header = "vide", appendVideoHeader
			}
			b = box.AppendHandler(b, handler, t)
			return box.Append(b, "minf", func(b []byte) []byte {
				b = box.AppendSelfContained(header(b))
				return box.Append(b, "stbl", func(b []byte) []byte { return p.appendTables(b, wide, patch) })
			})
		})
	})
}

// appendVideoHeader appends vmhd (§12.1.2), appendSoundHeader smhd (§12.2.2): nothing that a player needs.
func appendVideoHeader(b []byte) []byte {
	return box.AppendFull(b, "vmhd", 0, 1, func(b []byte) []byte { return box.Append16(b, 0, 0, 0, 0) })
}

func appendSoundHeader(b []byte) []byte {
	return box.AppendFull(b, "smhd", 0, 0, func(b []byte) []byte { return box.Append16(b, 0, 0) })
}

// appendEdits appends the elst that puts the clip's start at time 0: what is decoded before it isn't shown, and a track that begins
// later waits (ISO/IEC 14496-12 §8.6.6).
func (p *part) appendEdits(b []byte, scale demux.Timescale) []byte {
	first := p.track.Samples.At(p.first)
	media := p.zero - p.track.Shift - first.DecodeTime // the clip's time 0 on the clip's own media clock
	delay := max(first.Composition-media, 0)           // nothing of the track is presented before
	media += delay
	length, _ := max(p.length-delay, 1).Rescale(p.track.Timescale, scale)
	wait, _ := delay.Rescale(p.track.Timescale, scale)
	return box.AppendFull(b, "elst", 1, 0, func(b []byte) []byte {
		if wait > 0 {
			b = box.Append32(box.Append64(box.Append64(box.Append32(b, 2), int64(wait)), -1), 0x10000)
		} else {
			b = box.Append32(b, 1)
		}
		return box.Append32(box.Append64(box.Append64(b, int64(length)), int64(media)), 0x10000)
	})
}
