package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const goodMaster = `#EXTM3U
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,CHANNELS="2",URI="de.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=25.000,AUDIO="a"
hi.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=500000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO="a"
lo.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,CODECS="avc1.64001e",RESOLUTION=640x360,URI="hi.iframes.m3u8"
`

const goodMedia = `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:6.000000,
seg-0.ts
#EXTINF:5.400000,
seg-1.ts
#EXT-X-ENDLIST
`

const goodIFrames = `#EXTM3U
#EXT-X-VERSION:4
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXTINF:6.000000,
#EXT-X-BYTERANGE:940@376
seg-0.ts
#EXTINF:5.400000,
#EXT-X-BYTERANGE:1128@376
seg-1.ts
#EXT-X-ENDLIST
`

// serviceMaster is the good master with closed captions of CEA-708.
func serviceMaster(version int) string {
	captions := fmt.Sprintf("#EXTM3U\n#EXT-X-VERSION:%d\n", version) +
		`#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="SERVICE1",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="SERVICE1"` + "\n"
	return strings.NewReplacer("#EXTM3U\n", captions, `AUDIO="a"`+"\n", `AUDIO="a",CLOSED-CAPTIONS="c"`+"\n").Replace(goodMaster)
}

func TestServiceCaptions(t *testing.T) {
	s := goodPlaylists()
	s.files["/master.m3u8"] = []byte(serviceMaster(7))
	if report := s.check(t, Options{PlaylistsOnly: true}); len(report.Findings) != 0 {
		t.Error(report.String())
	}
}

func goodPlaylists() *site {
	return &site{files: map[string][]byte{
		"/master.m3u8": []byte(goodMaster), "/hi.m3u8": []byte(goodMedia), "/lo.m3u8": []byte(goodMedia),
		"/en.m3u8": []byte(goodMedia), "/de.m3u8": []byte(goodMedia), "/hi.iframes.m3u8": []byte(goodIFrames),
	}}
}

func TestGoodPlaylists(t *testing.T) {
	report := goodPlaylists().check(t, Options{PlaylistsOnly: true})
	if len(report.Findings) != 0 {
		t.Error(report.String())
	}
	if report.Playlists != 6 {
		t.Errorf("%d playlists, want 6", report.Playlists)
	}
}

// brokenPlaylist is the good ones with one mistake.
type brokenPlaylist struct {
	rule string
	edit [3]string // file, from, to
}

// Exactly one rule sees each mistake.
func TestBrokenPlaylists(t *testing.T) {
	for name, c := range brokenPlaylists() {
		t.Run(name, func(t *testing.T) {
			s := goodPlaylists()
			s.edit(t, c.edit[0], c.edit[1], c.edit[2])
			onlyRule(t, s.check(t, Options{PlaylistsOnly: true}), c.rule)
		})
	}
}

