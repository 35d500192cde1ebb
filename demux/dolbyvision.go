package demux

import "fmt"

// DolbyVision is what a DOVIDecoderConfigurationRecord says (Dolby Vision Streams within the ISO Base Media File Format
// §3.2). The zero value is none.
type DolbyVision struct {
	Profile       int // 5, 8, 9, 10, …
	Level         int
	Compatibility int // dv_bl_signal_compatibility_id: what the picture is to others: 0 nothing, 1 HDR10, 2 SDR, 4 HLG
}

// Dolby Vision profiles.
const (
	dolbyDual = 7  // two layers, on discs
	dolbyAVC  = 9  // in H.264
	dolbyAV1  = 10 // in AV1
)

// Alone tells whether only a Dolby Vision decoder shows the pictures in their right colours: profiles 5 and 10.0.
func (d DolbyVision) Alone() bool {
	return d.Profile > 0 && d.Compatibility == 0 && d.Profile != dolbyDual && d.Profile != 4
}

// dovi reads dvcC, dvvC or dvwC.
func (v *VideoFormat) dovi(b *box) {
	if len(b.body) < 5 {
		return
	}
	r := &bitReader{data: b.body[2:]}
	v.DolbyVision = DolbyVision{Profile: r.read(7), Level: r.read(6)}
	r.read(3) // which layers are there
	v.DolbyVision.Compatibility = r.read(4)
}

// doviEntry names the sample entry of a Dolby Vision stream, whose parameter sets stand in the samples or not as in typ.
func doviEntry(profile int, typ string) string {
	inBand := typ == "hev1" || typ == "dvhe" || typ == "avc3" || typ == "dvav"
	switch {
	case profile == dolbyAV1:
		return "dav1"
	case profile == dolbyAVC && inBand:
		return "dvav"
	case profile == dolbyAVC:
		return "dva1"
	case inBand:
		return "dvhe"
	default:
		return "dvh1"
	}
}

// nameDolbyVision names a Dolby Vision stream after its codec was. One that others can't show goes by its Dolby name
// alone. One that they can keeps the name of what they see, whatever its sample entry is, and has the other beside it
// (RFC 8216bis §4.4.6.2, SUPPLEMENTAL-CODECS).
func (t *trak) nameDolbyVision(typ string) {
	v := t.track.Video
	d := v.DolbyVision
	if d.Profile == 0 || t.track.Refusal != nil {
		return
	}
	if d.Alone() {
		t.track.CodecID = d.id(typ)
		v.Range = PQ // whatever the base layer says: it is in no colours that others know
		return
	}
	if base, ok := doviBase[t.track.CodecID[:min(4, len(t.track.CodecID))]]; ok {
		t.track.CodecID = base + t.track.CodecID[4:]
	}
	v.SupplementalBrand = d.brand(v.Colour.Transfer)
	if v.SupplementalBrand != "" {
		v.SupplementalID = d.id("") // no player tells dvhe from dvh1 here
	}
}

// id is the name of a stream in a sample entry that is, or might as well be, typ.
func (d DolbyVision) id(typ string) string {
	return fmt.Sprintf("%s.%02d.%02d", doviEntry(d.Profile, typ), d.Profile, d.Level)
}

// doviBase are the sample entries of what others than Dolby Vision decoders see.
var doviBase = map[string]string{"dvh1": "hvc1", "dvhe": "hev1", "dva1": "avc1", "dvav": "avc3", "dav1": "av01"}

// brand is the compatibility brand (Dolby Vision Streams within the HTTP Live Streaming format; Table of brands).
func (d DolbyVision) brand(transfer uint8) string {
	switch {
	case d.Profile == dolbyDual || d.Profile == 4:
		return "" // of two layers, of which no browser takes the second
	case d.Compatibility == 1:
		return "db1p"
	case d.Compatibility == 2:
		return "db2g"
	case d.Compatibility == 4 && transfer == transferBT2020:
		return "db4g"
	case d.Compatibility == 4:
		return "db4h"
	default:
		return ""
	}
}
