package conformance

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// cmafMuxing is how a reel is written as CMAF; the zero value is right.
type cmafMuxing struct {
	brand      string // "iso6" where ""
	noMvex     bool
	lasting    bool // mvhd has a duration
	sampled    bool // stts has an entry
	fourCC     string
	noSets     bool      // in the sample entry
	edits      []mp4Edit // in place of the right ones
	external   bool
	language   int    // mdhd's, letters of five bits each; "und" where 0
	extended   string // elng's, which there is none of where ""
	asc        []byte // AudioSpecificConfig
	captions   bool   // in the SEI of each key frame
	inBand     bool   // parameter sets stay in the samples
	indexed    bool   // a sidx before each segment
	noTfdt     bool   // of segment 1, like all below
	moofBase   bool   // tfhd without default-base-is-moof
	otherTrack bool
	delay      int64 // added to all tfdt
	late       int64 // added to tfdt, in that segment and all that follow
	allSync    bool
	noneSync   bool
	stray      bool // bytes of no sample
	truncated  bool
	badNAL     bool
	sequence   bool // a sequence number twice
}

func be16(v ...int) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(x))
	}
	return b
}

func be32(v ...int64) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func be64(v ...int64) (b []byte) {
	for _, x := range v {
		b = binary.BigEndian.AppendUint64(b, uint64(x))
	}
	return b
}

func mkbox(typ string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(be32(int64(len(body)+8)), []byte(typ), body)
}

// cmafSample is a sample ready to be written.
type cmafSample struct {
	decode, duration, composition int64
	sync, hidden                  bool
	data                          []byte
}

// cmafTrack is what a reel is to CMAF.
type cmafTrack struct {
	*reel
	video     bool
	timescale int64
	advance   int64
	segments  [][]cmafSample
}

// cmaf turns a reel's transport stream units into samples: lengths in place of start codes, no delimiters, one frame of sound each.
func (r *reel) cmafTrack(base ticks) *cmafTrack {
	t := &cmafTrack{reel: r, video: len(r.parts[0].video) > 0, timescale: 48000}
	if t.video {
		t.timescale, t.advance = int64(tickRate), 2*frameTicks
	}
	frame := int64(0)
	for _, p := range r.parts {
		var out []cmafSample
		for _, u := range p.video {
			out = append(out, cmafSample{
				decode: int64(u.dts-base) + t.advance, duration: frameTicks, composition: int64(u.pts - u.dts), sync: u.idr, hidden: u.hidden, data: r.lengths(u.data, u.idr),
			})
		}
		for _, u := range p.audio {
			for d := u.data; len(d) > 0; d = d[107:] {
				out = append(out, cmafSample{decode: frame * 1024, duration: 1024, sync: true, data: d[7:107]})
				frame++
			}
		}
		t.segments = append(t.segments, out)
	}
	return t
}

// lengths writes NAL units with lengths.
func (r *reel) lengths(b []byte, idr bool) []byte {
	var out []byte
	var a annexB
	add := func(nal []byte) { out = slices.Concat(out, be32(int64(len(nal))), nal) }
	if idr && r.cmaf.captions {
		add([]byte("\x06\x04\x10\xb5\x00\x31GA94\x03\x41\xff\xfc\x94\x2c\xff\x00\xff\x80"))
	}
	a.feed(b, func([]byte) {})
	for _, nal := range bytes.Split(b, []byte{0, 0, 0, 1})[1:] {
		typ := nal[0] & 31
		if typ == nalAUD || (typ == nalSPS || typ == nalPPS) && !r.cmaf.inBand {
			continue
		}
		add(nal)
	}
	return out
}

func (t *cmafTrack) init() []byte {
	m := &t.cmaf
	brand := m.brand
	if brand == "" {
		brand = "iso6"
	}
	handler, media := "soun", mkbox("smhd", be32(0, 0))
	entry := t.audioEntry()
	if t.video {
		handler, media, entry = "vide", mkbox("vmhd", be32(1, 0, 0)), t.videoEntry()
	}
	lasts, here := int64(0), int64(1)
	if m.lasting {
		lasts = 1000
	}
	if m.external {
		here = 0
	}
	stts := be32(0, 0)
	if m.sampled {
		stts = be32(0, 1, 1, 1)
	}
	stbl := mkbox("stbl", mkbox("stsd", be32(0, 1), entry), mkbox("stts", stts), mkbox("stsc", be32(0, 0)), mkbox("stsz", be32(0, 0, 0)),
		mkbox("stco", be32(0, 0)))
	edits := m.edits
	if edits == nil && t.advance > 0 {
		edits = []mp4Edit{{media: t.advance}}
	}
	var edts []byte
	if len(edits) > 0 {
		elst := be32(0, int64(len(edits)))
		for _, e := range edits {
			elst = slices.Concat(elst, be32(e.duration, e.media, 1<<16))
		}
		edts = mkbox("edts", mkbox("elst", elst))
	}
	language := cmp.Or(m.language, 0x55c4)
	var elng []byte
	if m.extended != "" {
		elng = mkbox("elng", be32(0), []byte(m.extended+"\x00"))
	}
	matrix := be32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	trak := mkbox("trak",
		mkbox("tkhd", be32(3, 0, 0, 1, 0, 0, 0, 0), be16(0, 0, 0, 0), matrix, be32(int64(t.width)<<16, int64(t.height)<<16)), edts,
		mkbox("mdia", mkbox("mdhd", be32(0, 0, 0, t.timescale, 0), be16(language, 0)), elng, mkbox("hdlr", be32(0, 0), []byte(handler), be32(0, 0, 0), []byte{0}),
			mkbox("minf", media, mkbox("dinf", mkbox("dref", be32(0, 1), mkbox("url ", be32(here)))), stbl)))
	mvex := mkbox("mvex", mkbox("trex", be32(0, 1, 1, 0, 0, 0)))
	if m.noMvex {
		mvex = nil
	}
	return slices.Concat(mkbox("ftyp", []byte(brand), be32(0), []byte(brand+"mp41")),
		mkbox("moov", mkbox("mvhd", be32(0, 0, 0, 1000, lasts, 1<<16), be16(0x100, 0), be32(0, 0), matrix, be32(0, 0, 0, 0, 0, 0, 2)), trak, mvex))
}

