package mpegts

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"unreel/demux/testmedia"
)

// join puts NAL units behind lengths.
func join(lengthBytes int, units ...[]byte) (b []byte) {
	for _, u := range units {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(u)))
		b = append(append(b, length[4-lengthBytes:]...), u...)
	}
	return b
}

// nal is a NAL unit of n bytes whose header is kind.
func nal(kind byte, n int) []byte {
	b := bytes.Repeat([]byte{kind, 0xA1, 0xB2}, n/3+1)[:n]
	b[0] = kind
	return b
}

// samples is a film of these samples, sync all, and some audio.
func samples(lengthBytes int, data ...[]byte) testmedia.Movie {
	video := testmedia.Video(1, 360, 1)
	video.NALLength, video.Entries = lengthBytes, [][]byte{testmedia.AVC(640, 360, lengthBytes)}
	video.Samples, video.Edits = nil, nil
	for _, b := range data {
		video.Samples = append(video.Samples, testmedia.Sample{Data: b, Duration: 512, Sync: true})
	}
	return testmedia.Movie{Tracks: []testmedia.Track{video, testmedia.Audio(10)}}
}

// TestWhatSamplesHold: delimiters and parameter sets that a sample has are not written twice, whatever its NAL lengths, and
// the plan's size holds.
func TestWhatSamplesHold(t *testing.T) {
	delimiter, sps, pps, sei := []byte{9, 0x10}, nal(0x67, 25), nal(0x68, 6), nal(6, 40)
	cases := []struct {
		name  string
		units [][]byte
	}{
		{"a slice", [][]byte{nal(0x65, 900)}},
		{"all there is", [][]byte{delimiter, sps, pps, sei, nal(0x65, 900)}},
		{"all, and tiny", [][]byte{delimiter, sps, pps, nal(0x65, 5)}},
		{"all, and large", [][]byte{delimiter, sps, pps, nal(0x65, 250), nal(0x65, 250), nal(0x65, 255)}},
		{"a delimiter", [][]byte{delimiter, nal(0x65, 900)}},
		{"nothing but a delimiter", [][]byte{delimiter}},
		{"a delimiter behind SEI", [][]byte{sei, delimiter, sps, pps, nal(0x65, 900)}}, // as ffmpeg writes x264's with aud=1
		{"several delimiters", [][]byte{delimiter, sei, delimiter, delimiter, nal(0x65, 900)}},
		{"a delimiter for each field", [][]byte{delimiter, nal(0x65, 100), delimiter, nal(0x61, 100)}},
		{"SPS alone", [][]byte{sps, nal(0x65, 900)}},
		{"sets behind a slice", [][]byte{nal(0x65, 100), sps, pps, nal(0x65, 100)}},
		{"a long delimiter", [][]byte{{9, 0xF0, 0xFF}, nal(0x65, 100)}},
		{"a short delimiter", [][]byte{{9}, nal(0x65, 100)}},
		{"empty units", [][]byte{{}, {}, nal(0x65, 100), {}, {}}},
		{"end of sequence", [][]byte{nal(0x65, 100), {10}}},
	}
	for _, c := range cases {
		for lengthBytes := 1; lengthBytes <= 4; lengthBytes++ {
			t.Run(fmt.Sprintf("%s, lengths of %d", c.name, lengthBytes), func(t *testing.T) {
				var data [][]byte
				for more := range 190 { // every place of a length and of the end in its packet
					units := slices.Clone(c.units)
					if lengthBytes == 1 {
						for i := range units {
							units[i] = units[i][:min(len(units[i]), 255)]
						}
					}
					filler := nal(0x0C, more+1)
					data = append(data, join(lengthBytes, append(units, filler)...),
						join(lengthBytes, slices.Insert(units, 1, filler)...))
				}
				f := open(t, samples(lengthBytes, data...).Bytes())
				stream, segments := f.concatenate(t, 1<<20)
				f.check(t, stream, segments)
				pl := f.program.Plan(f.whole())
				defer pl.Release()
				if got := read(t, f.reader, pl, 0, 188); !bytes.Equal(got, stream) {
					t.Errorf("packet by packet it differs at %d", differ(got, stream))
				}
			})
		}
	}
}

// TestLargeSets: stuffing can hide that large parameter sets were left out, up to a byte of payload in each packet; where
// even that is too much, they are inserted although the sample has its own.
func TestLargeSets(t *testing.T) {
	sps, pps := nal(0x67, 25), nal(0x68, 6)
	for _, size := range []int{100, 1000, 3000, 8000, 9000, 10000, 16000} {
		f := open(t, samples(4, join(4, []byte{9, 0x10}, sps, pps, nal(0x65, 5)), join(4, nal(0x65, 5))).Bytes())
		f.video.Video.PPS = [][]byte{nal(0x68, size)}
		var err error
		if f.program, err = NewProgram(f.video, f.audio); err != nil {
			t.Fatal(err)
		}
		stream, _ := f.mux(t, f.whole())
		p := parse(t, stream, 900000)
		p.headers(t)
		inserted := bytes.Contains(p.units[videoPID][0].data, f.video.Video.PPS[0])
		planned := pesHeader + 6 + 54 + len(f.program.sets)
		packets := (planned + 8 + 183) / 184
		if want := pesHeader+54 < packets-1+pesHeaderBoth+6; inserted != want {
			t.Errorf("parameter sets of %d bytes in %d packets: inserted %v, want %v", size, packets, inserted, want)
		}
	}
}

