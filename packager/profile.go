package packager

import (
	"strconv"
	"strings"

	"unreel/demux"
)

// profileOf is what people call a track's profile and level, as its RFC 6381 name says them; "" where that says nothing.
func profileOf(t *demux.Track) (profile, level string) {
	parts := strings.Split(t.CodecID, ".")
	switch {
	case t.Codec == demux.H264 && len(parts) == 2 && len(parts[1]) == 6:
		n, err := strconv.ParseUint(parts[1], 16, 32)
		if err != nil {
			return "", ""
		}
		return profile264(byte(n>>16), byte(n>>8)), level264(byte(n>>16), byte(n>>8), byte(n))
	case t.Codec == demux.HEVC && len(parts) >= 4 && len(parts[3]) > 1:
		return profile265(parts[1]), dotted(parts[3][1:], 30, 3)
	case t.Codec == demux.AV1 && len(parts) >= 4 && len(parts[2]) == 3:
		return profileAV1(parts[1]), levelAV1(parts[2][:2])
	case t.Codec == demux.VP9 && len(parts) >= 4:
		return "Profile " + strings.TrimPrefix(parts[1], "0"), dotted(parts[2], 10, 1)
	case t.Codec == demux.AAC && t.Audio != nil:
		return profileAAC(t.Audio), ""
	}
	return "", ""
}

// profile264 names a profile_idc and its constraint flags (ITU-T H.264 §A.2).
func profile264(idc, flags byte) string {
	intra := flags&0x10 != 0 // constraint_set3_flag
	name := ""
	switch idc {
	case 66:
		name = "Baseline"
		if flags&0x40 != 0 {
			name = "Constrained Baseline"
		}
		return name
	case 77:
		return "Main"
	case 88:
		return "Extended"
	case 100:
		return "High"
	case 110:
		name = "High 10"
	case 122:
		name = "High 4:2:2"
	case 244:
		name = "High 4:4:4 Predictive"
	case 44:
		return "CAVLC 4:4:4"
	}
	if intra && name != "" {
		name = strings.TrimSuffix(name, " Predictive") + " Intra"
	}
	return name
}

// level264 is a level_idc as a number; 1b has one of its own, or a flag (ITU-T H.264 §A.3.4.1).
func level264(profile, flags, idc byte) string {
	if idc == 9 || idc == 11 && flags&0x10 != 0 && (profile == 66 || profile == 77 || profile == 88) {
		return "1b"
	}
	return dotted(strconv.Itoa(int(idc)), 10, 1)
}

// profile265 names a general_profile_idc (ITU-T H.265 §A.3).
func profile265(idc string) string {
	switch idc {
	case "1":
		return "Main"
	case "2":
		return "Main 10"
	case "3":
		return "Main Still Picture"
	case "4":
		return "Rext"
	}
	return ""
}

// profileAV1 names a seq_profile (AV1 specification §6.4.1).
func profileAV1(profile string) string {
	switch profile {
	case "0":
		return "Main"
	case "1":
		return "High"
	case "2":
		return "Professional"
	}
	return ""
}

// levelAV1 is a seq_level_idx as a number (§A.3).
func levelAV1(index string) string {
	n, err := strconv.ParseUint(index, 10, 8)
	if err != nil || n > 23 {
		return "" // 31 has no limits
	}
	return strconv.FormatUint(2+n>>2, 10) + "." + strconv.FormatUint(n&3, 10)
}

// profileAAC names an audio object type (ISO/IEC 14496-3 Table 1.17), with what is signalled on top of it.
func profileAAC(a *demux.AudioFormat) string {
	switch {
	case a.PS:
		return "HE-AACv2"
	case a.SBR:
		return "HE-AAC"
	}
	switch a.ObjectType {
	case 1:
		return "Main"
	case 2:
		return "LC"
	case 3:
		return "SSR"
	case 4:
		return "LTP"
	case 23:
		return "LD"
	case 39:
		return "ELD"
	case 42:
		return "xHE-AAC"
	}
	return ""
}

// dotted is a level that counts in steps: 93 thirtieths are 3.1, since each tenth is three of them.
func dotted(digits string, whole, tenth uint64) string {
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 {
		return ""
	}
	return strconv.FormatUint(n/whole, 10) + "." + strconv.FormatUint(n%whole/tenth, 10)
}

// Code points of ISO/IEC 23091-2, as ffmpeg calls them.
var (
	primariesNames = [...]string{
		1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428", 11: "smpte431",
		12: "smpte432",
	}
	transferNames = [...]string{
		1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 11: "iec61966-2-4", 13: "iec61966-2-1",
		14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67",
	}
	matrixNames = [...]string{
		0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c", 14: "ictcp",
	}
)

// codePoint is what a list calls a code; "" for those that it doesn't know.
func codePoint(names []string, code uint8) string {
	if int(code) >= len(names) {
		return ""
	}
	return names[code]
}
