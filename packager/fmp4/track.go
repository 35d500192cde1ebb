package fmp4

import (
	"errors"
	"fmt"
	"math"

	"unreel/demux"
)

// trackID is the track_ID in all that is written here: the tracks that a player switches between have the same
// (ISO/IEC 23000-19 §7.3.4), and no section holds two.
const trackID = 1

// Track is one track as CMAF carries it: an init section, and segments of any of its samples. It is immutable and shared.
type Track struct {
	source  *demux.Track
	init    []byte
	codecID string

	advance demux.Ticks // media time less presentation time; the edit list says it
	bias    demux.Ticks // composition offset that becomes 0: the least
	decode  demux.Ticks // what is added to a sample's DecodeTime for its decode time in the media
	split   demux.Ticks // a fragment at least so long ends where a sync sample comes; 0 where fragments are never split
}

// fragmentsPerSecond bounds how often video is split into fragments. Each begins with a sync sample that an I-frame
// playlist may point to, and costs about 100 bytes.
const fragmentsPerSecond = 2

// NewTrack prepares a track. It refuses by name what CMAF can't carry: such errors wrap demux.ErrUnsupported.
func NewTrack(t *demux.Track) (*Track, error) {
	if t.Refusal != nil {
		return nil, t.Refusal
	}
	e, err := newEntry(t)
	if err != nil {
		return nil, fmt.Errorf("track %d: %w", t.ID, err)
	}
	k := &Track{source: t, codecID: e.codecID(t.CodecID)}
	if err = k.place(); err != nil {
		return nil, fmt.Errorf("track %d: %w", t.ID, err)
	}
	if t.Kind == demux.KindVideo {
		k.split = max(demux.Ticks(t.Timescale)/fragmentsPerSecond, 1)
	}
	k.init = k.appendInit(nil, &e)
	return k, nil
}

// Init is the init section. The slice is shared: it must not be written to.
func (k *Track) Init() []byte { return k.init }

// CodecID is the track's codec as RFC 6381 prints it, for the sample entry that the init section has.
func (k *Track) CodecID() string { return k.codecID }

// place sets the clock up, as the package's documentation tells it.
func (k *Track) place() error {
	t := k.source
	if t.First >= min(t.End, t.Samples.Len()) {
		return fmt.Errorf("a track without samples: %w", demux.ErrUnsupported)
	}
	all := t.Samples.Extremes(demux.Range{First: t.First, End: t.End}) // what a fragment says of each has to fit its fields
	least, most := all.LeastComposition, all.MostComposition
	switch {
	case all.LeastDuration < 0 || all.MostDuration > math.MaxUint32:
		return fmt.Errorf("samples last from %d to %d ticks: %w", all.LeastDuration, all.MostDuration, unfit)
	case most-least > math.MaxInt32:
		return fmt.Errorf("composition offsets from %d to %d ticks: %w", least, most, unfit)
	}
	first := t.Samples.At(t.First)
	decoded := first.DecodeTime + t.Shift + least // on the presentation's clock
	k.advance = max(0, -t.Start, -decoded)
	k.bias = least
	k.decode = t.Shift + least + k.advance
	return nil
}

// unfit is a number that a 32-bit field of a fragment can't hold.
var unfit = errors.Join(demux.ErrTooLarge, demux.ErrUnsupported)
