package demux

import (
	"fmt"
	"strings"
)

// codecName is what people call the track's codec, where it has such a name, and the four characters that its sample entry goes by.
func (t *trak) codecName(typ string) string {
	name := string(t.track.Codec)
	if name == typ {
		name = ""
	}
	if name == "" && t.track.CodecID == typ { // no descriptor says more
		name = t.knownName(typ)
	}
	if name == "" {
		return fmt.Sprintf("%q", typ)
	}
	return fmt.Sprintf("%s (%q)", name, typ)
}

// knownName is the name of a codec that we deliver in no format, "" where we know none. Most are of cameras, cutting rooms and
// phones: QuickTime File Format, "Sound sample descriptions" and "Video sample descriptions"; MP4 Registration Authority.
func (t *trak) knownName(typ string) string {
	if t.track.Kind == KindAudio {
		return soundName(typ)
	}
	return pictureName(typ)
}

func soundName(typ string) string {
	switch typ {
	case "sowt", "twos", "lpcm", "in24", "in32", "fl32", "fl64", "ipcm", "fpcm", "raw ", "NONE":
		return "PCM"
	case "alaw":
		return "G.711 A-law"
	case "ulaw":
		return "G.711 mu-law"
	case "samr":
		return "AMR narrowband"
	case "sawb":
		return "AMR wideband"
	case "sawp":
		return "AMR-WB+"
	case "QDM2":
		return "QDesign Music 2"
	case "QDMC":
		return "QDesign Music"
	case "Qclp", "sqcp":
		return "QCELP"
	case "sevc":
		return "EVRC"
	case "ima4":
		return "IMA ADPCM"
	case "MAC3", "MAC6":
		return "MACE"
	case "agsm":
		return "GSM"
	case "dtsc", "dtse", "dtsh", "dtsl":
		return "DTS"
	case "dtsx":
		return "DTS:X"
	case "ac-4":
		return "AC-4"
	case "mlpa":
		return "Dolby TrueHD"
	case "mha1", "mha2", "mhm1", "mhm2":
		return "MPEG-H 3D Audio"
	case "iamf":
		return "IAMF"
	default:
		return ""
	}
}

func pictureName(typ string) string {
	switch typ {
	case "apch":
		return "ProRes 422 HQ"
	case "apcn":
		return "ProRes 422"
	case "apcs":
		return "ProRes 422 LT"
	case "apco":
		return "ProRes 422 Proxy"
	case "ap4h":
		return "ProRes 4444"
	case "ap4x":
		return "ProRes 4444 XQ"
	case "aprn", "aprh":
		return "ProRes RAW"
	case "AVdn":
		return "DNxHD"
	case "AVdh":
		return "DNxHR"
	case "CFHD":
		return "CineForm"
	case "mp4v":
		return "MPEG-4 Visual"
	case "mjp2":
		return "Motion JPEG 2000"
	case "s263", "h263", "H263":
		return "H.263"
	case "SVQ1":
		return "Sorenson Video"
	case "SVQ3":
		return "Sorenson Video 3"
	case "cvid":
		return "Cinepak"
	case "rle ":
		return "QuickTime Animation"
	case "rpza":
		return "Apple Video"
	case "icod":
		return "Apple Intermediate Codec"
	case "raw ", "2vuy", "yuv2", "v210", "v410", "uncv":
		return "uncompressed video"
	case "vp08":
		return "VP8"
	case "vvc1", "vvi1":
		return "H.266 (VVC)"
	case "evc1":
		return "EVC"
	case "avs3":
		return "AVS3"
	}
	return familyName(typ)
}

// familyName is the name of codecs whose four characters say size and rate too.
func familyName(typ string) string {
	switch {
	case typ == "dvc " || strings.HasPrefix(typ, "dvcp") || strings.HasPrefix(typ, "dvpp") || strings.HasPrefix(typ, "dv5"):
		return "DV"
	case typ == "dvh2" || typ == "dvh3" || typ == "dvh5" || typ == "dvh6" || typ == "dvhp" || typ == "dvhq":
		return "DVCPRO HD"
	case strings.HasPrefix(typ, "hdv"):
		return "HDV (MPEG-2)"
	case strings.HasPrefix(typ, "xdv") || strings.HasPrefix(typ, "xd5"):
		return "XDCAM (MPEG-2)"
	case strings.HasPrefix(typ, "mx3") || strings.HasPrefix(typ, "mx4") || strings.HasPrefix(typ, "mx5"):
		return "IMX (MPEG-2)"
	default:
		return ""
	}
}
