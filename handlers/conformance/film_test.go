package conformance

import (
	"encoding/hex"
	"slices"
	"testing"
)

// A film of test pictures is built here, packet by packet, so that each of its bytes can be broken on purpose: two rungs of
// video with B-frames, two languages of audio, 25 frames a second, an IDR every second, segments of 6 s.

// unit is what one PES packet carries.
type unit struct {
	pts, dts ticks
	idr      bool
	hidden   bool // an IDR that the I-frame playlist leaves out
	data     []byte
}

// part is one segment before it is muxed.
type part struct{ video, audio []unit }

// reel is one media playlist before it is muxed.
type reel struct {
	name   string
	parts  []part
	codecs string
	width  int
	height int
	mux    muxing
	cmaf   cmafMuxing
}

const (
	frameTicks = 3600 // 25 frames a second
	gop        = 25   // odd, so that the last frame is a B
	audioTicks = 1920 // 1024 samples at 48 kHz
	filmFrames = 450
)

// spsHi and spsLo are what x264 writes for 640x360 and 320x180 at 25 frames a second, High profile, level 3.0.
const (
	spsHi = "6764001eacd940a02ff97011000003000100000300320f162d96"
	spsLo = "6764001eacd941419f9f011000000300100000030320f162d960"
	ppsHi = "68ebe3cb22c0"
)

func unhex(s string) []byte {
	b, _ := hex.DecodeString(s) // of constants
	return b
}

// videoUnits makes the frames of a reel: I, then P and B in turns, decoded two frames ahead.
func videoUnits(sps string, base ticks, idrBytes, bytes int) []unit {
	var out []unit
	for n := range filmFrames {
		k := n % gop
		display := k - 1
		header, kind := byte(0x01), byte(0x9f) // B
		switch {
		case k == 0:
			display = 0
			header, kind = 0x65, 0x88 // IDR, I
		case k%2 == 1:
			display = k + 1
			header, kind = 0x41, 0x9b // P
		}
		u := unit{
			pts: base + ticks(n-k+display)*frameTicks, dts: base + ticks(n-2)*frameTicks, idr: k == 0,
			data: []byte{0, 0, 0, 1, 9, 0xf0},
		}
		size := bytes
		if u.idr {
			size = idrBytes
			u.data = slices.Concat(u.data, []byte{0, 0, 0, 1}, unhex(sps), []byte{0, 0, 0, 1}, unhex(ppsHi))
		}
		u.data = append(u.data, 0, 0, 0, 1, header, kind)
		for i := range size {
			u.data = append(u.data, byte(4+(i*31+n)%250))
		}
		out = append(out, u)
	}
	return out
}

// audioUnits makes AAC-LC of 48 kHz stereo that lasts as long, four frames to a PES packet.
func audioUnits(base ticks) []unit {
	var out []unit
	const frames = filmFrames * frameTicks / audioTicks
	for n := range frames {
		if n%4 == 0 {
			at := base + ticks(n)*audioTicks
			out = append(out, unit{pts: at, dts: at})
		}
		const size = 7 + 100
		out[n/4].data = append(out[n/4].data, 0xff, 0xf1, 1<<6|3<<2, 2<<6, size>>3, (size&7)<<5|0x1f, 0xfc)
		for i := range size - 7 {
			out[n/4].data = append(out[n/4].data, byte(i*7+n))
		}
	}
	return out
}

// cutEvery splits units at multiples of 6 s.
func cutEvery(units []unit, base ticks) [][]unit {
	const length = 6 * tickRate
	out := make([][]unit, (filmFrames*frameTicks+length-1)/length)
	k := 0
	for _, u := range units {
		if u.idr || len(units) < filmFrames { // video at its IDRs, audio anywhere
			k = int((u.pts - base) / length)
		}
		out[k] = append(out[k], u)
	}
	return out
}

// film is the presentation before it is muxed.
type film struct {
	base           ticks
	hi, lo, en, de *reel
}

func newFilm() *film { return filmAt(900000) }

// filmAt is a film whose first frame is presented at base.
func filmAt(base ticks) *film {
	f := &film{base: base}
	video := func(name, sps string, width, height, idrBytes, bytes int) *reel {
		r := &reel{name: name, codecs: "avc1.64001e", width: width, height: height}
		for _, units := range cutEvery(videoUnits(sps, base, idrBytes, bytes), base) {
			r.parts = append(r.parts, part{video: units})
		}
		return r
	}
	audio := func(name string) *reel {
		r := &reel{name: name, codecs: "mp4a.40.2"}
		for _, units := range cutEvery(audioUnits(base), base) {
			r.parts = append(r.parts, part{audio: units})
		}
		return r
	}
	f.hi = video("hi", spsHi, 640, 360, 3000, 700)
	f.lo = video("lo", spsLo, 320, 180, 1500, 300)
	f.en, f.de = audio("en"), audio("de")
	return f
}

// muxedFilm has the audio in the same segments as the video, and none beside.
func muxedFilm() *film {
	f := newFilm()
	for _, r := range []*reel{f.hi, f.lo} {
		r.codecs += ",mp4a.40.2"
		for i := range r.parts {
			r.parts[i].audio = f.en.parts[i].audio
		}
	}
	f.en, f.de = nil, nil
	return f
}

// start and stop of a segment on its clock, as its playlist states them.
func (r *reel) start(i int) ticks {
	if i == len(r.parts) {
		last := r.parts[i-1]
		if len(last.video) > 0 {
			return last.video[len(last.video)-1].pts + frameTicks
		}
		n := len(last.audio) - 1
		return last.audio[n].pts + ticks(len(last.audio[n].data)/107)*audioTicks
	}
	if len(r.parts[i].video) > 0 {
		return slices.MinFunc(r.parts[i].video, func(a, b unit) int { return int(a.pts - b.pts) }).pts
	}
	return r.parts[i].audio[0].pts
}

func TestGoodFilms(t *testing.T) {
	for name, f := range map[string]*film{
		"separate audio": newFilm(), "muxed": muxedFilm(),
		"clock that wraps": filmAt(clockWrap - 8*tickRate),
	} {
		t.Run(name, func(t *testing.T) {
			report := f.build().check(t, Options{})
			if len(report.Findings) > 0 {
				t.Error(report.String())
			}
			if report.Segments < 8 || report.Bytes < 100_000 {
				t.Errorf("only %d segments of %d bytes were read", report.Segments, report.Bytes)
			}
		})
	}
}
