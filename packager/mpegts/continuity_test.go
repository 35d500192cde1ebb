package mpegts

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"unreel/demux"
	"unreel/demux/testmedia"
)

// A nalForm is what a codec's NAL units look like.
type nalForm struct {
	delimiter []byte
	header    int // bytes
	kind      func(b byte) byte
	sliced    func(kind byte) bool
	delimits  byte
	sets      []byte
}

var avcForm = nalForm{
	delimiter: []byte{0, 0, 0, 1, 9, 0xF0}, header: 1, delimits: 9, sets: []byte{7, 8},
	kind:   func(b byte) byte { return b & 31 },
	sliced: func(kind byte) bool { return kind >= 1 && kind <= 5 },
}

var hevcForm = nalForm{
	delimiter: []byte{0, 0, 0, 1, 0x46, 1, 0x50}, header: 2, delimits: 35, sets: []byte{32, 33, 34},
	kind:   func(b byte) byte { return b >> 1 & 63 },
	sliced: func(kind byte) bool { return kind < 32 },
}

// form is what the film's video looks like.
func (f *film) form() *nalForm {
	if f.video.Codec == demux.HEVC {
		return &hevcForm
	}
	return &avcForm
}

// annexB is a sample of H.264 as the stream should carry it, the plain way.
func annexB(sample []byte, lengthBytes int, sync bool, sets []byte) []byte {
	return avcForm.annexB(sample, lengthBytes, sync, sets)
}

// annexB is a sample as the stream should carry it, the plain way.
func (form *nalForm) annexB(sample []byte, lengthBytes int, sync bool, sets []byte) []byte {
	out := bytes.Clone(form.delimiter)
	var units [][]byte
	var seen [64]bool // types of NAL unit before the first slice, as far as the probe looks
	rest, sliced := sample, false
	for len(rest) >= lengthBytes {
		n := int64(0)
		for _, c := range rest[:lengthBytes] {
			n = n<<8 | int64(c)
		}
		if n > int64(len(rest)-lengthBytes) {
			break
		}
		unit := rest[lengthBytes : lengthBytes+int(n)]
		units = append(units, unit)
		if n > 0 && len(sample)-len(rest)+lengthBytes < probeSize && !sliced {
			kind := form.kind(unit[0])
			sliced = form.sliced(kind)
			seen[kind] = true
		}
		rest = rest[lengthBytes+int(n):]
	}
	if len(units) > 0 && len(units[0]) == form.header+1 && form.kind(units[0][0]) == form.delimits {
		out[len(out)-1] = units[0][form.header]
		units = units[1:]
	}
	if sync && slices.ContainsFunc(form.sets, func(kind byte) bool { return !seen[kind] }) {
		out = append(out, sets...)
	}
	sliced = false
	for _, unit := range units {
		switch sliced = sliced || len(unit) > 0 && form.sliced(form.kind(unit[0])); {
		case len(unit) == 0:
			out = append(out, 0, 0, 0, 0)
		case !sliced && len(unit) == form.header+1 && form.kind(unit[0]) == form.delimits: // there is one at the start
			out = append(out, make([]byte, 4+len(unit))...)
		default:
			out = append(append(out, 0, 0, 0, 1), unit...)
		}
	}
	out = append(out, rest...)
	if len(rest) >= lengthBytes { // a lie: the index has counted it, so zeros make up what it didn't grow
		out = append(out, make([]byte, 4-lengthBytes)...)
	}
	return out
}

// check holds a stream of all of a film's samples against the film.
func (f *film) check(t *testing.T, stream []byte, segments [][]byte) {
	t.Helper()
	lead := f.audio
	if f.video != nil {
		lead = f.video
	}
	first := lead.Samples.At(lead.First)
	start, _ := lead.DecodeTimeOf(&first).Rescale(lead.Timescale, 90000)
	p := parse(t, stream, int64(start)+900000-63000)
	p.headers(t)
	if p.tables != 2*len(segments) {
		t.Errorf("%d packets of PAT and PMT in %d segments", p.tables, len(segments))
	}
	f.checkKinds(t, p)
	f.checkVideo(t, p)
	f.checkAudio(t, p)
	f.checkOrder(t, p, segments)
}

// near tells whether two times of the stream's clock are the same but for rounding.
func near(a, b int64) bool { return a-b <= 1 && b-a <= 1 }

func (f *film) read(t *testing.T, s *demux.Sample) []byte {
	t.Helper()
	b := make([]byte, s.Size)
	if err := f.reader.ReadAt(t.Context(), b, s.Offset); err != nil {
		t.Fatal(err)
	}
	return b
}

