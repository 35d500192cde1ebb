package fmp4

import (
	"encoding/binary"
	"fmt"
	"math"

	"unreel/demux"
	"unreel/packager/box"
)

// Subsegment is what an index says of one segment.
type Subsegment struct {
	Size     int64       // bytes, as planned
	Duration demux.Ticks // from when it is first presented to when the next is, in the track's Timescale
	Closed   bool        // it begins with a closed cut
}

// Widths of a sidx's fields (ISO/IEC 14496-12 §8.16.3.2).
const (
	maxReferences     = math.MaxUint16
	maxReferencedSize = math.MaxInt32
)

// Kinds of stream access points (§I.2), as a reference has them: it starts with one, of this type, at once.
const (
	closedAccess = 1<<31 | 1<<28
	openAccess   = 1<<31 | 3<<28
)

// AppendIndex appends the sidx box of a virtual file: the init section, this, then the segments, which begin at start on
// the presentation's clock. A segment that has one of its own would be one too many for DASH's on-demand profile. What
// doesn't fit the box wraps demux.ErrUnsupported.
func (k *Track) AppendIndex(b []byte, start demux.Ticks, segments []Subsegment) ([]byte, error) {
	if len(segments) > maxReferences {
		return nil, fmt.Errorf("an index of %d segments, limit %d: %w", len(segments), maxReferences, unfit)
	}
	for i := range segments {
		if s := &segments[i]; s.Size < 0 || s.Size > maxReferencedSize || s.Duration < 0 || s.Duration > math.MaxUint32 {
			return nil, fmt.Errorf("an index of a segment of %d bytes and %d ticks: %w", s.Size, s.Duration, unfit)
		}
	}
	return box.AppendFull(b, "sidx", 1, 0, func(b []byte) []byte {
		b = box.Append32(b, trackID, uint32(k.source.Timescale))
		b = binary.BigEndian.AppendUint64(b, uint64(max(start, 0)))
		b = binary.BigEndian.AppendUint64(b, 0)       // the first segment follows at once
		b = box.Append16(b, 0, uint16(len(segments))) //nolint:gosec // seen above
		for i := range segments {
			s := &segments[i]
			access := uint32(openAccess)
			if s.Closed {
				access = closedAccess
			}
			b = box.Append32(b, uint32(s.Size), uint32(s.Duration), access) //nolint:gosec // seen above
		}
		return b
	}), nil
}
