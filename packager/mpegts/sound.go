package mpegts

import (
	"fmt"

	"unreel/demux"
)

// sound is how the frames of an audio track stand in a stream.
type sound struct {
	stream stream
	id     byte  // stream_id of its PES
	header int64 // bytes before each frame: adts
	most   int64 // bytes of the largest frame that can be carried
	adts   adts

	samples, rate int64 // how long a frame is, in samples at a rate in Hz
}

// mostFrame bounds the frames of codecs that don't bound them themselves: E-AC-3 at 6144 kbit/s takes 24 KB.
const mostFrame = 32 << 10

// privateStreamID is private_stream_1, for sound that ISO/IEC 13818-1 doesn't know (ATSC A/52 §A.3, §G.3).
const privateStreamID byte = 0xBD

// newSound finds out how a track's frames are carried. It refuses by name what a transport stream doesn't carry here.
func newSound(t *demux.Track) (s sound, err error) {
	a := t.Audio
	switch {
	case t.Refusal != nil:
		return s, t.Refusal
	case a == nil:
		return s, fmt.Errorf("%s without a decoder configuration: %w", t.Codec, demux.ErrUnsupported)
	}
	s = sound{id: audioStreamID, most: mostFrame, rate: int64(a.SampleRate)}
	switch t.Codec {
	case demux.AAC:
		if s.adts, err = newADTS(a.Config); err != nil {
			return s, err
		}
		s.stream.kind, s.header, s.most = streamAAC, adtsHeader, maxADTSFrame-adtsHeader
		s.samples, s.rate = frameSamples, int64(s.adts.rate)
	case demux.MP3:
		s.stream.kind = streamMPEG1Audio
		if s.rate < leastMPEG1Rate {
			s.stream.kind = streamMPEG2Audio
		}
		s.samples = nearest(t, mpegFrames[s.stream.kind])
	case demux.AC3:
		s.stream = stream{kind: streamAC3, descriptors: ac3Descriptors(a.Config)}
		s.id, s.samples = privateStreamID, 6*blockSamples
	case demux.EAC3:
		s.stream = stream{kind: streamEAC3, descriptors: registration("EAC3")}
		s.id, s.samples = privateStreamID, nearest(t, []int64{6 * blockSamples, 3 * blockSamples, 2 * blockSamples, blockSamples})
	default:
		return s, fmt.Errorf("%s audio in MPEG-TS: %w", t.Codec, demux.ErrUnsupported)
	}
	if s.rate <= 0 {
		return s, fmt.Errorf("%s without a sample rate: %w", t.Codec, demux.ErrUnsupported)
	}
	s.stream.pid = audioPID
	return s, nil
}

// leastMPEG1Rate is the lowest sample rate of MPEG-1 audio; lower ones are MPEG-2's (ISO/IEC 13818-3 §2.4.2.3).
const leastMPEG1Rate = 32000

// mpegFrames are the samples of a frame by layer, the third first (ISO/IEC 11172-3 §2.4.2.1, ISO/IEC 13818-3 §2.4.2.1).
var mpegFrames = map[byte][]int64{
	streamMPEG1Audio: {1152, 384},
	streamMPEG2Audio: {576, 1152, 384},
}

// blockSamples is an audio block of AC-3, of which a frame has six (ETSI TS 102 366 §4.2), and in E-AC-3 one to six.
const blockSamples = 256

// nearest is which of the numbers of samples that a frame may have comes nearest to how long the track says it is; the
// first where it says nothing.
func nearest(t *demux.Track, frames []int64) int64 {
	best := frames[0]
	said := int64(t.Audio.FrameTicks) * int64(t.Audio.SampleRate) / int64(t.Timescale)
	if said == 0 {
		return best
	}
	for _, n := range frames[1:] {
		if max(n-said, said-n) < max(best-said, said-best) {
			best = n
		}
	}
	return best
}

// steps is when frame k of a PES starts on the stream's clock, counted from the first; for as many frames as take no
// longer than period.
func (s *sound) steps(period int64) (steps []int64) {
	for k := int64(0); k == 0 || (k+1)*s.samples*int64(clockRate) <= period*s.rate; k++ {
		steps = append(steps, (k*s.samples*int64(clockRate)+s.rate/2)/s.rate)
	}
	return steps
}

// registration is a registration_descriptor (ISO/IEC 13818-1 §2.6.8).
func registration(format string) []byte {
	return append([]byte{5, byte(len(format))}, format...) //nolint:gosec // four characters
}

// ac3Descriptors are the registration of AC-3 and, where its configuration is known, the AC-3_audio_stream_descriptor
// (ATSC A/52 §A.3.4).
func ac3Descriptors(dac3 []byte) []byte {
	d := registration("AC-3")
	if len(dac3) < 3 {
		return d
	}
	b := bitReader{data: dac3} // ETSI TS 102 366 §F.4
	rate, id, mode, channels := b.take(2), b.take(5), b.take(3), b.take(3)
	b.take(1) // lfeon
	bitrate := b.take(5)
	const tag, fullService, english = 0x81, 1, 0xFF // langcod is deprecated: all ones
	body := []byte{
		byte(rate<<5 | id),                        //nolint:gosec // 2 and 5 bits
		byte(bitrate << 2),                        //nolint:gosec // 5 bits; surround mode not indicated
		byte(mode<<5 | channels<<1 | fullService), //nolint:gosec // 3, 4 and 1 bits
		english,
	}
	return append(append(d, tag, byte(len(body))), body...) //nolint:gosec // 4
}
