package packager

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"unreel/demux/testmedia"
)

// captioned is a film whose every picture has a caption triplet (CEA-608 or CEA-708) in an SEI message before it.
func captioned(triplet ...byte) testmedia.Movie {
	film := testmedia.H264AAC(12)
	sei := append([]byte{6, 4, 13, 0xb5, 0, 0x31, 'G', 'A', '9', '4', 3, 0x41, 0xff}, triplet...)
	sei = append(sei, 0xff, 0x80)
	v := &film.Tracks[0]
	for i := range v.Samples {
		slice := append([]byte{0x41}, bytes.Repeat([]byte{0x55}, 50)...)
		if v.Samples[i].Sync {
			slice[0] = 0x65
		}
		sei[2] = byte(len(sei) - 4)
		data := append(binary.BigEndian.AppendUint32(nil, uint32(len(sei))), sei...)
		data = append(binary.BigEndian.AppendUint32(data, uint32(len(slice))), slice...)
		v.Samples[i].Data = data
	}
	return film
}

// TestCaptions: closed captions in the picture are announced, in the right words.
func TestCaptions(t *testing.T) {
	for name, test := range map[string]struct{ triplet, master, descriptor, not string }{
		"CC3": {
			"\xfd\x15\x2c",
			`#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="CC3",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="CC3"` + "\n",
			`<Accessibility schemeIdUri="urn:scte:dash:cc:cea-608:2015" value="CC3">`, "cea-708",
		},
		"SERVICE1": {
			"\xff\x02\x21",
			`#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="SERVICE1",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="SERVICE1"` + "\n",
			`<Accessibility schemeIdUri="urn:scte:dash:cc:cea-708:2015" value="1=lang:und">`, "cea-608",
		},
	} {
		o := serve(t, newMemory(testmedia.File{Name: "film.mp4", Movie: captioned([]byte(test.triplet)...)}))
		for _, path := range []string{"film/master.m3u8", cmafPrefix + "film/master.m3u8"} {
			master := o.text(path)
			for _, want := range []string{test.master, `,CLOSED-CAPTIONS="captions"` + "\n"} {
				if !strings.Contains(master, want) {
					t.Errorf("%s says nothing of %q:\n%s", path, want, master)
				}
			}
			if version := strings.Contains(master, "\n#EXT-X-VERSION:7\n"); version != (name == "SERVICE1") {
				t.Errorf("%s: version 7 is %v:\n%s", path, version, master)
			}
		}
		if manifest := o.text(cmafPrefix + "film/manifest.mpd"); !strings.Contains(manifest, test.descriptor) || strings.Contains(manifest, test.not) {
			t.Errorf("no %s, or %s, in\n%s", test.descriptor, test.not, manifest)
		}
		if info, err := o.Info(t.Context(), "film"); err != nil || !slices.Equal(info.Captions, []string{name}) {
			t.Errorf("%+v, %v", info, err)
		}
	}
}
