package conformance

import "fmt"

// audioFormat is what an ADTS header says that may not change (ISO/IEC 14496-3 §1.A.2.2.1).
type audioFormat struct {
	objectType int // MPEG-4 audio object type: profile + 1
	rate       int // Hz, of the core
	channels   int // 0 where a program config element says it
}

func (f audioFormat) String() string {
	return fmt.Sprintf("AAC object type %d, %d Hz, %d channels", f.objectType, f.rate, f.channels)
}

// frameSamples is the length of one raw data block.
const frameSamples = 1024

// adtsRates is ISO/IEC 14496-3 Table 1.18.
var adtsRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// adts cuts a byte stream into ADTS frames. Frames may run over PES packets.
type adts struct {
	header [7]byte
	have   int // bytes of the header
	remain int // bytes of the open frame
	lost   bool
}

// feed takes the next bytes and calls frame with the header of each frame that starts in them.
func (a *adts) feed(p []byte, frame func(f audioFormat, blocks int), syntax *fault) {
	for len(p) > 0 {
		if a.remain > 0 {
			n := min(a.remain, len(p))
			p, a.remain = p[n:], a.remain-n
			continue
		}
		n := copy(a.header[a.have:], p)
		p, a.have = p[n:], a.have+n
		if a.have < len(a.header) {
			return
		}
		a.have = 0
		h := &a.header
		size := int(h[3]&3)<<11 | int(h[4])<<3 | int(h[5])>>5
		rate := int(h[2]>>2) & 15
		if h[0] != 0xff || h[1]&0xf6 != 0xf0 || rate >= len(adtsRates) || size < len(h) {
			if !a.lost {
				syntax.addf("no ADTS header where one is due: % x", h[:])
			}
			a.lost = true
			copy(h[:], h[1:]) // look for the next one a byte later
			a.have = len(h) - 1
			continue
		}
		a.lost = false
		a.remain = size - len(h)
		frame(audioFormat{
			objectType: int(h[2]>>6) + 1, rate: adtsRates[rate], channels: int(h[2]&1)<<2 | int(h[3]>>6),
		}, int(h[6]&3)+1)
	}
}
