package fmp4

import (
	"encoding/binary"
	"math"

	"unreel/packager/box"
)

// segmentType is the styp of every segment: a DASH media segment (ISO/IEC 23009-1 §6.3.4.2) and a CMAF one
// (ISO/IEC 23000-19 §7.3.3.1). No sidx follows: playlists and SegmentTimelines tell players where segments are, and an
// on-demand file may have but the one that Track.AppendIndex makes.
const segmentType = "\x00\x00\x00\x18stypmsdh\x00\x00\x00\x00msdhcmfs"

// Sample flags (ISO/IEC 14496-12 §8.8.3.1).
const (
	syncFlags    = 0x02000000 // sample_depends_on 2: on no other
	nonSyncFlags = 0x01010000 // sample_depends_on 1, sample_is_non_sync_sample
)

// Flags of tfhd (§8.8.7.1) and of trun (§8.8.8.1).
const (
	defaultDuration   = 0x000008
	defaultSize       = 0x000010
	defaultFlags      = 0x000020
	defaultBaseIsMoof = 0x020000

	dataOffset       = 0x000001
	firstSampleFlags = 0x000004
	sampleDuration   = 0x000100
	sampleSize       = 0x000200
	sampleFlags      = 0x000400
	sampleOffset     = 0x000800
)

// shape is which fields a fragment's boxes have: what all its samples share stands once in tfhd, the rest in trun.
type shape struct {
	defaults, run       uint32 // flags of tfhd and trun
	fragment, runBytes  uint32 // bytes of traf's first three boxes without the headers of moof and traf; of trun
	defaultSample       uint32 // default sample flags
	wide                bool   // the mdat needs a 64-bit size
	rowBytes, mdatBytes uint32 // bytes of trun for a sample; of the mdat's header
}

const (
	mfhdSize = 16
	tfdtSize = 20
)

// shape chooses the fields of the open fragment.
func (l *layout) shape() shape {
	s := shape{defaults: defaultBaseIsMoof, run: dataOffset}
	tfhd, trun := uint32(16), uint32(20)
	field := func(same bool, inDefaults, inRun uint32) {
		if same {
			s.defaults |= inDefaults
			tfhd += 4
		} else {
			s.run |= inRun
			s.rowBytes += 4
		}
	}
	field(l.durations == 0, defaultDuration, sampleDuration)
	field(l.sizes == 0, defaultSize, sampleSize)
	s.defaultSample = nonSyncFlags
	switch {
	case l.syncs == len(l.rows):
		s.defaultSample = syncFlags
		field(true, defaultFlags, 0)
	case l.syncs == 0:
		field(true, defaultFlags, 0)
	case l.syncs == 1 && l.rows[0].sync:
		field(true, defaultFlags, 0)
		s.run |= firstSampleFlags
		trun += 4
	default:
		field(false, 0, sampleFlags)
	}
	if l.offsets != 0 {
		s.run |= sampleOffset
		s.rowBytes += 4
	}
	s.fragment = tfhd + tfdtSize
	s.runBytes = trun + s.rowBytes*uint32(len(l.rows)) //nolint:gosec // 16 bytes for each of at most demux.Limits.MaxSamples
	s.mdatBytes = box.HeaderSize
	if l.media > math.MaxUint32-box.HeaderSize {
		s.mdatBytes, s.wide = box.WideHeaderSize, true
	}
	return s
}

// appendFragment appends moof and the header of mdat.
func (l *layout) appendFragment() {
	s := l.shape()
	traf := box.HeaderSize + s.fragment + s.runBytes
	moof := box.HeaderSize + mfhdSize + traf

	b := l.plan.literal
	b = box.AppendHeader(b, moof, "moof")
	b = box.AppendHeader(b, mfhdSize, "mfhd")
	b = box.Append32(b, 0, uint32(l.number-l.track.source.First+1)) //nolint:gosec // demux.Limits keeps sample numbers below 2^31
	b = box.AppendHeader(b, traf, "traf")
	b = box.AppendHeader(b, s.fragment-tfdtSize, "tfhd")
	b = box.Append32(b, s.defaults, trackID)
	if s.defaults&defaultDuration != 0 {
		b = box.Append32(b, l.rows[0].duration)
	}
	if s.defaults&defaultSize != 0 {
		b = box.Append32(b, l.rows[0].size)
	}
	if s.defaults&defaultFlags != 0 {
		b = box.Append32(b, s.defaultSample)
	}
	b = box.AppendHeader(b, tfdtSize, "tfdt")
	b = box.Append32(b, 1<<24)
	b = binary.BigEndian.AppendUint64(b, uint64(l.began+l.track.decode)) //nolint:gosec // never negative: see Track.place
	b = box.AppendHeader(b, s.runBytes, "trun")
	b = box.Append32(b, 1<<24|s.run, uint32(len(l.rows)), moof+s.mdatBytes) //nolint:gosec // as above
	if s.run&firstSampleFlags != 0 {
		b = box.Append32(b, syncFlags)
	}
	b = l.appendRows(b, &s)
	if s.wide {
		b = box.AppendHeader(b, 1, "mdat")
		b = binary.BigEndian.AppendUint64(b, uint64(l.media+box.WideHeaderSize)) //nolint:gosec // a sum of sizes
	} else {
		b = box.AppendHeader(b, uint32(l.media+box.HeaderSize), "mdat") //nolint:gosec // shape has seen that it fits
	}
	l.plan.literal = b
}

// appendRows appends what trun says of each sample.
func (l *layout) appendRows(b []byte, s *shape) []byte {
	for i := range l.rows {
		q := &l.rows[i]
		if s.run&sampleDuration != 0 {
			b = binary.BigEndian.AppendUint32(b, q.duration)
		}
		if s.run&sampleSize != 0 {
			b = binary.BigEndian.AppendUint32(b, q.size)
		}
		if s.run&sampleFlags != 0 {
			flags := uint32(nonSyncFlags)
			if q.sync {
				flags = syncFlags
			}
			b = binary.BigEndian.AppendUint32(b, flags)
		}
		if s.run&sampleOffset != 0 {
			b = binary.BigEndian.AppendUint32(b, uint32(q.offset)) //nolint:gosec // signed, as version 1 says
		}
	}
	return b
}
