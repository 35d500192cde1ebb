package demux

import (
	"math/bits"
	"strconv"
)

// acmodChannels are the channels of an audio coding mode without LFE (ETSI TS 102 366 Table 4.3).
var acmodChannels = [...]int{2, 1, 2, 3, 3, 4, 4, 5}

// ac3Rates are those of fscod (ETSI TS 102 366 Table 4.1).
var ac3Rates = [...]int{48000, 44100, 32000}

// dac3 reads an AC3SpecificBox (ETSI TS 102 366 §F.4).
func (a *AudioFormat) dac3(body []byte) {
	if len(body) < 3 {
		return
	}
	r := &bitReader{data: body}
	a.dolbyRate(r.read(2))
	r.read(5 + 3) // bsid, bsmod
	a.Channels = acmodChannels[r.read(3)] + r.read(1)
}

// dec3 reads an EC3SpecificBox (ETSI TS 102 366 §F.6): the channels of the first independent substream with those that
// its dependent ones add, and whether there are joint coded objects (ETSI TS 103 420 §8.3).
func (a *AudioFormat) dec3(body []byte) {
	if len(body) < 5 {
		return
	}
	r := &bitReader{data: body}
	r.read(13) // data_rate
	channels := 0
	for i := range r.read(3) + 1 {
		rate := r.read(2)
		r.read(5 + 1 + 1 + 3)
		n := acmodChannels[r.read(3)] + r.read(1)
		r.read(3)
		if r.read(4) > 0 {
			n += locations(r.read(9))
		} else {
			r.read(1)
		}
		if i == 0 {
			a.dolbyRate(rate)
			channels = n
		}
	}
	if r.left() < 0 {
		return
	}
	a.Channels = channels
	if r.left() >= 16 && r.read(7) == 0 && r.flag() { // flag_ec3_extension_type_a
		a.JOC = r.read(8)
	}
}

func (a *AudioFormat) dolbyRate(fscod int) {
	if fscod < len(ac3Rates) {
		a.SampleRate = ac3Rates[fscod]
		a.OutputRate = a.SampleRate
	}
}

// pairs are the bits of chan_loc that stand for two channels: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh.
const pairs = 0b001110011

// locations counts the channels of chan_loc (ETSI TS 102 366 Table F.1).
func locations(loc int) int {
	return bits.OnesCount(uint(loc)) + bits.OnesCount(uint(loc&pairs))
}

// ChannelSignal is the value of HLS's CHANNELS attribute (RFC 8216bis §4.4.6.1): the count of channels, or of objects
// with "/JOC".
func (a *AudioFormat) ChannelSignal() string {
	if a.JOC > 0 {
		return strconv.Itoa(a.JOC) + "/JOC"
	}
	return strconv.Itoa(a.Channels)
}