func (t *cmafTrack) videoEntry() []byte {
	fourCC := t.cmaf.fourCC
	if fourCC == "" {
		fourCC = "avc1"
	}
	sps, pps := unhex(spsHi), unhex(ppsHi)
	if t.height == 180 {
		sps = unhex(spsLo)
	}
	sets := slices.Concat([]byte{0xe1}, be16(len(sps)), sps, []byte{1}, be16(len(pps)), pps)
	if t.cmaf.noSets {
		sets = []byte{0xe0, 0}
	}
	return mkbox(fourCC, make([]byte, 6), be16(1), make([]byte, 16), be16(t.width, t.height), be32(72<<16, 72<<16, 0), be16(1), make([]byte, 32), be16(24, 0xffff),
		mkbox("avcC", []byte{1, sps[1], sps[2], sps[3], 0xff}, sets))
}

func (t *cmafTrack) audioEntry() []byte {
	asc := t.cmaf.asc
	if asc == nil {
		asc = []byte{0x11, 0x90}
	}
	descriptor := func(tag byte, parts ...[]byte) []byte {
		body := slices.Concat(parts...)
		return append([]byte{tag, byte(len(body))}, body...)
	}
	return mkbox("mp4a", make([]byte, 6), be16(1), make([]byte, 8), be16(2, 16, 0, 0), be32(48000<<16),
		mkbox("esds", be32(0), descriptor(3, be16(1), []byte{0}, descriptor(4, []byte{0x40, 0x15, 0, 0, 0}, be32(0, 0), descriptor(5, asc)), descriptor(6, []byte{2}))))
}

// segment writes one segment, and tells where its key frames are: from the moof that begins with one to its last byte.
func (t *cmafTrack) segment(n int) ([]byte, []extent) {
	out := mkbox("styp", []byte("msdh"), be32(0), []byte("msdhcmfs"))
	if t.cmaf.indexed {
		out = append(out, t.sidx(t.presented(n), 0, []mp4Reference{{size: 1, duration: 1}})...)
	}
	var frames []extent
	samples := t.segments[n]
	for len(samples) > 0 {
		end := 1
		for end < len(samples) && (!t.video || !samples[end].sync) {
			end++
		}
		moof := t.moof(n, samples[:end])
		var media []byte
		for i := range samples[:end] {
			media = append(media, samples[i].data...)
		}
		if n == 1 && t.cmaf.stray {
			media = append(media, 0, 0, 0)
		}
		if n == 1 && t.cmaf.badNAL {
			media = slices.Clone(media)
			media[len(samples[0].data)] ^= 0x40
		}
		if t.video && !samples[0].hidden {
			frames = append(frames, extent{
				offset: len(out), end: len(out) + len(moof) + 8 + len(samples[0].data), pts: ticks(samples[0].decode + samples[0].composition - t.advance),
			})
		}
		out = slices.Concat(out, moof, mkbox("mdat", media))
		samples = samples[end:]
	}
	if n == 1 && t.cmaf.truncated {
		out = out[:len(out)-10]
	}
	return out, frames
}

func (t *cmafTrack) moof(n int, samples []cmafSample) []byte {
	broken, m := n == 1, &t.cmaf
	decode, sequence, id, flags := samples[0].decode+m.delay, samples[0].decode/512+1, int64(1), int64(0x020000)
	if n >= 1 {
		decode += m.late
	}
	if broken && m.sequence {
		sequence = 1
	}
	if broken && m.otherTrack {
		id = 2
	}
	if broken && m.moofBase {
		flags = 0
	}
	tfdt := mkbox("tfdt", be32(1<<24), be64(decode))
	if broken && m.noTfdt {
		tfdt = nil
	}
	run := be32(0xf01, int64(len(samples)), 0)
	for i := range samples {
		s := &samples[i]
		is := int64(0x01010000)
		if (s.sync || broken && m.allSync) && (!broken || !m.noneSync) {
			is = 0x02000000
		}
		run = slices.Concat(run, be32(s.duration, int64(len(s.data)), is, s.composition))
	}
	b := mkbox("moof", mkbox("mfhd", be32(0, sequence)), mkbox("traf", mkbox("tfhd", be32(flags, id)), tfdt, mkbox("trun", run)))
	at := bytes.Index(b, []byte("trun"))
	binary.BigEndian.PutUint32(b[at+12:], uint32(len(b)+8))
	return b
}

// presented is the earliest presentation time of a segment, in the track's units; of one past the last, when that ends.
func (t *cmafTrack) presented(n int) int64 {
	if n == len(t.segments) {
		last := t.segments[n-1]
		return last[0].decode + int64(len(last))*last[0].duration + last[0].composition - t.advance + t.cmaf.delay
	}
	first := t.segments[n][0]
	return first.decode + first.composition - t.advance + t.cmaf.delay
}

func (t *cmafTrack) sidx(earliest, first int64, references []mp4Reference) []byte {
	b := slices.Concat(be32(1<<24, 1, t.timescale), be64(earliest, first), be16(0, len(references)))
	for _, r := range references {
		b = slices.Concat(b, be32(r.size, r.duration, 1<<31|1<<28))
	}
	return mkbox("sidx", b)
}
