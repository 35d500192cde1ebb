package mpegts

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"unreel/demux/testmedia"
)

// dice are what a film is made up from.
type dice struct{ testmedia.Dice }

// size is mostly small, at times beyond a packet, a probe or an input.
func (d *dice) size() int {
	scale := []int{1, 1, 1, 2, 5, 20, 200, 3000}[d.Roll(8)]
	return d.Roll(256)*scale + d.Roll(4)
}

// sample is a random access unit: NAL units of any type and size, empty ones, lengths that lie, bytes left over.
func (d *dice) sample(lengthBytes int, noise *rand.Rand) []byte {
	var b []byte
	for range d.Roll(6) {
		n := min(d.size(), 1<<(8*lengthBytes)-1)
		kind := []byte{1, 5, 6, 7, 8, 9, 12, 0x65}[d.Roll(8)]
		if kind == 9 {
			n = min(n, 2)
		}
		claim := n
		if d.Roll(32) == 31 {
			claim = 1<<(8*lengthBytes) - 1 - d.Roll(3)
		}
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(claim))
		b = append(b, length[4-lengthBytes:]...)
		for i := range n {
			if i == 0 {
				b = append(b, kind)
			} else {
				b = append(b, byte(noise.Uint32()))
			}
		}
	}
	for range d.Roll(8) / 5 {
		b = append(b, byte(d.Roll(256)))
	}
	return b
}

func (d *dice) movie() testmedia.Movie {
	noise := rand.New(rand.NewPCG(3, 4))
	lengthBytes := 4 - d.Roll(4)
	video := testmedia.Track{
		Handler: "vide", Timescale: []uint32{15360, 90000, 600, 30000, 1000, 12288000}[d.Roll(6)],
		Width: 640, Height: 360, NALLength: lengthBytes, Entries: [][]byte{testmedia.AVC(640, 360, lengthBytes)}, CttsV1: d.Roll(2) == 1,
	}
	for i := range 1 + d.Roll(40) {
		s := testmedia.Sample{
			Data: d.sample(lengthBytes, noise), Sync: i == 0 || d.Roll(4) == 0,
			Duration: video.Timescale * uint32(d.Roll(64)) / 600,
		}
		s.Composition = int32(s.Duration) * int32(d.Roll(3))
		if video.CttsV1 {
			s.Composition -= int32(s.Duration)
		}
		if s.Data == nil {
			s.Data = []byte{}
		}
		video.Samples = append(video.Samples, s)
	}
	m := testmedia.Movie{Tracks: []testmedia.Track{video}, MoovLast: d.Roll(2) == 1}
	if d.Roll(8) == 0 {
		return m
	}
	audio := testmedia.Audio(1)
	audio.Samples = nil
	for range d.Roll(100) {
		n := 1 + d.size()
		if n > 9000 {
			n = 8100 + n%100
		}
		audio.Samples = append(audio.Samples, testmedia.Sample{Size: n, Duration: uint32(1024 + (d.Roll(3)-1)*d.Roll(256)), Sync: true})
	}
	if len(audio.Samples) < 10 {
		audio.Edits = nil // it would hide them all
	}
	if d.Roll(8) == 0 {
		m.Tracks[0] = audio
	} else {
		m.Tracks = append(m.Tracks, audio)
	}
	return m
}

// FuzzMux: whatever stands in the samples, the segments are as long as planned, any Read gives the same bytes, and
// another maker's parser finds in them what a plain conversion of each sample gives.
func FuzzMux(f *testing.F) {
	testmedia.AddDice(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		d := dice{testmedia.Dice{Data: data}}
		movie := d.movie()
		for _, track := range movie.Tracks {
			if len(track.Samples) == 0 {
				return
			}
		}
		film := open(t, movie.Bytes())
		stream, segments := film.concatenate(t, 1+d.Roll(20))
		film.check(t, stream, segments)
		var counters Counters
		for i, span := range film.spans(1 << 20) {
			span.Counters, span.Number = counters, i
			pl := film.program.Plan(span)
			whole := read(t, film.reader, pl, 0, testmedia.BlockSize)
			from := int64(d.Roll(256)) * pl.Size() / 256
			n := max(1+d.size(), len(whole)/1000)
			if got := read(t, film.reader, pl, from, n); !bytes.Equal(got, whole[from:]) {
				t.Fatalf("Reads of %d bytes from %d give other bytes, from %d on", n, from, differ(got, whole[from:]))
			}
			pl.Release()
		}
	})
}