func (f *film) checkVideo(t *testing.T, p *parsed) {
	t.Helper()
	units := p.units[videoPID]
	if f.video == nil {
		if len(units) > 0 {
			t.Fatal("video from nowhere")
		}
		return
	}
	var sets []byte
	for _, set := range slices.Concat(f.video.Video.VPS, f.video.Video.SPS, f.video.Video.PPS) {
		sets = append(append(sets, 0, 0, 0, 1), set...)
	}
	for i := f.video.First; i < f.video.End; i++ {
		s := f.video.Samples.At(i)
		if s.Size == 0 {
			continue
		}
		if len(units) == 0 {
			t.Fatalf("video sample %d is missing", i)
		}
		u := units[0]
		units = units[1:]
		pts, _ := f.video.PresentationTime(&s).Rescale(f.video.Timescale, 90000)
		dts, _ := f.video.DecodeTimeOf(&s).Rescale(f.video.Timescale, 90000)
		if u.pts != int64(pts)+900000 || u.dts != int64(dts)+900000 {
			t.Fatalf("video sample %d has PTS %d and DTS %d, want %d and %d", i, u.pts, u.dts, pts+900000, dts+900000)
		}
		if u.clock != u.dts-63000 {
			t.Fatalf("video sample %d has DTS %d at PCR %d", i, u.dts, u.clock)
		}
		if u.random != s.Sync {
			t.Fatalf("video sample %d: random access %v, sync %v", i, u.random, s.Sync)
		}
		want := f.form().annexB(f.read(t, &s), f.video.Video.NALLengthBytes, s.Sync, sets)
		if !bytes.Equal(u.data, want) {
			t.Fatalf("video sample %d: %d bytes, want %d; they differ at %d", i, len(u.data), len(want), differ(u.data, want))
		}
	}
	if len(units) > 0 {
		t.Fatalf("%d access units too many", len(units))
	}
}

func (f *film) checkAudio(t *testing.T, p *parsed) {
	t.Helper()
	units := p.units[audioPID]
	if f.audio == nil {
		if len(units) > 0 {
			t.Fatal("audio from nowhere")
		}
		return
	}
	header, largest := 0, uint32(32<<10)
	if f.audio.Codec == demux.AAC {
		header, largest = 7, 8184
	}
	var rest []byte
	var pts int64
	k := 0
	for i := f.audio.First; i < f.audio.End; i++ {
		s := f.audio.Samples.At(i)
		if s.Size == 0 || s.Size > largest {
			continue
		}
		if len(rest) == 0 {
			if len(units) == 0 {
				t.Fatalf("audio sample %d is missing", i)
			}
			rest, pts, k = units[0].data, units[0].pts, 0
			units = units[1:]
		}
		n := header + int(s.Size)
		if header > 0 {
			says := int(rest[3]&3)<<11 | int(rest[4])<<3 | int(rest[5])>>5
			if rest[0] != 0xFF || rest[1] != 0xF1 || n != says {
				t.Fatalf("audio sample %d of %d bytes has header % x", i, s.Size, rest[:7])
			}
		}
		if n > len(rest) || !bytes.Equal(rest[header:n], f.read(t, &s)) {
			t.Fatalf("audio sample %d has other bytes", i)
		}
		want, _ := f.audio.PresentationTime(&s).Rescale(f.audio.Timescale, 90000)
		got := pts + (int64(k)*f.frameSamples()*90000+int64(f.audio.Audio.SampleRate)/2)/int64(f.audio.Audio.SampleRate)
		if !near(got, int64(want)+900000) {
			t.Fatalf("audio sample %d is at %d, want %d", i, got, want+900000)
		}
		rest = rest[n:]
		k++
	}
	if len(rest) > 0 || len(units) > 0 {
		t.Fatalf("%d bytes and %d PES of audio too many", len(rest), len(units))
	}
}

// frameSamples is how many samples a frame of the film's sound has.
func (f *film) frameSamples() int64 {
	switch f.audio.Codec {
	case demux.AC3, demux.EAC3:
		return 1536
	case demux.MP3:
		if f.audio.Audio.SampleRate < 32000 && int(f.audio.Audio.FrameTicks)*f.audio.Audio.SampleRate < 800*int(f.audio.Timescale) {
			return 576
		}
		return 1152
	default:
		return 1024
	}
}

// checkKinds holds what the PMT says against the film's codecs.
func (f *film) checkKinds(t *testing.T, p *parsed) {
	t.Helper()
	want := map[uint16]string{}
	if f.video != nil {
		want[videoPID] = map[demux.Codec]string{demux.H264: "1b", demux.HEVC: "24 HEVC"}[f.video.Codec]
	}
	if f.audio != nil {
		want[audioPID] = map[demux.Codec]string{demux.AAC: "f", demux.MP3: "3", demux.AC3: "81 AC-3", demux.EAC3: "87 EAC3"}[f.audio.Codec]
		if f.audio.Codec == demux.MP3 && f.audio.Audio.SampleRate < 32000 {
			want[audioPID] = "4"
		}
	}
	if !maps.Equal(p.kinds, want) {
		t.Errorf("stream types %v, want %v", p.kinds, want)
	}
}

