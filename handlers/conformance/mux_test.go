package conformance

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// muxing is how a reel is muxed; the zero value is right.
type muxing struct {
	noTables    bool // of segment 1
	lateTables  bool // a null packet before them
	programs    int  // more of them than one
	audios      int  // audio streams in the PMT, 1 where 0
	skipCounter bool // one is left out at the start of segment 1
	pcrEvery    int  // units between PCRs, 1 where 0
	pcrLead     ticks
	clockBits   int  // 33 where 0
	mixed       bool // other packets within each PES packet
	badCRC      bool // of a PMT that follows the right one in segment 1
	badSync     bool
	longPES     bool // an audio PES claims a byte more than it has
}

// muxer is a plain transport stream writer.
type muxer struct {
	muxing
	counters map[uint16]uint8
	out      []byte
	units    int
}

const (
	testPMT   = 0x1000
	testVideo = 0x100
	testAudio = 0x101
)

// extent is an I-frame's range in its segment.
type extent struct {
	offset, end int
	pts         ticks
}

func (r *reel) muxAll() (segments [][]byte, iframes [][]extent) {
	m := &muxer{muxing: r.mux, counters: map[uint16]uint8{}}
	if m.pcrEvery == 0 {
		m.pcrEvery = 1
	}
	if m.pcrLead == 0 {
		m.pcrLead = tickRate / 2
	}
	if m.clockBits == 0 {
		m.clockBits = 33
	}
	for i := range r.parts {
		segment, frames := m.segment(i, &r.parts[i])
		segments, iframes = append(segments, segment), append(iframes, frames)
	}
	return segments, iframes
}

func (m *muxer) segment(i int, p *part) ([]byte, []extent) {
	m.out = nil
	var frames []extent
	if m.lateTables {
		m.out = append(m.out, nullPacket()...)
	}
	if !m.noTables || i != 1 {
		m.tables(len(p.video) > 0, len(p.audio) > 0)
	}
	if m.badCRC && i == 1 {
		m.tables(len(p.video) > 0, len(p.audio) > 0)
		m.out[len(m.out)-packetSize+20] ^= 1
	}
	if m.skipCounter && i == 1 {
		m.counters[testVideo]++
		m.counters[testAudio]++
	}
	if m.badSync && i == 1 {
		m.out = append(m.out, make([]byte, packetSize)...)
	}
	video, audio := p.video, p.audio
	for len(video) > 0 || len(audio) > 0 {
		if len(video) > 0 && (len(audio) == 0 || len(video) == len(p.video) || video[0].dts <= audio[0].dts) {
			from := len(m.out)
			m.pes(testVideo, &video[0], true)
			if video[0].idr && !video[0].hidden {
				frames = append(frames, extent{offset: from, end: len(m.out), pts: video[0].pts})
			}
			video = video[1:]
			continue
		}
		m.pes(testAudio, &audio[0], len(p.video) == 0)
		audio = audio[1:]
	}
	return m.out, frames
}

func nullPacket() []byte {
	b := make([]byte, packetSize)
	binary.BigEndian.PutUint32(b, 0x47000000|pidNull<<8|0x10)
	return b
}

// packet appends one packet with as much of payload as fits, and returns the rest.
func (m *muxer) packet(pid uint16, start bool, pcr ticks, payload []byte) []byte {
	head := 0x47000000 | uint32(pid)<<8 | 0x10 | uint32(m.counters[pid]&15)
	if start {
		head |= 0x400000
	}
	m.counters[pid]++
	var field []byte
	if pcr >= 0 {
		base := uint64(pcr.raw())
		field = []byte{0x10, byte(base >> 25), byte(base >> 17), byte(base >> 9), byte(base >> 1), byte(base<<7) | 0x7e, 0}
	}
	room := packetSize - 4
	if len(field) > 0 {
		room -= 1 + len(field)
	}
	if len(payload) < room || len(field) > 0 {
		if len(field) == 0 {
			room--
			if len(payload) < room {
				field, room = []byte{0}, room-1
			}
		}
		for ; room > len(payload); room-- {
			field = append(field, 0xff)
		}
		head |= 0x20
		m.out = binary.BigEndian.AppendUint32(m.out, head)
		m.out = append(append(m.out, byte(len(field))), field...)
	} else {
		m.out = binary.BigEndian.AppendUint32(m.out, head)
	}
	n := min(room, len(payload))
	m.out = append(m.out, payload[:n]...)
	return payload[n:]
}

func (m *muxer) pes(pid uint16, u *unit, clock bool) {
	stream, size := byte(0xe0), 0
	if pid == testAudio {
		stream, size = 0xc0, 3+10+len(u.data)
		if m.longPES {
			size++
		}
	}
	mask := ticks(1)<<m.clockBits - 1
	b := []byte{0, 0, 1, stream, byte(size >> 8), byte(size), 0x80, 0xc0, 10}
	b = appendStamp(b, 3, u.pts&mask)
	b = appendStamp(b, 1, u.dts&mask)
	b = append(b, u.data...)
	pcr := ticks(-1)
	if clock && m.units%m.pcrEvery == 0 {
		pcr = ticks((u.dts - m.pcrLead).raw()) & mask
	}
	if clock {
		m.units++
	}
	for first := true; len(b) > 0; first = false {
		b = m.packet(pid, first, pcr, b)
		pcr = -1
		if m.mixed && first {
			m.out = append(m.out, nullPacket()...)
			m.tables(true, false)
		}
	}
}

func appendStamp(b []byte, prefix byte, t ticks) []byte {
	v := uint64(t)
	return append(b, prefix<<4|byte(v>>29)&0xe|1, byte(v>>22), byte(v>>14)|1, byte(v>>7), byte(v<<1)|1)
}

