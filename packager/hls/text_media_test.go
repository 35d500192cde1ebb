package hls

import (
	"strings"
	"testing"
)

// TestTextMedia holds subtitles and closed captions to RFC 8216 §4.3.4.1, as they are written.
func TestTextMedia(t *testing.T) {
	m := Master{
		Media: []Rendition{
			{GroupID: "audio", Name: "en", Language: "en", URI: "a.m3u8"},
			{Type: Subtitles, GroupID: "subtitles", Name: "en", Language: "en", URI: "en.vtt/t1.m3u8"},
			{Type: Subtitles, GroupID: "subtitles", Name: "en", Language: "en", URI: "720p/t2.m3u8"},
			{Type: Subtitles, GroupID: "subtitles", Name: "en", Language: "en", Forced: true, URI: "720p/t3.m3u8"},
			{Type: Subtitles, GroupID: "subtitles", Name: "de (SDH)", Language: "de", Characteristics: "a,b", URI: "de.sdh.srt/t1.m3u8"},
			{Type: ClosedCaptions, GroupID: "captions", Name: "CC1", Language: "und", InstreamID: "CC1"},
			{Type: ClosedCaptions, GroupID: "captions", Name: "CC3", InstreamID: "CC3"},
		},
		Variants: []Variant{
			{Bitrate: Bitrate{2, 1}, Audio: "audio", Subtitles: "subtitles", ClosedCaptions: "captions", URI: "720p/v1.m3u8"},
			{Bitrate: Bitrate{2, 1}, ClosedCaptions: NoCaptions, URI: "480p/v1.m3u8"},
		},
	}
	Distinguish(m.Media)
	const want = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="en",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="a.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="en",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,URI="en.vtt/t1.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="en 2",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO,URI="720p/t2.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="en 3",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="720p/t3.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="de (SDH)",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="a,b",URI="de.sdh.srt/t1.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="CC1",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="CC3",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=NO,INSTREAM-ID="CC3"
#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,AUDIO="audio",SUBTITLES="subtitles",CLOSED-CAPTIONS="captions"
720p/v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CLOSED-CAPTIONS=NONE
480p/v1.m3u8
`
	if got := string(m.AppendTo(nil)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A service of CEA-708 as INSTREAM-ID needs version 7 (RFC 8216 §7).
func TestVersionOfServices(t *testing.T) {
	for id, want := range map[string]string{
		"SERVICE1": "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,",
		"CC1":      "#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,",
	} {
		m := Master{Media: []Rendition{{Type: ClosedCaptions, GroupID: "captions", Name: id, InstreamID: id}}}
		if got := string(m.AppendTo(nil)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s…", id, got, want)
		}
	}
}
