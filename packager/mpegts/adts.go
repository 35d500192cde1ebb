package mpegts

import (
	"encoding/binary"
	"fmt"
	"slices"

	"unreel/demux"
)

// ADTS: ISO/IEC 14496-3 §1.A.2.
const (
	adtsHeader   = 7
	maxADTSFrame = 1<<13 - 1 // bytes, header included, that aac_frame_length can say
	frameSamples = 1024      // of the core coder
)

// sampleRates are those that a sampling frequency index can say: ISO/IEC 14496-3 Table 1.18.
var sampleRates = []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// Audio object types: ISO/IEC 14496-3 Table 1.17.
const (
	objectSBR    = 5
	objectPS     = 29
	objectEscape = 31
)

// adts frames AAC.
type adts struct {
	header uint64 // 56 bits, aac_frame_length left 0
	rate   int    // Hz, of the core coder
}

// newADTS finds out whether ADTS can say what an AudioSpecificConfig says. HE-AAC, explicit or implicit, is its AAC core:
// decoders find the SBR and PS data in the frames (ISO/IEC 14496-3 §1.6.5, §1.6.6).
func newADTS(config []byte) (adts, error) {
	c, err := parseCore(config)
	if err != nil {
		return adts{}, err
	}
	index := slices.Index(sampleRates, c.rate)
	switch {
	case c.object < 1 || c.object > 4:
		return adts{}, fmt.Errorf("AAC object type %d in ADTS: %w", c.object, demux.ErrUnsupported)
	case index < 0:
		return adts{}, fmt.Errorf("AAC at %d Hz in ADTS, which has no index for it: %w", c.rate, demux.ErrUnsupported)
	case c.channels == 0:
		return adts{}, fmt.Errorf("AAC whose channels only a program config element can say, in ADTS: %w", demux.ErrUnsupported)
	case c.channels > 7:
		return adts{}, fmt.Errorf("AAC channel configuration %d in ADTS: %w", c.channels, demux.ErrUnsupported)
	case c.short:
		return adts{}, fmt.Errorf("AAC with 960 samples a frame in ADTS: %w", demux.ErrUnsupported)
	}
	h := uint64(0xFFF1) // syncword, MPEG-4, layer 0, no CRC
	h = h<<2 | uint64(c.object-1)
	h = h<<4 | uint64(index)
	h = h<<4 | uint64(c.channels)                                //nolint:gosec // after private_bit; 1 to 7
	h <<= 2 + 2 + 13                                             // original, home and copyright bits; the length
	return adts{header: h<<(11+2) | 0x7FF<<2, rate: c.rate}, nil // variable rate, one raw data block
}

// putHeader writes the header of a frame of n bytes. It writes 8 bytes, the last of which the frame then takes.
func (a *adts) putHeader(dst []byte, n int) {
	binary.BigEndian.PutUint64(dst, (a.header|uint64(n+adtsHeader)<<13)<<8) //nolint:gosec // at most maxADTSFrame
}

// coreConfig is what an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) says of the core coder.
type coreConfig struct {
	object, rate, channels int
	short                  bool // frameLengthFlag: 960 samples
}

func parseCore(config []byte) (coreConfig, error) {
	b := bitReader{data: config}
	c := coreConfig{object: b.object(), rate: b.rate()}
	c.channels = b.take(4)
	if c.object == objectSBR || c.object == objectPS {
		b.rate() // of the output
		c.object = b.object()
	}
	c.short = b.take(1) == 1
	if c.channels == 0 && c.object >= 1 && c.object <= 4 {
		if b.take(1) == 1 { // dependsOnCoreCoder
			b.take(14)
		}
		b.take(1) // extensionFlag
		c.channels = b.programConfig()
	}
	if b.short {
		return c, fmt.Errorf("AAC with an AudioSpecificConfig of %d bytes: %w", len(config), demux.ErrUnsupported)
	}
	return c, nil
}

// bitReader reads the first bits of a few bytes. Past the end it gives zeros and is short.
type bitReader struct {
	data  []byte
	at    int
	short bool
}

func (b *bitReader) take(n int) int {
	v := 0
	for range n {
		v <<= 1
		if b.at/8 < len(b.data) {
			v |= int(b.data[b.at/8]>>(7-b.at%8)) & 1
		} else {
			b.short = true
		}
		b.at++
	}
	return v
}

func (b *bitReader) object() int {
	if v := b.take(5); v != objectEscape {
		return v
	}
	return 32 + b.take(6)
}

// rate is in Hz; 0 for a reserved index.
func (b *bitReader) rate() int {
	index := b.take(4)
	if index == 15 {
		return b.take(24)
	}
	if index < len(sampleRates) {
		return sampleRates[index]
	}
	return 0
}
