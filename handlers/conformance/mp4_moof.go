package conformance

import "fmt"

// Flags of tfhd (ISO/IEC 14496-12 §8.8.7) and trun (§8.8.8).
const (
	tfBase        = 0x000001
	tfDescription = 0x000002
	tfDuration    = 0x000008
	tfSize        = 0x000010
	tfFlags       = 0x000020
	tfEmpty       = 0x010000
	tfMoofBase    = 0x020000

	trOffset     = 0x000001
	trFirstFlags = 0x000004
	trDuration   = 0x000100
	trSize       = 0x000200
	trFlags      = 0x000400
	trComposed   = 0x000800
)

// mp4Sample is one sample of a fragment.
type mp4Sample struct {
	offset, size    int64 // bytes, from the start of the moof
	decode          int64
	duration        int64
	composition     int64
	sync, dependent bool // sample_is_non_sync_sample is 0; sample_depends_on is 1
}

// mp4Run is one traf.
type mp4Run struct {
	track   *mp4Track
	timed   bool // it has a tfdt
	decode  int64
	samples []mp4Sample
}

// moofReader reads movie fragments of one initialization section.
type moofReader struct {
	init *mp4Init
	f    *fragments
	next map[int64]int64 // when each track is to go on, for a traf that doesn't say
	most int             // samples that a segment may have
}

// read gives the runs of a moof of size bytes, its header included.
func (m *moofReader) read(body []byte, size int64) ([]mp4Run, error) {
	var runs []mp4Run
	at := size // where the data of a traf without an offset begins
	err := eachBox(body, func(typ string, b []byte) error {
		switch typ {
		case "mfhd":
			return read(typ, b, func(r *fieldReader) {
				r.full()
				m.f.sequence(r.u32())
			})
		case "traf":
			run, err := m.traf(b, &at)
			if run.track != nil {
				runs = append(runs, run)
			}
			return err
		}
		return nil
	})
	return runs, err
}

// defaults are what samples have where trun doesn't say.
type defaults struct{ duration, size, flags int64 }

func (m *moofReader) traf(body []byte, at *int64) (mp4Run, error) {
	var run mp4Run
	var d defaults
	err := eachBox(body, func(typ string, b []byte) error {
		return read(typ, b, func(r *fieldReader) {
			switch typ {
			case "tfhd":
				d = m.tfhd(&run, r)
			case "tfdt":
				version, _ := r.full()
				run.decode, run.timed = r.sized(version), true
			case "trun":
				if run.track != nil {
					m.trun(&run, r, d, at)
				}
			}
		})
	})
	if run.track != nil && !run.timed {
		m.f.untimed.addf("a traf without tfdt")
	}
	return run, err
}

func (m *moofReader) tfhd(run *mp4Run, r *fieldReader) defaults {
	_, flags := r.full()
	id := r.u32()
	if run.track = m.init.track(id); run.track == nil {
		m.f.tracks.addf("a traf of track %d, which the initialization section doesn't have", id)
		if len(m.init.tracks) != 1 {
			return defaults{}
		}
		run.track = m.init.tracks[0]
	}
	run.decode = m.next[run.track.id]
	d := defaults{run.track.sampleDuration, run.track.sampleSize, run.track.sampleFlags}
	if flags&tfBase != 0 {
		m.f.address.addf("tfhd has a base data offset: %d", r.u64())
	} else if flags&tfMoofBase == 0 {
		m.f.address.addf("tfhd lacks default-base-is-moof")
	}
	if flags&tfDescription != 0 {
		r.u32()
	}
	if flags&tfDuration != 0 {
		d.duration = r.u32()
	}
	if flags&tfSize != 0 {
		d.size = r.u32()
	}
	if flags&tfFlags != 0 {
		d.flags = r.u32()
	}
	return d
}

func (m *moofReader) trun(run *mp4Run, r *fieldReader, d defaults, at *int64) {
	version, flags := r.full()
	count := r.u32()
	if flags&trOffset != 0 {
		*at = r.s32()
	}
	first := int64(-1)
	if flags&trFirstFlags != 0 {
		first = r.u32()
	}
	for i := range count {
		s := mp4Sample{offset: *at, size: d.size, duration: d.duration}
		own := d.flags
		if flags&trDuration != 0 {
			s.duration = r.u32()
		}
		if flags&trSize != 0 {
			s.size = r.u32()
		}
		if flags&trFlags != 0 {
			own = r.u32()
		} else if i == 0 && first >= 0 {
			own = first
		}
		if flags&trComposed != 0 {
			if s.composition = r.s32(); version == 0 && s.composition < 0 {
				s.composition += 1 << 32
			}
		}
		if r.short {
			return
		}
		if m.most--; m.most < 0 {
			m.f.syntax.addf("more samples than a segment of any film has")
			return
		}
		s.decode, s.sync, s.dependent = run.decode, own>>16&1 == 0, own>>24&3 == 1
		*at += s.size
		run.decode += s.duration
		run.samples = append(run.samples, s)
	}
}

// mp4Reference is one entry of sidx (§8.16.3).
type mp4Reference struct {
	size, duration int64
	index          bool // it refers to another sidx
	starts         bool // with a stream access point
	sap            int
}

// mp4Index is a sidx.
type mp4Index struct {
	id, timescale, earliest, first int64
	references                     []mp4Reference
}

func parseSidx(b []byte) (mp4Index, error) {
	var x mp4Index
	err := read("sidx", b, func(r *fieldReader) {
		version, _ := r.full()
		x.id, x.timescale = r.u32(), r.u32()
		x.earliest, x.first = r.sized(version), r.sized(version)
		r.u16()
		for range r.u16() {
			size, duration, access := r.u32(), r.u32(), r.u32()
			x.references = append(x.references, mp4Reference{
				size: size & 0x7fffffff, duration: duration, index: size>>31 == 1, starts: access>>31 == 1, sap: int(access >> 28 & 7),
			})
		}
	})
	if err == nil && x.timescale == 0 {
		err = fmt.Errorf("sidx without a timescale")
	}
	return x, err
}
