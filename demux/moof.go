package demux

import (
	"math"
	"math/bits"
)

// Flags of tfhd (§8.8.7) and trun (§8.8.8): which fields there are.
const (
	tfhdBase        = 0x000001
	tfhdDescription = 0x000002
	tfhdDuration    = 0x000008
	tfhdSize        = 0x000010
	tfhdFlags       = 0x000020
	tfhdEmpty       = 0x010000 // no samples, for as long as the default duration says
	tfhdBaseIsMoof  = 0x020000

	trunOffset      = 0x000001
	trunFirstFlags  = 0x000004
	trunDuration    = 0x000100
	trunSize        = 0x000200
	trunFlags       = 0x000400
	trunComposition = 0x000800
)

// sampleDefaults are what trex (§8.8.3) or tfhd says of samples that don't say it themselves.
type sampleDefaults struct{ description, duration, size, flags uint32 }

// fragmented is what all movie fragments hold of one track.
type fragmented struct {
	defaults sampleDefaults // of trex
	runs     pages[run]
	n        int64 // samples
	bytes    int64 // of media

	description uint32 // that the first samples use
	several     bool   // there are others
	unsynced    bool   // some sample is no sync sample
	gap         Ticks  // without samples since the last run

	broken error // what is wrong with one of its trafs; those after it are not read
}

// readMoofs gathers the runs of all moofs by track.
func (m *movie) readMoofs(mvex *box) error {
	m.fragmented = map[uint32]*fragmented{}
	for b := range mvex.children(0) {
		if b.typ() != "trex" {
			continue
		}
		if len(b.body) < 24 {
			return b.short(24)
		}
		k, err := m.fragmentsOf(&b)
		if err != nil {
			return err
		}
		k.defaults = sampleDefaults{
			description: u32(b.body[8:]), duration: u32(b.body[12:]), size: u32(b.body[16:]), flags: u32(b.body[20:]),
		}
	}
	for kept := range m.fragments.each() {
		moof := kept.box()
		if err := m.readMoof(&moof); err != nil {
			return err
		}
	}
	if m.stump.found() {
		m.warn("the file ends within the fragment at byte %d: it was cut off, and plays up to there", m.stump.offset)
	}
	if m.junk > 0 {
		m.warn("at byte %d stands no box: the film plays up to there", m.junk)
	}
	return nil
}

// fragmentsOf are those of the track that a trex or tfhd names.
func (m *movie) fragmentsOf(b *box) (*fragmented, error) {
	id := u32(b.body[4:])
	k := m.fragmented[id]
	if k != nil {
		return k, nil
	}
	if len(m.fragmented) == maxTracks {
		return nil, b.errorf("track_ID %d is one of more than %d: %w", id, maxTracks, ErrTooLarge)
	}
	k = &fragmented{}
	m.fragmented[id] = k
	return k, nil
}

// traf is one track's part of a fragment while it is read.
type traf struct {
	*fragmented
	defaults sampleDefaults
	data     int64 // where the media of the next run lies
	base     int64 // what data offsets count from
	lost     error // why nobody knows that, unless the traf says it
	decode   Ticks // of the next run, if timed
	timed    bool
}

// readMoof reads a fragment's trafs (§8.8.6). What is wrong with one is noted with its track, for a film plays without its
// subtitles; it is an error where nothing says whose it is. The media of a traf begins at the moof if nothing else is said and it
// is the first, else where that of the one before ends (§8.8.7): of a broken one nobody knows where.
func (m *movie) readMoof(moof *box) error {
	end, lost := moof.offset, error(nil)
	for b := range moof.children(0) {
		if b.typ() != "traf" {
			continue
		}
		tfhd := b.child("tfhd")
		if !tfhd.found() {
			return b.errorf("no tfhd: %w", ErrCorrupt)
		}
		if len(tfhd.body) < 8 {
			return tfhd.short(8)
		}
		k, err := m.fragmentsOf(&tfhd)
		if err != nil {
			return err
		}
		t := traf{fragmented: k, defaults: k.defaults, base: end, lost: lost}
		if k.broken == nil {
			k.broken = m.readTraf(&t, &b, &tfhd, moof.offset)
		}
		end, lost = t.data, k.broken
	}
	return nil
}