// checkOrder: a segment's first PES is video, and audio stands before the first access unit after that one which is
// decoded when the audio is due, or later.
func (f *film) checkOrder(t *testing.T, p *parsed, segments [][]byte) {
	t.Helper()
	if f.video == nil || f.audio == nil {
		return
	}
	units := p.order
	end := 0
	for n, segment := range segments {
		end += len(segment) / 188
		in := 0
		for in < len(units) && units[in].packet < end {
			in++
		}
		ours := units[:in]
		units = units[in:]
		if !slices.ContainsFunc(ours, func(u unit) bool { return u.pid == videoPID }) {
			continue // all of its pictures are empty
		}
		if early := ours[0]; n == 0 && early.pid == audioPID && early.pts-pcrLead == early.clock {
			continue // sound long before the picture: TestAudioLongBeforeThePicture
		}
		decoded := int64(-1 << 62)
		var pending []unit
		for i, u := range ours {
			switch {
			case i == 0 && u.pid == audioPID:
				t.Fatalf("segment %d starts with audio", n)
			case i == 0:
			case u.pid == audioPID && u.pts <= decoded:
				t.Fatalf("audio with PTS %d (packet %d) after video with DTS %d", u.pts, u.packet, decoded)
			case u.pid == audioPID && n == len(segments)-1 && u.pts-u.clock > pcrLead+pcrPeriod:
				t.Fatalf("audio with PTS %d (packet %d) at PCR %d", u.pts, u.packet, u.clock)
			case u.pid == audioPID:
				pending = append(pending, u)
			default:
				for _, a := range pending {
					if a.pts > u.dts {
						t.Fatalf("audio with PTS %d (packet %d) before video with DTS %d", a.pts, a.packet, u.dts)
					}
				}
				decoded, pending = u.dts, nil
			}
		}
	}
}

func TestSegmentsConcatenate(t *testing.T) {
	both := testmedia.H264AAC(20)
	cases := []struct {
		name  string
		movie testmedia.Movie
	}{
		{"video and audio", both},
		{"moov last", testmedia.Movie{Tracks: both.Tracks, MoovLast: true}},
		{"video only", testmedia.Movie{Tracks: both.Tracks[:1]}},
		{"audio only", testmedia.Movie{Tracks: both.Tracks[1:]}},
		{"1080p", testmedia.Ladder()[0].Movie},
		{"frames far apart", slides(7)},
		{"few frames, reordered", reordered(40)},
		{"sound outlasts the picture", testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(60, 360, 1), testmedia.Audio(300)}}},
		{"picture outlasts the sound", testmedia.Movie{Tracks: []testmedia.Track{testmedia.Video(300, 360, 1), testmedia.Audio(50)}}},
		{"empty samples", emptySamples()},
		{"tiny", tiny(1, 2, 3, 4, 5, 6, 7)},
		{"around one packet", tiny(around(150, 160)...)},
		{"around two packets", tiny(around(330, 350)...)},
		{"more than the input", tiny(1<<20, 10, 700000, 300000)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, c.movie.Bytes())
			for _, samples := range []int{1, 60, 1 << 20} {
				stream, segments := f.concatenate(t, samples)
				f.check(t, stream, segments)
			}
		})
	}
}

// slides is a film with a picture every few hundred milliseconds.
func slides(n int) testmedia.Movie {
	video := testmedia.Video(n, 360, 1)
	for i := range video.Samples {
		video.Samples[i].Duration = uint32(3000 + 7000*i)
		video.Samples[i].Composition = 0
	}
	return testmedia.Movie{Tracks: []testmedia.Track{video, testmedia.Audio(60)}}
}

// reordered is a film of 4 pictures a second with two B-frames, so that its sound runs far ahead of what is decoded.
func reordered(n int) testmedia.Movie {
	video := testmedia.Video(n, 360, 1)
	video.Edits = nil
	for i := range video.Samples {
		video.Samples[i].Sync = i%8 == 0
		video.Samples[i].Duration = 3840
		video.Samples[i].Composition = 3840 * [...]int32{2, 4, 1, 1, 3, 1, 1, 3}[i%8]
	}
	return testmedia.Movie{Tracks: []testmedia.Track{video, testmedia.Audio(n * 12)}}
}

func emptySamples() testmedia.Movie {
	m := testmedia.H264AAC(4)
	for _, i := range []int{0, 1, 17, 18, 60, 119} {
		m.Tracks[0].Samples[i].Data = []byte{}
		m.Tracks[1].Samples[i].Data = []byte{}
	}
	m.Tracks[1].Samples[30].Data = make([]byte, 8184)
	m.Tracks[1].Samples[40].Data = make([]byte, 8185)
	return m
}

// tiny is video of samples of these sizes without their one NAL length; every fourth is a sync sample.
func tiny(sizes ...int) testmedia.Movie {
	video := testmedia.Video(1, 360, 1)
	video.Samples, video.Edits = nil, nil
	for i, size := range sizes {
		video.Samples = append(video.Samples, testmedia.Sample{Size: 4 + size, Duration: 512, Sync: i%4 == 0})
	}
	return testmedia.Movie{Tracks: []testmedia.Track{video, testmedia.Audio(10)}}
}

func around(first, last int) (sizes []int) {
	for n := first; n <= last; n++ {
		sizes = append(sizes, n, n, n, n, n)
	}
	return sizes
}
