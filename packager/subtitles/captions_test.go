package subtitles

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"unreel/demux"
)

// captionUnit appends an SEI NAL unit of H.264, with its length in 4 bytes, that carries caption triplets: cc_type with
// its valid bit, and two bytes each.
func captionUnit(dst []byte, triplets ...[3]byte) []byte {
	body := []byte("\xb5\x00\x31GA94\x03")
	body = append(body, 0x40|byte(len(triplets)), 0xff)
	for _, t := range triplets {
		body = append(body, 0xf8|t[0], t[1], t[2]) // marker bits
	}
	body = append(body, 0xff)
	sei := []byte{seiH264, registered, byte(len(body))}
	zeros := 0
	for _, b := range body {
		if zeros >= 2 && b <= 3 {
			sei, zeros = append(sei, 3), 0
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		sei = append(sei, b)
	}
	sei = append(sei, 0x80)
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(sei))), sei...)
}

func TestCaptions(t *testing.T) {
	picture := []byte{0, 0, 0, 3, 5, 1, 2}
	f := func(name string, want []string, triplets ...[3]byte) {
		t.Helper()
		unit := append([]byte{0, 0, 0, 2, 9, 0xf0}, captionUnit(nil, triplets...)...)
		var c Captions
		c.Add(append(unit, picture...), 4, false)
		if got := c.InstreamIDs(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		for n := range unit {
			new(Captions).Add(unit[:n], 4, false)
		}
	}
	f("none", nil)
	f("not valid", nil, [3]byte{0, 0x94, 0x20}) // bit 2 is set below
	f("padding", []string{"CC1"}, [3]byte{4, 0x80, 0x80}, [3]byte{5, 0x80, 0x80})
	f("CC1", []string{"CC1"}, [3]byte{4, 0x94, 0x20})
	f("CC2 and CC3", []string{"CC2", "CC3"}, [3]byte{4, 0x1c, 0x20}, [3]byte{5, 0x15, 0x2c})
	f("text alone", []string{"CC1"}, [3]byte{4, 0xc8, 0xe9})
	f("zeros that need escapes", []string{"CC1"}, [3]byte{4, 0, 0}, [3]byte{4, 0, 1})
	f("CEA-708", []string{"SERVICE1"}, [3]byte{7, 0x02, 0x21}, [3]byte{6, 0, 0})
	f("CEA-708 with padding of CEA-608", []string{"SERVICE2", "SERVICE6"}, [3]byte{4, 0x80, 0x80}, [3]byte{7, 0x02, 0xc1}, [3]byte{7, 0x42, 0x41})
	f("CEA-708 of CEA-608", []string{"CC1"}, [3]byte{4, 0x94, 0x20}, [3]byte{7, 0x02, 0x21})
	f("CEA-708 without a service", []string{"CC1"}, [3]byte{7, 0x02, 0x20})
}

// The captions of a title are those of all its pictures.
func TestCaptionsOfSeveral(t *testing.T) {
	padding, cc, service := Captions{Carried: true}, Captions{Carried: true}, Captions{Carried: true}
	cc.CC[2], service.Services[1] = true, true
	for name, test := range map[string]struct {
		of       []Captions
		channels []string
		ids      []string
	}{
		"nothing":             {},
		"padding":             {[]Captions{{}, padding}, []string{"CC1"}, []string{"CC1"}},
		"padding and CC3":     {[]Captions{padding, cc}, []string{"CC3"}, []string{"CC3"}},
		"padding and CEA-708": {[]Captions{padding, service}, nil, []string{"SERVICE1"}},
		"both":                {[]Captions{service, cc}, []string{"CC3"}, []string{"CC3"}},
	} {
		var all Captions
		for _, c := range test.of {
			all.Merge(&c)
		}
		if channels, ids := all.Channels(), all.InstreamIDs(); !slices.Equal(channels, test.channels) || !slices.Equal(ids, test.ids) {
			t.Errorf("%s: %v and %v, want %v and %v", name, channels, ids, test.channels, test.ids)
		}
	}
}

// Captions of AV1 stand in metadata OBUs.
func TestAV1Captions(t *testing.T) {
	metadata := func(header byte, body string) string { return string([]byte{header, byte(len(body))}) + body }
	const delimiter, picture = "\x12\x00", "\x32\x02\x01\x02"
	cc := "\x04\xb5\x00\x31GA94\x03\x41\xff\xfc\x94\x20\xff"
	for name, test := range map[string]struct {
		unit string
		want []string
	}{
		"none":                           {delimiter + picture, nil},
		"some":                           {delimiter + metadata(0x2a, cc) + picture, []string{"CC1"}},
		"with an extension":              {delimiter + "\x2e\x00" + string(byte(len(cc))) + cc + picture, []string{"CC1"}},
		"without a size, the last":       {delimiter + "\x28" + cc, []string{"CC1"}},
		"other metadata":                 {delimiter + metadata(0x2a, "\x01\x00\x00\x00\x00") + picture, nil},
		"other bytes of T.35":            {delimiter + metadata(0x2a, "\x04\xb5\x00\x3cHDR10+123456") + picture, nil},
		"what is no metadata":            {delimiter + metadata(0x32, cc), nil},
		"a size that lies":               {delimiter + "\x2a\x7f" + cc, []string{"CC1"}},
		"a size of more than four bytes": {delimiter + "\x2a\xff\xff\xff\xff\x01" + cc, nil},
		"behind more than is looked at":  {strings.Repeat(delimiter, maxUnits) + metadata(0x2a, cc), nil},
	} {
		var c Captions
		c.AddAV1([]byte(test.unit))
		if got := c.Channels(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		for n := range test.unit {
			new(Captions).AddAV1([]byte(test.unit[:n]))
		}
	}
}

// TestCaptionsOfOthers finds what encoders of others have written; what it is, ffmpeg agrees: "♪MUSIC♪", "First subtitle", "Bip!", all of CC1.
func TestCaptionsOfOthers(t *testing.T) {
	for name, want := range map[string][]string{
		"fragmented/androidx+media__fragmented_captions.mp4":                               {"CC1"},
		"fragmented/google+ExoPlayer__apple_v2.mp4":                                        {"CC1"},
		"good/Breakthrough+PySceneDetect__counter.mp4":                                     nil,
		"fragmented/streaming-video-technology-alliance+common-media-library__608_av1.mp4": {"CC1"},
	} {
		data := corpus(t, name)
		index, err := demux.Open(t.Context(), file(data), demux.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		k := index.Tracks[slices.IndexFunc(index.Tracks, func(k *demux.Track) bool { return k.Kind == demux.KindVideo })]
		var found Captions
		c := k.Samples.From(0)
		for s, ok := c.Next(); ok; s, ok = c.Next() {
			unit := data[s.Offset : s.Offset+int64(s.Size)]
			if k.Codec == demux.AV1 {
				found.AddAV1(unit)
			} else {
				found.Add(unit, k.Video.NALLengthBytes, k.Codec == demux.HEVC)
			}
		}
		if got := found.Channels(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