func brokenPlaylists() map[string]brokenPlaylist {
	type edit = [3]string
	const m, hi = "/master.m3u8", "/hi.m3u8"
	return map[string]brokenPlaylist{
		"no EXTM3U":                      {"hls-syntax", edit{hi, "#EXTM3U\n", ""}},
		"EXTINF without its comma":       {"hls-syntax", edit{hi, "#EXTINF:6.000000,", "#EXTINF:6.000000"}},
		"attribute twice":                {"hls-syntax", edit{m, `URI="en.m3u8"`, `URI="en.m3u8",URI="fr.m3u8"`}},
		"bare CHANNELS":                  {"hls-syntax", edit{m, `LANGUAGE="en"`, `LANGUAGE="en",ASSOC-LANGUAGE=de`}},
		"unknown TYPE":                   {"hls-syntax", edit{m, "#EXT-X-I-FRAME", `#EXT-X-MEDIA:TYPE=ODOUR,GROUP-ID="o",NAME="x",LANGUAGE="en"` + "\n#EXT-X-I-FRAME"}},
		"no BANDWIDTH":                   {"hls-syntax", edit{m, "INF:BANDWIDTH=100000,", "INF:"}},
		"blank in a URI":                 {"hls-syntax", edit{hi, "seg-1.ts\n", "seg-1.ts \n"}},
		"no end of the last line":        {"hls-syntax", edit{hi, "LIST\n", "LIST"}},
		"ENDLIST in the middle":          {"hls-syntax", edit{hi, "#EXTINF:5.4", "#EXT-X-ENDLIST\n#EXTINF:5.4"}},
		"date that is none":              {"hls-reread", edit{hi, "#EXTINF:5.4", "#EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXTINF:5.4"}},
		"EXTINF above the target":        {"hls-1", edit{"/en.m3u8", "EXTINF:6.0", "EXTINF:6.5"}},
		"another target":                 {"hls-2", edit{hi, "TARGETDURATION:6", "TARGETDURATION:7"}},
		"one playlist without VOD":       {"hls-5", edit{hi, "#EXT-X-PLAYLIST-TYPE:VOD\n", ""}},
		"no end":                         {"hls-5", edit{hi, "#EXT-X-ENDLIST\n", ""}},
		"longer":                         {"hls-6", edit{hi, "#EXT-X-ENDLIST", "#EXTINF:5.0,\nseg-2.ts\n#EXTINF:5.0,\nseg-3.ts\n#EXT-X-ENDLIST"}},
		"slightly longer":                {"hls-6", edit{hi, "EXTINF:5.4", "EXTINF:6.1"}},
		"other boundaries":               {"hls-8", edit{hi, "#EXTINF:6.000000,\nseg-0.ts\n#EXTINF:5.4", "#EXTINF:5.500000,\nseg-0.ts\n#EXTINF:5.9"}},
		"version too low":                {"hls-10", edit{"/hi.iframes.m3u8", "VERSION:4", "VERSION:3"}},
		"version too high":               {"hls-10", edit{hi, "VERSION:3", "VERSION:4"}},
		"a SERVICE below version 7":      {"hls-10", edit{m, goodMaster, serviceMaster(1)}},
		"ALLOW-CACHE":                    {"hls-11", edit{hi, "#EXT-X-TARGET", "#EXT-X-ALLOW-CACHE:YES\n#EXT-X-TARGET"}},
		"PROGRAM-ID":                     {"hls-11", edit{m, "INF:BANDWIDTH=1000000", "INF:PROGRAM-ID=1,BANDWIDTH=1000000"}},
		"no LANGUAGE":                    {"hls-20", edit{m, `LANGUAGE="de",`, ""}},
		"one NAME twice":                 {"hls-20", edit{m, "Deutsch", "English"}},
		"two defaults":                   {"hls-20", edit{m, `"de",`, `"de",DEFAULT=YES,`}},
		"groups differ":                  {"hls-20", edit{m, "#EXT-X-I-FRAME", `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="b",NAME="x",LANGUAGE="en",URI="en.m3u8"` + "\n#EXT-X-I-FRAME"}},
		"no such group":                  {"hls-20", edit{m, `25.000,AUDIO="a"` + "\nlo", `25.000,AUDIO="b"` + "\nlo"}},
		"two to choose by themselves":    {"hls-autoselect", edit{m, `"de",AUTOSELECT`, `"en",AUTOSELECT`}},
		"SCORE on one":                   {"hls-23", edit{m, "BANDWIDTH=2000000", "SCORE=1.0,BANDWIDTH=2000000"}},
		"CLOSED-CAPTIONS=NONE on one":    {"hls-23", edit{m, "BANDWIDTH=2000000", "CLOSED-CAPTIONS=NONE,BANDWIDTH=2000000"}},
		"steering without a pathway":     {"hls-23", edit{m, "#EXT-X-I-FRAME", `#EXT-X-CONTENT-STEERING:SERVER-URI="s"` + "\n#EXT-X-I-FRAME"}},
		"unknown characteristic":         {"hls-24", edit{m, `"de",`, `"de",CHARACTERISTICS="public.accessibility.describes-vidoe",`}},
		"description without AUTOSELECT": {"hls-24", edit{m, `"de",AUTOSELECT=YES`, `"de",CHARACTERISTICS="public.accessibility.describes-video"`}},
		"no such playlist":               {"hls-25", edit{m, "hi.iframes", "ih.iframes"}},
	}
}

