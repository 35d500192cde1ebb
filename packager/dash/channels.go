package dash

import "strings"

// Literal is a percent-encoded URI as it may stand in a template, where a dollar begins an identifier (ISO/IEC 23009-1 §5.3.9.4.4):
// it is percent-encoded too. The standard's own "$$" is what fewer players know.
func Literal(uri string) string { return strings.ReplaceAll(uri, "$", "%24") }

// Bits of Dolby's channel map: chanmap of ETSI TS 102 366 §E.1.3.1.8, which the scheme of §I.1.2 prints.
const (
	left, centre, right                = 0x8000, 0x4000, 0x2000
	leftSurround, rightSurround        = 0x1000, 0x0800
	centreSurround                     = 0x0100
	lowFrequency                       = 0x0001
	front, surround             uint16 = left | right, leftSurround | rightSurround
)

// DolbyChannels is the channel map of AC-3 or E-AC-3: of acmod and lfeon in dac3 or dec3 (ETSI TS 102 366 §4.4.2.3), and of
// the chan_loc that dec3 has of dependent substreams (§F.6), 0 where there are none.
func DolbyChannels(acmod int, lfe bool, chanLoc int) uint16 {
	modes := [8]uint16{
		front, centre, front, front | centre,
		front | centreSurround, front | centre | centreSurround, front | surround, front | centre | surround,
	}
	m := modes[acmod&7]
	if lfe {
		m |= lowFrequency
	}
	// From chan_loc's bit 0: Lc/Rc, Lrs/Rrs, Cs, Ts, Lsd/Rsd, Lw/Rw, Lvh/Rvh, Cvh, LFE2.
	for i, bit := range [9]uint16{0x0400, 0x0200, centreSurround, 0x0080, 0x0040, 0x0020, 0x0010, 0x0008, 0x0002} {
		if chanLoc>>i&1 != 0 {
			m |= bit
		}
	}
	return m
}

// usual is the ChannelConfiguration (ISO/IEC 23091-3 table 3) that so many channels usually mean; 0 is none.
func usual(channels int) int {
	switch {
	case channels >= 1 && channels <= 6: // mono to 5.1
		return channels
	case channels == 7: // 6.1
		return 11
	case channels == 8: // 7.1 with the surrounds behind
		return 12
	}
	return 0
}