// TestLies: a length that points past its sample is passed through with what follows it, and counted.
func TestLies(t *testing.T) {
	good := join(4, nal(0x65, 300))
	startCodes := append([]byte{0, 0, 0, 1}, nal(0x65, 300)...) // Annex B where lengths should be
	lie := append(join(4, nal(6, 20)), 0, 0, 1, 0x2D)           // a length of 301
	lie = append(lie, nal(0x65, 300)...)
	sets := join(4, nal(0x67, 25), nal(0x68, 6))
	sets = sets[:len(sets)-1] // so its PPS doesn't count
	f := open(t, samples(4, good, lie, startCodes, good, join(4, nal(0x65, 300), nil)[:307], sets, good).Bytes())
	stream, segments := f.concatenate(t, 1<<20)
	f.check(t, stream, segments)
	if !bytes.Contains(stream, startCodes[:100]) {
		t.Error("a sample that has start codes already came out otherwise")
	}
	pl := f.program.Plan(f.whole())
	defer pl.Release()
	for _, n := range []int{188, 188 * 1024} {
		m := pl.Muxer(0)
		for p := make([]byte, n); ; {
			if _, err := m.Read(t.Context(), f.reader, p); err != nil {
				break
			}
		}
		if m.Lies() != 4 {
			t.Errorf("%d lies counted in blocks of %d, want 4", m.Lies(), n)
		}
		m.Release()
	}
}

// TestExpanderAgrees: the way that samples with short NAL lengths take gives, for lengths of 4 bytes, what the fast way does.
func TestExpanderAgrees(t *testing.T) {
	for i, b := range [][]byte{
		join(4, []byte{9, 0x10}, nal(6, 20), nal(0x65, 70000)),
		join(4, nal(0x65, 3), nil, nal(0x65, 100000))[:5000],
		join(4, nal(0x65, 177), nal(0x65, 178), nal(0x65, 179), nal(0x65, 180), nal(0x65, 181), nil, nil, nal(0x65, 1)),
		{0, 0, 0},
	} {
		before := preamble{syntax: h264()}
		e := expander{preamble: before, lengthBytes: 4, size: int64(len(b))}
		expanded := make([]byte, len(b))
		e.fill(expanded, b)
		u := nalUnits{preamble: before, size: int64(len(b)), window: b}
		packets := make([]byte, (len(b)+183)/184*188)
		for at := 0; at < len(b); at += 184 {
			copy(packets[at/184*188+4:], b[at:min(at+184, len(b))])
		}
		u.mark(packets[4:], int64(len(b)))
		var marked []byte
		for at := 4; at < len(packets); at += 188 {
			marked = append(marked, packets[at:at+184]...)
		}
		if marked = marked[:len(b)]; !bytes.Equal(marked, expanded) {
			t.Errorf("sample %d: the two ways differ at %d", i, differ(marked, expanded))
		}
		if u.lies != e.lies {
			t.Errorf("sample %d: %d lies one way, %d the other", i, u.lies, e.lies)
		}
	}
}

// TestExpanderKeepsToItsGrowth: whatever the index says and the sample holds, the sizes are the planned ones.
func TestExpanderKeepsToItsGrowth(t *testing.T) {
	for growth := range int64(40) {
		b := join(2, nal(0x65, 3), nal(6, 20), nil, nal(0x65, 70), nil, nil, nal(1, 9))
		e := expander{preamble: preamble{syntax: h264()}, lengthBytes: 2, size: int64(len(b)), growth: growth}
		got := make([]byte, int64(len(b))+growth)
		for at := 0; at < len(got); at += 7 {
			e.fill(got[at:min(at+7, len(got))], b[e.at:])
		}
		if e.at != e.size || e.growth != 0 || e.code != 0 || e.unit != 0 {
			t.Errorf("growth %d ends as %+v", growth, e)
		}
		want := annexB(b, 2, false, nil)[6:]
		if growth >= 14 && !bytes.Equal(got, append(want, make([]byte, growth-14)...)) {
			t.Errorf("growth %d gives % x", growth, got)
		}
	}
}

// TestSharedBytes: samples may lie on top of each other, as where a muxer stores equal pictures once.
func TestSharedBytes(t *testing.T) {
	m := samples(4, join(4, nal(0x65, 300), nal(0x65, 500)), join(4, nal(0x65, 300), nal(0x65, 500)))
	m.Mangle = func(moov []byte) []byte {
		stco := moov[bytes.Index(moov, []byte("stco"))+12:]
		copy(stco[4:8], stco[:4])
		return moov
	}
	f := open(t, m.Bytes())
	if first, second := f.video.Samples.At(0), f.video.Samples.At(1); first.Offset != second.Offset {
		t.Fatal("the samples don't share their bytes")
	}
	stream, segments := f.concatenate(t, 1<<20)
	f.check(t, stream, segments)
}
