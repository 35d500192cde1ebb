package demux

import (
	"fmt"
	"math"
	"slices"
)

// audio reads an audio sample entry (§12.2.3) and QuickTime's sound sample descriptions of versions 1 and 2.
func (t *trak) audio(entry *box) error {
	if len(entry.body) < 28 {
		return entry.short(28)
	}
	a := &AudioFormat{Channels: int(u16(entry.body[16:])), SampleRate: int(u32(entry.body[24:]) >> 16)}
	t.track.Audio = a
	skip := 28
	// An ISO AudioSampleEntryV1, which adds no field, stands in an stsd of version 1 (§12.2.3.2).
	switch version := u16(entry.body[8:]); {
	case version == 1 && t.tables.stsd.version() == 0:
		skip += 16
	case version == 2 && len(entry.body) >= 28+36:
		a.SampleRate = int(clampRate(math.Float64frombits(u64(entry.body[32:]))))
		a.Channels = int(min(u32(entry.body[40:]), 255))
		skip += 36
	}
	a.OutputRate = a.SampleRate
	config := audioConfig(entry, skip)
	if !config.found() && skip != 28 {
		config = audioConfig(entry, 28) // the version field was just not zero
	}
	if err := t.audioCodec(entry, &config); err != nil {
		return err
	}
	a.FrameTicks = t.frameTicks()
	return nil
}

// clampRate keeps a floating-point rate of QuickTime a number that an int holds.
func clampRate(rate float64) float64 {
	if !(rate > 0 && rate < math.MaxInt32) {
		return 0
	}
	return math.Round(rate)
}

// audioConfig finds the decoder's configuration in a sample entry or in the "wave" atom of a QuickTime one.
func audioConfig(entry *box, skip int) (found box) {
	for b := range entry.children(skip) {
		if b.typ() == "wave" {
			for inner := range b.children(0) {
				if configures(&inner) {
					return inner
				}
			}
		} else if configures(&b) {
			return b
		}
	}
	return box{}
}

// configures tells whether a box is a decoder's configuration.
func configures(b *box) bool {
	switch b.typ() {
	case "esds", "dac3", "dec3", "dOps", "dfLa", "alac":
		return true
	default:
		return false
	}
}

// audioCodec names the codec.
func (t *trak) audioCodec(entry, config *box) error {
	a := t.track.Audio
	if config.found() && config.typ() != "esds" {
		a.Config = slices.Clone(config.body)
	}
	switch typ := entry.typ(); {
	case config.typ() == "esds":
		return t.esds(config)
	case typ == "ac-3":
		t.track.Codec = AC3
		a.dac3(config.body)
	case typ == "ec-3":
		t.track.Codec = EAC3
		a.dec3(config.body)
	case typ == "Opus" && config.found():
		t.track.Codec, t.track.CodecID = Opus, "opus"
		a.dOps(config.body)
	case typ == "fLaC" && config.found():
		t.track.Codec = FLAC
		a.dfLa(config.body)
	case typ == "alac" && config.found():
		t.track.Codec = ALAC
		a.alac(config.body)
	case typ == ".mp3" || typ == "ms?U":
		t.track.Codec, t.track.CodecID = MP3, "mp4a.6B"
	default:
		t.refuse("codec %s", t.codecName(typ))
	}
	return nil
}

// mpeg4Object is MPEG-4 audio (MPEG-4 Registration Authority). MPEG-2 AAC has its own object types, and RFC 6381 §3.3 would name it
// mp4a.66 to mp4a.68. But its profiles have counterparts among the MPEG-4 audio object types (ISO/IEC 14496-3 §1.5.1.2), which its
// AudioSpecificConfig names all the same, and every MPEG-4 decoder plays them. So we deliver it as what it is to players: ADTS in a
// transport stream and a sample entry in a fragment say MPEG-4 then, and one name is right for both.
const mpeg4Object = 0x40

// esds reads an elementary stream descriptor (ISO/IEC 14496-14 §5.6.1, ISO/IEC 14496-1 §7.2.6).
func (t *trak) esds(b *box) error {
	decoder, config, ok := decoderConfig(b.body)
	if !ok {
		t.refuse("its esds box holds no decoder configuration")
		return nil
	}
	a := t.track.Audio
	t.track.CodecID = fmt.Sprintf("mp4a.%02X", decoder[0])
	switch object := decoder[0]; object {
	case mpeg4Object, 0x66, 0x67, 0x68: // MPEG-2 AAC main, LC, SSR
		if len(config) == 0 {
			t.refuse("codec AAC without an AudioSpecificConfig")
			return nil
		}
		if err := a.readConfig(config); err != nil {
			return b.errorf("AudioSpecificConfig: %w", err)
		}
		a.Config = slices.Clone(config)
		decoder[0] = mpeg4Object // in Track.Entry
		t.track.CodecID = fmt.Sprintf("mp4a.40.%d", a.codecObject())
		t.mpeg4Audio()
	case 0x69, 0x6b: // MPEG-2 and MPEG-1 audio, any layer
		t.track.Codec = MP3
	case 0xa5:
		t.track.Codec = AC3
	case 0xa6:
		t.track.Codec = EAC3
	case 0xad:
		t.track.Codec = Opus
	case 0xa9:
		t.refuse("codec DTS")
	case 0xdd:
		t.refuse("codec Vorbis")
	default:
		t.refuse("codec mp4a with object type %#02x", object)
	}
	return nil
}

// mpeg4Audio sorts the audio object types into families.
func (t *trak) mpeg4Audio() {
	switch a := t.track.Audio; a.ObjectType {
	case 1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23, 26, 27, 39, 42:
		t.track.Codec = AAC
	case 32, 33, 34:
		t.track.Codec = MP3
		a.ObjectType = 0
	case 36:
		t.refuse("codec MPEG-4 ALS")
	default:
		t.refuse("codec MPEG-4 audio object type %d", a.ObjectType)
	}
}

// dependent tells whether frames need earlier ones: in xHE-AAC (USAC) only some don't.
func (a *AudioFormat) dependent() bool { return a != nil && a.ObjectType == 42 }

// frameTicks is the nominal duration of a frame in the track's clock: what stts says of most samples, from its first
// entry that stands for more than one.
func (t *trak) frameTicks() Ticks {
	table, n, err := t.tables.stts.entries(4, 8)
	if err != nil {
		return 0
	}
	for i := range n {
		if u32(table[8*i:]) > 1 || i == n-1 {
			return Ticks(u32(table[8*i+4:]))
		}
	}
	if first := t.fragments.runs.first(); first != nil {
		var s Sample
		first.sample(0, &s)
		return s.Duration
	}
	return 0
}