// readTraf reads what a traf says of its track's samples. Its tfhd has a track_ID.
func (m *movie) readTraf(t *traf, b, tfhd *box, moof int64) error {
	if err := t.readTfhd(tfhd, moof); err != nil {
		return err
	}
	if tfdt := b.child("tfdt"); tfdt.found() {
		if err := t.readTfdt(&tfdt); err != nil {
			return err
		}
	}
	for c := range b.children(0) {
		if c.typ() == "trun" {
			if err := m.readTrun(t, &c); err != nil {
				return err
			}
		}
	}
	return nil
}

// readTfhd reads what follows the track_ID: where the media begins, and the defaults.
func (t *traf) readTfhd(b *box, moof int64) error {
	flags, rest := u32(b.body)&0xffffff, b.body[8:]
	switch {
	case flags&tfhdBase != 0:
		if len(rest) < 8 {
			return b.short(16)
		}
		t.base = int64(min(u64(rest), math.MaxInt64))
		rest = rest[8:]
	case flags&tfhdBaseIsMoof != 0:
		t.base = moof
	case t.lost != nil:
		return t.lost
	}
	for _, field := range [...]struct {
		flag uint32
		to   *uint32
	}{
		{tfhdDescription, &t.defaults.description},
		{tfhdDuration, &t.defaults.duration},
		{tfhdSize, &t.defaults.size},
		{tfhdFlags, &t.defaults.flags},
	} {
		if flags&field.flag == 0 {
			continue
		}
		if len(rest) < 4 {
			return b.short(len(b.body) + 4)
		}
		*field.to = u32(rest)
		rest = rest[4:]
	}
	if t.base > most {
		return b.errorf("its media begins at byte %d: %w", t.base, ErrCorrupt)
	}
	t.data = t.base
	if flags&tfhdEmpty != 0 {
		t.gap = min(t.gap+Ticks(t.defaults.duration), most)
	}
	return nil
}

// readTfdt reads the decode time of the first sample (§8.8.12).
func (t *traf) readTfdt(b *box) error {
	if len(b.body) < 8 || b.version() != 0 && len(b.body) < 12 {
		return b.short(8)
	}
	time := uint64(u32(b.body[4:]))
	if b.version() != 0 {
		time = u64(b.body[4:])
	}
	if time > most {
		return b.errorf("decode time %d is above %d ticks: %w", time, int64(most), ErrTooLarge)
	}
	t.decode, t.timed = Ticks(time), true
	return nil
}

// readTrun notes a run (§8.8.8). Where it says no place of its own, its media follows that of the run before.
func (m *movie) readTrun(t *traf, b *box) error {
	r := run{box: b.offset, defaults: t.defaults, decode: t.gap}
	if len(b.body) < 8 {
		return b.short(8)
	}
	r.fields = u32(b.body) & 0xffffff
	count, rest := u32(b.body[4:]), b.body[8:]
	if need := bits.OnesCount32(r.fields & (trunOffset | trunFirstFlags)); len(rest) < 4*need {
		return b.short(8 + 4*need)
	}
	if r.fields&trunOffset != 0 {
		t.data = t.base + int64(s32(rest))
		rest = rest[4:]
	}
	if r.first = t.defaults.flags; r.fields&trunFirstFlags != 0 {
		r.first = u32(rest)
		rest = rest[4:]
	}
	if int64(count)*int64(r.width()) > int64(len(rest)) {
		return b.errorf("%d samples of %d bytes in %d bytes: %w", count, r.width(), len(rest), ErrCorrupt)
	}
	if count > math.MaxInt32 {
		return b.errorf("%d samples (--max-samples): %w", count, ErrTooLarge)
	}
	r.n, r.entries = int32(count), rest
	if t.data < 0 || t.data > most {
		return b.errorf("its media begins at byte %d: %w", t.data, ErrCorrupt)
	}
	if r.n == 0 {
		return nil
	}
	r.data = t.data
	if t.timed {
		r.decode, r.timed, t.timed = t.decode, true, false
	}
	t.gap = 0
	if m.runs++; m.runs > maxRuns {
		return b.errorf("more than %d runs of samples: %w", maxRuns, ErrTooLarge)
	}
	return t.take(&r, b)
}