func (m *muxer) tables(video, audio bool) {
	s := []byte{0, 0xb0, 0, 0, 1, 0xc1, 0, 0}
	for n := range max(m.programs, 1) {
		s = append(s, 0, byte(n+1), 0xe0|testPMT>>8, testPMT&0xff)
	}
	m.packet(pidPAT, true, -1, closeSection(s))
	pcr := uint16(testVideo)
	if !video {
		pcr = testAudio
	}
	s = []byte{2, 0xb0, 0, 0, 1, 0xc1, 0, 0, 0xe0 | byte(pcr>>8), byte(pcr), 0xf0, 0}
	if video {
		s = append(s, typeH264, 0xe0|testVideo>>8, testVideo&0xff, 0xf0, 0)
	}
	if audio {
		for n := range max(m.audios, 1) {
			s = append(s, typeADTS, 0xe0|testAudio>>8, byte(testAudio&0xff+n), 0xf0, 0)
		}
	}
	m.packet(testPMT, true, -1, closeSection(s))
}

// closeSection sets the length, adds the CRC and fills the packet.
func closeSection(s []byte) []byte {
	s[2] = byte(len(s) + 4 - 3)
	s = binary.BigEndian.AppendUint32(s, sectionCRC(s))
	s = append([]byte{0}, s...)
	for len(s) < packetSize-4 {
		s = append(s, 0xff)
	}
	return s
}

// build muxes the film and writes its playlists.
func (f *film) build() *site {
	s := &site{files: map[string][]byte{}}
	master := "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"
	var audioPeak, audioAverage int64
	group := ""
	for i, r := range []*reel{f.en, f.de} {
		if r == nil {
			continue
		}
		_, peak, average := f.media(s, r)
		audioPeak, audioAverage = max(audioPeak, peak), max(audioAverage, average)
		group = `,AUDIO="a"`
		master += fmt.Sprintf("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=%q,LANGUAGE=%q,DEFAULT=%s,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"%s.m3u8\"\n",
			[]string{"English", "Deutsch"}[i], r.name, []string{"YES", "NO"}[i], r.name)
	}
	var trick strings.Builder
	for _, r := range []*reel{f.hi, f.lo} {
		if r == nil {
			continue
		}
		iframePeak, peak, average := f.media(s, r)
		codecs := r.codecs
		if group != "" {
			codecs += ",mp4a.40.2"
		}
		master += fmt.Sprintf("#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=%q,RESOLUTION=%dx%d,FRAME-RATE=25.000%s\n%s.m3u8\n",
			peak+audioPeak, average+audioAverage, codecs, r.width, r.height, group, r.name)
		fmt.Fprintf(&trick, "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=%d,CODECS=\"avc1.64001e\",RESOLUTION=%dx%d,URI=\"%s.iframes.m3u8\"\n",
			iframePeak, r.width, r.height, r.name)
	}
	s.files["/master.m3u8"] = []byte(master + trick.String())
	return s
}

// media writes one reel's segments and playlists.
func (f *film) media(s *site, r *reel) (iframePeak, peakRate, averageRate int64) {
	segments, frames := r.muxAll()
	const head = "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n"
	list, trick := fmt.Sprintf(head, 3), fmt.Sprintf(head, 4)+"#EXT-X-I-FRAMES-ONLY\n"
	var sizes, frameSizes []sized
	var all []extent
	for _, fs := range frames {
		all = append(all, fs...)
	}
	end := r.start(len(r.parts))
	for i, b := range segments {
		name := fmt.Sprintf("%s-%d.ts", r.name, i)
		s.files["/"+name] = b
		d := (r.start(i+1) - r.start(i)).duration()
		list += fmt.Sprintf("#EXTINF:%.6f,\n%s\n", d.Seconds(), name)
		sizes = append(sizes, sized{int64(len(b)), d})
		for _, x := range frames[i] {
			all = all[1:]
			until := end
			if len(all) > 0 {
				until = all[0].pts
			}
			length := (until - x.pts).duration()
			trick += fmt.Sprintf("#EXTINF:%.6f,\n#EXT-X-BYTERANGE:%d@%d\n%s\n", length.Seconds(), x.end-x.offset, x.offset, name)
			frameSizes = append(frameSizes, sized{int64(x.end - x.offset), length})
		}
	}
	s.files["/"+r.name+".m3u8"] = []byte(list + "#EXT-X-ENDLIST\n")
	if len(frameSizes) > 0 {
		s.files["/"+r.name+".iframes.m3u8"] = []byte(trick + "#EXT-X-ENDLIST\n")
	}
	return peakBruteForce(frameSizes), peakBruteForce(sizes), averageRateOf(sizes)
}

// peakBruteForce is RFC 8216 §4.1's definition in floating point, another way than the checker's.
func peakBruteForce(s []sized) int64 {
	best := 0.0
	for i := range s {
		for j := i + 1; j <= len(s); j++ {
			var bytes, seconds float64
			for _, x := range s[i:j] {
				bytes, seconds = bytes+float64(x.bytes), seconds+x.duration.Seconds()
			}
			if seconds >= 3 && seconds <= 9 {
				best = math.Max(best, bytes*8/seconds)
			}
		}
	}
	return int64(math.Ceil(best))
}

func averageRateOf(s []sized) int64 {
	var bytes, seconds float64
	for _, x := range s {
		bytes, seconds = bytes+float64(x.bytes), seconds+x.duration.Seconds()
	}
	return int64(math.Ceil(bytes * 8 / seconds))
}
