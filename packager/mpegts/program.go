package mpegts

import (
	"errors"
	"fmt"
	"strings"

	"unreel/demux"
)

// maxParameterSets bounds what is inserted at each sync sample. Real ones take a hundred bytes, with very many PPS a few
// thousand.
const maxParameterSets = 16 << 10

// Bounds of an audio PES. Every PES costs a header of 14 bytes and on average half a packet of stuffing, so a few frames
// share one: 16 packets hold 8 frames of 128 kbit/s, at 4 % of overhead where single frames have 35 %. 350 ms, half the
// PCR's lead, keep quiet passages flowing. Where audio carries the PCR, a PES is no longer than PCRs may be apart.
const (
	maxAudioPES       = 16 * payloadSize
	audioPeriod int64 = 35 * 90000 / 100
)

// Program is what one rendition's transport stream carries. It is immutable and shared.
type Program struct {
	video, audio           *demux.Track // nil where there is none
	videoScale, audioScale scaler

	psi         []byte // PAT and PMT, counters 0
	syntax      *nalSyntax
	sets        []byte // parameter sets with start codes, for sync samples
	lengthBytes int    // of a NAL length
	sound       sound
	steps       []int64 // see sound.steps
}

// Options are what a transport stream carries beside what every player of HLS takes. The zero value is none of it.
type Options struct {
	HEVC bool // HEVC, which Apple's players take in fMP4 alone
}

// NewProgram is the program of a video track, an audio track or both; the other is nil. It refuses by name what a
// transport stream doesn't carry here: such errors wrap demux.ErrUnsupported.
func NewProgram(video, audio *demux.Track) (*Program, error) {
	return Options{}.NewProgram(video, audio)
}

// NewProgram is the function of the same name with options.
func (o Options) NewProgram(video, audio *demux.Track) (*Program, error) {
	if video == nil && audio == nil {
		return nil, fmt.Errorf("a program without tracks: %w", demux.ErrUnsupported)
	}
	p := &Program{video: video, audio: audio}
	var streams []stream
	pcrPID := audioPID
	if video != nil {
		if err := p.setVideo(video, o); err != nil {
			return nil, fmt.Errorf("track %d: %w", video.ID, err)
		}
		pcrPID = videoPID
		streams = append(streams, p.syntax.stream)
	}
	if audio != nil {
		if err := p.setAudio(audio); err != nil {
			return nil, fmt.Errorf("track %d: %w", audio.ID, err)
		}
		streams = append(streams, p.sound.stream)
	}
	p.psi = appendPMT(appendPAT(nil), pcrPID, streams)
	return p, nil
}

func (p *Program) setVideo(t *demux.Track, o Options) error {
	f := t.Video
	switch {
	case t.Refusal != nil:
		return t.Refusal
	case t.Codec == demux.H264:
		p.syntax = h264()
	case t.Codec == demux.HEVC && o.HEVC:
		p.syntax = hevc()
	default:
		return fmt.Errorf("%s video in MPEG-TS: %w", t.Codec, demux.ErrUnsupported)
	}
	switch {
	case f == nil || f.NALLengthBytes < 1 || f.NALLengthBytes > 4:
		return fmt.Errorf("%s without the size of its NAL lengths: %w", t.Codec, demux.ErrUnsupported)
	case f.Uncounted:
		return fmt.Errorf("NAL lengths of %d bytes that were not counted, as the media is too large: %w",
			f.NALLengthBytes, demux.ErrUnsupported)
	case t.Codec == demux.HEVC && f.NALLengthBytes != 4:
		return fmt.Errorf("HEVC with NAL lengths of %d bytes in MPEG-TS: %w", f.NALLengthBytes, demux.ErrUnsupported)
	case f.DolbyVision.Alone():
		return fmt.Errorf("%s video in MPEG-TS: %w", t.CodecID, demux.ErrUnsupported) // only Dolby Vision decoders show it
	}
	p.lengthBytes = f.NALLengthBytes
	for _, kind := range p.syntax.parameterSetsOf(f) {
		p.sets = appendParameterSets(p.sets, kind)
	}
	if len(p.sets) > maxParameterSets {
		return fmt.Errorf("%s parameter sets of %d bytes, limit %d: %w", t.Codec, len(p.sets), maxParameterSets,
			errors.Join(demux.ErrTooLarge, demux.ErrUnsupported))
	}
	p.videoScale = trackScaler(t)
	return nil
}

func (p *Program) setAudio(t *demux.Track) (err error) {
	if p.sound, err = newSound(t); err != nil {
		return err
	}
	period := audioPeriod
	if p.video == nil {
		period = pcrPeriod
	}
	p.steps = p.sound.steps(period)
	p.audioScale = trackScaler(t)
	return nil
}

// CodecID is what a track is called in playlists of transport streams (RFC 6381). Parameter sets are always in band
// there, and MP3 has the name that HLS has for it, since it stands in no mp4a sample entry.
func CodecID(t *demux.Track) string {
	if t.Codec == demux.MP3 {
		return "mp4a.40.34"
	}
	for _, entry := range [...][2]string{{"avc3", "avc1"}, {"avc2", "avc1"}, {"avc4", "avc1"}, {"hev1", "hvc1"}} {
		if rest, ok := strings.CutPrefix(t.CodecID, entry[0]); ok {
			return entry[1] + rest
		}
	}
	return t.CodecID
}
