package fmp4

import (
	"encoding/binary"
	"fmt"
	"slices"

	"unreel/demux"
	"unreel/packager/box"
)

// sound makes an audio sample entry. ISO's own is carried over as it is. A QuickTime sound description of version 1 or 2,
// or one that keeps the decoder's configuration in a "wave" atom, is none that CMAF knows, so the same is said in an
// AudioSampleEntry (ISO/IEC 14496-12 §12.2.3).
func (e *entry) sound(t *demux.Track) error {
	codec, ok := soundCodecs[t.Codec]
	if !ok || t.Audio == nil {
		return fmt.Errorf("%s audio in CMAF: %w", t.Codec, demux.ErrUnsupported)
	}
	if err := e.take(t, soundFields); err != nil {
		return err
	}
	e.handler, e.media = "soun", []byte(soundHeader)
	if e.soundVersion() == 0 && codec.config(e.boxes) != nil {
		return nil
	}
	return e.rebuildSound(t, codec)
}

// A soundCodec is how a codec stands in a sample entry: as a box of its own, or as an esds in mp4a (ISO/IEC 14496-14 §5.6).
type soundCodec struct{ entry, own string }

// soundCodecs are the codecs of sound that CMAF carries.
var soundCodecs = map[demux.Codec]soundCodec{
	demux.AAC:  {"mp4a", "esds"},
	demux.MP3:  {"mp4a", "esds"},
	demux.AC3:  {"ac-3", "dac3"}, // ETSI TS 102 366 annex F
	demux.EAC3: {"ec-3", "dec3"}, // likewise
	demux.Opus: {"Opus", "dOps"},
	demux.FLAC: {"fLaC", "dfLa"},
	demux.ALAC: {"alac", "alac"},
}

// config finds the box that configures the decoder.
func (c *soundCodec) config(boxes []child) *child {
	if found := find(boxes, c.own); found != nil {
		return found
	}
	return find(boxes, "esds")
}

// soundVersion is that of a QuickTime sound description; 0 in ISO's, or 1 in an stsd of version 1.
func (e *entry) soundVersion() uint16 { return binary.BigEndian.Uint16(e.fields[8:]) }

// Fields that QuickTime's versions put before the boxes (QuickTime File Format, "Sound Sample Description").
const (
	soundFieldsV1 = 16
	soundFieldsV2 = 36
)

// rebuildSound says in ISO's terms what a QuickTime sound description says.
func (e *entry) rebuildSound(t *demux.Track, codec soundCodec) error {
	payload := t.Entry[box.HeaderSize:]
	var c *child
	for _, skip := range [...]int{0, soundFieldsV1, soundFieldsV2} { // an ISO entry of version 1 has no more fields
		if len(payload) < soundFields+skip {
			break
		}
		boxes := children(payload[soundFields+skip:])
		if wave := find(boxes, "wave"); wave != nil {
			boxes = children(wave.payload())
		}
		if c = codec.config(boxes); c != nil {
			break
		}
	}
	switch {
	case c != nil:
		e.boxes = []child{{typ: c.typ, whole: slices.Clone(c.whole)}}
	case t.Codec == demux.MP3: // QuickTime's ".mp3" says nothing but the rate
		e.boxes, e.id = []child{{typ: "esds", whole: mp3Stream(t.Audio.SampleRate)}}, mp3CodecID(t.Audio.SampleRate)
	default:
		return fmt.Errorf("%s without its %s box: %w", t.Codec, codec.own, demux.ErrUnsupported)
	}
	e.typ = codec.entry
	if e.boxes[0].typ == "esds" {
		e.typ = "mp4a"
	}
	bits := binary.BigEndian.Uint16(e.fields[18:])
	if bits < 16 || bits > 32 {
		bits = 16
	}
	rate := uint32(0) // where it doesn't fit, the codec's box tells it
	if t.Audio.SampleRate < 1<<16 {
		rate = uint32(t.Audio.SampleRate) << 16 //nolint:gosec // never negative
	}
	fields := box.Append16(make([]byte, 0, soundFields), 0, 0, 0, 1, 0, 0, 0, 0)
	fields = box.Append16(fields, uint16(t.Audio.Channels), bits, 0, 0) //nolint:gosec // 255 at most
	e.fields = box.Append32(fields, rate)
	return nil
}

// mp3Object is the object type indication: MPEG-1 audio, or MPEG-2's lower rates (MPEG-4 Registration Authority).
func mp3Object(rate int) byte {
	if rate > 24000 {
		return 0x6b
	}
	return 0x69
}

func mp3CodecID(rate int) string { return fmt.Sprintf("mp4a.%02X", mp3Object(rate)) }

// mp3Stream is an esds box that needs no decoder configuration (ISO/IEC 14496-1 §7.2.6).
func mp3Stream(rate int) []byte {
	return box.AppendFull(nil, "esds", 0, 0, func(b []byte) []byte {
		b = append(b, 3, 3+2+13+2+1, 0, 0, 0)          // ES_Descriptor
		b = append(b, 4, 13, mp3Object(rate), 0x15)    // DecoderConfigDescriptor, an audio stream
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // buffer and bit rates: unknown
		return append(b, 6, 1, 2)                      // SLConfigDescriptor for MP4
	})
}
