package demux

import (
	"context"
	"fmt"
	"math/bits"
)

// maxRuns bounds the runs of all tracks, of which each is noted at 80 bytes where a trun may have 16: a film of two hours in
// fragments of one frame has 450,000.
const maxRuns = 1 << 19

// run is a trun (§8.8.8) with all that its samples need: where they lie, when they begin, what they don't say themselves.
type run struct {
	box      int64 // where the trun stands, bytes from the start of the file
	data     int64 // where the first sample lies
	decode   Ticks // decode time of the first sample; where it is not timed, how long after the run before it begins
	entries  []byte
	defaults sampleDefaults
	n        int32  // samples
	fields   uint32 // its flags
	first    uint32 // flags of the first sample
	timed    bool   // it follows a tfdt
	inOrder  bool   // its composition offsets are not heeded
}

// notSync are the sample flags (§8.8.3.1) of which each tells that a sample is no sync sample: sample_is_non_sync_sample,
// and sample_depends_on that says it needs others. ffmpeg heeds both.
const notSync = 0x01010000

// width is the size of an entry in bytes.
func (r *run) width() int {
	return 4 * bits.OnesCount32(r.fields&(trunDuration|trunSize|trunFlags|trunComposition))
}

// errorf is a FormatError at the trun; the format's last argument must be one of the package's kinds.
func (r *run) errorf(format string, args ...any) error {
	return &FormatError{Box: "moof/traf/trun", Offset: r.box, Err: fmt.Errorf(format, args...)}
}

// sample reads entry i, all but its place and time.
func (r *run) sample(i int, s *Sample) {
	*s = Sample{Duration: Ticks(r.defaults.duration), Size: r.defaults.size}
	entry := r.entries[i*r.width():]
	if r.fields&trunDuration != 0 {
		s.Duration = Ticks(u32(entry))
		entry = entry[4:]
	}
	if r.fields&trunSize != 0 {
		s.Size = u32(entry)
		entry = entry[4:]
	}
	flags := r.defaults.flags
	if i == 0 {
		flags = r.first
	}
	if r.fields&trunFlags != 0 {
		flags = u32(entry)
		entry = entry[4:]
	}
	s.Sync = flags&notSync == 0
	if r.fields&trunComposition != 0 && !r.inOrder {
		s.Composition = Ticks(s32(entry)) // signed in version 0 too, as many write it
	}
}

// take counts a run in, and what it says of the track.
func (t *traf) take(r *run, b *box) error {
	size := int64(r.n) * int64(r.defaults.size)
	if r.fields&trunSize != 0 {
		size = 0
	}
	if r.fields&(trunSize|trunFlags) != 0 {
		var s Sample
		for i := range int(r.n) {
			r.sample(i, &s)
			t.unsynced = t.unsynced || !s.Sync
			if r.fields&trunSize != 0 {
				size += int64(s.Size)
			}
		}
	} else {
		t.unsynced = t.unsynced || r.first&notSync != 0 || r.n > 1 && r.defaults.flags&notSync != 0
	}
	if size > most-t.bytes {
		return b.errorf("%d bytes of media: %w", size, ErrCorrupt)
	}
	if t.n == 0 {
		t.description = r.defaults.description
	}
	t.several = t.several || t.description != r.defaults.description
	t.n += int64(r.n)
	t.bytes += size
	t.data += size
	t.runs.add(*r)
	return nil
}

// feedRuns takes the samples of all runs, in the order of the file. Where a tfdt says another time than the durations
// before it come to, the last sample before it lasts longer or shorter; ok is false where time would run backwards.
func (t *trak) feedRuns(ctx context.Context, b *builder, grow func(*Sample) error) (ok bool, err error) {
	lost, past := 0, 0
	if t.track.Kind == KindAudio {
		t.ignoreOffsets()
	}
	for r := range t.fragments.runs.each() {
		if err = context.Cause(ctx); err != nil {
			return false, err
		}
		decode := r.decode
		if !r.timed {
			decode += b.decode
		}
		if !b.resume(decode) {
			t.refuse("its fragment at byte %d begins at %d, before the last sample of the fragment in front of it", r.box, decode)
			return false, nil
		}
		past, err = t.feedRun(b, r, grow)
		if err == nil && lost > 0 && past < int(r.n) {
			err = r.errorf("it follows %d samples that lie past the end of the file: %w", lost, ErrCorrupt)
		}
		if err != nil {
			return false, err
		}
		lost += past
	}
	if lost > 0 && b.n() == 0 {
		return false, t.fragments.runs.first().errorf("no sample of track %d lies within the file, which ends at %d: %w", t.track.ID, t.size, ErrCorrupt)
	}
	if lost > 0 {
		t.warn("track %d: its last %d samples lie past the end of the file, which was cut off", t.track.ID, lost)
	}
	return true, nil
}

// feedRun takes the samples of a run that lie in the file, and tells how many at its end don't.
func (t *trak) feedRun(b *builder, r *run, grow func(*Sample) error) (past int, err error) {
	var s Sample
	at := r.data
	for i := range int(r.n) {
		r.sample(i, &s)
		s.Offset = at
		if at += int64(s.Size); at > t.size {
			return int(r.n) - i, nil
		}
		if grow != nil {
			if err = grow(&s); err != nil {
				return 0, err
			}
		}
		b.add(&s)
		if b.full() {
			return 0, r.errorf("%w", b.overflow())
		}
	}
	return 0, nil
}

// ignoreOffsets has the composition offsets of sound ignored, unless all samples have the same.
func (t *trak) ignoreOffsets() {
	var s Sample
	first, seen := Ticks(0), false
	for r := range t.fragments.runs.each() {
		n := int(r.n)
		if r.fields&trunComposition == 0 {
			n = min(n, 1) // all are 0
		}
		for k := range n {
			r.sample(k, &s)
			if !seen {
				first, seen = s.Composition, true
			}
			if s.Composition == first {
				continue
			}
			t.warnOffsets()
			for other := range t.fragments.runs.each() {
				other.inOrder = true
			}
			return
		}
	}
}
