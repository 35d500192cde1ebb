package mpegts

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/asticode/go-astits"
)

// A parsed is a transport stream as go-astits reads it, after every packet was checked.
type parsed struct {
	units  map[uint16][]unit // PES by PID
	order  []unit            // all of them, as they start
	clocks []int64           // PCRs on a clock that doesn't wrap, 90 kHz
	tables int               // PAT and PMT packets
	nulls  int               // null packets
	kinds  map[uint16]string // by PID: stream type and registration
}

// unit is one PES.
type unit struct {
	pid      uint16
	pts, dts int64 // not wrapped
	data     []byte
	random   bool // random_access_indicator
	packet   int  // that it starts in
	clock    int64
}

// parse reads a stream, and complains about every packet that ISO/IEC 13818-1 wouldn't have. start is roughly the first
// PCR, not wrapped: wrapped clocks are taken to be near it, then near each other.
func parse(t testing.TB, stream []byte, start int64) *parsed {
	t.Helper()
	p := &parsed{units: map[uint16][]unit{}}
	if len(stream)%188 != 0 {
		t.Fatalf("%d bytes are no whole packets", len(stream))
	}
	pcrPID := p.checkTables(t, stream)
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(stream), astits.DemuxerOptPacketSize(188))
	counters := map[uint16]uint8{}
	clock, last := start, int64(-1)
	for i := 0; ; i++ {
		packet, err := demuxer.NextPacket()
		if errors.Is(err, astits.ErrNoMorePackets) || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		h := packet.Header
		if h.PID == nullPID {
			p.nulls++
			continue
		}
		want, seen := counters[h.PID]
		if h.HasPayload {
			want = (want + 1) & 15
		}
		if seen && h.ContinuityCounter != want {
			t.Fatalf("packet %d of PID %#x has counter %d, want %d", i, h.PID, h.ContinuityCounter, want)
		}
		counters[h.PID] = h.ContinuityCounter
		if h.HasPayload && len(packet.Payload) == 0 {
			t.Fatalf("packet %d says it has payload, and has none", i)
		}
		if a := packet.AdaptationField; h.HasAdaptationField && a.HasPCR {
			if h.PID != pcrPID {
				t.Fatalf("packet %d: a PCR on PID %#x", i, h.PID)
			}
			clock = unwrap(a.PCR.Base, clock)
			if last >= 0 && (clock < last || clock-last > pcrPeriod) {
				t.Fatalf("packet %d: PCR %d after %d", i, clock, last)
			}
			last = clock
			p.clocks = append(p.clocks, clock)
		}
		p.take(t, packet, i, clock)
	}
	return p
}

// unwrap finds the clock value next to near.
func unwrap(v, near int64) int64 {
	v += (near - v) &^ clockMask
	for v < near-1<<32 {
		v += 1 << 33
	}
	for v > near+1<<32 {
		v -= 1 << 33
	}
	return v
}

// take files a packet under its stream.
func (p *parsed) take(t testing.TB, packet *astits.Packet, i int, clock int64) {
	t.Helper()
	pid := packet.Header.PID
	if pid == patPID || pid == pmtPID {
		p.tables++
		return
	}
	if pid != videoPID && pid != audioPID {
		t.Fatalf("packet %d: PID %#x", i, pid)
	}
	if !packet.Header.HasPayload {
		return
	}
	if packet.Header.PayloadUnitStartIndicator {
		u := unit{pid: pid, packet: i, clock: clock}
		u.random = packet.AdaptationField != nil && packet.AdaptationField.RandomAccessIndicator
		p.units[pid] = append(p.units[pid], u)
		p.order = append(p.order, u)
	}
	units := p.units[pid]
	if len(units) == 0 {
		t.Fatalf("packet %d of PID %#x continues nothing", i, pid)
	}
	u := &units[len(units)-1]
	u.data = append(u.data, packet.Payload...)
}

// checkTables lets go-astits read PAT and PMT.
func (p *parsed) checkTables(t testing.TB, stream []byte) (pcrPID uint16) {
	t.Helper()
	demuxer := astits.NewDemuxer(context.Background(), bytes.NewReader(stream), astits.DemuxerOptPacketSize(188))
	first, err := demuxer.NextData()
	if err != nil || first.PAT == nil || len(first.PAT.Programs) != 1 || first.PAT.Programs[0].ProgramMapID != pmtPID {
		t.Fatalf("the stream starts with %+v, %v; not with a PAT", first, err)
	}
	second, err := demuxer.NextData()
	if err != nil || second.PMT == nil {
		t.Fatalf("PAT is followed by %+v, %v; not by a PMT", second, err)
	}
	p.kinds = map[uint16]string{}
	for _, s := range second.PMT.ElementaryStreams {
		kind := fmt.Sprintf("%x", uint8(s.StreamType))
		for _, d := range s.ElementaryStreamDescriptors {
			if d.Registration != nil {
				kind += " " + string(binary.BigEndian.AppendUint32(nil, d.Registration.FormatIdentifier))
			}
		}
		p.kinds[s.ElementaryPID] = kind
	}
	return second.PMT.PCRPID
}

// headers reads the PES headers of a parsed stream, by this test's own hand, and leaves their payload in data.
func (p *parsed) headers(t testing.TB) {
	t.Helper()
	place := map[int]*unit{}
	for pid := range p.units {
		for i := range p.units[pid] {
			u := &p.units[pid][i]
			u.header(t, p.kinds[pid])
			place[u.packet] = u
		}
	}
	for i := range p.order {
		p.order[i] = *place[p.order[i].packet]
	}
}

func (u *unit) header(t testing.TB, kind string) {
	t.Helper()
	b := u.data
	id := byte(0xC0)
	switch {
	case u.pid == videoPID:
		id = 0xE0
	case kind[0] == '8': // ATSC's: private_stream_1
		id = 0xBD
	}
	if len(b) < 14 || !bytes.Equal(b[:4], []byte{0, 0, 1, id}) || b[6]>>6 != 2 {
		t.Fatalf("packet %d starts no PES: % x", u.packet, b[:min(len(b), 14)])
	}
	if n := int(b[4])<<8 | int(b[5]); n != len(b)-6 && (n != 0 || u.pid == audioPID || len(b)-6 < 1<<16) {
		t.Fatalf("the PES in packet %d says %d bytes, it has %d", u.packet, n, len(b)-6)
	}
	u.pts = unwrap(readTime(t, b[9:]), u.clock)
	u.dts = u.pts
	switch b[7] >> 6 {
	case 2:
	case 3:
		u.dts = unwrap(readTime(t, b[14:]), u.clock)
	default:
		t.Fatalf("the PES in packet %d has no PTS", u.packet)
	}
	if u.dts > u.pts {
		t.Fatalf("packet %d: DTS %d after PTS %d", u.packet, u.dts, u.pts)
	}
	u.data = b[9+int(b[8]):]
}

func readTime(t testing.TB, b []byte) int64 {
	t.Helper()
	if b[0]&b[2]&b[4]&1 == 0 {
		t.Fatalf("a time without its marker bits: % x", b[:5])
	}
	return int64(b[0]>>1&7)<<30 | int64(b[1])<<22 | int64(b[2]>>1)<<15 | int64(b[3])<<7 | int64(b[4]>>1)
}