func onlyRule(t *testing.T, report Report, rule string) {
	t.Helper()
	if len(report.Findings) == 0 {
		t.Fatalf("no finding, want one of %s", rule)
	}
	for _, f := range report.Findings {
		if f.Rule != rule {
			t.Errorf("want findings of %s only:\n%s", rule, report.String())
			return
		}
	}
	if !slices.ContainsFunc(Rules(), func(r RuleInfo) bool { return r.Name == rule && r.Clause != "" }) {
		t.Errorf("%s has no clause", rule)
	}
}

// header changes what the good site says, for paths that end so.
func header(change func(r *http.Request, h http.Header)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&lateHeader{ResponseWriter: w, change: func(h http.Header) { change(r, h) }}, r)
		})
	}
}

type lateHeader struct {
	http.ResponseWriter
	change func(http.Header)
}

func (l *lateHeader) WriteHeader(status int) {
	l.change(l.Header())
	l.ResponseWriter.WriteHeader(status)
}

// brokenServer is the good playlists from a server with one mistake.
type brokenServer struct {
	rule string
	wrap func(http.Handler) http.Handler
}

func TestBrokenServers(t *testing.T) {
	for name, c := range brokenServers() {
		t.Run(name, func(t *testing.T) {
			s := goodPlaylists()
			s.wrap = c.wrap
			onlyRule(t, s.check(t, Options{PlaylistsOnly: true}), c.rule)
		})
	}
}

func brokenServers() map[string]brokenServer {
	return map[string]brokenServer{
		"playlist changes": {"hls-3", func(next http.Handler) http.Handler {
			n := 0
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/lo.m3u8" && r.Method == http.MethodGet && r.Header.Get("Accept-Encoding") == "identity" &&
					r.Header.Get("If-None-Match") == "" {
					if n++; n == 2 {
						r.URL.Path = "/hi.iframes.m3u8"
					}
				}
				next.ServeHTTP(w, r)
			})
		}},
		"redirect": {"hls-25", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/hi.m3u8" {
					http.Redirect(w, r, "/lo.m3u8", http.StatusFound)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		"no gzip": {"hls-26", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Accept-Encoding")
				next.ServeHTTP(w, r)
			})
		}},
		"gzip of another text": {"hls-26", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Accept-Encoding") == "gzip" && r.URL.Path == "/lo.m3u8" {
					r.URL.Path = "/hi.iframes.m3u8"
				}
				next.ServeHTTP(w, r)
			})
		}},
		"no Vary": {"hls-26", header(func(_ *http.Request, h http.Header) { h.Del("Vary") })},
		"one ETag for two codings": {"http-validators", header(func(_ *http.Request, h http.Header) {
			h.Set("ETag", strings.Replace(h.Get("ETag"), "-gzip", "", 1))
		})},
		"media type": {"hls-27", header(func(_ *http.Request, h http.Header) { h.Set("Content-Type", "text/plain") })},
		"HEAD without length": {"http-head", header(func(r *http.Request, h http.Header) {
			if r.Method == http.MethodHead {
				h.Del("Content-Length")
			}
		})},
		"no ETag":          {"http-validators", header(func(_ *http.Request, h http.Header) { h.Del("ETag") })},
		"no Cache-Control": {"http-validators", header(func(_ *http.Request, h http.Header) { h.Del("Cache-Control") })},
		"304 never": {"http-validators", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("If-None-Match")
				next.ServeHTTP(w, r)
			})
		}},
	}
}
