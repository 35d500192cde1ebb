package demux

import (
	"bytes"
	"slices"
	"strings"
)

// Text formats that are known. Their Codec is the sample entry's type.
const (
	TimedText Codec = "tx3g" // 3GPP TS 26.245
	WebVTT    Codec = "wvtt" // ISO/IEC 14496-30 §7
	TTML      Codec = "stpp" // ISO/IEC 14496-30 §5
)

// text reads the sample entry of a text track. Others than the known ones are refused by name: QuickTime's own text, which
// is mostly chapters, and captions in tracks of their own (c608, c708).
func (t *trak) text(entry *box) error {
	switch t.track.Codec {
	case TimedText, WebVTT:
	case TTML:
		t.track.CodecID = ttmlID(entry.body)
	default:
		t.refuse("text %q", entry.typ())
	}
	return nil
}

// ttmlID is the RFC 6381 name of an stpp track (ISO/IEC 14496-30 §6.2, W3C TTML Media Type Definition and Profile Registry):
// the profile that the sample entry's list of MIME types names, or else IMSC1 Text, which players know best.
func ttmlID(body []byte) string {
	const fields = 8
	var types []byte
	if parts := bytes.SplitN(body[min(fields, len(body)):], []byte{0}, 4); len(parts) > 2 {
		types = parts[2] // after the namespace and the places of schemas
	}
	_, codecs, _ := strings.Cut(string(types), "codecs=")
	profile, _, _ := strings.Cut(strings.Trim(codecs, `"' `), `"`)
	if profile = strings.TrimPrefix(profile, "stpp.ttml."); len(profile) == 4 && strings.Trim(profile, alphanumeric) == "" {
		return "stpp.ttml." + profile
	}
	return "stpp.ttml.im1t"
}

// What is kept of a track's roles.
const (
	roleScheme = "urn:mpeg:dash:role:2011"
	maxRoles   = 8
	maxRole    = 64 // bytes
)

// roles reads kind and tagc boxes of the trak's udta.
func (t *trak) roles() {
	udta := t.box.child("udta")
	for b := range udta.children(0) {
		role := ""
		switch b.typ() {
		case "kind":
			scheme, value, _ := bytes.Cut(b.body[min(4, len(b.body)):], []byte{0})
			if string(scheme) == roleScheme {
				role = text(value)
			}
		case "tagc":
			role = text(b.body)
		}
		if role != "" && len(role) <= maxRole && len(t.track.Roles) < maxRoles && !slices.Contains(t.track.Roles, role) {
			t.track.Roles = append(t.track.Roles, role)
		}
	}
}
