package conformance

import (
	"testing"
	"time"
)

func TestPeak(t *testing.T) {
	const target = 6 * time.Second
	s := time.Second
	for name, c := range map[string]struct {
		segments []sized
		want     int64
	}{
		"one":                         {[]sized{{6000, 6 * s}}, 8000},
		"greatest":                    {[]sized{{6000, 6 * s}, {9000, 6 * s}}, 12000},
		"too short alone":             {[]sized{{6000, 6 * s}, {4000, 2 * s}}, 10000},
		"three short ones make a set": {[]sized{{1000, s}, {1000, s}, {1000, s}}, 8000},
		"half the target will do":     {[]sized{{6000, 6 * s}, {6000, 3 * s}}, 16000},
		"all are too short":           {[]sized{{1000, s}}, 8000},
		"all are too long":            {[]sized{{10000, 10 * s}}, 8000},
		"rounded up":                  {[]sized{{1, 3 * s}}, 3},
	} {
		if got := peak(c.segments, target); got != c.want {
			t.Errorf("%s: peak is %d, want %d", name, got, c.want)
		}
	}
}

func TestVersionNeeded(t *testing.T) {
	head := "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
	for text, want := range map[string]int{
		"#EXTINF:6,\na.ts\n":                                                                     1,
		"#EXTINF:6.0,\na.ts\n":                                                                   3,
		"#EXTINF:6,a title. with a dot\na.ts\n":                                                  1,
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n#EXTINF:6,\na.ts\n":                         2,
		"#EXTINF:6,\n#EXT-X-BYTERANGE:10@0\na.ts\n":                                              4,
		"#EXT-X-I-FRAMES-ONLY\n#EXTINF:6,\na.ts\n":                                               4,
		"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXTINF:6,\na.ts\n":                             5,
		"#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:6,\na.ts\n":                         5,
		"#EXT-X-MAP:URI=\"i\"\n#EXTINF:6,\na.ts\n":                                               6,
		"#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXTINF:6,\na.ts\n":                               8,
		"#EXT-X-DEFINE:QUERYPARAM=\"a\"\n#EXTINF:6,\na.ts\n":                                     11,
		"#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"c\",INSTREAM-ID=\"SERVICE1\"\n": 7,
		"#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"c\",INSTREAM-ID=\"CC1\"\n":      1,
		"#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT=\"CH-STEREO\"\na.m3u8\n":                 12,
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"c\",NAME=\"c\",INSTREAM-ID=\"x\",URI=\"a\"\n":        13,
	} {
		if got, why := parsePlaylist("http://127.0.0.1/", []byte(head+text)).needs(); got != want {
			t.Errorf("%q needs %d for %s, want %d", text, got, why, want)
		}
	}
}
