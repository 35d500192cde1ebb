package dash

import (
	"strconv"

	"github.com/Eyevinn/dash-mpd/mpd"
)

// Schemes of the descriptors of colour (ISO/IEC 23091-2) and sound.
const (
	schemePrimaries  = "urn:mpeg:mpegB:cicp:ColourPrimaries"
	schemeTransfer   = "urn:mpeg:mpegB:cicp:TransferCharacteristics"
	schemeMatrix     = "urn:mpeg:mpegB:cicp:MatrixCoefficients"
	schemeExtension  = "tag:dolby.com,2018:dash:EC3_ExtensionType:2018"            // ETSI TS 103 420 §D.2.2
	schemeComplexity = "tag:dolby.com,2018:dash:EC3_ExtensionComplexityIndex:2018" // §D.2.1
)

// Transfer characteristics of high dynamic range.
const (
	transferPQ  = 16 // SMPTE ST 2084
	transferHLG = 18 // ARIB STD-B67
)

// describe writes descriptors that all Representations share once for the set, where more players look for them.
func (a *AdaptationSet) describe(e *mpd.AdaptationSetType) {
	first := &a.Representations[0]
	colour, sound := a.Kind == Video, a.Kind == Audio
	for i := range a.Representations {
		colour = colour && a.Representations[i].Colour == first.Colour
		sound = sound && a.Representations[i].Sound == first.Sound
	}
	to := func(i int) *mpd.RepresentationBaseType { return &e.Representations[i].RepresentationBaseType }
	switch {
	case colour:
		first.Colour.describe(&e.RepresentationBaseType)
	case sound:
		first.Sound.describe(&e.RepresentationBaseType)
	default:
		for i := range a.Representations {
			if r := &a.Representations[i]; a.Kind == Video {
				r.Colour.describe(to(i))
			} else if a.Kind == Audio {
				r.Sound.describe(to(i))
			}
		}
	}
}

// unspecified is code point 2 of all three tables.
const unspecified = 2

// describe tells what colours mean. A player that doesn't know them must leave high dynamic range alone (EssentialProperty, as DASH-IF
// IOP part 7 has it for HDR); all else any player shows right, or nearly so (SupplementalProperty).
func (c Colour) describe(e *mpd.RepresentationBaseType) {
	to := &e.SupplementalProperties
	if c.Transfer == transferPQ || c.Transfer == transferHLG {
		to = &e.EssentialProperties
	}
	add := func(scheme string, value uint8) {
		*to = append(*to, mpd.NewDescriptor(scheme, strconv.Itoa(int(value)), ""))
	}
	if c.Primaries != 0 && c.Primaries != unspecified {
		add(schemePrimaries, c.Primaries)
	}
	if c.Transfer != 0 && c.Transfer != unspecified {
		add(schemeTransfer, c.Transfer)
	}
	if c.Matrix != 0 && c.Matrix != unspecified {
		add(schemeMatrix, c.Matrix)
	}
}

// describe tells how many channels there are and where they stand.
func (s *Sound) describe(e *mpd.RepresentationBaseType) {
	if s.SampleRate > 0 {
		e.AudioSamplingRate = mpd.Ptr(mpd.UIntVectorType(strconv.Itoa(s.SampleRate)))
	}
	configuration := s.Configuration
	if configuration == 0 {
		configuration = usual(s.Channels)
	}
	switch {
	case s.Dolby != 0:
		const digits = "0123456789ABCDEF"
		hex := []byte{digits[s.Dolby>>12], digits[s.Dolby>>8&15], digits[s.Dolby>>4&15], digits[s.Dolby&15]}
		e.AudioChannelConfigurations = []*mpd.DescriptorType{mpd.NewDescriptor(mpd.AUDIO_CHANNEL_CONFIGURATION_DOLBY, string(hex), "")}
	case configuration != 0:
		e.AudioChannelConfigurations = []*mpd.DescriptorType{
			mpd.NewDescriptor(mpd.AUDIO_CHANNEL_CONFIGURATION_CICP, strconv.Itoa(configuration), ""),
		}
	}
	if s.JOC > 0 {
		e.SupplementalProperties = append(e.SupplementalProperties,
			mpd.NewDescriptor(schemeExtension, "JOC", ""), mpd.NewDescriptor(schemeComplexity, strconv.Itoa(s.JOC), ""))
	}
}

func (r Ratio) known() bool { return r.Num > 0 && r.Den > 0 }

// more tells whether r is greater than other; both are known.
func (r Ratio) more(other Ratio) bool {
	return uint64(r.Num)*uint64(other.Den) > uint64(other.Num)*uint64(r.Den)
}

// reduced is the fraction in lowest terms.
func reduced(num, den uint64) (n, d uint64) {
	a, b := num, den
	for b != 0 {
		a, b = b, a%b
	}
	if a == 0 {
		return num, den
	}
	return num / a, den / a
}

// rate prints frames per second: a whole number alone.
func (r Ratio) rate() mpd.FrameRateType {
	if !r.known() {
		return ""
	}
	num, den := reduced(uint64(r.Num), uint64(r.Den))
	if den == 1 {
		return mpd.FrameRateType(strconv.FormatUint(num, 10))
	}
	return mpd.FrameRateType(strconv.FormatUint(num, 10) + "/" + strconv.FormatUint(den, 10))
}

func (r Ratio) ratio() mpd.RatioType {
	if !r.known() {
		return ""
	}
	num, den := reduced(uint64(r.Num), uint64(r.Den))
	return mpd.RatioType(strconv.FormatUint(num, 10) + ":" + strconv.FormatUint(den, 10))
}

// par is the aspect ratio of the whole picture; zero where it isn't known, or not a small fraction.
func (r *Representation) par() Ratio {
	if r.Width <= 0 || r.Height <= 0 || !r.Sar.known() {
		return Ratio{}
	}
	sn, sd := reduced(uint64(r.Sar.Num), uint64(r.Sar.Den))
	const most = 1 << 16 // no picture is larger, and no product below too large
	if r.Width > most || r.Height > most || sn > most || sd > most {
		return Ratio{}
	}
	num, den := reduced(uint64(r.Width)*sn, uint64(r.Height)*sd)
	if num > most || den > most {
		return Ratio{}
	}
	return Ratio{uint32(num), uint32(den)}
}
