package testmedia

import "encoding/binary"

// Fragments says how the samples of a Movie stand in movie fragments (ISO/IEC 14496-12 §8.8). The zero value of every field
// is what ffmpeg writes with -movflags frag_keyframe+empty_moov+default_base_moof.
type Fragments struct {
	Samples    int  // of the first track in a fragment; 0 means that each key frame begins one
	Whole      int  // samples of each track that the moov itself describes
	Separate   bool // each fragment holds one track
	Runs       int  // truns of each traf; 0 means one
	Base       Base
	NoOffsets  bool // truns say no data offset; needs Base BaseOffset
	NoTfdt     bool // decode times follow from durations alone
	Tfdt32     bool // tfdt of version 0
	Explicit   bool // every sample says its duration, size, flags and offset
	InTrex     bool // defaults stand in trex and not in tfhd
	Sidx, Mfra bool
	Groups     bool           // sgpd and sbgp in each traf
	Gap        map[int]uint64 // ticks of a track's clock that are left before a fragment, by its number
	// Mangle, where set, may break a moof; it must keep its length.
	Mangle func(number int, moof []byte)
}

// Base is what data offsets count from.
type Base uint8

// The ways to say it (§8.8.7).
const (
	BaseIsMoof   Base = iota // default-base-is-moof
	BaseOffset               // base-data-offset: the payload of the mdat
	BaseImplicit             // nothing is said: the moof for the first traf, the end of the media before for others
)

// part is what a fragment holds of one track.
type part struct{ track, first, n int }

// parts are the fragments in file order.
func (m *Movie) parts() (fragments [][]part) {
	f := m.Fragments
	next := make([]int, len(m.Tracks))
	for i := range next {
		next[i] = min(f.Whole, len(m.Tracks[i].Samples))
	}
	lead := &m.Tracks[0]
	for next[0] < len(lead.Samples) {
		end := next[0] + 1
		for end < len(lead.Samples) && !f.begins(lead, end, end-next[0]) {
			end++
		}
		var fragment []part
		for i := range m.Tracks {
			t := &m.Tracks[i]
			n := end - next[0]
			if i > 0 {
				n = len(t.Samples) - next[i]
				if end < len(lead.Samples) {
					n = t.before(lead.decode(end), lead.Timescale) - next[i]
				}
			}
			if n <= 0 {
				continue
			}
			fragment = append(fragment, part{track: i, first: next[i], n: n})
			if i > 0 {
				next[i] += n
			}
		}
		next[0] = end
		if !f.Separate {
			fragments = append(fragments, fragment)
			continue
		}
		for _, p := range fragment {
			fragments = append(fragments, []part{p})
		}
	}
	return fragments
}

// begins tells whether a sample begins a fragment, after n samples of the one before.
func (f *Fragments) begins(lead *Track, sample, n int) bool {
	if f.Samples > 0 {
		return n == f.Samples
	}
	return lead.Samples[sample].Sync && !lead.NoSync
}

// decode is the decode time of a sample.
func (t *Track) decode(number int) (time uint64) {
	for i := range number {
		time += uint64(t.Samples[i].Duration)
	}
	return time
}

// before is how many samples are decoded before a time of another clock.
func (t *Track) before(time uint64, scale uint32) int {
	at := uint64(0)
	for i := range t.Samples {
		if at*uint64(scale) >= time*uint64(t.Timescale) {
			return i
		}
		at += uint64(t.Samples[i].Duration)
	}
	return len(t.Samples)
}

// fragmentedLayout places the moov with what it describes itself, then the fragments.
func (m *Movie) fragmentedLayout() *layout {
	front := *m
	front.Fragments, front.After = nil, nil
	front.MoovExtra = append(append([]byte(nil), m.MoovExtra...), m.mvex()...)
	front.Tracks = append([]Track(nil), m.Tracks...)
	for i := range front.Tracks {
		t := &front.Tracks[i]
		t.Samples = t.Samples[:min(m.Fragments.Whole, len(t.Samples))]
	}
	l := front.layout()
	l.movie = m
	decode := make([]uint64, len(m.Tracks))
	for i := range decode {
		decode[i] = m.Tracks[i].decode(len(front.Tracks[i].Samples))
	}
	for number, fragment := range m.parts() {
		m.appendFragment(l, number, fragment, decode)
	}
	if m.Fragments.Mfra {
		l.literal(Box("mfra", Box("mfro", u32(nil, 0, 24))))
	}
	l.literal(m.After)
	return l
}

// appendFragment adds styp and sidx where they are wanted, moof and mdat. decode holds each track's decode time.
func (m *Movie) appendFragment(l *layout, number int, fragment []part, decode []uint64) {
	var chunks []chunk
	media := int64(0)
	for _, p := range fragment {
		t := &m.Tracks[p.track]
		decode[p.track] += m.Fragments.Gap[number]
		for _, r := range m.Fragments.split(p) {
			c := chunk{track: p.track, first: r.first, n: r.n}
			for i := range r.n {
				c.size += int64(t.Samples[r.first+i].size())
			}
			chunks = append(chunks, c)
			media += c.size
		}
	}
	if m.Fragments.Sidx {
		l.literal(Box("styp", []byte("msdh"), u32(nil, 0)))
		l.literal(Box("sidx", u32(nil, 0, 1, 1000, 0, 0, 1, 1, 1, 0)))
	}
	at := l.size
	size := int64(len(m.moof(fragment, chunks, decode, 0, 0)))
	moof := m.moof(fragment, chunks, decode, at, size+8)
	if m.Fragments.Mangle != nil {
		m.Fragments.Mangle(number, moof)
	}
	l.literal(append(binary.BigEndian.AppendUint32(moof, uint32(media+8)), "mdat"...))
	for _, c := range chunks {
		l.chunk(c)
	}
	for _, p := range fragment {
		for i := range p.n {
			decode[p.track] += uint64(m.Tracks[p.track].Samples[p.first+i].Duration)
		}
	}
}

// split divides a part into runs.
func (f *Fragments) split(p part) (runs []part) {
	n := min(max(f.Runs, 1), p.n)
	for i := range n {
		from, to := p.n*i/n, p.n*(i+1)/n
		runs = append(runs, part{track: p.track, first: p.first + from, n: to - from})
	}
	return runs
}
