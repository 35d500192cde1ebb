package fmp4

import (
	"encoding/binary"
	"fmt"
	"math"

	"unreel/demux"
	"unreel/packager/box"
)

// TextSample is a sample of text, whose bytes are at hand: how long it lasts, in ticks of its track, and what it holds.
type TextSample struct {
	Duration uint32
	Data     []byte
}

// TextTrack is a track of text as CMAF carries it (ISO/IEC 23000-19 §11), made of cues and not of a source's samples: an init
// section, and segments of any samples.
type TextTrack struct {
	Language  string          // BCP 47
	Name      string          // of hdlr
	Timescale demux.Timescale // of all its times
	Entry     []byte          // the sample entry box: see WebVTTEntry
}

// WebVTTEntry is a wvtt sample entry with what stands before the first cue in its configuration box (ISO/IEC 14496-30 §7.5).
func WebVTTEntry(config string) []byte {
	return box.Append(nil, "wvtt", func(b []byte) []byte {
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 1) // data_reference_index: dref has but one
		return box.Append(b, "vttC", func(b []byte) []byte { return append(b, config...) })
	})
}

// Init makes the init section. It refuses entries other than wvtt and stpp: such errors wrap demux.ErrUnsupported.
func (k *TextTrack) Init() ([]byte, error) {
	source := &demux.Track{Kind: demux.KindText, Language: k.Language, Name: k.Name, Timescale: k.Timescale, Entry: k.Entry}
	e, err := newEntry(source)
	if err != nil {
		return nil, err
	}
	t := Track{source: source}
	return t.appendInit(nil, &e), nil
}

// AppendTextSegment appends a segment of text: one fragment, whose first sample is presented at a time that isn't negative. number
// is the segment's, from 0.
func AppendTextSegment(dst []byte, number int, time demux.Ticks, samples []TextSample) ([]byte, error) {
	media := uint64(0)
	for i := range samples {
		media += uint64(len(samples[i].Data))
	}
	if media > math.MaxInt32 || number >= math.MaxInt32 || time < 0 {
		return dst, fmt.Errorf("segment %d of %d bytes of text at %d: %w", number, media, time, demux.ErrTooLarge)
	}
	dst = append(dst, segmentType...)
	start := len(dst)
	at := 0 // of the trun's data offset
	dst = box.Append(dst, "moof", func(b []byte) []byte {
		b = box.AppendFull(b, "mfhd", 0, 0, func(b []byte) []byte { return box.Append32(b, uint32(number)+1) }) //nolint:gosec // seen above
		return box.Append(b, "traf", func(b []byte) []byte {
			b = box.AppendFull(b, "tfhd", 0, defaultBaseIsMoof|defaultFlags, func(b []byte) []byte { return box.Append32(b, trackID, syncFlags) })
			b = box.AppendFull(b, "tfdt", 1, 0, func(b []byte) []byte {
				return binary.BigEndian.AppendUint64(b, uint64(time)) //nolint:gosec // seen above
			})
			return box.AppendFull(b, "trun", 0, dataOffset|sampleDuration|sampleSize, func(b []byte) []byte {
				b = box.Append32(b, uint32(len(samples))) //nolint:gosec // they are in memory
				at = len(b)
				b = box.Append32(b, 0)
				for i := range samples {
					b = box.Append32(b, samples[i].Duration, uint32(len(samples[i].Data))) //nolint:gosec // seen above
				}
				return b
			})
		})
	})
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-start+box.HeaderSize)) //nolint:gosec // a moof of samples in memory
	dst = box.AppendHeader(dst, uint32(media)+box.HeaderSize, "mdat")
	for i := range samples {
		dst = append(dst, samples[i].Data...)
	}
	return dst, nil
}
