package demux

import "fmt"

// bitReader reads big-endian bit fields. Past the end it gives zeros and remembers it.
type bitReader struct {
	data []byte
	at   int // bits
}

func (r *bitReader) read(n int) (v int) {
	for range n {
		v <<= 1
		if r.at/8 < len(r.data) {
			v |= int(r.data[r.at/8]>>(7-r.at%8)) & 1
		}
		r.at++
	}
	return v
}

// left is how many bits remain, negative once too many were read.
func (r *bitReader) left() int { return 8*len(r.data) - r.at }

// sampleRates is samplingFrequencyIndex (ISO/IEC 14496-3 Table 1.18).
var sampleRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

func (r *bitReader) rate() (int, error) {
	index := r.read(4)
	if index == 15 {
		return r.read(24), nil
	}
	if index >= len(sampleRates) {
		return 0, fmt.Errorf("sampling frequency index %d: %w", index, ErrCorrupt)
	}
	return sampleRates[index], nil
}

func (r *bitReader) object() int {
	if object := r.read(5); object != 31 {
		return object
	}
	return 32 + r.read(6)
}

// Audio object types (ISO/IEC 14496-3 Table 1.17).
const (
	objectLC  = 2
	objectSBR = 5
	objectPS  = 29
)

// readConfig reads an AudioSpecificConfig (§1.6.2.1), explicit and backward compatible signalling of SBR and PS included.
func (a *AudioFormat) readConfig(config []byte) (err error) {
	r := &bitReader{data: config}
	a.ObjectType = r.object()
	if a.SampleRate, err = r.rate(); err != nil {
		return err
	}
	a.OutputRate = a.SampleRate
	channels := r.read(4)
	if channels < len(channelCounts) && channelCounts[channels] > 0 {
		a.Channels = channelCounts[channels] // 0 means a program config element: the sample entry's count stands
	}
	if a.ObjectType == objectSBR || a.ObjectType == objectPS {
		a.SBR, a.PS = true, a.ObjectType == objectPS
		if a.OutputRate, err = r.rate(); err != nil {
			return err
		}
		a.ObjectType = r.object()
	}
	if r.left() < 0 || a.SampleRate == 0 {
		return fmt.Errorf("%d bytes are too few: %w", len(config), ErrCorrupt)
	}
	if !a.SBR && a.ObjectType == objectLC && channels > 0 {
		a.readExtension(r)
	}
	if a.PS {
		a.Channels = max(a.Channels, 2)
	}
	return nil
}

// readExtension reads the backward compatible signalling of SBR and PS behind a GASpecificConfig (§1.6.5, Table 1.15).
func (a *AudioFormat) readExtension(r *bitReader) {
	r.read(1) // frameLengthFlag
	if r.read(1) == 1 {
		r.read(14) // coreCoderDelay
	}
	if r.read(1) == 1 || r.left() < 16 || r.read(11) != 0x2b7 || r.object() != objectSBR {
		return
	}
	if r.read(1) == 0 || r.left() < 4 {
		return
	}
	rate, err := r.rate()
	if err != nil || r.left() < 0 {
		return
	}
	a.SBR, a.OutputRate = true, rate
	a.PS = r.left() >= 12 && r.read(11) == 0x548 && r.read(1) == 1
}

// channelCounts is channelConfiguration (Table 1.19).
var channelCounts = [...]int{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8}

// codecObject is the object type that RFC 6381 prints: that of the outermost tool that is signalled.
func (a *AudioFormat) codecObject() int {
	switch {
	case a.PS:
		return objectPS
	case a.SBR:
		return objectSBR
	default:
		return a.ObjectType
	}
}
